#!/bin/sh
# Sets up what is measured beside Seaway, builds for use, and measures. Options: .ci/bench.sh --help
#
# With SEAWAY_BIN set, that binary is measured and nothing of Swift is built.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh

case " $* " in
*" --help "* | *" -h "*) ;;
*)
    .ci/setup.sh bench >&2
    install_peers >&2 || say "They could not be installed: their columns are left out." >&2
    if [ -z "${SEAWAY_BIN:-}" ]; then
        # As it is installed: calls of Swift's libraries that are inside cost less.
        for product in seaway seaway-demo-worker seaway-echo-worker; do
            .ci/link.sh ".build/bench/bin/$product" "$product" >&2
        done
        SEAWAY_BIN=$PWD/.build/bench/bin/seaway
        export SEAWAY_BIN
    fi
    make -s -C Benchmarks >&2
    ;;
esac
exec python3 Benchmarks/run "$@"
