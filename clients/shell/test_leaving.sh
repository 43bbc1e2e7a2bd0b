# shellcheck shell=sh disable=SC2016,SC2034,SC2154 # its names are those of test.sh and testing.sh
# Part of test.sh: leaving, whatever the broker does, and brokers that come back.

# ---- told to leave while the broker says nothing

# Ends a process, and says how it ended: its exit code, and whether that was soon. $1: process, $2: seconds at most.
endsWithin() {
    before=$(date +%s)
    kill "$1"
    wait "$1"
    code=$?
    [ $(($(date +%s) - before)) -le "$2" ] && echo "$code soon" >"$work/end" || echo "$code late" >"$work/end"
}

# Takes connections at a Unix socket and never says a word.
mkfifo "$work/nothing"
exec 8<>"$work/nothing"
nc -l -k -U "$work/silent" <&8 >"$work/heard" 2>/dev/null &
silent=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ ! -S "$work/silent" ] || break
    sleep 0.1
done
for arguments in 'worker a true' 'watch room a' 'join --hold room a' 'listen a'; do
    : >"$work/heard"
    export SEAWAY_BROKER="unix:$work/silent" SEAWAY_TIMEOUT=2
    # shellcheck disable=SC2086 # parted on purpose
    start $arguments 2>"$work/stderr"
    untilLines "$work/heard" 1
    endsWithin $! 5
    is "never answered: ${arguments%% *} ends when told to" '0 soon' "$(cat "$work/end")"
done
SEAWAY_TIMEOUT=1 exits 'listen does not wait for ever' 69 listen a
is 'and says why' "seaway.sh: no broker at unix:$work/silent: no answer within 1 s" "$(cat "$work/stderr")"
SEAWAY_TIMEOUT=1
start worker a true 2>"$work/stderr"
worker=$!
untilLines "$work/stderr" 1
is 'a worker tries again' 'seaway.sh: no connection, trying again (no answer within 1 s)' "$(head -n 1 "$work/stderr")"
endsWithin "$worker" 4
is 'until it is told to leave' '0 soon' "$(cat "$work/end")"
kill "$silent"
export SEAWAY_BROKER="127.0.0.1:$port" SEAWAY_TIMEOUT=2

for arguments in 'worker a true' 'watch room a' 'join --hold room a' 'listen a' 'listen --exec true a'; do
    # shellcheck disable=SC2086 # parted on purpose
    start $arguments >/dev/null 2>"$work/stderr"
    client=$!
    untilReaders a 1
    kill -STOP "$broker"
    endsWithin "$client" 5
    kill -CONT "$broker"
    is "stopped later: ${arguments%% *} ends when told to" '0 soon' "$(cat "$work/end")"
    is 'and says so' 'seaway.sh: left without a goodbye: the broker gave no answer within 2 s' "$(cat "$work/stderr")"
done
unset SEAWAY_TIMEOUT

# The time of the command is its own.
start worker http.request.sh 'touch "'"$work"'/began2"; while [ ! -e "'"$work"'/go2" ]; do sleep 0.1; done; echo done'
worker=$!
untilReaders http.request.sh 1
client send http.request.sh '{"reply_channel":"http.response.k!1"}'
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e "$work/began2" ] || sleep 0.1; done
kill "$worker"
kill "$worker"
touch "$work/go2"
wait "$worker"
is 'told twice while the command runs, a worker still answers' '0 http.response.k!1' "$? $(client listen --count 1 'http.response.k!' | cut -f 1)"

# ---- a broker that goes and comes back

start worker http.request.sh 'echo back' 2>/dev/null
worker=$!
untilReaders http.request.sh 1
start listen 'other.k!' >/dev/null 2>&1
listener=$!
untilReaders 'other.k!1' 1 2>/dev/null
kill -9 "$broker"
wait "$broker" 2>/dev/null
wait "$listener"
is 'listen ends without a broker' 69 $?
serve
untilReaders http.request.sh 1
client send http.request.sh '{"reply_channel":"http.response.k!9"}'
is 'a worker comes back' 'http.response.k!9' "$(client listen --count 1 'http.response.k!' | cut -f 1)"
kill "$worker"
wait "$worker"
is 'and still ends in order' 0 $?
