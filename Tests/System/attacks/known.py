"""What the program does not withstand yet, and why: all such marks stand here.

An attack that is marked must be over one of these bounds; as soon as it is over none it fails, so that its mark is
taken away. Only what does not show in every run, or on every machine (``steady=False``), may also hold.
"""

from __future__ import annotations

from attacks.figures import Known

TURNS = "a turn of the loop takes some milliseconds, and where many have work each comes only now and then"
BODY = "a large body is copied and written in one turn of the loop, and whatever checks or translates it needs a core"
UNREAD = "unread output is not counted"
TABLES = "queues and tables count for less than they take, and keep the room of their best days"
ITSELF = "the program by itself takes 37 of the 40 MB that are allowed beside the account"
SHARES = "there is no share for each client: one may have all that there is"
PARSING = "what many send in a row is parsed as it comes, and there is no turn for each of them"
SOCKETS = "unfinished messages of WebSockets are bounded in all (256 MiB), with no share for each"
REPLIES = "answers to nobody stand in one mailbox with those to the innocent, and its server reads them all"

TIME = ("p99", "max")


def known(reason: str, *bounds: str, steady: bool = True) -> Known:
    return Known(reason, frozenset(bounds), steady)


KNOWN: dict[str, Known] = {
    "siblings-that-wait": known(TABLES, "memory"),
    "credit-at-once": known(TABLES, "memory"),
    "watched-joins": known(TURNS, *TIME, steady=False),
    "pages-of-a-queue": known(BODY, *TIME, "memory", steady=False),
    "group-messages-in-a-row": known(TURNS, "p99", "memory", steady=False),
    "memberships-told-again": known(TURNS, "p99", steady=False),
    "a-mailbox-given-up": known(TABLES, *TIME, "memory"),
    "credit-for-one-of-a-thousand": known(TURNS, *TIME, steady=False),
    "a-thousand-names-listened-on-again": known(TURNS, *TIME, steady=False),
    "ping-flood": known(TURNS, "p99", "memory", steady=False),
    "send-flood": known(TURNS, *TIME, "memory", steady=False),
    "large-bodies": known(BODY, "p99", "memory", steady=False),
    "large-translations": known(BODY, "p99", "memory", steady=False),
    "unread-translations": known(UNREAD, *TIME, "memory"),
    "unread-memberships": known(UNREAD, *TIME, "memory"),
    "unread-memberships-at-once": known(UNREAD, *TIME, "memory"),
    "queues-of-nothing": known(SHARES, *TIME, "memory", "refused"),
    "queues-that-were-emptied": known(TABLES, "memory"),
    "bodies-only-announced": known(ITSELF, "memory", steady=False),
    "bodies-that-dribble": known(BODY, *TIME, steady=False),
    "every-channel-taken": known(SHARES, *TIME, "refused"),
    "every-table-filled": known(SHARES, *TIME, "memory", "refused"),
    "every-place-taken": known(SHARES, "memory", "refused"),
    "every-place-of-the-server-taken": known(SHARES, "refused"),
    "login-flood": known(SHARES, *TIME, "memory", "refused", steady=False),
    "pipelined-requests": known(PARSING, *TIME),
    "sockets-with-unfinished-messages": known(SOCKETS, *TIME, "memory"),
    "replies-forged": known(REPLIES, *TIME),
}
