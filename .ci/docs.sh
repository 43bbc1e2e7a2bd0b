#!/bin/sh
# Renders the guide, and the reference of the libraries for applications, in .build/docs. A warning is an error.
#
#   .ci/docs.sh            the guide and the reference
#   .ci/docs.sh --guide    the guide alone, which needs no build
#
# The toolchain's `docc` does it on the modules of the release build. The package plug-in would build everything once
# more, without optimization, and every user of the package would get it as a dependency.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh

case ${1:-} in
'' | --guide) ;;
*) say "usage: .ci/docs.sh [--guide]" >&2; exit 64 ;;
esac

docc=$(dirname "$(command -v swift)")/docc
[ -x "$docc" ] || docc=docc
folder=.build/docs
rm -rf "$folder"
mkdir -p "$folder/archives"

render() { # name, and what there is of it
    name=$1
    shift
    "$docc" convert "$@" --warnings-as-errors --fallback-display-name "$name" \
        --fallback-bundle-identifier "dev.seaway.$name" --output-path "$folder/archives/$name.doccarchive"
}

say "the guide"
render Seaway Sources/Seaway.docc
if [ "${1:-}" = --guide ]; then
    mv "$folder/archives/Seaway.doccarchive" "$folder/site"
    say "$PWD/$folder/site"
    exit
fi

# Where the modules are that those of a library import, those of C too.
libraries='SeawayMessage SeawayClient SeawayWorker SeawayTesting'
for library in $libraries; do swift_for_use build --target "$library"; done
triple=$(swift -print-target-info | sed -n 's/.*"triple": "\([^"]*\)".*/\1/p' | head -n 1)
set --
for map in .build/release/*.build/module.modulemap; do set -- "$@" -Xcc "-fmodule-map-file=$map"; done
for headers in .build/checkouts/*/Sources/*/include Sources/*/include; do
    [ ! -d "$headers" ] || set -- "$@" -Xcc -I -Xcc "$headers"
done
for library in $libraries; do
    say "$library"
    mkdir -p "$folder/symbols/$library"
    swift symbolgraph-extract -module-name "$library" -target "$triple" -I .build/release/Modules "$@" \
        -minimum-access-level public -skip-synthesized-members -output-dir "$folder/symbols/$library"
    render "$library" --additional-symbol-graph-dir "$folder/symbols/$library"
done
"$docc" merge "$folder"/archives/*.doccarchive --synthesized-landing-page-name Seaway --output-path "$folder/site"
say "$PWD/$folder/site; to look at it: python3 -m http.server --directory $folder/site"
