# shellcheck shell=sh disable=SC2034,SC2154 # some of what is set here is for connection.sh, and some of what is used is set there
# What happens after some time: signs of life to the broker, and the end of waiting for it.
#
# Each clock is a process that goes on while its file is there, looked at every second. None is ended by a signal: bash, when
# a signal meets a process of its own that has hardly begun, goes through what was meant for the end of the shell itself.
clocks=0

# Waits so many seconds; 1 when the file is gone before they are over.
waitWith() { # FILE SECONDS
    ticks=${2%.*}
    [ "${ticks:-0}" -ge 1 ] || ticks=1
    while [ "$ticks" -gt 0 ]; do
        sleep 1
        [ -e "$1" ] || return 1
        ticks=$((ticks - 1))
    done
}

newClock() {
    clocks=$((clocks + 1))
    : >"$temporary/clock.$clocks"
}

# nc ends with its input, or when what it says to a broker that is gone is refused: so a verb that stays says something now
# and then. Only where it reads, so that no PING comes to stand within a body.
isDue=
clock=
startClock() {
    trap 'isDue=1 wasInterrupted=1' ALRM
    newClock
    clock=$temporary/clock.$clocks
    (
        trap - INT TERM ALRM
        while waitWith "$clock" "${SEAWAY_PING:-5}"; do kill -ALRM $$ || exit; done
    ) </dev/null >/dev/null 2>&1 3>&- 4<&- &
    ourOwn $!
}

stopClock() {
    [ -z "$clock" ] || rm -f "$clock"
    clock=
}

# Whatever the broker does, or does not: once SEAWAY_TIMEOUT is over nc is ended, and with it whatever waits for it, in
# reading or in writing. Told to leave it goes on: that is often told to all processes of a group, and twice.
deadline=
startDeadline() {
    [ -z "$deadline" ] || return 0
    newClock
    deadline=$temporary/clock.$clocks
    (
        trap '' INT TERM
        waitWith "$deadline" "${SEAWAY_TIMEOUT:-10}" && : >"$temporary/late" && kill -KILL "$nc"
    ) </dev/null >/dev/null 2>&1 3>&- 4<&- &
    ourOwn $!
}

stopDeadline() {
    [ -z "$deadline" ] || rm -f "$deadline"
    deadline=
}
