# shellcheck shell=sh disable=SC2034 # some of what is set here is for reading.sh and messages.sh
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
EX_TEMPFAIL=75    # refused for now: full, away, closing, limit, store

# The one way to the log: whatever a browser or a broker said there is one line.
say() {
    case $* in
    *[[:cntrl:]]*) printf 'seaway.sh: %.4096s\n' "$(escaped "$*")" >&2 ;;
    *) printf 'seaway.sh: %.4096s\n' "$*" >&2 ;;
    esac
}

# Prints a text with its control bytes escaped.
escaped() {
    printf '%s\n' "$1" | awk '
        BEGIN { for (i = 1; i < 128; i++) if (i < 32 || i == 127) code[sprintf("%c", i)] = sprintf("\\x%02x", i) }
        {
            line = NR > 1 ? "\\n" : ""
            for (i = 1; i <= length($0); i++) {
                letter = substr($0, i, 1)
                line = line (letter in code ? code[letter] : letter)
            }
            printf "%s", line
        }'
}

fail() {
    failCode=$1
    shift
    say "$@"
    exit "$failCode"
}

checkSize() { # WHAT TEXT
    if [ -z "$2" ] || [ "${#2}" -gt 255 ]; then fail 1 "a $1 has 1 to 255 bytes, this one has ${#2}"; fi
}

# Names have a fixed alphabet, so a checked one needs no quoting anywhere.
checkName() {
    checkSize name "$1"
    case $1 in *[!A-Za-z0-9._!?-]*) fail 1 "not a name: '$1'" ;; esac
}

checkNames() { for name in "$@"; do checkName "$name"; done; }

# The line of a request (F3 of PROTOCOL.md).
checkLine() { [ "${#1}" -le 4096 ] || fail 1 "a request has at most 4096 bytes, this one has ${#1}"; }

temporary=
isLeaving=
wasInterrupted=
nc=

makeTemporary() {
    [ -z "$temporary" ] || return 0
    temporary=$(mktemp -d "${TMPDIR:-/tmp}/seaway.XXXXXXXX") || fail 1 'no temporary directory'
    trap 'rm -rf "$temporary"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # A broker that goes away is noticed by what is read, not by dying of what is written.
    trap '' PIPE
}

# bash would tell users how a process of ours ended.
ourOwn() {
    # shellcheck disable=SC3044
    [ -z "${BASH_VERSION:-}" ] || disown "$1"
}

# Leave in order when told to, in the verbs that stay.
leaveWhenTold() { trap 'isLeaving=1 wasInterrupted=1' INT TERM; }

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
    ourOwn "$nc"
    exec 3>"$temporary/to" 4<"$temporary/from"
    rm -f "$temporary/to" "$temporary/from"
}

disconnect() {
    stopClock
    stopDeadline
    exec 3>&- 4<&-
}

tell() { printf '%s\n' "$*" >&3 2>/dev/null; }

# Reads a line into $line: 1 at the end of the stream, 2 when told to leave before it began. Who was told to leave does not
# wait for longer than SEAWAY_TIMEOUT.
readLine() {
    line=
    # Where a signal ends it, some shells leave the variable as it was.
    until piece='' && IFS= read -r piece <&4; do
        line=$line$piece
        [ -n "$wasInterrupted" ] || return 1
        wasInterrupted=
        [ -z "$isDue" ] || tell PING
        isDue=
        [ -z "$isLeaving" ] || startDeadline
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
    [ -z "$isLeaving" ] || startDeadline
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
    [ -z "${SEAWAY_TOKEN:-}" ] || checkSize token "$SEAWAY_TOKEN"
    case ${SEAWAY_TOKEN:-} in *[!!-~]*) fail "$EX_USAGE" 'SEAWAY_TOKEN holds a byte that no line may hold' ;; esac
    tell "HELLO 1 format=$1 client=sh${SEAWAY_TOKEN:+ token=$SEAWAY_TOKEN}"
    readAnswer || return 1
    [ "$verb" = HELLO ] || refused HELLO
    features=
    for word in $words; do
        case $word in
        max-body=*[!0-9]* | max-body=) ;;
        max-body=*) maxBody=${word#max-body=} ;;
        features=*) features=,${word#features=}, ;;
        esac
    done
}

# The most bytes of a body, and what it knows beyond what every broker does, as the broker says.
maxBody=2097152
features=

# Opens a connection for one request. $1: the format of bodies.
open() {
    connect "${SEAWAY_TIMEOUT:-10}"
    greet "$1" || noBroker
}

noBroker() {
    reason=
    IFS= read -r reason 2>/dev/null <"$temporary/errors"
    [ ! -e "$temporary/late" ] || reason="no answer within ${SEAWAY_TIMEOUT:-10} s"
    # openssl says first what certificate it is about.
    case ${SEAWAY_BROKER:-} in tls://*) reason=$(sed -n 's/^verify error:num=[0-9]*://p; s/^connect:/&/p; s/.*not found.*/&/p' "$temporary/errors" | head -n 1) ;; esac
    fail "$EX_UNAVAILABLE" "no broker at ${SEAWAY_BROKER:-127.0.0.1:7411}${reason:+: $reason}"
}

unknownOutcome() { fail "$EX_IOERR" "$1: the connection broke before the answer: stored or not${endReason:+ ($endReason)}"; }

# Ends with the exit code of the ERR in $words.
refused() {
    say "$1: ERR $words"
    case ${words%% *} in
    full | away | closing | limit | store) exit "$EX_TEMPFAIL" ;;
    maybe) exit "$EX_IOERR" ;;
    *) exit 1 ;;
    esac
}

# Sends a line and reads its answer into $verb, $words and $body; ends when it is refused.
request() {
    checkLine "$*"
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
    size=$(($(wc -c <"$1")))
    [ "$size" -le "$maxBody" ] || fail 1 "$2 ${3:-}: a body has at most $maxBody bytes, this one has $size"
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
