#!/bin/sh
# Makes what others install, in dist/: .ci/packages.sh [wheel] [deb] [tar]     (all of them)
#
# The program is the one that tests use, linked once more with Swift's libraries inside (.ci/link.sh). SHA256SUMS and an
# SBOM (CycloneDX) stand beside them.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
[ $# -gt 0 ] || set -- wheel deb tar
for kind in "$@"; do
    case $kind in
    wheel | deb | tar) ;;
    *) say "usage: .ci/packages.sh [wheel] [deb] [tar]" >&2; exit 64 ;;
    esac
done
.ci/setup.sh packages
stage=.build/packages
rm -rf "$stage" dist
mkdir -p "$stage" dist
say "Linking the program"
.ci/link.sh "$stage/seaway"
version=$("$stage/seaway" --version | sed -n '1s/^seaway \([^ ,]*\).*/\1/p')
[ -n "$version" ] || { say "the program does not say its version" >&2; exit 70; }
say "Pages and completions"
packaging/documents.sh "$stage/seaway" "$stage/documents"
for kind in "$@"; do
    say "Making: $kind"
    "packaging/$kind.sh" "$version" "$stage" "$PWD/dist"
done
.build/python/bin/python packaging/sbom.py "$version" > "dist/seaway-$version.cdx.json"
(cd dist && sha256sum -- * > ../.build/packages/SHA256SUMS && mv ../.build/packages/SHA256SUMS .)
say "In dist/:"
find dist -type f -printf '  %9s  %f\n' | LC_ALL=C sort -k 2
