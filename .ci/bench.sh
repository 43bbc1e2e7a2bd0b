#!/bin/sh
# Sets up what is measured beside Seaway, builds for use, and measures. Options: .ci/bench.sh --help
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
case " $* " in
*" --help "* | *" -h "*) ;;
*)
    .ci/setup.sh bench
    build_release seaway seaway-demo-worker >&2
    make -s -C Benchmarks >&2
    ;;
esac
exec python3 Benchmarks/run "$@"
