#!/bin/sh
# Formats and lints alone, without building anything.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh

swift format lint --strict --parallel --recursive Package.swift Sources Tests
find .ci clients packaging Sources Tests Benchmarks -name '*.sh' -exec shellcheck --severity=style --external-sources {} +
shellcheck --external-sources .ci/run
unformatted=$(gofmt -l clients/go clients/stubs Sources/Examples Tests)
if [ -n "$unformatted" ]; then
    say "not gofmt: $unformatted" >&2
    exit 1
fi

# The console's page is not built: what is no JavaScript would only be noticed by whoever opens it.
if command -v node >/dev/null; then
    for module in Sources/SeawayAdmin/Page/*.js; do
        node --input-type=module --check <"$module"
    done
fi

# Lines of pages and of comments in Swift have 120 characters at most; --wrap wraps them.
python .ci/prose.py

# What decides knows no sockets (Sources/README.md).
if grep -rnE '^(package |public )?import (NIO|Foundation)' Sources/SeawayNATS/Wire Sources/SeawayNATS/Session \
    Sources/SeawayNATS/JetStream Sources/SeawayNATS/Check Sources/SeawayNATS/Keeping; then
    say "SeawayNATS: only Connection/ and Store/ import NIO" >&2
    exit 1
fi

# The client for Python has its own rules, which clients/python/test.sh applies.
python='.ci packaging Benchmarks Benchmarks/run Tests protocol Sources/Examples clients/stubs'
export RUFF_CACHE_DIR=.build/ruff
# shellcheck disable=SC2086 # one word for each place
ruff check --quiet --config .ci/ruff.toml $python
# shellcheck disable=SC2086
ruff format --quiet --check --config .ci/ruff.toml $python

types() { mypy --no-error-summary --cache-dir .build/mypy --config-file .ci/mypy.ini "$@"; }
types .ci/test_steps.py .ci/counting.py .ci/prose.py .ci/schedule.py protocol/check.py Sources/Examples/Demo/demo.py
types Sources/Examples/Demo/durable/site.py
(cd Benchmarks && mypy --no-error-summary --cache-dir ../.build/mypy)
# Tests need not say what their fixtures are.
for tests in Tests/System Tests/Browser Tests/Guide Tests/ASGI1/asgi1_site.py Tests/ASGI1/test_both_ways.py; do
    # Those with a browser use what the others have.
    MYPYPATH=Tests/System:Tests/ASGI1:clients/python/tests types --allow-untyped-defs --allow-incomplete-defs \
        --allow-untyped-calls --allow-any-generics --no-warn-return-any "$tests"
done
say "no complaints"
