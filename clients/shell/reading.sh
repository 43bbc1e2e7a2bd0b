# shellcheck shell=sh disable=SC2034,SC2154 # some of what is set here is for messages.sh, and some of what is used is set elsewhere
# Staying to read messages.

# What listen, worker, watch and join --hold do: reads $names until told to leave, or until $count messages came.
names=
group=
watched=
count=0
credit=16
command=
contentType=
# Answers every message with what the command prints.
isWorker=
# Each message is to be acknowledged, and comes again when the command fails.
isAcked=
# Waits for a broker that is not there.
isPatient=

stay() {
    makeTemporary
    leaveWhenTold
    attempt=0
    while [ -z "$isLeaving" ]; do
        connect ''
        # One that takes the connection and then says nothing is none.
        startDeadline
        if greet json && beginListening; then
            attempt=0
            [ -n "$isLeaving" ] || stopDeadline
            takeMessages
        elif [ -z "$isPatient$isLeaving" ]; then
            noBroker
        fi
        disconnect
        [ -z "$isLeaving" ] || break
        case $endReason in
        LOST* | 'BYE auth'* | 'BYE line'*) fail 1 "$endReason" ;;
        esac
        [ ! -e "$temporary/late" ] || endReason="no answer within ${SEAWAY_TIMEOUT:-10} s"
        rm -f "$temporary/late"
        say "no connection, trying again${endReason:+ ($endReason)}"
        endReason=
        backOff
    done
    [ ! -e "$temporary/late" ] || say "left without a goodbye: the broker gave no answer within ${SEAWAY_TIMEOUT:-10} s"
    exit 0
}

# Sleeps; being told to leave ends it.
pause() {
    { sleep "$1" || sleep 1; } 2>/dev/null 3>&- 4<&- &
    wait $!
}

# Waits longer with each attempt, up to 5 s, and not in step with others.
backOff() {
    [ "$attempt" -ge 5 ] || attempt=$((attempt + 1))
    pause "$(awk -v most="$attempt" -v seed="$$" 'BEGIN { srand(); srand(srand() + seed); printf "%.1f", most * (0.5 + rand() / 2) }')"
}

# Requests and events of sockets stay with the broker until the command has ended, where the broker can: they come again
# when this worker dies, but, unlike others, not when the command fails.
isWished() {
    case $features in *,ack,*) ;; *) return 1 ;; esac
    [ -n "$command" ] && [ "${#1}" -le 250 ] || return 1
    case $1. in
    *'!'* | *'?'*) return 1 ;;
    http.request.* | websocket.connect.* | websocket.receive.* | websocket.disconnect.*) ;;
    *) return 1 ;;
    esac
}

listenTo() {
    checkLine "LISTEN$*"
    tell "LISTEN$*"
    readAnswer || return 1
    [ "$verb" != ERR ] || refused "LISTEN$*"
}

beginListening() {
    plain='' held=''
    for name in $names; do
        if [ -n "$isAcked" ] || isWished "$name"; then
            held="$held $name"
        else
            plain="$plain $name"
        fi
    done
    [ -z "$plain" ] || listenTo "$plain" || return 1
    [ -z "$held" ] || listenTo "$held Ack=1" || return 1
    if [ -n "$group" ]; then
        tell "JOIN $group $names"
        readAnswer || return 1
        [ "$verb" != ERR ] || refused "JOIN $group $names"
    fi
    if [ -n "$watched" ]; then
        tell "WATCH $watched $names"
        readAnswer || return 1
        [ "$verb" != ERR ] || refused "WATCH $watched $names"
    fi
    tell "READY $credit"
    startClock
}

takeMessages() {
    while [ -z "$isLeaving" ]; do
        readFrame
        case $? in
        1) return ;;
        2) continue ;;
        esac
        case $verb in
        MSG)
            takeMessage "$words" "$body" || isLeaving=1
            [ -n "$isLeaving" ] || tell 'READY 1'
            ;;
        LOST | BYE) noteEnd ;;
        esac
        case $endReason in LOST*) return ;; esac
    done
    leave
}

# Takes no more, does what had come, and says goodbye.
leave() {
    early=
    if [ -n "$group" ]; then
        tell "LEAVE $group $names"
        readAnswer || return
    fi
    if [ -n "$watched" ]; then
        tell "UNWATCH $watched $names"
        readAnswer || return
    fi
    tell "UNLISTEN $names"
    readAnswer || return
    # QUIT gives back what is to be acknowledged.
    [ -z "$isAcked" ] || early=
    printf '%s' "$early" >"$temporary/early"
    while IFS= read -r words <&5 && IFS= read -r body <&5; do
        takeMessage "$words" "$body" || break
    done 5<"$temporary/early"
    tell QUIT
    readAnswer
}

# Deals with one message: the words of its MSG, its body. 1: no more is wanted.
takeMessage() {
    message=$2
    SEAWAY_GROUP=
    SEAWAY_TIMES=1
    ack=
    channels=
    for word in $1; do
        case $word in
        group=*) SEAWAY_GROUP=${word#group=} ;;
        ack=*[!A-Za-z0-9._-]*) ;;
        ack=*) ack=${word#ack=} ;;
        times=*) SEAWAY_TIMES=${word#times=} ;;
        *=*) ;;
        *) channels="$channels $word" ;;
        esac
    done
    for SEAWAY_CHANNEL in $channels; do
        if [ -n "$command" ]; then
            runCommand || return 1
        else
            printf '%s\t%s\n' "$SEAWAY_CHANNEL" "$message" 2>/dev/null || return 1
        fi
        if [ "$count" -gt 0 ]; then
            count=$((count - 1))
            [ "$count" -gt 0 ] || return 1
        fi
    done
}
