#!/bin/sh
# Builds products for use, or Swift's tests of them: .ci/build.sh [PRODUCT … | --tests]
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
if [ "${1:-}" = --tests ]; then
    swift_for_use build --build-tests
    exit
fi
[ $# -gt 0 ] || set -- seaway
build_release "$@"
