# shellcheck shell=sh disable=SC2154 # what is used here is set in connection.sh, clocks.sh and reading.sh
# Messages that are to be acknowledged (PROTOCOL.md, D9 to D13): one at a time, since each is worked on alone.

# The command says that it can never be done.
EX_DATAERR=65

holding=
# Says HOLD at a third of SEAWAY_HOLD while the command runs, and notes each, since each is answered.
startHolding() {
    newClock
    holding=$temporary/clock.$clocks
    : >"$temporary/holds"
    (
        trap - INT TERM ALRM
        seconds=0
        # It has the connection open, which is to end with the worker if that is killed.
        while waitWith "$holding" 1 && kill -0 $$; do
            seconds=$((seconds + 1))
            [ $((seconds * 3)) -ge "${SEAWAY_HOLD:-600}" ] || continue
            seconds=0
            # Whoever has the file may speak.
            mv "$holding" "$holding.busy" || exit
            tell "HOLD $SEAWAY_CHANNEL $ack"
            echo >>"$temporary/holds"
            mv "$holding.busy" "$holding"
        done
    ) </dev/null >/dev/null 2>&1 4<&- &
    ourOwn $!
}

# Ends it, and reads what was answered meanwhile.
stopHolding() {
    until rm "$holding" 2>/dev/null; do sleep 1; done
    held=$(($(wc -l <"$temporary/holds")))
    while [ "$held" -gt 0 ]; do
        readAnswer || return
        [ "$verb" != ERR ] || say "$subject: it is not held here any more, and may be done twice: ERR $words"
        held=$((held - 1))
    done
}

# Says what became of the message, by the exit code of the command: done, later, or never.
settle() {
    case $1 in
    0) tell "ACK $SEAWAY_CHANNEL $ack" ;;
    "$EX_DATAERR") tell "NAK $SEAWAY_CHANNEL $ack Dead=1" ;;
    *) tell "NAK $SEAWAY_CHANNEL $ack" ;;
    esac
    readAnswer || return 0
}
