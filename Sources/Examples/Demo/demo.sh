#!/bin/sh
# Broker, interface server and a worker in each of four languages, until Ctrl-C.
#
#   Sources/Examples/Demo/demo.sh [--http HOST:PORT] [--listen HOST:PORT]
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
build_release seaway seaway-demo-worker
mkdir -p "$logs"
(cd "$demo/go" && GOPROXY=off go build -o "../../../../$logs/go-worker" .)

# ---- running

server='' workers='' pause=''

start() { # NAME COMMAND…: the process goes on in the background as $!
    name=$1
    shift
    "$@" >"$logs/$name.log" 2>&1 &
}

# Workers first, so that what they hold is answered while the broker is still there.
leave() {
    trap '' INT TERM HUP
    [ -z "$pause" ] || kill "$pause" 2>/dev/null || :
    # shellcheck disable=SC2086 # process ids
    [ -z "$workers" ] || kill $workers 2>/dev/null || :
    for pid in $workers; do wait "$pid" || :; done
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

check_all() {
    kill -0 "$server" 2>/dev/null || give_up seaway
    kill -0 "$swift" 2>/dev/null || give_up swift
    kill -0 "$python" 2>/dev/null || give_up python
    kill -0 "$go" 2>/dev/null || give_up go
    kill -0 "$shell" 2>/dev/null || give_up shell
}

readers() { printf 'PEEK %s\n' "$1" | nc -N "${listen%:*}" "${listen##*:}" 2>/dev/null | sed -n 's/.*"readers":\([0-9]*\).*/\1/p'; }

start seaway .build/release/seaway up --http "$http" --listen "$listen" \
    --route /swift=http.request.swift --route /python=http.request.python \
    --route /go=http.request.go --route /sh=http.request.sh --route /any=http.request.any
server=$!
start swift .build/release/seaway-demo-worker --broker "$listen"
swift=$!
start python env PYTHONPATH=clients/python/src .build/python/bin/python "$demo/demo.py" "$listen"
python=$!
start go "$logs/go-worker" "$listen"
go=$!
start shell "$demo/worker.sh" "$listen"
shell=$!
workers="$swift $python $go $shell"

tries=0
until [ "$(readers http.request.any)" = 4 ]; do
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

Seaway is up: a broker at $listen, HTTP at $http, a worker in each of four languages.

  Open    http://$http/

  Type    curl http://$http/swift       answered by Swift; /python, /go and /sh by the others
          curl http://$http/any         answered by whoever is free
          printf 'STATS\n' | nc -N ${listen%:*} ${listen##*:}

  Stop a worker and see the others go on:
          kill $swift      # swift; python $python, go $go, shell $shell

Ctrl-C ends all of it. Logs are in $logs.
END

stopped=''
while kill -0 "$server" 2>/dev/null; do
    for worker in swift python go shell; do
        eval "pid=\$$worker"
        case " $stopped " in *" $worker "*) continue ;; esac
        kill -0 "$pid" 2>/dev/null && continue
        stopped="$stopped $worker"
        say "The $worker worker has ended. Its path gets no answer now; /any is answered by the others."
    done
    rest 1
done
give_up seaway
