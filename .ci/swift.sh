#!/bin/sh
# Swift's tests, as `.ci/build.sh --tests` has built them: .ci/swift.sh [OPTION of swift test …]
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
swift_for_use test --skip-build --disable-xctest "$@"
