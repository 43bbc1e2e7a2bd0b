#!/bin/sh
# Faults of brokers in random order under load: .ci/soak.sh [SECONDS [SEED]] [--packets] [--only FAULT]
#
# Tests/System/shards.py says what must hold. A failure names its seed, and the same seed gives the same faults. Before
# that workers are replaced under load, for DEPLOY_SECONDS (60), and everything is attacked, each flood for ABUSE_SECONDS
# (20).
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
.ci/setup.sh test
build_release seaway seaway-demo-worker seaway-echo-worker
# Bodies of 1 GiB, both ways, in little memory.
SEAWAY_BODY_MIB=1024 SEAWAY_BODY_RATE=1 .build/python/bin/python -m pytest -q -s Tests/System/test_bodies.py
# Every worker of every language is replaced every two seconds, and nobody notices.
.build/python/bin/python Tests/System/deploys.py "${DEPLOY_SECONDS:-60}"
# Times are those of this machine: what is over its bound ends the soak at its end.
code=0
.build/python/bin/python Tests/System/abuse.py --seconds "${ABUSE_SECONDS:-20}" || code=$?
.build/python/bin/python Tests/System/soak.py "$@"
exit "$code"
