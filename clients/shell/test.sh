#!/bin/sh
# Tests the shell client against the broker that SEAWAY_BIN names. Prints a line for each test, and the sum at the end.
# TEST_SHELL is the shell that runs the client (sh).
# shellcheck disable=SC2016 # many tests are about what must not be expanded
set -uf

case ${SEAWAY_BIN:-} in
/*) ;;
*)
    echo 'SEAWAY_BIN must be the absolute path of a seaway binary' >&2
    exit 64
    ;;
esac
folder=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d "${TMPDIR:-/tmp}/seaway-test.XXXXXXXX")
broker=
trap 'cleanUp' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0
# Files that a careless glob would find.
cd "$work" || exit 1
touch 'a-b' 'axb' 'http.request'

cleanUp() {
    [ -z "$broker" ] || kill "$broker" 2>/dev/null
    rm -rf "$work"
}

# shellcheck source=SCRIPTDIR/testing.sh
. "$folder/testing.sh"

startBroker

# ---- sending and listening

exits 'a message is stored' 0 send chat.log '{"text":"hi"}'
is 'a send that succeeds is silent' '' "$(cat "$work/stdout" "$work/stderr")"
is 'a message is printed with its channel' 'chat.log	{"text":"hi"}' "$(client listen --count 1 chat.log)"
client send a '{"n":1}'
client send a '{"n":2}'
client send b '{"n":3}'
is 'so many are taken and no more' 'a	{"n":1}' "$(client listen --count 1 a)"
is 'the rest is there for others' '1' "$(client peek a | sed 's/.*"messages":\([0-9]*\).*/\1/')"
is 'several channels are read' 'a	{"n":2} b	{"n":3}' "$(client listen --count 2 a b | sort | tr '\n' ' ' | sed 's/ $//')"
printf '{"from":"stdin"}' | client send a
is 'a body comes from standard input' 'a	{"from":"stdin"}' "$(client listen --count 1 a)"
printf '{"from":"-"}' | client send a -
is 'or from -' 'a	{"from":"-"}' "$(client listen --count 1 a)"

# ---- bodies that bite

bite() {
    client send a "$2"
    is "a body with $1" "a	$2" "$(client listen --count 1 a)"
}
bite 'quotes' '{"a":"it'"'"'s \"quoted\""}'
bite 'backslashes' '{"a":"C:\\dir\\new \\\\ \\n"}'
bite 'commands' '{"a":"$(touch pwned) `touch pwned` ${HOME} $HOME"}'
bite 'globs' '{"a":"* ? [a-z] a*","b":["*"]}'
bite 'formats' '{"a":"%s %d %n %% \\u0025s"}'
bite 'dashes' '{"-n":"-e --help"}'
bite 'many spaces' '{"a":"b    c"   ,  "d" :  1}  '
bite 'UTF-8' '{"text":"Kanäle → 🚢 \u00e4"}'
bite 'control characters escaped' '{"a":"\u0000\t\u001b[31m\u007f"}'
bite 'semicolons and ampersands' '{"a":"; exit 3 & | > /dev/null < #"}'
bite 'what looks like a frame' '{"a":"QUIT\nOK\nMSG :2 a\n{}"}'
client send a '{
  "a": 1,
	"b": [2]
}'
is 'line ends between values become spaces' 'a	{   "a": 1, 	"b": [2] }' "$(client listen --count 1 a)"
[ ! -e pwned ]
is 'nothing of a body was run' 0 $?

awk 'BEGIN { printf "{\"a\":\""; for (i = 0; i < 7000; i++) printf "%09d \\\\", i; printf "\"}" }' >"$work/large"
client send a - <"$work/large"
client listen --count 1 a | sed 's/^a	//' | tr -d '\n' >"$work/got"
isWhole "a body of $(wc -c <"$work/large") bytes" "$work/large" "$work/got"
awk 'BEGIN { printf "{\"a\":\""; for (i = 0; i < 104850; i++) printf "%09d\\n", i % 1000; printf "\"}" }' >"$work/large"
client send a <"$work/large"
client listen --count 1 a | sed 's/^a	//' | tr -d '\n' >"$work/got"
isWhole "a body of $(wc -c <"$work/large") bytes" "$work/large" "$work/got"

# {"a": bytes 00 0a 22 ff, "b": "x\n"}
printf '\202\241a\304\004\000\012"\377\241b\242x\n' >"$work/msgpack"
client send --msgpack a - <"$work/msgpack"
is 'MessagePack with NUL and LF' 'a	{"a":{"$bytes":"AAoi/w=="},"b":"x\n"}' "$(client listen --count 1 a)"
{ printf '\201\241a\306\000\001\021\160' && head -c 70000 /dev/zero | tr '\0' '\377'; } >"$work/msgpack"
client send --msgpack a - <"$work/msgpack"
is 'large MessagePack' "$((70000 * 4 / 3 / 4 * 4 + 4))" \
    "$(client listen --count 1 a | sed 's/.*"$bytes":"//; s/".*//' | tr -d '\n' | wc -c | tr -d ' ')"

# ---- names that bite

exits 'a name that begins with a dash' 0 send -- -x '{"n":1}'
is 'is read back' '-x	{"n":1}' "$(client listen --count 1 -- -x)"
exits 'a name that looks like an option' 0 send -- --here '{"n":2}'
is 'is read back too' '--here	{"n":2}' "$(client listen --count 1 -- --here)"
exits 'a name with ?, which files here match' 0 send 'a?b' '{"n":3}'
is 'is no glob' 'a?b	{"n":3}' "$(client listen --count 1 'a?b')"
exits 'a name with !' 0 send 'me!1' '{"n":4}'
is 'is read from its mailbox' 'me!1	{"n":4}' "$(client listen --count 1 'me!')"
for name in '' 'a b' '*' 'a;b' '$(touch pwned)' '`id`' 'a
QUIT' 'kanäle' 'a	b' '../a' 'a=b' ':5' 'a"b' "a'b" 'a\b' '{a'; do
    exits "the name '$name' is refused" 1 send "$name" '{}'
done
[ ! -e pwned ]
is 'nothing of a name was run' 0 $?
exits 'so is a bad name of a group' 1 join 'a b' c
exits 'a mailbox is not sent to' 1 send 'me!' '{}'

# ---- exit codes

exits 'away is for now' 75 send --here nobody '{}'
for n in 0 1 2 3 4 5 6 7 8 9; do
    printf 'SEND :- full {}\n%.0s' 0 1 2 3 4 5 6 7 8 9 | nc -N 127.0.0.1 "$port" >/dev/null
done
exits 'full is for now' 75 send full '{}'
is 'and says so' 'seaway.sh: SEND full: ERR full by=messages' "$(sed 's/\(by=messages\).*/\1/' "$work/stderr")"
exits 'flush' 0 flush 'ful*'
is 'says what it did' 'messages=100 memberships=0' "$(cat "$work/stdout")"
exits 'a body that is no map is refused for good' 1 send a '[1]'
exits 'so is none at all' 1 send a ''
head -c 2100000 /dev/zero | tr '\0' ' ' >"$work/huge"
client send a - <"$work/huge" 2>/dev/null
is 'and one that is too large' 1 $?
for arguments in '' 'shout a' 'send' 'send a b c' 'listen' 'listen --count x a' 'listen --count 0 a' 'worker a' \
    'watch room' 'watch room a b' 'watch --count 0 room a' 'reply --status 99 a' 'reply --header x a' 'join a' 'peek' 'ping a'; do
    # shellcheck disable=SC2086 # parted on purpose
    exits "usage: '$arguments'" 64 $arguments
done
SEAWAY_BROKER=127.0.0.1:1 exits 'no broker' 69 send a '{}'
SEAWAY_BROKER=unix:/nowhere exits 'no broker on a Unix socket' 69 send a '{}'
SEAWAY_BROKER=127.0.0.1:1 exits 'listen says so too' 69 listen a
SEAWAY_BROKER=nonsense exits 'an address that is none' 64 send a '{}'
SEAWAY_BROKER="unix:$work/socket" exits 'a Unix socket' 0 ping

# ---- TLS and tokens

# Certificates of an authority: for the broker as localhost, and for a client.
issue() { # NAME SUBJECT-ALTERNATIVE-NAME
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$work/$1.key" \
        -out "$work/$1.csr" 2>/dev/null
    echo "subjectAltName=$2" >"$work/$1.ext"
    openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
        -extfile "$work/$1.ext" -out "$work/$1.pem" 2>/dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority \
    -addext basicConstraints=critical,CA:TRUE -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
issue broker DNS:localhost
issue me DNS:me

token=$("$SEAWAY_BIN" token add me --tokens "$work/tokens" --send 'a,b' --listen a --join nothing)
"$SEAWAY_BIN" token add operator --tokens "$work/tokens" --admin '*' >/dev/null
securePort=$((port + 102))
"$SEAWAY_BIN" broker --listen "tls://127.0.0.1:$securePort" --tls-certificate "$work/broker.pem" --tls-key "$work/broker.key" \
    --tls-client-ca "$work/ca.pem" --tokens "$work/tokens" >"$work/secure.log" 2>&1 &
secureBroker=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    grep -q listening "$work/secure.log" && break
    sleep 0.1
done
export SEAWAY_BROKER="tls://localhost:$securePort" SEAWAY_TLS_CA="$work/ca.pem" SEAWAY_TOKEN="$token" \
    SEAWAY_TLS_CERTIFICATE="$work/me.pem" SEAWAY_TLS_KEY="$work/me.key"
exits 'a message goes through TLS' 0 send a '{"text":"QUIT"}'
is 'and comes back' 'a	{"text":"QUIT"}' "$(client listen --count 1 a)"
client send a - <"$work/large"
client listen --count 1 a | sed 's/^a	//' | tr -d '\n' >"$work/got"
isWhole "a body of $(wc -c <"$work/large") bytes goes through TLS" "$work/large" "$work/got"
exits 'a token does not allow what it does not say' 1 send c '{}'
is 'and the broker says so' 'seaway.sh: SEND c: ERR denied' "$(cut -d ' ' -f 1-5 "$work/stderr")"
SEAWAY_TOKEN=me.wrong exits 'a token that is none' 1 send a '{}'
SEAWAY_BROKER="tls://127.0.0.1:$securePort" exits 'a certificate for another host' 69 send a '{}'
is 'is told' 'IP address mismatch' "$(sed 's/.*: //' "$work/stderr")"
SEAWAY_TLS_CA='' exits 'an authority that nobody knows' 69 send a '{}'
is 'is told too' 'unable to get local issuer certificate' "$(sed 's/.*: //' "$work/stderr")"
SEAWAY_TLS_CERTIFICATE='' exits 'no certificate where one is asked for' 69 send a '{}'
unset SEAWAY_TLS_CA SEAWAY_TLS_CERTIFICATE SEAWAY_TLS_KEY SEAWAY_TOKEN
SEAWAY_BROKER="127.0.0.1:$port"
kill "$secureBroker"
wait "$secureBroker"
is 'the broker with TLS leaves' 0 $?

# A broker of one connection that says what it is told to.
fake() {
    fakePort=$((port + 101))
    printf 'HELLO 1 id=1 epoch=1\n%b' "$1" | timeout 10 nc -l -N 127.0.0.1 "$fakePort" >"$work/heard" &
    fake=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        grep -qi ":$(printf '%04x' "$fakePort") 00000000:0000 0a" /proc/net/tcp 2>/dev/null && break
        sleep 0.1
    done
}
for answer in 'ERR closing leaving\n=75' 'ERR limit of=memory\n=75' 'ERR gone\n=1' 'ERR shiny and new\n=1' 'PING\nSHINY 1\nOK\n=0' 'BYE shutdown in=5\nOK\n=0' '=74'; do
    fake "${answer%=*}"
    SEAWAY_BROKER="127.0.0.1:$fakePort" exits "the answer '${answer%=*}'" "${answer##*=}" send a '{"n":1}'
    wait "$fake"
done
is 'what is said is exact' 'HELLO 1 format=json client=sh SEND :7 a {"n":1}' "$(tr '\n' ' ' <"$work/heard" | sed 's/ $//')"

# ---- groups

exits 'a join' 0 join room a b
is 'a group has its members' '{"group":"room","total":2,"members":["a","b"]}' "$(client members room)"
is 'a group send says who got it' 'sent=2 full=0 gone=0' "$(client gsend room '{"to":"all"}')"
is 'a member gets it' 'a	{"to":"all"}' "$(client listen --count 1 a)"
is 'except one' 'sent=1 full=0 gone=0' "$(client gsend --except a room '{"to":"some"}')"
exits 'a leave' 0 leave room a b
is 'nobody is left' 'sent=0 full=0 gone=0' "$(client gsend room '{}')"
client flush >/dev/null
start join --hold room 'me!1' 'me!2' >"$work/held"
holder=$!
untilReaders 'me!1' 1
untilReaders 'me!2' 1
is 'who holds is a member' 'sent=2 full=0 gone=0' "$(client gsend room '{"n":1}')"
kill "$holder"
wait "$holder"
is 'holding ends in order' 0 $?
is 'and has printed what came' 'me!1	{"n":1} me!2	{"n":1}' "$(sort "$work/held" | tr '\n' ' ' | sed 's/ $//')"
is 'the membership ends with it' 'sent=0 full=0 gone=0' "$(client gsend room '{"n":2}')"

# ---- presence

client join room a
start watch room lobby >"$work/told"
watcher=$!
untilLines "$work/told" 1
client join room b c
untilLines "$work/told" 2
client leave room a b
untilLines "$work/told" 3
kill "$watcher"
wait "$watcher"
is 'watching ends in order' 0 $?
is 'who watches is told who is there, who comes and who goes' \
    'lobby	{"group":"room","count":1,"members":["a"]} lobby	{"group":"room","count":3,"joined":["b","c"],"left":[]} lobby	{"group":"room","count":1,"joined":[],"left":["a","b"]}' \
    "$(tr '\n' ' ' <"$work/told" | sed 's/ $//')"
client join room d
is 'and nothing once it has left' 0 "$(client peek lobby | sed 's/.*"messages":\([0-9]*\).*/\1/')"
start watch --count 2 --exec 'cat; echo "on $SEAWAY_CHANNEL"' room lobby >"$work/told"
watcher=$!
untilLines "$work/told" 2
client leave room d
wait "$watcher"
is 'a command may take what is told' \
    '{"group":"room","count":2,"members":["c","d"]} on lobby {"group":"room","count":1,"joined":[],"left":["d"]} on lobby' \
    "$(tr '\n' ' ' <"$work/told" | sed 's/ $//')"
client leave room c
exits 'a mailbox is not told' 1 watch room 'lobby!'

# ---- the field that a worker looks for

found() { (
    # shellcheck source=connection.sh
    . "$folder/connection.sh"
    # shellcheck source=reading.sh
    . "$folder/reading.sh"
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
kill "$worker"
wait "$worker"
is 'an idle worker ends in order when told to' 0 $?

start worker --type text/x 'http.request.sh' 'exit 3' 2>"$work/stderr"
worker=$!
untilReaders http.request.sh 1
client send http.request.sh '{"reply_channel":"http.response.k!3"}'
is 'a command that fails is a 500' '{"status":500' "$(client listen --count 1 'http.response.k!' | cut -f 2 | cut -d , -f 1)"
is 'and is logged' 'seaway.sh: http.request.sh: the command failed with 3' "$(cat "$work/stderr")"
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
client send http.request.sh '{"reply_channel":"http.response.k!7"}'
client listen --count 1 'http.response.k!' >"$work/answer"
wait "$worker"
is 'a command may answer by itself' '{"status":404 no such page' "$(cut -f 2 "$work/answer" | cut -d , -f 1) $(contentOf "$work/answer")"
is 'with fields of its own' "it's \"1\"" "$(sed 's/.*\[{"$bytes":"eC1h"},{"$bytes":"\([^"]*\)".*/\1/' "$work/answer" | base64 -d)"
client send jobs '{"n":1}'
is 'without a reply channel the output is only printed' 'jobs {"n":1}' \
    "$(client listen --count 1 --exec 'printf "%s " "$SEAWAY_CHANNEL"; cat' jobs)"
exits 'a reply to nobody waits there' 0 reply 'http.response.k!8' 'text'
client listen --count 1 'http.response.k!' >"$work/answer"
is 'as an answer' 'text' "$(contentOf "$work/answer")"

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
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do client ping 2>/dev/null && break; sleep 0.1; done
untilReaders http.request.sh 1
client send http.request.sh '{"reply_channel":"http.response.k!9"}'
is 'a worker comes back' 'http.response.k!9' "$(client listen --count 1 'http.response.k!' | cut -f 1)"
kill "$worker"
wait "$worker"
is 'and still ends in order' 0 $?

# ---- by hand, as the README has it

byHand() { printf '%s\n' "$@" | nc -N 127.0.0.1 "$port"; }
is 'by hand: chat' 'OK MSG :13 chat.log {"text":"hi"} OK' \
    "$(byHand 'LISTEN chat.log' 'READY 10' 'SEND :- chat.log {"text":"hi"}' | tr '\n' ' ' | sed 's/ $//')"
is 'by hand: a group' 'OK state=fresh OK MSG :17 web.me!1 web.me!2 group=room {"text":"to all"} OK sent=2 full=0 gone=0' \
    "$(byHand 'LISTEN web.me!' 'JOIN room web.me!1 web.me!2' 'READY 10' 'GSEND :- room {"text":"to all"}' | tr '\n' ' ' | sed 's/ $//')"
sed -n '/^```sh$/,/^```$/p' "$folder/README.md" | grep -v '^```' | sed "s/7411/$port/" >"$work/by-hand.sh"
mkdir "$work/by-hand"
# It has no end of its own, so it gets a session that can be ended as a whole.
(cd "$work/by-hand" && exec setsid sh "$work/by-hand.sh" >/dev/null 2>&1) &
worker=$!
untilReaders http.request.sh 1
for n in 1 2; do
    client send http.request.sh '{"reply_channel":"http.response.k!'"$n"'","a":"\"reply_channel\":\"evil!1\""}'
    is "by hand: a worker, request $n" "http.response.k!$n	{\"status\":200,\"content\":\"hello by hand\"}" \
        "$(client listen --count 1 'http.response.k!')"
done
kill -- "-$worker"

# ---- sockets, as the README has them

sed -n '/^#!\/bin\/sh$/,/^```$/p' "$folder/README.md" | grep -v '^```' >"$work/chat.sh"
(PATH=$folder:$PATH exec sh "$work/chat.sh") >"$work/chat.log" 2>&1 &
worker=$!
untilReaders websocket.receive.sh 1
socket() {
    client send "websocket.$2.sh" '{"type":"websocket.'"$2"'","reply_channel":"websocket.send.k!'"$1"'","control_channel":"websocket.control.k!'"$1"'","path":"/sh"'"$3"'}'
}
start listen 'websocket.send.k!' >"$work/browsers"
browsers=$!
untilReaders 'websocket.send.k!1' 1
socket 1 connect ''
socket 2 connect ''
socket 1 receive ',"text":"it'"'"'s \"text\":\"$HOME\" \\ ä"'
untilLines "$work/browsers" 4
is 'the sockets of the README: accepted, in a group' 'websocket.send.k!1	{"accept":true} websocket.send.k!2	{"accept":true}' \
    "$(head -n 2 "$work/browsers" | sort | tr '\n' ' ' | sed 's/ $//')"
is 'the sockets of the README: what one says all hear' \
    '{"text":"it'"'"'s \"text\":\"$HOME\" \\ ä"} {"text":"it'"'"'s \"text\":\"$HOME\" \\ ä"}' \
    "$(tail -n 2 "$work/browsers" | cut -f 2 | sed 's/ *$//' | tr '\n' ' ' | sed 's/ $//')"
kill "$worker" "$browsers"
kill "$broker"
wait "$broker"
broker=

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
