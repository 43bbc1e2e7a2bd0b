# shellcheck shell=sh disable=SC2016,SC2034,SC2154 # its names are those of test.sh and testing.sh
# Part of test.sh: messages that are kept until they are done.

# Prints one of the broker's counters.
stat() { client stats | sed 's/.*"'"$1"'":\([0-9]*\).*/\1/'; }

# Waits until a counter is so much more than it was.
untilStat() { # NAME NUMBER
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
        [ "$(stat "$1")" -lt "$2" ] || return 0
        sleep 0.1
    done
    is "$1 of the broker" "$2" "$(stat "$1")"
}

exits 'only a command can say what is done' 64 listen --ack jobs

start listen --ack --exec 'cat; echo " $SEAWAY_TIMES"' jobs >"$work/stdout"
worker=$!
untilReaders jobs 1
client send jobs '{"n":1}'
untilStat acknowledged 1
is 'what ends well is done' '{"n":1}  1' "$(tr '\n' ' ' <"$work/stdout" | sed 's/ *$//')"
kill "$worker"
wait "$worker"

start listen --ack --exec 'read -r job; case $job-$SEAWAY_TIMES in *fail*-1) exit 1 ;; *dead*) exit 65 ;; esac; echo "$job $SEAWAY_TIMES"' \
    jobs >"$work/stdout" 2>"$work/stderr"
worker=$!
untilReaders jobs 1
client send jobs '{"fail":1}'
client send jobs '{"dead":1}'
untilLines "$work/stdout" 1
is 'what fails comes again' '{"fail":1} 2' "$(cat "$work/stdout")"
is 'or never' 'jobs.dead	{"dead":1}' "$(client listen --count 1 jobs.dead)"
untilStat acknowledged 2
is 'nothing is left' '0' "$(stat held)"
kill "$worker"
wait "$worker"

# The one that is killed leaves its command behind.
start listen --ack --exec 'touch "'"$work"'/held"; while [ ! -e "'"$work"'/let" ]; do sleep 0.1; done' jobs
worker=$!
untilReaders jobs 1
client send jobs '{"n":2}'
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e "$work/held" ] || sleep 0.1; done
kill -KILL "$worker"
wait "$worker" 2>/dev/null
touch "$work/let"
is 'what a killed worker had goes to another' '{"n":2} 2' \
    "$(client listen --ack --count 1 --exec 'read -r job; echo "$job $SEAWAY_TIMES"' jobs)"

start worker --ack http.request.sh '[ "$SEAWAY_TIMES" = 2 ] || exit 75; echo "answer $SEAWAY_TIMES"' 2>"$work/stderr"
worker=$!
untilReaders http.request.sh 1
client send http.request.sh '{"reply_channel":"http.response.k!1"}'
client listen --count 1 'http.response.k!' >"$work/answer"
is 'a request that comes again has one answer' 'answer 2' "$(contentOf "$work/answer")"
untilStat acknowledged 4
is 'which ends it' '0' "$(stat held)"
kill "$worker"
wait "$worker"

# Requests and events of sockets are kept without being told so.
rm -f "$work/held" "$work/let"
before=$(stat acknowledged)
start worker http.request.sh 'touch "'"$work"'/held"; while [ ! -e "'"$work"'/let" ]; do sleep 0.1; done'
worker=$!
untilReaders http.request.sh 1
client send http.request.sh '{"reply_channel":"http.response.k!2"}'
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e "$work/held" ] || sleep 0.1; done
kill -KILL "$worker"
wait "$worker" 2>/dev/null
touch "$work/let"
start worker http.request.sh websocket.receive.sh jobs 'case $(cat) in *fail*) exit 75 ;; *) echo "answer $SEAWAY_TIMES" ;; esac' \
    >"$work/stdout" 2>"$work/stderr"
worker=$!
untilReaders http.request.sh 1
client listen --count 1 'http.response.k!' >"$work/answer"
is 'a request of a killed worker is answered by another' 'answer 2' "$(contentOf "$work/answer")"
untilStat acknowledged $((before + 1))
client send http.request.sh '{"reply_channel":"http.response.k!3","path":"/fail"}'
is 'one that fails has its 500' 'http.response.k!3	{"status":500' "$(client listen --count 1 'http.response.k!' | cut -d , -f 1)"
untilStat acknowledged $((before + 2))
client send websocket.receive.sh '{"type":"websocket.receive","reply_channel":"websocket.send.k!2","control_channel":"websocket.control.k!2","order":3,"serial":true}'
is 'an event is done' 'websocket.control.k!2	{"done":3}' "$(client listen --count 1 'websocket.control.k!')"
untilStat acknowledged $((before + 3))
client send jobs '{"fail":1}'
untilLines "$work/stderr" 2
is 'what is no request is delivered once' "0 $((before + 3))" "$(stat held) $(stat acknowledged)"
kill "$worker"
wait "$worker"

heldAt=$SEAWAY_BROKER
: >"$work/log.hold"
"$SEAWAY_BIN" broker --listen 127.0.0.1:0 --hold 4s >"$work/log.hold" 2>&1 &
short=$!
untilListening "$work/log.hold" 1
SEAWAY_BROKER=127.0.0.1:$(sed -n 's/.*address=127\.0\.0\.1:\([0-9]*\) .*/\1/p' "$work/log.hold")
export SEAWAY_BROKER SEAWAY_HOLD=4
start listen --ack --exec 'sleep 6; cat' jobs >"$work/stdout" 2>"$work/stderr"
worker=$!
untilReaders jobs 1
client send jobs '{"n":3}'
kill "$worker"
wait "$worker"
is 'a long command keeps what it has' '1 0' "$(stat acknowledged) $(stat returned)"
kill "$short"
wait "$short"
export SEAWAY_BROKER="$heldAt"
unset SEAWAY_HOLD
