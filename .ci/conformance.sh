#!/bin/sh
# WebSockets against the Autobahn suite: .ci/conformance.sh [quick|all|CASES], see .ci/ws-autobahn.sh.
#
# The server is one that only sends back what comes (Tests/Support/EchoServer), built for use, or as CONFIGURATION=debug says.
set -eu
cd "$(dirname "$0")/.."
. .ci/lib.sh

configuration=${CONFIGURATION:-release}
if [ "$configuration" = release ]; then
    build_release EchoServer
else
    swift build --configuration "$configuration" --product EchoServer
fi

mkdir -p .build/test
log=.build/test/echo-server.log
".build/$configuration/EchoServer" 0 >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
port=""
tries=0
while [ -z "$port" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
        say "The echo server did not start, see $log" >&2
        exit 2
    fi
    sleep 0.1
    port=$(sed -n 's/^listening on //p' "$log")
done
.ci/ws-autobahn.sh "ws://127.0.0.1:$port/" "$@"
