#!/bin/sh
# WebSockets against the Autobahn suite: .ci/conformance.sh [quick|all|CASES], see .ci/ws-autobahn.sh.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh

configuration=${CONFIGURATION:-release}
if [ "$configuration" = release ]; then
    build_release EchoServer
else
    swift build --product EchoServer
fi
port=${PORT:-20811}
".build/$configuration/EchoServer" "$port" >.build/echo-server.log 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
tries=0
until nc -z 127.0.0.1 "$port" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
        say "The echo server did not start:" >&2
        cat .build/echo-server.log >&2
        exit 2
    fi
    sleep 0.1
done
.ci/ws-autobahn.sh "ws://127.0.0.1:$port/" "$@"
