#!/bin/sh
# WebSockets against the Autobahn suite: .ci/conformance.sh [--optional] [--tls] [quick|all|CASES], see .ci/ws-autobahn.sh.
#
# With --tls inside TLS. With --optional a machine without a Python 2.7 passes, and says what it left out.
# The server is a whole Seaway: a broker, an interface server, and a worker that sends every message back, as three processes.
# With SEAWAY_BIN set, that binary runs, and nothing of Swift is built.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh

optional="" tls=""
while :; do
    case ${1:-} in
    --optional) optional=yes ;;
    --tls) tls=yes ;;
    *) break ;;
    esac
    shift
done
code=0
.ci/ws-autobahn.sh --set-up || code=$?
if [ "$code" = 69 ] && [ -n "$optional" ]; then
    say "skipped: the Autobahn suite, since there is no Python 2.7"
    say "0 passed, 0 failed, 1 skipped"
    exit
fi
[ "$code" = 0 ] || exit "$code"

[ -n "${SEAWAY_BIN:-}" ] || build_release seaway seaway-echo-worker
seaway=${SEAWAY_BIN:-.build/release/seaway}
mkdir -p .build/test
processes=""
# shellcheck disable=SC2086 # one word for each process
trap '[ -z "$processes" ] || kill $processes 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

# start NAME COMMAND...: in the background, with its output in .build/test/conformance-NAME.log
start() {
    log=.build/test/conformance-$1.log
    shift
    "$@" >"$log" 2>&1 &
    processes="$processes $!"
    process=$!
}

# The address that the process has logged.
address() {
    tries=0
    until [ -n "$(sed -n 's/.* address=\([^ ]*\) .*/\1/p' "$log")" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ] || ! kill -0 "$process" 2>/dev/null; then
            say "This process did not start, see $log" >&2
            exit 2
        fi
        sleep 0.1
    done
    sed -n 's/.* address=\([^ ]*\) .*/\1/p' "$log" | head -n 1
}

# Autobahn's largest messages have 16 MiB.
start broker "$seaway" broker --listen 127.0.0.1:0 --max-body 64M
broker=$(address)
serve() {
    start serve "$seaway" serve --broker "$broker" --http 127.0.0.1:0 --websocket-max-frame 16M \
        --websocket-max-message 16M --websocket-max-unsent 64M "$@"
}
if [ -n "$tls" ]; then
    scheme=wss
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 -keyout .build/test/conformance.key \
        -out .build/test/conformance.pem 2>/dev/null
    serve --http-tls-certificate .build/test/conformance.pem --http-tls-key .build/test/conformance.key
else
    scheme=ws
    serve
fi
http=$(address)
start worker .build/release/seaway-echo-worker --broker "$broker" --serial
.ci/ws-autobahn.sh "$scheme://$http/" "$@"
