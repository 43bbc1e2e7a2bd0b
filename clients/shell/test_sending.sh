# shellcheck shell=sh disable=SC2016,SC2034,SC2154 # its names are those of test.sh and testing.sh
# Part of test.sh: sending, listening, bodies and names that bite, exit codes.

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
long=$(printf '%0256d' 0)
says() { is "$1" "seaway.sh: $2" "$(cat "$work/stderr")"; }
for arguments in "send $long {}" "gsend $long {}" "gsend --except $long room {}" "listen $long" "worker $long true" \
    "join room $long" "leave $long a" "watch room $long" "members $long" "reply $long x"; do
    # shellcheck disable=SC2086 # parted on purpose
    SEAWAY_BROKER=127.0.0.1:1 exits 'a long name is refused before a broker is asked' 1 $arguments
    says "by ${arguments%% *}, with the limit and what was given" 'a name has 1 to 255 bytes, this one has 256'
done
SEAWAY_BROKER=127.0.0.1:1 exits 'so is a long pattern' 1 flush "$long"
says 'which says so' 'a pattern has 1 to 255 bytes, this one has 256'
SEAWAY_TOKEN=$long exits 'and a long token' 1 ping
says 'which is not shown' 'a token has 1 to 255 bytes, this one has 256'
# shellcheck disable=SC2046 # parted on purpose
exits 'and a line that no broker takes' 1 join room $(awk 'BEGIN { for (i = 0; i < 500; i++) printf "channel.%d ", 1000 + i }')
says 'by its size' 'a request has at most 4096 bytes, this one has 6509'
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
client gsend room - <"$work/huge" 2>"$work/stderr"
says 'the limit and what was given' 'GSEND room: a body has at most 2097152 bytes, this one has 2100000'
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
