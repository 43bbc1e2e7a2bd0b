#!/bin/sh
# Formats and lints alone, without building anything.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh

swift format lint --strict --parallel --recursive Package.swift Sources Tests
find .ci clients Sources Tests Benchmarks -name '*.sh' -exec shellcheck --severity=style --external-sources {} +
shellcheck --external-sources .ci/run
unformatted=$(gofmt -l clients/go Sources/Examples)
if [ -n "$unformatted" ]; then
    say "not gofmt: $unformatted" >&2
    exit 1
fi
say "no complaints"
