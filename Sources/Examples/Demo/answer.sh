#!/bin/sh
# Answers one request: the message is on standard input, what is printed is the answer.
# shellcheck source=SCRIPTDIR/../../../clients/shell/messages.sh
. "$SEAWAY_SHELL/messages.sh"

message=$(cat)
case $message in
*'"method":"POST"'*)
    # Still with the escapes of JSON, so it fits into other JSON as it is.
    text=$(printf '%s' "$message" | field body)
    "$SEAWAY_SHELL/seaway.sh" gsend liveblog "{\"text\":\"Shell: $text\"}" >/dev/null && echo 'posted by the shell'
    ;;
*) echo 'hello from the shell' ;;
esac
