#!/bin/sh
# Broker, interface server and a worker in each of four languages, until Ctrl-C.
#
#   Sources/Examples/Demo/demo.sh [--http HOST:PORT] [--listen HOST:PORT]
#
# With SEAWAY_BIN set, that binary runs, and nothing of Swift is built.
set -eu
cd "$(dirname "$0")/../../.."
. .ci/lib.sh

http=127.0.0.1:8000
listen=127.0.0.1:7411
demo=Sources/Examples/Demo
logs=.build/demo

usage() {
    say "usage: demo.sh [--http HOST:PORT] [--listen HOST:PORT]" >&2
    exit 64
}

while [ $# -gt 0 ]; do
    case "$1-${2:-}" in
    --http-?*:[0-9]*) http=$2 ;;
    --listen-?*:[0-9]*) listen=$2 ;;
    *) usage ;;
    esac
    shift 2
done

# ---- before anything is built: what would only fail later

.ci/setup.sh demo

refuse_if_taken() {
    if nc -z "${1%:*}" "${1##*:}" 2>/dev/null; then
        say "$1 is taken by another program. Choose another address: make demo $2=${1%:*}:$((${1##*:} + 1))" >&2
        exit 69
    fi
}
refuse_if_taken "$http" HTTP
refuse_if_taken "$listen" LISTEN

# ---- building

say "Building. The first time this takes some minutes."
[ -n "${SEAWAY_BIN:-}" ] || build_release seaway seaway-demo-worker
mkdir -p "$logs"
(cd "$demo/go" && GOPROXY=off go build -o "../../../../$logs/go-worker" .)

# ---- running

names='swift python go shell'
server='' pause=''
swift='' python='' go='' shell=''

start() { # NAME COMMAND…: the process goes on in the background as $!
    name=$1
    shift
    "$@" >>"$logs/$name.log" 2>&1 &
}

start_worker() {
    case $1 in
    swift) start swift .build/release/seaway-demo-worker --broker "$listen" ;;
    python) start python env PYTHONPATH=clients/python/src .build/python/bin/python "$demo/demo.py" "$listen" ;;
    go) start go "$logs/go-worker" "$listen" ;;
    shell) start shell "$demo/worker.sh" "$listen" ;;
    esac
    eval "$1=$!"
}

pid_of() { eval "printf '%s' \"\$$1\""; }

is_running() { kill -0 "$1" 2>/dev/null; }

# Workers first, so that what they hold is answered while the broker is still there.
leave() {
    trap '' INT TERM HUP
    for pid in $pause $swift $python $go $shell; do kill "$pid" 2>/dev/null || :; done
    for pid in $swift $python $go $shell; do wait "$pid" || :; done
    [ -z "$server" ] || kill "$server" 2>/dev/null || :
    [ -z "$server" ] || wait "$server" || :
}
trap 'say ""; say "Leaving."; leave; exit 0' INT TERM HUP

rest() {
    sleep "$1" &
    pause=$!
    wait "$pause" || :
    pause=''
}

give_up() {
    say "$1 has ended; what it said last:" >&2
    tail -n 5 "$logs/$1.log" >&2
    leave
    exit 1
}

# A shell that was started in the background of a script is told to ignore Ctrl-C, and cannot catch it then, but the
# server does: its orderly end is that of the demo.
server_has_ended() {
    wait "$server" || give_up seaway
    say ""
    say "The server has left. Leaving."
    leave
    exit 0
}

check_all() {
    is_running "$server" || server_has_ended
    for name in $names; do is_running "$(pid_of "$name")" || give_up "$name"; done
}

has_readers() { # CHANNEL COUNT
    printf 'PEEK %s\n' "$1" | nc -N "${listen%:*}" "${listen##*:}" 2>/dev/null | grep -q "\"readers\":$2"
}

all_are_there() {
    for channel in http.request http.request.swift http.request.python http.request.go http.request.sh \
        bigdata.process websocket.connect; do
        has_readers "$channel" 1 || return 1
    done
    has_readers http.request.any 4
}

rm -f "$logs"/*.log
start seaway "${SEAWAY_BIN:-.build/release/seaway}" up --http "$http" --listen "$listen" \
    --route /swift=http.request.swift --route /python=http.request.python --route /go=http.request.go \
    --route /sh=http.request.sh --route /any=http.request.any --route /bigdata=http.request.bigdata
server=$!
for name in $names; do start_worker "$name"; done

tries=0
until all_are_there; do
    check_all
    tries=$((tries + 1))
    if [ "$tries" -gt 150 ]; then
        say "The workers do not reach the broker; see $logs/*.log." >&2
        leave
        exit 1
    fi
    rest 0.2
done

cat <<END

Seaway is up: a broker at $listen, HTTP and WebSocket at $http, a worker in each of four languages.

  Open    http://$http/                 in two windows, and post something
  Type    printf 'GSEND :- liveblog {"text":"me: hello"}\n' | nc -N ${listen%:*} ${listen##*:}
          curl -d 'hello' http://$http/go
          curl http://$http/any                 a few times: whoever is free answers
          printf 'STATS\n' | nc -N ${listen%:*} ${listen##*:}
  Kill    any worker and see the pages stay connected; it is started again after two seconds:
          kill -9 $swift    # swift; python $python, go $go, shell $shell

Ctrl-C ends all of it. Logs are in $logs.
END

while rest 2; is_running "$server"; do
    for name in $names; do
        is_running "$(pid_of "$name")" && continue
        start_worker "$name"
        say "The $name worker had ended; started again as $(pid_of "$name")."
    done
done
server_has_ended
