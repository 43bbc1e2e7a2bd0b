"""What senders and workers have noted of acknowledged channels, and what must hold of it whatever was broken meanwhile.

A message is named by its sender and its number there. Everything here is a function of the notes: nothing is asked.
Times are seconds of one clock that all who take notes share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

#: Sender and number.
Name = tuple[int, int]


@dataclass(frozen=True)
class Sent:
    """A `SEND`; one that is not known to be stored may be said again, with the same name."""

    name: Name
    #: ``ok``, ``refused`` (any ``ERR`` but ``maybe``) or ``unknown`` (``maybe``, or no answer).
    answer: str
    began: float
    ended: float
    #: With a key of its own, which every `SEND` of this name has.
    once: bool = False
    #: With ``In``: it is not in order with the others.
    later: bool = False
    #: All that it was answered.
    words: str = ""


@dataclass(frozen=True)
class Seen:
    """A `MSG` that a worker has read."""

    name: Name
    times: int
    #: The worker's connection, and the how manieth message there it was.
    connection: str
    place: int
    #: When the credit was given that it has used: it was pushed no earlier.
    since: float
    at: float
    #: ``nak`` or ``tries`` on the channel of dead letters.
    dead: str = ""


@dataclass(frozen=True)
class Settled:
    """An `ACK`, or a `NAK` with ``Dead=1``; of the message, or of a dead letter of it."""

    name: Name
    dead: bool
    began: float
    letter: bool = False
    #: When it was answered with `OK`; without: not known.
    confirmed: float | None = None


@dataclass
class History:
    sent: list[Sent] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    #: What was answered with an ``ERR`` but ``maybe``.
    refused: list[Settled] = field(default_factory=list)
    #: When a broker without a store was killed, and when another was there: all that it had may be gone.
    emptied: list[tuple[float, float]] = field(default_factory=list)
    #: What still waits at the end, on the channel or that of its dead letters.
    waiting: set[Name] = field(default_factory=set)


def violations(history: History) -> list[str]:
    """What must hold and does not; empty: all of it does."""
    return [*lost(history), *invented(history), *twice(history), *after_its_end(history), *out_of_order(history)]


def lost(history: History) -> Iterator[str]:
    """What was answered with `OK` was settled, was found among the dead letters, or waits."""
    found = {each.name for each in history.settled} | {each.name for each in history.seen if each.dead}
    for send in history.sent:
        gone = any(send.began < back for _, back in history.emptied)
        if send.answer == "ok" and not gone and send.name not in found and send.name not in history.waiting:
            yield f"lost: {send.name} was answered with OK, and nobody has acknowledged it"


def invented(history: History) -> Iterator[str]:
    """Nothing is seen that was refused, that nobody has sent, or that a broker without a store had before it began."""
    sends = by_name(history.sent)
    for name, seen in by_name(history.seen).items():
        if name not in sends:
            yield f"invented: {name} was seen, and nobody has sent it"
        elif all(send.answer == "refused" for send in sends[name]):
            words = ", ".join(sorted({send.words for send in sends[name]}))
            yield f"invented: {name} was refused ({words}), and was seen"
        else:
            ended = max(send.ended for send in sends[name])
            for killed, _ in history.emptied:
                if ended < killed and any(each.since > killed for each in seen):
                    yield f"invented: {name} was seen when the broker that had it was gone"
                    break
    # After `ERR store` it may be a dead letter, and comes back (D22).
    asked = {each.name for each in [*history.settled, *history.refused] if each.dead}
    for each in history.seen:
        if each.dead == "nak" and each.name not in asked:
            yield f"invented: {each.name} is a dead letter, and nobody has given it up"


def twice(history: History) -> Iterator[str]:
    """A message is seen for the first time (``times=1``) and is a dead letter as often as it may have been stored."""
    sends = by_name(history.sent)
    dead: dict[Name, int] = defaultdict(int)
    for name, seen in by_name(history.seen).items():
        stored = sum(send.answer != "refused" for send in sends.get(name, []))
        if any(send.once for send in sends.get(name, [])):
            stored = min(stored, 1)
        first = sum(each.times == 1 and not each.dead for each in seen)
        dead[name] = sum(each.times == 1 and bool(each.dead) for each in seen)
        if stored and first > stored:
            yield f"twice: {name} was seen {first} times with times=1, and was stored {stored} times at most"
        if stored and dead[name] > stored:
            yield f"twice: {name} is a dead letter {dead[name]} times, and was stored {stored} times at most"


def after_its_end(history: History) -> Iterator[str]:
    """What was acknowledged with `OK` is never delivered again, when it was stored once."""
    sends = by_name(history.sent)
    ends = by_name([each for each in history.settled if each.confirmed is not None and not each.letter])
    for each in history.seen:
        again = sum(send.answer != "refused" for send in sends.get(each.name, []))
        if each.dead or again > 1:
            continue
        if any(end.confirmed is not None and end.confirmed < each.since for end in ends.get(each.name, [])):
            yield f"after its end: {each.name} was delivered when its end had been answered with OK"


def out_of_order(history: History) -> Iterator[str]:
    """On one connection, what comes for the first time comes in its sender's order: what comes back has ``times`` 2.

    Not so what may have been stored when its sender was long beyond it.
    """
    sends = by_name(history.sent)
    last: dict[tuple[str, int], int] = {}
    for each in sorted(history.seen, key=lambda each: (each.connection, each.place)):
        if each.times > 1 or each.dead or any(s.answer == "unknown" or s.later for s in sends.get(each.name, [])):
            continue
        sender, number = each.name
        before = last.get((each.connection, sender), -1)
        if number < before:
            yield f"out of order: {each.name} came behind {(sender, before)} on {each.connection}"
        last[each.connection, sender] = max(number, before)


def story(history: History, name: Name) -> list[str]:
    """All that was noted of one message, in the order of time."""
    told = [(each.began, f"sent: {each}") for each in history.sent if each.name == name]
    told += [(each.at, f"seen: {each}") for each in history.seen if each.name == name]
    told += [(each.began, f"settled: {each}") for each in history.settled if each.name == name]
    told += [(each.began, f"refused: {each}") for each in history.refused if each.name == name]
    return [f"{at:.3f} {what}" for at, what in sorted(told)]


def by_name(notes: list) -> dict[Name, list]:
    found: dict[Name, list] = defaultdict(list)
    for note in notes:
        found[note.name].append(note)
    return found
