# shellcheck shell=sh disable=SC2016,SC2034,SC2154 # its names are those of test.sh and testing.sh
# Part of test.sh: the fields of a message, workers and sockets.

# ---- the field that a worker looks for

found() { (
    # shellcheck source=connection.sh
    . "$folder/connection.sh"
    # shellcheck source=messages.sh
    . "$folder/messages.sh"
    printf '%s' "$1" | field reply_channel
); }
is 'a field is found' 'x!1' "$(found '{"reply_channel":"x!1","a":1}')"
is 'with spaces around' 'x!1' "$(found ' { "a" : [1, {"b": 2}] , "reply_channel" : "x!1" } ')"
is 'not within a string' 'x!1' "$(found '{"a":"\"reply_channel\":\"evil!1\"","b":"\\","reply_channel":"x!1"}')"
is 'not within a map' 'x!1' "$(found '{"a":{"reply_channel":"evil!1"},"reply_channel":"x!1"}')"
is 'not within a list' '' "$(found '{"a":["reply_channel","evil!1",{"reply_channel":"evil!2"}]}')"
is 'not a value of that name' '' "$(found '{"a":"reply_channel","b":"evil!1"}')"
is 'not another type' '' "$(found '{"reply_channel":null,"b":"evil!1"}')"
is 'not braces in strings' 'x!1' "$(found '{"a":"}{][\\\"{","reply_channel":"x!1"}')"
is 'not there at all' '' "$(found '{}')"
several() { (
    # shellcheck source=connection.sh
    . "$folder/connection.sh"
    # shellcheck source=messages.sh
    . "$folder/messages.sh"
    printf '%s' "$1" | fields path =serial =order type | tr '\n' '|'
); }
is 'several are found, numbers and truths too' '/a|true|12|x|' "$(several '{"order":12,"type":"x", "serial" : true ,"path":"/a"}')"
is 'each of its own kind' '|||x|' "$(several '{"order":"12","type":"x","serial":"true","path":7,"a":{"order":3}}')"
is 'also at the end' '||-4||' "$(several '{"a":[{"order":3}],"order":-4}')"

# ---- workers

start worker http.request.sh 'cat >"'"$work"'/stdin"; printf "%s\n" "$SEAWAY_CHANNEL" "$SEAWAY_REPLY_CHANNEL"'
worker=$!
untilReaders http.request.sh 1
body='{"path":"/$(touch pwned)`touch pwned`","reply_channel":"http.response.k!1","body":"\"; touch pwned; \\","headers":[["reply_channel","evil!1"]]}'
client send http.request.sh "$body"
client listen --count 1 'http.response.k!' >"$work/answer"
is 'an answer goes to the reply channel' \
    'http.response.k!1	{"status":200,"headers":[["content-type",{"$bytes":"dGV4dC9wbGFpbjsgY2hhcnNldD11dGYtOA=="}]],"content":{"$bytes":"aHR0cC5yZXF1ZXN0LnNoCmh0dHAucmVzcG9uc2UuayExCg=="}}' \
    "$(cat "$work/answer")"
is 'its content is what the command printed' 'http.request.sh http.response.k!1' "$(contentOf "$work/answer" | tr '\n' ' ' | sed 's/ $//')"
is 'the command reads the message' "$body" "$(cat "$work/stdin")"
[ ! -e pwned ]
is 'nothing of a message was run' 0 $?
client send http.request.sh '{"reply_channel":"http.response.k!2"}'
is 'and another' 'http.response.k!2' "$(client listen --count 1 'http.response.k!' | cut -f 1)"
client send http.request.sh '{"reply_channel":"http.response.k!2","request_id":"3f2a"}'
client listen --count 1 'http.response.k!' >"$work/answer"
is 'who has answered is told where the request has an ID' "$(uname -n | cut -c 1-48):$worker" \
    "$(sed 's/.*"worker":"\([^"]*\)","took":[0-9]\{1,9\},.*/\1/' "$work/answer")"
kill "$worker"
wait "$worker"
is 'an idle worker ends in order when told to' 0 $?

start worker --type text/x 'http.request.sh' 'exit 3' 2>"$work/stderr"
worker=$!
untilReaders http.request.sh 1
client send http.request.sh '{"reply_channel":"http.response.k!3"}'
is 'a command that fails is a 500' '{"status":500' "$(client listen --count 1 'http.response.k!' | cut -f 2 | cut -d , -f 1)"
is 'and is logged' 'seaway.sh: http.request.sh: the command failed with 3' "$(cat "$work/stderr")"
: >"$work/stderr"
client send http.request.sh "$(printf '{"reply_channel":"http.response.k!3","method":"GET","path":"/a\\nb\\u001b\177"}')"
client listen --count 1 'http.response.k!' >/dev/null
is 'with method and path, in one line' 'seaway.sh: GET /a\nb\u001b\x7f on http.request.sh: the command failed with 3' "$(cat "$work/stderr")"
client send http.request.sh '{"path":"/quiet"}'
untilLines "$work/stderr" 2
is 'also where nobody waits' 'seaway.sh: /quiet on http.request.sh: the command failed with 3' "$(tail -n 1 "$work/stderr")"
kill "$worker"
wait "$worker"

start worker http.request.sh 'true' 2>"$work/stderr"
worker=$!
untilReaders http.request.sh 1
client send http.request.sh '{"reply_channel":"http.response.k!3","method":"GET","path":"/"}'
is 'a command that prints nothing is a 500' '{"status":500' "$(client listen --count 1 'http.response.k!' | cut -f 2 | cut -d , -f 1)"
is 'and is logged too' 'seaway.sh: GET / on http.request.sh: the command printed nothing' "$(cat "$work/stderr")"
kill "$worker"
wait "$worker"

# Every byte, many times over, in several pieces.
LC_ALL=C awk 'BEGIN { for (i = 0; i < 131072; i++) printf "%c", i % 256 }' >"$work/bytes"
[ "$(wc -c <"$work/bytes")" -gt 100000 ] || head -c 131072 /dev/urandom >"$work/bytes"
start worker http.request.sh "cat '$work/bytes'"
worker=$!
untilReaders http.request.sh 1
client send http.request.sh '{"reply_channel":"http.response.k!4"}'
client listen --count 3 'http.response.k!' >"$work/answer"
contentOf "$work/answer" >"$work/got"
isWhole 'a large binary answer comes in pieces' "$work/bytes" "$work/got"
client send http.request.sh '{"reply_channel":"http.response.k!4","request_id":"3f2a"}'
client listen --count 3 'http.response.k!' >"$work/told"
is 'the first of them tells who has made it' '1 {"status":200' "$(grep -c '"took":' "$work/told") $(grep '"took":' "$work/told" | cut -f 2 | cut -d , -f 1)"
is 'with their offsets' '"status":200 "offset":49152 "offset":98304' \
    "$(sed 's/^[^{]*{\([^,]*\),.*/\1/' "$work/answer" | tr '\n' ' ' | sed 's/ $//')"
is 'and the last says so' '"more_content":true 2' "$(grep -c more_content "$work/answer" | sed 's/^/"more_content":true /')"
kill "$worker"
wait "$worker"

start worker http.request.sh 'touch "'"$work"'/began"; while [ ! -e "'"$work"'/go" ]; do sleep 0.1; done; echo done'
worker=$!
untilReaders http.request.sh 1
client send http.request.sh '{"reply_channel":"http.response.k!5"}'
client send http.request.sh '{"reply_channel":"http.response.k!6"}'
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e "$work/began" ] || sleep 0.1; done
kill "$worker"
touch "$work/go"
wait "$worker"
is 'a busy worker that is told to leave ends in order' 0 $?
is 'it has finished what it had begun' 'http.response.k!5' "$(client listen --count 1 'http.response.k!' | cut -f 1)"
is 'and left the rest' 'http.request.sh	{"reply_channel":"http.response.k!6"}' "$(client listen --count 1 http.request.sh)"

start listen --exec 'client=1; cat >/dev/null; "$REPLY" reply --status 404 --header "x-a: it'"'"'s \"1\"" "$SEAWAY_REPLY_CHANNEL" "no such page"' \
    http.request.sh >"$work/stdout"
worker=$!
untilReaders http.request.sh 1
kill "$worker"
wait "$worker"
export REPLY="$folder/seaway.sh"
start listen --count 1 --exec 'cat >/dev/null; "$REPLY" reply --status 404 --header "x-a: it'"'"'s \"1\"" "$SEAWAY_REPLY_CHANNEL" "no such page"' \
    http.request.sh
worker=$!
untilReaders http.request.sh 1
client send http.request.sh '{"reply_channel":"http.response.k!7","request_id":"3f2a"}'
client listen --count 1 'http.response.k!' >"$work/answer"
wait "$worker"
is 'a command may answer by itself' '{"status":404 no such page' "$(cut -f 2 "$work/answer" | cut -d , -f 1) $(contentOf "$work/answer")"
is 'and the worker is told of' "$(uname -n | cut -c 1-48):$worker" "$(sed 's/.*"worker":"\([^"]*\)","took":[0-9].*/\1/' "$work/answer")"
is 'with fields of its own' "it's \"1\"" "$(sed 's/.*\[{"$bytes":"eC1h"},{"$bytes":"\([^"]*\)".*/\1/' "$work/answer" | base64 -d)"
client send jobs '{"n":1}'
is 'without a reply channel the output is only printed' 'jobs {"n":1}' \
    "$(client listen --count 1 --exec 'printf "%s " "$SEAWAY_CHANNEL"; cat' jobs)"
exits 'a reply to nobody waits there' 0 reply 'http.response.k!8' 'text'
client listen --count 1 'http.response.k!' >"$work/answer"
is 'as an answer' 'text' "$(contentOf "$work/answer")"

# ---- events of sockets

start worker websocket.connect.sh websocket.receive.sh websocket.disconnect.sh \
    'case $(cat) in *fail*) exit 1 ;; *) echo "printed" ;; esac' >"$work/stdout" 2>"$work/stderr"
worker=$!
untilReaders websocket.disconnect.sh 1
event() { # KIND PATH FIELDS
    client send "websocket.$1.sh" '{"type":"websocket.'"$1"'","reply_channel":"websocket.send.k!1","control_channel":"websocket.control.k!1","path":"'"$2"'"'"$3"'}'
}
event receive / ',"order":3,"serial":true,"text":"hi"'
is 'an event that is waited for is done' 'websocket.control.k!1	{"done":3}' "$(client listen --count 1 'websocket.control.k!')"
event receive / ',"order":4,"text":"hi"'
event receive /fail ',"order":5,"serial":true,"text":"hi"'
is 'after a failure too' 'websocket.control.k!1	{"done":5}' "$(client listen --count 1 'websocket.control.k!')"
is 'which closes the socket' 'websocket.send.k!1	{"close":1011}' "$(client listen --count 1 'websocket.send.k!')"
event connect /fail ',"order":0'
is 'or rejects it' 'websocket.send.k!1	{"accept":false,"status":500}' "$(client listen --count 1 'websocket.send.k!')"
event disconnect /fail ',"order":6'
untilLines "$work/stderr" 3
kill "$worker"
wait "$worker"
is 'nothing else is said to it' '0 0' \
    "$(for name in send control; do client peek "websocket.$name.k!1" | sed 's/.*"messages":\([0-9]*\).*/\1/'; done | tr '\n' ' ' | sed 's/ $//')"
is 'what is printed is only printed' 'printed printed' "$(tr '\n' ' ' <"$work/stdout" | sed 's/ $//')"
is 'failures are logged' 'seaway.sh: websocket.disconnect /fail on websocket.disconnect.sh: the command failed with 1' "$(tail -n 1 "$work/stderr")"
