# shellcheck shell=sh disable=SC2154 # some of what is used here is set in connection.sh
# Messages: their fields, answers to them, and staying to read them.

# Bytes of content in one message of a long answer.
pieceSize=49152

# Prints the string under a key of the map on standard input (not of a map within it), as it stands in the JSON.
#
# The text is cut at its quotes: what is outside of strings and what is inside alternate.
field() {
    awk -v key="$1" '
        BEGIN { RS = "\"" }
        isInside {
            text = text $0
            if (match($0, /\\+$/) && RLENGTH % 2) text = text "\""
            else isInside = 0
            next
        }
        {
            if (depth == 1 && $0 ~ /^[ \t\r]*:/) name = text
            else if (depth == 1 && isValue && name == key) { print text; exit }
            isValue = $0 ~ /^[ \t\r]*:[ \t\r]*$/
            depth += gsub(/[{[]/, "") - gsub(/[]}]/, "")
            isInside = 1
            text = ""
        }'
}

# Prints standard input, or $1, as bytes in JSON, which need no quoting.
asBytes() { printf '{"%sbytes":"%s"}' '$' "$(base64 | tr -d '\n')"; }
textAsBytes() { printf '%s' "$1" | asBytes; }

# Sends an HTTP answer: channel, status, fields in JSON, the file with the content. One message, or several with offsets,
# each sent when the one before is stored. While the channel is full it waits. 1: refused, $words say why; 2: no connection.
answer() {
    contentSize=$(($(wc -c <"$4")))
    offset=0
    while :; do
        left=$((contentSize - offset - pieceSize))
        {
            if [ "$offset" = 0 ]; then
                printf '{"status":%d,"headers":%s,' "$2" "$3"
            else
                printf '{"offset":%d,' "$offset"
            fi
            [ "$left" -le 0 ] || printf '"more_content":true,'
            printf '"content":'
            dd if="$4" bs="$pieceSize" skip=$((offset / pieceSize)) count=1 2>/dev/null | asBytes
            printf '}'
        } >"$temporary/piece"
        tellBody "$temporary/piece" SEND "$1"
        readAnswer || return 2
        case $verb-${words%% *} in
        ERR-full) pause 1 ;;
        ERR-*) return 1 ;;
        *)
            [ "$left" -gt 0 ] || return 0
            offset=$((offset + pieceSize))
            ;;
        esac
    done
}

# Sleeps; being told to leave ends it.
pause() {
    { sleep "$1" || sleep 1; } 2>/dev/null 3>&- 4<&- &
    wait $!
}

# What listen, worker, watch and join --hold do: reads $names until told to leave, or until $count messages came.
names=
group=
watched=
count=0
credit=16
command=
contentType=
# Answers every message, with what the command prints, be it nothing.
isWorker=
# Waits for a broker that is not there.
isPatient=

stay() {
    makeTemporary
    leaveWhenTold
    attempt=0
    while [ -z "$isLeaving" ]; do
        connect ''
        if greet json && beginListening; then
            attempt=0
            takeMessages
        elif [ -z "$isPatient$isLeaving" ]; then
            noBroker
        fi
        disconnect
        [ -z "$isLeaving" ] || break
        case $endReason in
        LOST* | 'BYE auth'* | 'BYE line'*) fail 1 "$endReason" ;;
        esac
        say "no connection, trying again${endReason:+ ($endReason)}"
        endReason=
        backOff
    done
    exit 0
}

# Waits longer with each attempt, up to 5 s, and not in step with others.
backOff() {
    [ "$attempt" -ge 5 ] || attempt=$((attempt + 1))
    pause "$(awk -v most="$attempt" -v seed="$$" 'BEGIN { srand(); srand(srand() + seed); printf "%.1f", most * (0.5 + rand() / 2) }')"
}

beginListening() {
    tell "LISTEN $names"
    readAnswer || return 1
    [ "$verb" != ERR ] || refused "LISTEN $names"
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
    channels=
    for word in $1; do
        case $word in
        group=*) SEAWAY_GROUP=${word#group=} ;;
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

# Runs the command for $message; what it prints is the answer.
runCommand() {
    SEAWAY_REPLY_CHANNEL=$(printf '%s' "$message" | field reply_channel)
    case $SEAWAY_REPLY_CHANNEL in *[!A-Za-z0-9._!?-]*) SEAWAY_REPLY_CHANNEL= ;; esac
    export SEAWAY_CHANNEL SEAWAY_GROUP SEAWAY_REPLY_CHANNEL
    printf '%s\n' "$message" 2>/dev/null |
        (
            trap - PIPE INT TERM
            LC_ALL=$userLocale
            [ -n "$LC_ALL" ] || unset LC_ALL
            exec sh -c "$command"
        ) 3>&- 4<&- 5<&- >"$temporary/output"
    result=$?
    if [ -z "$SEAWAY_REPLY_CHANNEL" ]; then
        cat "$temporary/output"
        return 0
    fi
    status=200
    type=$contentType
    if [ "$result" != 0 ]; then
        say "$SEAWAY_CHANNEL: the command failed with $result"
        status=500 type=text/plain
        printf 'Internal Server Error\n' >"$temporary/output"
    elif [ -z "$isWorker" ] && ! [ -s "$temporary/output" ]; then
        # It printed nothing, so it has answered by itself, or nobody need answer.
        return 0
    fi
    answer "$SEAWAY_REPLY_CHANNEL" "$status" "[[\"content-type\",$(textAsBytes "$type")]]" "$temporary/output" ||
        case $?-${words%% *} in
        1-gone) ;;
        1-*) say "$SEAWAY_CHANNEL: the answer was refused: ERR $words" ;;
        *) say "$SEAWAY_CHANNEL: the connection broke before the answer was stored, or not" ;;
        esac
    return 0
}
