# shellcheck shell=sh disable=SC2016,SC2034,SC2154 # its names are those of test.sh and testing.sh
# Part of test.sh: groups and presence.

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
