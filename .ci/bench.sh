#!/bin/sh
# Sets up what is measured beside Seaway, builds for use, and measures. Options: .ci/bench.sh --help
#
# With SEAWAY_BIN set, that binary is measured and nothing of Swift is built.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh

# Daphne, uvicorn and their like have an environment of their own, since they bring a
# framework with them. Measuring goes on without.
install_peers() {
    wanted=Benchmarks/peers/requirements.txt
    stamp=.build/peers/.requirements
    if cmp -s "$wanted" "$stamp"; then return; fi
    say "Installing Daphne, uvicorn, gunicorn and others in .build/peers"
    .build/python/bin/python -m venv .build/peers &&
        .build/peers/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted" &&
        cp "$wanted" "$stamp"
}

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
