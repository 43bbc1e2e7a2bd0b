"""What the program does not withstand yet, and why: all such marks stand here.

An attack that is marked must be over one of these bounds; as soon as it is over none it fails, so that its mark is
taken away. Only what does not show in every run, or on every machine (``steady=False``), may also hold.
"""

from __future__ import annotations

from attacks.figures import Known

ONE_TURN = "what one client asks for is done in one turn of the loop, however much it is"
WHOLE_TABLE = "each page costs its whole table, in one turn of the loop"
PATTERN = "patterns are matched by trying again from each star, in one turn of the loop"
ALL_NAMES = "each READY and LISTEN looks through all names of its connection"
ONE_READ = "256 KB of one connection are worked off before the next one's turn, and none of them is counted"
UNREAD = "unread output is not counted"
QUEUES = "queues keep the room of their best days"
SHARES = "there is no share for each client: one may have all that there is"
ANNOUNCED = "a body counts from when it is announced"
BODY = "a body is checked, translated and copied whole, in one turn of the loop"
PARTS = "parts of requests that wait for their turn are held without a bound in all"
SOCKETS = "messages of WebSockets that are not complete have no bound in all"
REPLIES = "answers to nobody stand in one mailbox with those to the innocent, and its server reads them all"
CLOSING = "a broker that leaves refuses the answers to what it still delivers"
SILENCE = "nobody notices that the only broker is gone or hangs with requests under way"
LOG = "a log is written where its event loop waits for it"

TIME = ("p99", "max")


def known(reason: str, *bounds: str, steady: bool = True) -> Known:
    return Known(reason, frozenset(bounds), steady)


KNOWN: dict[str, Known] = {
    "siblings-that-wait": known(ONE_TURN, *TIME, "memory"),
    "credit-at-once": known(ONE_TURN, *TIME, "memory"),
    "patterns-that-backtrack": known(PATTERN, *TIME),
    "flushed-patterns": known(PATTERN, *TIME),
    "watched-joins": known(ONE_TURN, *TIME, "memory"),
    "watches-of-a-large-group": known(WHOLE_TABLE, *TIME),
    "pages-of-statistics": known(WHOLE_TABLE, *TIME),
    "pages-of-members": known(WHOLE_TABLE, *TIME),
    "pages-of-a-queue": known(BODY, *TIME, "memory", steady=False),
    "group-messages-in-a-row": known(ONE_TURN, *TIME),
    "memberships-told-again": known(ONE_TURN, *TIME, "memory"),
    "a-mailbox-given-up": known(ONE_TURN, *TIME, "memory"),
    "credit-for-one-of-a-thousand": known(ALL_NAMES, *TIME),
    "a-thousand-names-listened-on-again": known(ALL_NAMES, *TIME),
    "ping-flood": known(ONE_READ, *TIME, "memory"),
    "send-flood": known(ONE_READ, *TIME, "memory"),
    "large-bodies": known(BODY, *TIME, "memory", steady=False),
    "large-translations": known(BODY, *TIME, "memory", steady=False),
    "unread-translations": known(UNREAD, *TIME, "memory"),
    "unread-memberships": known(UNREAD, *TIME, "memory"),
    "unread-memberships-at-once": known(UNREAD, *TIME, "memory"),
    "queues-of-nothing": known(SHARES, *TIME, "memory", "refused"),
    "queues-that-were-emptied": known(QUEUES, "memory"),
    "bodies-only-announced": known(ANNOUNCED, *TIME, "refused"),
    "bodies-that-dribble": known(BODY, *TIME, "% of a core", steady=False),
    "every-channel-taken": known(SHARES, *TIME, "refused"),
    "every-table-filled": known(SHARES, *TIME, "memory", "refused"),
    "every-place-taken": known(SHARES, "memory", "refused"),
    "every-place-of-the-server-taken": known(SHARES, "refused"),
    "login-flood": known(SHARES, *TIME, "memory", "refused", steady=False),
    "pipelined-requests": known(PARTS, *TIME, "memory"),
    "sockets-with-unfinished-messages": known(SOCKETS, *TIME, "memory"),
    "replies-forged": known(REPLIES, *TIME),
    "broker-told-to-leave": known(CLOSING, "answered with 200"),
    "broker-killed": known(SILENCE, "answered in 8 s"),
    "broker-hangs": known(SILENCE, "answered in 8 s"),
    "server-log-unread": known(LOG, *TIME, "refused"),
    "broker-log-unread": known(LOG, *TIME, "refused"),
}
