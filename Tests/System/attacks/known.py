"""What the program does not withstand yet, and why: all such marks stand here.

An attack that is marked must be over one of these bounds; as soon as it is over none it fails, so that its mark is
taken away. Only what does not show in every run, or on every machine (``steady=False``), may also hold.
"""

from __future__ import annotations

from attacks.figures import Known

TURNS = "a turn of the loop takes some milliseconds, and where many have work each comes only now and then"
BODY = "a large body is copied and written in one turn of the loop, and whatever checks or translates it needs a core"
FREED = "what is freed goes back to the system in pieces, and so later than it is counted"
SHARES = "there is no share for each client: one may have all that there is"
PARSING = "what many send in a row is parsed as it comes, and there is no turn for each of them"
SOCKETS = "unfinished messages of WebSockets are bounded in all (256 MiB), with no share for each"
REPLIES = "answers to nobody stand in one mailbox with those to the innocent, and its server reads them all"

TIME = ("p99", "max")


def known(reason: str, *bounds: str, steady: bool = True) -> Known:
    return Known(reason, frozenset(bounds), steady)


KNOWN: dict[str, Known] = {
    "watched-joins": known(TURNS, *TIME, steady=False),
    "pages-of-a-queue": known(BODY, *TIME, steady=False),
    "group-messages-in-a-row": known(TURNS, "p99", steady=False),
    "memberships-told-again": known(TURNS, "p99", steady=False),
    "a-mailbox-given-up": known(FREED, *TIME, "memory"),
    "credit-for-one-of-a-thousand": known(TURNS, *TIME, steady=False),
    "a-thousand-names-listened-on-again": known(TURNS, *TIME, steady=False),
    "ping-flood": known(TURNS, "p99", steady=False),
    "send-flood": known(TURNS, *TIME, steady=False),
    "large-bodies": known(BODY, "p99", steady=False),
    "large-translations": known(BODY, "p99", steady=False),
    "unread-translations": known(BODY, *TIME),
    "unread-memberships": known(FREED, *TIME, "memory", steady=False),
    "unread-memberships-at-once": known(TURNS, *TIME, "memory", "refused"),
    "queues-of-nothing": known(TURNS, *TIME, steady=False),
    "bodies-that-dribble": known(BODY, *TIME, steady=False),
    "every-channel-taken": known(TURNS, *TIME, steady=False),
    "every-table-filled": known(TURNS, *TIME, steady=False),
    "every-place-of-the-server-taken": known(SHARES, "refused"),
    "login-flood": known(TURNS, *TIME, steady=False),
    "pipelined-requests": known(PARSING, *TIME),
    "sockets-with-unfinished-messages": known(SOCKETS, *TIME, "memory"),
    "replies-forged": known(REPLIES, *TIME),
}
