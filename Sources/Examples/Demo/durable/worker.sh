#!/bin/sh
# The shell worker of `make demo-durable`: a job is acknowledged when its command ends with 0.
#
#   worker.sh BROKER …       a worker for each
here=$(dirname "$(readlink -f "$0")")
shell=$here/../../../../clients/shell

work() {
    # shellcheck disable=SC2016 # for the shell that does a job
    SEAWAY_BROKER="$1" exec "$shell/seaway.sh" listen --exec \
        'sed -n "s/.*\"number\":\([0-9]*\).*/\1 ${SEAWAY_TIMES:-1}/p"' --ack jobs.demo
}

workers=
trap 'kill $workers 2>/dev/null' INT TERM
while :; do
    workers=
    for broker in "$@"; do
        work "$broker" &
        workers="$workers $!"
    done
    for worker in $workers; do wait "$worker" || [ $? -lt 128 ] || exit 0; done
    sleep 1
done
