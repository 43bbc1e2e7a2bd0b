#!/bin/sh
# Django Channels against Seaway's channel layer: the public tests of channels_redis. The last line counts them.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh
[ -x .build/release/seaway ] || build_release seaway
mkdir -p .build/test
log=.build/test/channels-broker.log
# What a run before has left there names a broker that is gone.
rm -f "$log"
.build/release/seaway broker --listen 127.0.0.1:0 --log-level info >"$log" 2>&1 &
broker=$!
trap 'kill $broker 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
tries=0
until [ -e "$log" ] && address=$(sed -n 's/.* address=\([^ ]*\) .*listening.*/\1/p' "$log" | head -n 1) && [ -n "$address" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ]; then
        say "the broker did not start, see $log" >&2
        exit 2
    fi
    sleep 0.1
done
SEAWAY_BROKER=$address .build/python/bin/python .ci/channels_suite.py "$@"
