#!/bin/sh
# Builds products for use: .ci/build.sh [PRODUCT …]
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
[ $# -gt 0 ] || set -- seaway
build_release "$@"
