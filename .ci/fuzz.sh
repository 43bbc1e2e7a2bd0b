#!/bin/sh
# Spoilt and random bytes from several clients against a whole broker in memory: .ci/fuzz.sh [ROUNDS]
#
# Two thousand rounds take some seconds. A failure names its seed, and the same seed does the same again.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
SEAWAY_FUZZ_ROUNDS=${1:-20000} swift test --disable-xctest --filter FuzzTests
