# shellcheck shell=sh disable=SC2154 # some of what is used here is set in connection.sh
# The body of a request, whole or in pieces (INTERFACE.md, section 2.1).

# Bytes that are asked for ahead of those that came.
bodyWindow=524288
# Seconds without a piece after which the server is taken for gone; its own times are shorter.
bodyPatience=180

# Prints the bytes that stand under a key of the map on standard input: a string, or bytes as JSON has them.
bytesUnder() {
    awk -v wanted="$1" '
        BEGIN { RS = "\""; ORS = "" }
        isInside {
            text = text $0
            if (match($0, /\\+$/) && RLENGTH % 2) text = text "\""
            else isInside = 0
            next
        }
        {
            if (depth == 1 && $0 ~ /^[ \t\r]*:/) name = text
            isBytes = depth == 2 && name == wanted && text == "$bytes"
            if (isValue && depth == 1 && name == wanted) { print "s" text; exit }
            if (wasBytes && isValue) { print "b" text; exit }
            wasBytes = isBytes
            isValue = $0 ~ /^[ \t\r]*:[ \t\r]*$/
            depth += gsub(/[{[]/, "") - gsub(/[]}]/, "")
            isInside = 1
            text = ""
        }' >"$temporary/value"
    case $(head -c 1 "$temporary/value") in
    b) tail -c +2 "$temporary/value" | base64 -d ;;
    s) tail -c +2 "$temporary/value" | unescaped ;;
    esac
}

# What a string of JSON stands for; the broker escapes nothing but quotes, backslashes and control characters (V11).
unescaped() {
    LC_ALL=C awk '
        BEGIN {
            ORS = ""
            split("n r t b f", names, " ")
            split("\n,\r,\t,\b,\f", values, ",")
            for (i in names) plain[names[i]] = values[i]
            for (i = 0; i < 16; i++) digit[substr("0123456789abcdef", i + 1, 1)] = i
        }
        {
            count = split($0, parts, /\\/)
            print parts[1]
            for (i = 2; i <= count; i++) {
                part = parts[i]
                letter = substr(part, 1, 1)
                if (part == "") print "\\" parts[++i]
                else if (letter == "u") {
                    hex = tolower(substr(part, 2, 4))
                    printf "%c", digit[substr(hex, 3, 1)] * 16 + digit[substr(hex, 4, 1)]
                    print substr(part, 6)
                } else print (letter in plain ? plain[letter] : letter) substr(part, 2)
            }
        }'
}

# Prints the body of the request on standard input.
printBody() {
    makeTemporary
    cat >"$temporary/message"
    fields reply_channel body_channel <"$temporary/message" >"$temporary/fields"
    {
        IFS= read -r replyChannel
        IFS= read -r channel
    } <"$temporary/fields"
    if [ -z "$channel" ]; then
        bytesUnder body <"$temporary/message"
        return
    fi
    checkName "$replyChannel"
    checkName "$channel"
    open json
    request LISTEN "$channel"
    tell "READY 16 $channel"
    came=0 asked=0 early=
    export SEAWAY_TIMEOUT=$bodyPatience
    while takePieces; do :; done
    tell "UNLISTEN $channel"
}

# Prints what has come, then the next piece, and asks for more when it is time. 1: that was the last.
takePieces() {
    if [ $((asked - came)) -le $((bodyWindow / 2)) ]; then
        asked=$((came + bodyWindow))
        printf '{"body_wanted":%d}' "$asked" >"$temporary/piece"
        putPiece "$replyChannel"
        case $?-${words%% *} in
        0-*) ;;
        1-gone) fail 1 'nobody waits for the answer any more' ;;
        1-*) refused "SEND $replyChannel" ;;
        *) unknownOutcome "SEND $replyChannel" ;;
        esac
        [ -z "$early" ] || printf '%s' "$early" >"$temporary/early"
    fi
    if [ -n "$early" ]; then
        early=
        while IFS= read -r words <&5 && IFS= read -r body <&5; do
            printPiece || return 1
        done 5<"$temporary/early"
        return 0
    fi
    startDeadline
    readFrame || fail "$EX_IOERR" "the body is not whole: ${endReason:-no piece came}"
    stopDeadline
    case $verb in
    MSG) printPiece || return 1 ;;
    LOST | BYE) noteEnd ;;
    esac
    return 0
}

# Prints the piece in $body. 1: it is the last.
printPiece() {
    tell "READY 1 $channel"
    printf '%s' "$body" | fields '=offset' '=closed' '=more_content' >"$temporary/fields"
    {
        IFS= read -r offset
        IFS= read -r closed
        IFS= read -r more
    } <"$temporary/fields"
    [ "$closed" != true ] || fail 1 'nobody sends the rest of the body, or waits for the answer'
    [ "$offset" = "$came" ] || fail "$EX_IOERR" "a piece of the body is missing at $came"
    printf '%s' "$body" | bytesUnder content >"$temporary/content"
    came=$((came + $(wc -c <"$temporary/content")))
    cat "$temporary/content" || fail 1 'nobody takes the body'
    [ "$more" = true ]
}
