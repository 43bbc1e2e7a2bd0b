#!/bin/sh
# Talks to a Seaway broker from a shell. Needs OpenBSD netcat (nc), awk, base64, mkfifo and mktemp, and for TLS openssl; see README.md.
#
# Here stands one function per verb; connection.sh beside it moves frames, clocks.sh ends what takes too long, reading.sh
# takes part in reading, messages.sh deals with one message, holding.sh says when it is done, body.sh with the body of a request. Nothing that came from a broker is ever expanded, split as
# anything but checked names, or run as code.
set -uf
# Else a signal does not end what bash reads, and it is never heard.
# shellcheck disable=SC3040
[ -z "${BASH_VERSION:-}" ] || set -o posix

folder=$(dirname "$(readlink -f "$0")")
# shellcheck source=connection.sh
. "$folder/connection.sh"
# shellcheck source=clocks.sh
. "$folder/clocks.sh"
# shellcheck source=messages.sh
. "$folder/messages.sh"
# shellcheck source=reading.sh
. "$folder/reading.sh"
# shellcheck source=holding.sh
. "$folder/holding.sh"
# shellcheck source=body.sh
. "$folder/body.sh"

usage() {
    cat >&2 <<'END'
usage: seaway.sh send [--here] [--msgpack] CHANNEL [JSON|-]
       seaway.sh gsend [--msgpack] [--except CHANNEL] GROUP [JSON|-]
       seaway.sh listen [--count N] [--exec CMD [--ack]] NAME...
       seaway.sh worker [--type TYPE] [--ack] NAME... CMD
       seaway.sh reply [--status N] [--type TYPE] [--header 'NAME: VALUE'] CHANNEL [TEXT|-]
       seaway.sh body <MESSAGE
       seaway.sh join [--hold] GROUP CHANNEL...        seaway.sh leave GROUP CHANNEL...
       seaway.sh watch [--count N] [--exec CMD] GROUP CHANNEL
       seaway.sh members GROUP | peek CHANNEL | stats [channels|groups|connections] | flush [PATTERN] | ping

SEAWAY_BROKER is host:port, tls://host:port or unix:PATH (127.0.0.1:7411), SEAWAY_TOKEN a token, SEAWAY_TIMEOUT seconds (10),
SEAWAY_PING seconds between signs of life (5), SEAWAY_HOLD what the broker has as --hold (600). For TLS: SEAWAY_TLS_CA names a file of authorities to trust (the system's),
SEAWAY_TLS_CERTIFICATE and SEAWAY_TLS_KEY files of this side's own.
A body that is missing or - is read from standard input. Options stand before names; -- ends them.
With --ack a message is done when CMD ends with 0, comes again after any other code, and is given up (CHANNEL.dead) after 65.
exit: 0 done, 1 refused, 64 usage, 69 no broker, 74 stored or not: unknown, 75 refused for now (full, away, closing, limit, store)
END
    exit "$EX_USAGE"
}

send() {
    format=json here=
    while :; do
        case ${1:-} in
        --here) here=' Here=1' ;;
        --msgpack) format=msgpack ;;
        *) break ;;
        esac
        shift
    done
    [ "${1:-}" != -- ] || shift
    [ $# = 1 ] || [ $# = 2 ] || usage
    checkName "$1"
    channel=$1
    shift
    makeTemporary
    takeBody "$temporary/body" "$@"
    open "$format"
    requestBody "$temporary/body" SEND "$channel$here"
}

gsend() {
    format=json except=
    while :; do
        case ${1:-} in
        --except)
            checkName "${2:-}"
            except=" except=$2"
            shift
            ;;
        --msgpack) format=msgpack ;;
        *) break ;;
        esac
        shift
    done
    [ "${1:-}" != -- ] || shift
    [ $# = 1 ] || [ $# = 2 ] || usage
    checkName "$1"
    channel=$1
    shift
    makeTemporary
    takeBody "$temporary/body" "$@"
    open "$format"
    requestBody "$temporary/body" GSEND "$channel$except"
    printf '%s\n' "$words"
}

listen() {
    takeListenOptions "$@"
    shift "$taken"
    [ $# -ge 1 ] || usage
    [ -z "$isAcked" ] || [ -n "$command" ] || fail "$EX_USAGE" '--ack is for --exec: who prints a message does not know when it is done'
    checkNames "$@"
    names="$*"
    stay
}

# Takes the options of listen and watch, and says in $taken how many words they were.
takeListenOptions() {
    taken=0
    while :; do
        case ${1:-} in
        --count)
            case ${2:-} in '' | 0 | *[!0-9]*) fail "$EX_USAGE" "--count takes a whole number from 1, not '${2:-}'" ;; esac
            count=$2 credit=1
            ;;
        --ack)
            isAcked=1
            shift
            taken=$((taken + 1))
            continue
            ;;
        --exec) command=${2:-} credit=1 contentType='text/plain; charset=utf-8' ;;
        *) break ;;
        esac
        [ -n "${2:-}" ] || usage
        shift 2
        taken=$((taken + 2))
    done
    [ "${1:-}" != -- ] || taken=$((taken + 1))
}

# Reads the channel too: a watch ends with its connection.
watch() {
    takeListenOptions "$@"
    shift "$taken"
    [ "$#-$isAcked" = 2- ] || usage
    checkNames "$@"
    watched=$1 names=$2 isPatient=1
    stay
}

worker() {
    contentType='text/plain; charset=utf-8'
    while :; do
        case ${1:-} in
        --type)
            contentType=${2:-}
            [ $# -ge 2 ] || usage
            shift
            ;;
        --ack) isAcked=1 ;;
        *) break ;;
        esac
        shift
    done
    [ "${1:-}" != -- ] || shift
    [ $# -ge 2 ] || usage
    while [ $# -ge 2 ]; do
        checkName "$1"
        names="$names${names:+ }$1"
        shift
    done
    command=$1 isWorker=1 isPatient=1 credit=1
    [ -n "$command" ] || usage
    stay
}

reply() {
    status=200 fields='' type='text/plain; charset=utf-8'
    while :; do
        case ${1:-} in
        --status)
            case ${2:-} in [2-5][0-9][0-9]) status=$2 ;; *) fail "$EX_USAGE" "--status takes 200 to 599, not '${2:-}'" ;; esac
            ;;
        --type) type=${2:-} ;;
        --header)
            case ${2:-} in ?*:*) ;; *) fail "$EX_USAGE" "--header takes 'NAME: VALUE', not '${2:-}'" ;; esac
            value=${2#*:}
            fields="$fields,[$(textAsBytes "${2%%:*}"),$(textAsBytes "${value# }")]"
            ;;
        *) break ;;
        esac
        [ $# -ge 2 ] || usage
        shift 2
    done
    [ "${1:-}" != -- ] || shift
    [ $# = 1 ] || [ $# = 2 ] || usage
    checkName "$1"
    channel=$1
    shift
    makeTemporary
    takeBody "$temporary/body" "$@"
    open json
    answer "$channel" "$status" "[[\"content-type\",$(textAsBytes "$type")]$fields]" "$temporary/body"
    case $? in
    1) refused "SEND $channel" ;;
    2) unknownOutcome "SEND $channel" ;;
    esac
}

join() {
    isHeld=
    if [ "${1:-}" = --hold ]; then
        isHeld=1
        shift
    fi
    [ "${1:-}" != -- ] || shift
    [ $# -ge 2 ] || usage
    checkNames "$@"
    if [ -z "$isHeld" ]; then
        open json
        request JOIN "$@"
        return
    fi
    group=$1 isPatient=1
    shift
    names="$*"
    stay
}

leaveGroup() {
    [ "${1:-}" != -- ] || shift
    [ $# -ge 2 ] || usage
    checkNames "$@"
    open json
    request LEAVE "$@"
}

# Asks with a line and prints what is told: the verb, then its words.
query() {
    checkNames "$@"
    open json
    request "$@"
    printf '%s\n' "${body:-$words}"
}

flush() {
    [ $# = 0 ] || checkSize pattern "$1"
    case ${1:-} in *[!A-Za-z0-9._!?*-]*) fail 1 "not a pattern: '$1'" ;; esac
    open json
    request FLUSH "$@"
    printf '%s\n' "$words"
}

[ $# -ge 1 ] || usage
task=$1
shift
case $task-$# in
send-* | gsend-* | listen-* | worker-* | reply-* | join-* | watch-*) "$task" "$@" ;;
body-0) printBody ;;
leave-*) leaveGroup "$@" ;;
members-1) query MEMBERS "$1" ;;
peek-1) query PEEK "$1" ;;
stats-0 | stats-1) query STATS "$@" ;;
flush-0 | flush-1) flush "$@" ;;
ping-0) open json && request PING ;;
*) usage ;;
esac
