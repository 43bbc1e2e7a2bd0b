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
    [ -n "${SEAWAY_BIN:-}" ] || build_release seaway seaway-demo-worker seaway-echo-worker >&2
    make -s -C Benchmarks >&2
    ;;
esac
exec python3 Benchmarks/run "$@"
