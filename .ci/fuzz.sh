#!/bin/sh
# Spoilt and random bytes from several clients against a whole broker, and a whole interface server by HTTP/1.1, HTTP/2 and
# WebSocket, and from NATS servers, in memory: .ci/fuzz.sh [--built] [ROUNDS]
#
# Two thousand rounds take some seconds. A failure names its seed, and the same seed does the same again. It is a debug build,
# with the assertions of what the servers are built on; --built takes the tests as `.ci/build.sh --tests` has built them.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
if [ "${1:-}" = --built ]; then
    SEAWAY_FUZZ_ROUNDS=${2:-20000} exec .ci/swift.sh --filter FuzzTests
fi
SEAWAY_FUZZ_ROUNDS=${1:-20000} exec swift test --disable-xctest --filter FuzzTests
