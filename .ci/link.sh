#!/bin/sh
# Links the release build once more, with Swift's libraries inside and without symbols: .ci/link.sh FILE [PRODUCT]
#
# What was compiled for tests and for use serves here too, so that nothing is compiled twice.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
made=$1
product=${2:-seaway}
module=$(printf %s "$product" | tr - _)
mkdir -p "$(dirname "$made")"
.ci/build.sh "$product"
release=$(swift_for_use build --show-bin-path)
if [ "$(uname)" = Darwin ]; then
    # Swift's libraries are part of the system.
    cp "$release/$product" "$made"
    strip "$made"
    exit
fi
# The C++ library is inside too, since other systems have older versions of it: in the first folder there is no other.
alone=$(dirname "$made")/alone
mkdir -p "$alone"
if have clang; then compiler=clang; else compiler=cc; fi
ln -sf "$("$compiler" -print-file-name=libstdc++.a)" "$alone/libstdc++.a"
# What imports of Foundation stand for, which SwiftPM has recorded for libraries that are loaded.
set -- -lFoundation -lCoreFoundation -lFoundationInternationalization -lFoundationEssentials -l_FoundationICU \
    -l_FoundationCollections -l_FoundationCShims -lBlocksRuntime -ldispatch
# The last says that its temporary files' names can be guessed: of a function that nothing here calls.
swiftc -static-stdlib -L "$alone" -emit-executable -module-name "$module" -o "$made" \
    "@$release/$product.product/Objects.LinkFileList" "$@" -lz -lstdc++ -lm -ldl \
    -Xlinker --gc-sections -Xlinker -s -Xlinker --defsym -Xlinker "main=${module}_main" \
    2>"$made.log" || { cat "$made.log" >&2; exit 1; }
rm "$made.log"
