"""What the program does not withstand yet, and why: all such marks stand here.

An attack that is marked must be over one of these bounds; as soon as it is over none it fails, so that its mark is
taken away. Only what does not show in every run, or on every machine (``steady=False``), may also hold.
"""

from __future__ import annotations

from attacks.figures import Known

TURNS = "a turn of the loop takes some milliseconds, and where many have work each comes only now and then"
BODY = "a large body is copied in one turn of the loop, and whatever translates it needs a core"
FREED = "what is freed goes back to the system in pieces, and so later than it is counted"
FORGED = "answers to nobody cost broker and server what others do, though they have a mailbox of their own"

TIME = ("p99", "max")


def known(reason: str, *bounds: str, steady: bool = True) -> Known:
    return Known(reason, frozenset(bounds), steady)


KNOWN: dict[str, Known] = {
    "a-mailbox-given-up": known(FREED, "memory", steady=False),
    "ping-flood": known(TURNS, *TIME, steady=False),
    "send-flood": known(TURNS, *TIME, steady=False),
    "unread-translations": known(BODY, *TIME, steady=False),
    "unread-memberships": known(FREED, *TIME, "memory", steady=False),
    "login-flood": known(TURNS, *TIME, steady=False),
    "http2-floods": known(TURNS, "p99", steady=False),
    "replies-forged": known(FORGED, *TIME, steady=False),
}
