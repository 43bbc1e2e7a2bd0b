#!/bin/sh
# Faults in random order under load: .ci/soak.sh [SECONDS [SEED]] [--packets] [--only FAULT] [--durable] [--memory]
#
# First brokers of a site, then for as long each all that durable channels rest on, and acknowledged channels in memory.
# Tests/System/shards.py and history.py say what must hold. A failure names its seed, and the same seed gives the same
# faults. Before that workers are replaced under load, for DEPLOY_SECONDS (60), and everything is attacked, each flood
# for ABUSE_SECONDS (20). With --durable or --memory there is only that part.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
.ci/setup.sh test
build_release seaway seaway-demo-worker seaway-echo-worker
case " $* " in
*" --durable "* | *" --memory "*) exec .build/python/bin/python Tests/System/soak.py "$@" ;;
esac
# Bodies of 1 GiB, both ways, in little memory.
SEAWAY_BODY_MIB=1024 SEAWAY_BODY_RATE=1 .build/python/bin/python -m pytest -q -s Tests/System/test_bodies.py
# The same through Django, as a body and as a file of a form, and through an ASGI application.
(cd clients/python && PYTHONPATH=src SEAWAY_BODY_MIB=1024 ../../.build/python/bin/python -m pytest -q --durations 3 \
    tests/test_django_hosting.py tests/test_asgi.py -k 'much_goes or any_size')
# Every worker of every language is replaced every two seconds, and nobody notices.
.build/python/bin/python Tests/System/deploys.py "${DEPLOY_SECONDS:-60}"
# Times are those of this machine: what is over its bound ends the soak at its end.
code=0
.build/python/bin/python Tests/System/abuse.py --seconds "${ABUSE_SECONDS:-20}" || code=$?
.build/python/bin/python Tests/System/soak.py "$@"
exit "$code"
