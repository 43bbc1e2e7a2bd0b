# shellcheck shell=sh disable=SC2034 # some of what is set here is for reading.sh
# One connection to a broker: lines out by fd 3, lines in by fd 4, with nc between.
#
# Bodies go out with their size, so they may be anything; they come in as JSON, which the broker keeps on one line, so
# that read -r gets each whole.

# Of the caller, for the commands that it has us run; names and sizes here are bytes.
userLocale=${LC_ALL:-}
LC_ALL=C
export LC_ALL

EX_USAGE=64       # called in a wrong way
EX_UNAVAILABLE=69 # no broker: surely not stored
EX_IOERR=74       # the connection broke before the answer: stored or not
EX_TEMPFAIL=75    # refused for now: full, away, closing, limit

say() { printf 'seaway.sh: %s\n' "$*" >&2; }

fail() {
    failCode=$1
    shift
    say "$@"
    exit "$failCode"
}

# Names have a fixed alphabet, so a checked one needs no quoting anywhere.
checkName() {
    case $1 in
    '' | *[!A-Za-z0-9._!?-]*) fail 1 "not a name: '$1'" ;;
    esac
}

checkNames() { for name in "$@"; do checkName "$name"; done; }

temporary=
isLeaving=
wasInterrupted=
nc=

makeTemporary() {
    [ -z "$temporary" ] || return 0
    temporary=$(mktemp -d "${TMPDIR:-/tmp}/seaway.XXXXXXXX") || fail 1 'no temporary directory'
    trap 'rm -rf "$temporary"; stopClock' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # A broker that goes away is noticed by what is read, not by dying of what is written.
    trap '' PIPE
}

# Leave in order when told to, in the verbs that stay.
leaveWhenTold() { trap 'isLeaving=1 wasInterrupted=1' INT TERM; }

# nc ends with its input, or when what it says to a broker that is gone is refused: so a verb that stays says something now
# and then. Only where it reads, so that no PING comes to stand within a body.
isDue=
clock=
startClock() {
    trap 'isDue=1 wasInterrupted=1' ALRM
    (
        nap=
        trap 'kill "$nap" 2>/dev/null; exit' TERM
        trap - INT
        while :; do
            sleep "${SEAWAY_PING:-5}" &
            nap=$!
            wait "$nap" && kill -ALRM $$ || exit
        done
    ) </dev/null >/dev/null 2>&1 3>&- 4<&- &
    clock=$!
}

stopClock() {
    [ -z "$clock" ] || kill "$clock" 2>/dev/null
    clock=
}

netcat() { exec nc -N "$@"; }

# What nc is for other addresses; the broker's certificate has to be for the host. $1: host, $2: port, $3: seconds of patience, or none.
secure() {
    case $1 in
    *:*) at="[$1]:$2" check=-verify_ip ;;
    *[!0-9.]*) at=$1:$2 check=-verify_hostname ;;
    *) at=$1:$2 check=-verify_ip ;;
    esac
    patience=$3
    set -- "$check" "$1"
    [ -z "${SEAWAY_TLS_CA:-}" ] || set -- "$@" -CAfile "$SEAWAY_TLS_CA"
    [ -z "${SEAWAY_TLS_CERTIFICATE:-}" ] || set -- "$@" -cert "$SEAWAY_TLS_CERTIFICATE" -key "${SEAWAY_TLS_KEY:-$SEAWAY_TLS_CERTIFICATE}"
    # Or QUIT and READY at the start of what is written would be letters for openssl itself.
    set -- openssl s_client -connect "$at" -quiet -nocommands -no_ign_eof -verify_quiet -verify_return_error "$@"
    if [ -n "$patience" ] && command -v timeout >/dev/null; then
        set -- timeout -s KILL "$patience" "$@"
    fi
    exec "$@"
}

# Starts nc towards the broker; whether it has reached it shows in the answer to HELLO. $1: seconds of patience, or none.
connect() {
    address=${SEAWAY_BROKER:-127.0.0.1:7411}
    program=netcat
    case $address in
    tls://?*:?*)
        program=secure
        address=${address#tls://}
        host=${address%:*}
        host=${host#\[}
        set -- "${host%\]}" "${address##*:}" "${1:-}"
        ;;
    unix:?*) set -- ${1:+-w "$1"} -U "${address#unix:}" ;;
    \[*\]:?*)
        host=${address#\[}
        set -- ${1:+-w "$1"} "${host%%\]*}" "${address##*:}"
        ;;
    ?*:?*) set -- ${1:+-w "$1"} "${address%:*}" "${address##*:}" ;;
    *) fail "$EX_USAGE" "SEAWAY_BROKER is host:port, tls://host:port or unix:PATH, not '$address'" ;;
    esac
    makeTemporary
    mkfifo "$temporary/to" "$temporary/from" || fail 1 'no pipes'
    # It ends with its input, so that what is under way can be finished when all of us are told to leave.
    (
        trap '' INT TERM
        $program "$@" <"$temporary/to" >"$temporary/from" 2>"$temporary/errors"
    ) &
    nc=$!
    exec 3>"$temporary/to" 4<"$temporary/from"
    rm -f "$temporary/to" "$temporary/from"
}

disconnect() {
    stopClock
    exec 3>&- 4<&-
}

tell() { printf '%s\n' "$*" >&3 2>/dev/null; }

# Reads a line into $line: 1 at the end of the stream, 2 when told to leave before it began.
readLine() {
    line=
    until IFS= read -r piece <&4; do
        line=$line$piece
        [ -n "$wasInterrupted" ] || return 1
        wasInterrupted=
        [ -z "$isDue" ] || tell PING
        isDue=
        [ -z "$isLeaving" ] || [ -n "$line" ] || return 2
    done
    line=$line$piece
}

# Reads the rest of a frame, told to leave or not.
readOn() {
    until readLine; do
        [ $? = 2 ] || return 1
    done
}

# Reads a frame: $verb, $words behind it without the size, $body. The same results as readLine.
readFrame() {
    body=
    readLine || return
    verb=${line%% *}
    words=
    case $line in *' '*) words=${line#* } ;; esac
    case $words in
    :*)
        case $words in *' '*) words=${words#* } ;; *) words= ;; esac
        readOn || return
        body=$line
        ;;
    esac
}

# Reads up to the next answer, and notes a message that comes before it in $early. 1: the stream has ended.
readAnswer() {
    while :; do
        readFrame
        case $? in
        1) return 1 ;;
        2) continue ;;
        esac
        case $verb in
        OK | ERR | DATA | HELLO) return 0 ;;
        PONG) [ -n "$clock" ] || return 0 ;;
        MSG) early="$early$words $newline$body$newline" ;;
        LOST | BYE) noteEnd ;;
        esac
    done
}

newline='
'
early=
endReason=

noteEnd() {
    case "$verb $words" in
    'BYE shutdown'*) ;;
    *) endReason="$verb $words" ;;
    esac
}

# Says HELLO and reads its answer. 1: no broker.
greet() {
    case ${SEAWAY_TOKEN:-} in *[!!-~]*) fail "$EX_USAGE" 'SEAWAY_TOKEN holds a byte that no line may hold' ;; esac
    tell "HELLO 1 format=$1 client=sh${SEAWAY_TOKEN:+ token=$SEAWAY_TOKEN}"
    readAnswer || return 1
    [ "$verb" = HELLO ] || refused HELLO
}

# Opens a connection for one request. $1: the format of bodies.
open() {
    connect "${SEAWAY_TIMEOUT:-10}"
    greet "$1" || noBroker
}

noBroker() {
    reason=
    wait "$nc"
    IFS= read -r reason 2>/dev/null <"$temporary/errors"
    # openssl says first what certificate it is about.
    case ${SEAWAY_BROKER:-} in tls://*) reason=$(sed -n 's/^verify error:num=[0-9]*://p; s/^connect:/&/p; s/.*not found.*/&/p' "$temporary/errors" | head -n 1) ;; esac
    fail "$EX_UNAVAILABLE" "no broker at ${SEAWAY_BROKER:-127.0.0.1:7411}${reason:+: $reason}"
}

unknownOutcome() { fail "$EX_IOERR" "$1: the connection broke before the answer: stored or not${endReason:+ ($endReason)}"; }

# Ends with the exit code of the ERR in $words.
refused() {
    say "$1: ERR $words"
    case ${words%% *} in
    full | away | closing | limit) exit "$EX_TEMPFAIL" ;;
    *) exit 1 ;;
    esac
}

# Sends a line and reads its answer into $verb, $words and $body; ends when it is refused.
request() {
    tell "$@"
    readAnswer || unknownOutcome "$1"
    [ "$verb" != ERR ] || refused "$1"
}

# Sends a frame with the body in a file: the file, the verb, then its words.
tellBody() {
    bodyFile=$1 bodyVerb=$2
    shift 2
    size=$(wc -c <"$bodyFile")
    {
        printf '%s :%d %s\n' "$bodyVerb" "$size" "$*"
        cat "$bodyFile"
        printf '\n'
    } >&3 2>/dev/null
}

requestBody() {
    tellBody "$@"
    readAnswer || unknownOutcome "$2"
    [ "$verb" != ERR ] || refused "$2 ${3:-}"
}

# Puts a body into a file: the file, then the text; from standard input when that is - or missing.
takeBody() {
    if [ $# -lt 2 ] || [ "$2" = - ]; then
        cat >"$1"
    else
        printf '%s' "$2" >"$1"
    fi
}
