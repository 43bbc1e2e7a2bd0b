#!/bin/sh
# The shell worker of `make demo`: says hello to GET /sh, and puts into the group what is posted there; /any with the others.
#
#   worker.sh BROKER …       a worker for each; its token is in SEAWAY_TOKEN, where the broker has tokens
here=$(dirname "$(readlink -f "$0")")
export SEAWAY_SHELL="$here/../../../clients/shell"

work() {
    export SEAWAY_BROKER="$1"
    exec "$SEAWAY_SHELL/seaway.sh" worker http.request.sh http.request.any "sh '$here/answer.sh'"
}

[ $# -gt 1 ] || work "$@"
workers=
trap 'kill $workers 2>/dev/null' INT TERM
for broker in "$@"; do
    work "$broker" &
    workers="$workers $!"
done
# The first wait ends with the signal, the second when they have finished what they were at.
for worker in $workers; do wait "$worker" || wait "$worker"; done
