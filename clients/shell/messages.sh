# shellcheck shell=sh disable=SC2154 # some of what is used here is set in connection.sh and reading.sh
# One message: its fields, the command that deals with it, and what is said to whoever waits.

# Bytes of content in one message of a long answer.
pieceSize=49152

# Prints what stands under keys of the map on standard input (not of a map within it), a line for each, empty where it is
# not there: of KEY the string, as it stands in the JSON; of =KEY the number or the truth.
#
# The text is cut at its quotes: what is outside of strings and what is inside alternate.
fields() {
    awk -v keys="$*" '
        function note(key, value) {
            if (!(key in wanted) || key in found) return
            found[key] = value
            if (++count == total) exit
        }
        BEGIN {
            RS = "\""
            total = split(keys, order, " ")
            for (i = 1; i <= total; i++) wanted[order[i]] = 1
        }
        isInside {
            text = text $0
            if (match($0, /\\+$/) && RLENGTH % 2) text = text "\""
            else isInside = 0
            next
        }
        {
            if (depth == 1 && $0 ~ /^[ \t\r]*:/) {
                name = text
                value = $0
                sub(/^[ \t\r]*:[ \t\r]*/, "", value)
                if (match(value, /^(true|false|-?[0-9][0-9.eE+-]*)/)) note("=" name, substr(value, 1, RLENGTH))
            } else if (depth == 1 && isValue) note(name, text)
            isValue = $0 ~ /^[ \t\r]*:[ \t\r]*$/
            depth += gsub(/[{[]/, "") - gsub(/[]}]/, "")
            isInside = 1
            text = ""
        }
        END { for (i = 1; i <= total; i++) print found[order[i]] }'
}

# Prints the string under a key of the map on standard input.
field() { fields "$1"; }

# Prints standard input, or $1, as bytes in JSON, which need no quoting.
asBytes() { printf '{"%sbytes":"%s"}' '$' "$(base64 | tr -d '\n')"; }
textAsBytes() { printf '%s' "$1" | asBytes; }

# Microseconds since 1970, as exactly as date tells them.
now() {
    moment=$(date +%s%N)
    case $moment in
    *[!0-9]*) printf '%s000000' "$(date +%s)" ;;
    *) printf '%s' "${moment%???}" ;;
    esac
}

# Prints HOST:PID, at most 64 bytes of visible ASCII that need no quoting.
workerName() { printf '%.48s:%d' "$(uname -n | LC_ALL=C tr -cd '!#-[]-~')" $$; }

# Prints what the first message of an answer on this channel says of who has made it (I83 of INTERFACE.md): only a command
# that was given a request with an ID has these in its environment.
told() {
    case ${SEAWAY_BEGAN:-} in '' | *[!0-9]*) return ;; esac
    [ "$1" = "${SEAWAY_REPLY_CHANNEL:-}" ] || return
    took=$(($(now) - SEAWAY_BEGAN))
    [ "$took" -ge 0 ] || took=0
    printf '"worker":"%s","took":%d,' "${SEAWAY_WORKER:-}" "$took"
}

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
                told "$1"
            else
                printf '{"offset":%d,' "$offset"
            fi
            [ "$left" -le 0 ] || printf '"more_content":true,'
            printf '"content":'
            dd if="$4" bs="$pieceSize" skip=$((offset / pieceSize)) count=1 2>/dev/null | asBytes
            printf '}'
        } >"$temporary/piece"
        [ "$left" -gt 0 ] || break
        putPiece "$1" || return
        offset=$((offset + pieceSize))
    done
    putLast "$1"
}

# The option with which the last that is said of a message acknowledges it.
carried=
# Sends the last piece so.
putLast() {
    putPiece "$1$carried" || return
    [ -z "$carried" ] || ack=
}

# Sends what is in the file of the piece, with the results of answer.
putPiece() {
    while :; do
        tellBody "$temporary/piece" SEND "$1"
        readAnswer || return 2
        case $verb-${words%% *} in
        ERR-full) pause 1 ;;
        ERR-*) return 1 ;;
        *) return 0 ;;
        esac
    done
}

# Sends a message to a channel that a message has named, and says when that is not done: channel, JSON.
put() {
    printf '%s' "$2" >"$temporary/piece"
    putPiece "$1" || noteUntold $?
}

# The same with the last that is said of a message.
putDone() {
    printf '%s' "$2" >"$temporary/piece"
    putLast "$1" || noteUntold $?
}

# Whoever has left is nobody's fault.
noteUntold() {
    case $1-${words%% *} in
    1-gone) ;;
    1-*) say "$subject: the answer was refused: ERR $words" ;;
    *) say "$subject: the connection broke before the answer was stored, or not" ;;
    esac
}

checkedChannel() { case $1 in *[!A-Za-z0-9._!?-]*) ;; *) printf '%s' "$1" ;; esac; }

# Deals with $message by the command. What it prints is the answer to a request; an event of a WebSocket it answers itself.
runCommand() {
    printf '%s' "$message" | fields reply_channel control_channel type method path request_id =serial =order >"$temporary/fields"
    {
        IFS= read -r SEAWAY_REPLY_CHANNEL
        IFS= read -r control
        IFS= read -r kind
        IFS= read -r method
        IFS= read -r path
        IFS= read -r id
        IFS= read -r serial
        IFS= read -r order
    } <"$temporary/fields"
    SEAWAY_REPLY_CHANNEL=$(checkedChannel "$SEAWAY_REPLY_CHANNEL")
    control=$(checkedChannel "$control")
    subject=$SEAWAY_CHANNEL
    method=${method:-$kind}
    [ -z "$path" ] || subject=$(printf '%.64s%.512s on %s' "${method:+$method }" "$path" "$SEAWAY_CHANNEL")
    SEAWAY_BEGAN=''
    if [ -n "$id" ]; then
        SEAWAY_WORKER=${workerName:=$(workerName)}
        SEAWAY_BEGAN=$(now)
    fi
    export SEAWAY_CHANNEL SEAWAY_GROUP SEAWAY_REPLY_CHANNEL SEAWAY_TIMES SEAWAY_WORKER SEAWAY_BEGAN
    # Its time is not the broker's.
    stopDeadline
    [ -z "$ack" ] || startHolding
    printf '%s\n' "$message" 2>/dev/null |
        (
            trap - PIPE INT TERM
            LC_ALL=$userLocale
            [ -n "$LC_ALL" ] || unset LC_ALL
            exec sh -c "$command"
        ) 3>&- 4<&- 5<&- >"$temporary/output"
    result=$?
    [ "$result" = 0 ] || say "$subject: the command failed with $result"
    carried=
    if [ -n "$ack" ]; then
        stopHolding
        outcome=$result
        if [ -z "$isAcked" ]; then
            outcome=0
        elif [ "$result" = "$EX_TEMPFAIL" ]; then
            settle "$result"
            return 0
        elif [ -n "$SEAWAY_REPLY_CHANNEL" ]; then
            # Who waits is told of a failure, and that is the end of it.
            outcome=0
        fi
        [ "$outcome" != 0 ] || carried=" Ack=$ack"
    fi
    case $kind in
    websocket.*) endEvent ;;
    *) answerRequest ;;
    esac
    [ -z "$ack" ] || settle "$outcome"
    return 0
}

answerRequest() {
    if [ -z "$SEAWAY_REPLY_CHANNEL" ]; then
        cat "$temporary/output"
        return
    fi
    status=200
    type=$contentType
    if [ "$result" = 0 ] && ! [ -s "$temporary/output" ]; then
        # Of listen --exec: it has answered by itself, or nobody need answer.
        [ -n "$isWorker" ] || return 0
        say "$subject: the command printed nothing"
        result=nothing
    fi
    if [ "$result" != 0 ]; then
        status=500 type=text/plain
        printf 'Internal Server Error\n' >"$temporary/output"
    fi
    answer "$SEAWAY_REPLY_CHANNEL" "$status" "[[\"content-type\",$(textAsBytes "$type")]]" "$temporary/output" && return
    result=$?
    noteUntold "$result"
    # Refused for its size, say: so small a one may pass, and breaks off one that had begun.
    case $result-${words%% *} in
    1-gone) ;;
    1-*) put "$SEAWAY_REPLY_CHANNEL" '{"status":500}' ;;
    esac
}

# A browser that waits is told of a failure, and the server that the event is done (W16 of INTERFACE.md).
endEvent() {
    cat "$temporary/output"
    case $result-$kind-$SEAWAY_REPLY_CHANNEL in
    0-* | *-) ;;
    *-websocket.connect-*) put "$SEAWAY_REPLY_CHANNEL" '{"accept":false,"status":500}' ;;
    *-websocket.receive-*) put "$SEAWAY_REPLY_CHANNEL" '{"close":1011}' ;;
    esac
    case $serial-$control-$order in
    true--* | *[!0-9]) ;;
    true-*-?*) putDone "$control" "{\"done\":$order}" ;;
    esac
}
