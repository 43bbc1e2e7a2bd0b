# shellcheck shell=sh disable=SC2016,SC2154 # its names are those of test.sh and testing.sh
# Part of test.sh: bodies of requests, whole and in pieces.

bodyOf() { printf '%s' "$1" | client body | od -An -tx1 -v | tr -d ' \n'; }
is 'a body in its message is printed' 6869 "$(bodyOf '{"reply_channel":"x!1","body":"hi"}')"
is 'bytes too' 00ff "$(bodyOf '{"body":{"$bytes":"AP8="},"reply_channel":"x!1"}')"
is 'not one within a map' 6869 "$(bodyOf '{"a":{"body":"no"},"b":["body","no"],"body":"hi"}')"
is 'what is escaped is as it was' 225c0a0d090801002f61 "$(bodyOf '{"body":"\"\\\n\r\t\b\u0001\u0000/a"}')"
is 'backslashes in a row' 5c5c6e5c5c0a "$(bodyOf '{"body":"\\\\n\\\\\n"}')"
is 'one without a body has none' '' "$(bodyOf '{"reply_channel":"x!1"}')"

# piece OFFSET CONTENT MORE: waits for the reader, as the server does, and sends a piece.
piece() { client send --here 'http.request.body?s.1' "{\"offset\":$1,\"content\":$2,\"more_content\":$3}"; }

# Reads a body in pieces in the background; its message names a reply channel that somebody reads.
startBody() {
    printf '{"reply_channel":"http.response.s!1","body":"","body_channel":"http.request.body?s.1"}' >"$work/request"
    ${TEST_SHELL:-sh} "$folder/seaway.sh" body <"$work/request" >"$work/body" 2>"$work/stderr" &
    reader=$!
    client listen --count 1 'http.response.s!' >"$work/asked"
}

startBody
is 'a reader asks' 'http.response.s!1	{"body_wanted":524288}' "$(cat "$work/asked")"
piece 0 '"one "' true
piece 4 '{"$bytes":"AP8="}' true
piece 6 '""' false
wait "$reader"
is 'and ends with the last piece' 0 $?
is 'all of it is printed' 6f6e652000ff "$(od -An -tx1 -v <"$work/body" | tr -d ' \n')"

startBody
piece 0 '"one "' true
client send --here 'http.request.body?s.1' '{"offset":4,"closed":true}'
wait "$reader"
is 'a client that leaves is an error' 1 $?
is 'which is told' 'seaway.sh: nobody sends the rest of the body, or waits for the answer' "$(cat "$work/stderr")"

startBody
piece 3 '"one"' true
wait "$reader"
is 'so is a piece that is missing' 74 $?
