# shellcheck shell=sh disable=SC2016,SC2034,SC2154 # its names are those of test.sh and testing.sh
# Part of test.sh: what the README shows.

# ---- by hand, as the README has it

byHand() { printf '%s\n' "$@" | nc -N 127.0.0.1 "$port"; }
is 'by hand: chat' 'OK MSG :13 chat.log {"text":"hi"} OK' \
    "$(byHand 'LISTEN chat.log' 'READY 10' 'SEND :- chat.log {"text":"hi"}' | tr '\n' ' ' | sed 's/ $//')"
is 'by hand: a group' 'OK state=fresh OK MSG :17 web.me!1 web.me!2 group=room {"text":"to all"} OK sent=2 full=0 gone=0' \
    "$(byHand 'LISTEN web.me!' 'JOIN room web.me!1 web.me!2' 'READY 10' 'GSEND :- room {"text":"to all"}' | tr '\n' ' ' | sed 's/ $//')"
# Prints a program of the README, by its number.
program() { awk -v wanted="$1" '/^```/ { isInside = 0 } isInside && n == wanted; /^```sh$/ { n++; isInside = 1 }' "$folder/README.md" | sed "s/7411/$port/"; }
program 1 >"$work/by-hand.sh"
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

program 2 >"$work/by-hand-acked.sh"
mkdir "$work/by-hand-acked"
printf '#!/bin/sh\ncat >>done\necho >>done\n' >"$work/by-hand-acked/job"
chmod +x "$work/by-hand-acked/job"
: >"$work/by-hand-acked/done"
before=$(stat acknowledged)
(cd "$work/by-hand-acked" && exec setsid sh "$work/by-hand-acked.sh" >/dev/null 2>&1) &
worker=$!
untilReaders jobs 1
client send jobs '{"n":1}'
client send jobs '{"n":2}'
untilStat acknowledged $((before + 2))
is 'by hand: a worker that acknowledges' '{"n":1} {"n":2}' "$(tr '\n' ' ' <"$work/by-hand-acked/done" | sed 's/ $//')"
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
is 'the sockets of the README: accepted, in a group' 'websocket.send.k!1	{"accept":true,"serial":true} websocket.send.k!2	{"accept":true,"serial":true}' \
    "$(head -n 2 "$work/browsers" | sort | tr '\n' ' ' | sed 's/ $//')"
is 'the sockets of the README: what one says all hear' \
    '{"text":"it'"'"'s \"text\":\"$HOME\" \\ ä"} {"text":"it'"'"'s \"text\":\"$HOME\" \\ ä"}' \
    "$(tail -n 2 "$work/browsers" | cut -f 2 | sed 's/ *$//' | tr '\n' ' ' | sed 's/ $//')"
kill "$worker" "$browsers"
