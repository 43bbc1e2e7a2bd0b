# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2016 # its names are those of test.sh; a program of sed is not to be expanded
# What test.sh is written in: calls of the client, what is expected of them, a broker, and waiting with an end.
# Uses and counts: $folder, $work, $broker, $passed, $failed.

client() { ${TEST_SHELL:-sh} "$folder/seaway.sh" "$@"; }

# start ARGUMENTS...: in the background; the process itself, not a shell around it, is $!.
start() { ${TEST_SHELL:-sh} "$folder/seaway.sh" "$@" & }

# is WHAT EXPECTED ACTUAL
is() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
        printf 'ok %d - %s\n' $((passed + failed)) "$1"
    else
        failed=$((failed + 1))
        printf 'not ok %d - %s\n  expected: %.300s\n  got:      %.300s\n' $((passed + failed)) "$1" "$2" "$3"
    fi
}

# exits WHAT CODE ARGUMENTS...: the client ends with the code.
exits() {
    what=$1 code=$2
    shift 2
    client "$@" >"$work/stdout" 2>"$work/stderr" </dev/null
    is "$what" "$code" $?
}

isWhole() {
    if cmp -s "$2" "$3"; then is "$1" whole whole; else is "$1" whole "$(wc -c <"$3") bytes"; fi
}

# Starts the broker at a port that it chooses, and again at the same.
startBroker() {
    port=0
    serve
    port=$(sed -n 's/.*address=127\.0\.0\.1:\([0-9]*\) .*/\1/p' "$work/log")
    export SEAWAY_BROKER="127.0.0.1:$port"
}

serve() {
    : >"$work/log"
    "$SEAWAY_BIN" broker --listen "127.0.0.1:$port" --unix-socket "$work/socket" >"$work/log" 2>&1 &
    broker=$!
    untilListening "$work/log" 2
}

# Waits until a broker's log says so many times that it listens.
untilListening() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
        [ "$(grep -c 'listening$' "$1")" -lt "$2" ] || return 0
        sleep 0.1
    done
    echo 'no broker can be started' >&2
    cat "$1" >&2
    exit 1
}

# Waits until a channel has so many readers.
untilReaders() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
        case $(client peek "$1" 2>/dev/null) in *'"readers":'"$2,"*) return ;; esac
        sleep 0.1
    done
    is "readers of $1" "$2" "$(client peek "$1" 2>&1)"
}

# Waits until a file has so many lines.
untilLines() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
        [ "$(wc -l <"$1")" -lt "$2" ] || return
        sleep 0.1
    done
    is "lines of $1" "$2" "$(cat "$1")"
}

# An answer's content, put together from messages as listen prints them.
contentOf() { sed 's/.*"content":{"$bytes":"\([^"]*\)".*/\1/' "$1" | while read -r piece; do printf '%s' "$piece" | base64 -d; done; }
