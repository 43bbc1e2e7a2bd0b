"""Which processes there are to be: how they are started, replaced and told to leave.

Starts and signals nothing and knows no clock: it is told what happened, and when, and returns what is to be done.
"""

from __future__ import annotations

import enum
from typing import Iterator, List, NamedTuple, Optional

from .._log import logger

#: Seconds that a process may take to end beyond ``drain``, before it is killed.
MARGIN = 5.0
#: Seconds before a process that has died is started again: doubled each time, up to the second.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
#: One that was ready for as many seconds has not failed at its start.
SOUND = 30.0
#: The exit code where a process has ended by a signal, or without an error, before it ever was ready.
FAILED = 70


class State(enum.Enum):
    """How far a process is."""

    STARTING = "starting"
    #: The application is imported; what is waited for now is others' (a broker), and may take any time.
    LOADED = "loaded"
    READY = "ready"
    LEAVING = "leaving"


class Member:
    """One process."""

    def __init__(self, number: int, now: float):
        #: From 1, never used twice.
        self.number = number
        self.state = State.STARTING
        #: When it came into its state.
        self.since = now
        #: The one that has come in its place, when that is why it leaves.
        self.successor: Optional[Member] = None
        #: It is over its time and was killed.
        self.is_killed = False

    def become(self, state: State, now: float) -> None:
        """It comes into another state."""
        self.state, self.since = state, now

    def __str__(self) -> str:
        return f"process {self.number}"


class Do(enum.Enum):
    """What is to be done with a process."""

    START = "start"
    #: Tell it to leave, within ``drain``.
    LEAVE = "leave"
    KILL = "kill"


class Action(NamedTuple):
    """Something to be done."""

    do: Do
    member: Member


class _Place:
    """One of the processes that are to be there, whichever it is at the time, and the one that comes after it."""

    def __init__(self) -> None:
        self.current: Optional[Member] = None
        self.successor: Optional[Member] = None
        #: Why another one is wanted, since one is over a limit of its own or since all are; and not before when.
        self.over = self.old = ""
        self.not_before = 0.0
        self.failures = 0

    def pause(self) -> float:
        """How long to wait after a failure, each time longer."""
        self.failures += 1
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.failures - 1, 16))


class Fleet:
    """``size`` processes, each replaced by one that is ready before it leaves."""

    def __init__(self, size: int, drain: float, start_timeout: float):
        self._places = [_Place() for _ in range(size)]
        self._drain = drain
        self._start_timeout = start_timeout
        self._leaving: List[Member] = []
        self._count = 0
        self._was_ready = False
        self._actions: List[Action] = []
        self._is_stopping = False
        #: The exit code, once nothing is left to be done.
        self.code: Optional[int] = None
        self._code_to_be = 0

    @property
    def members(self) -> List[Member]:
        """All that live."""
        return [*self._present(), *self._leaving]

    def _present(self) -> Iterator[Member]:
        for place in self._places:
            if place.current is not None:
                yield place.current
            if place.successor is not None:
                yield place.successor

    # What happens

    def loaded(self, member: Member, now: float) -> List[Action]:
        """The application of a process is imported."""
        if member.state is State.STARTING:
            member.become(State.LOADED, now)
        return self._advance(now)

    def ready(self, member: Member, now: float) -> List[Action]:
        """A process takes requests: the one before it leaves."""
        if member.state in (State.STARTING, State.LOADED):
            member.become(State.READY, now)
            self._was_ready = True
            logger.info("%s is ready", member)
            place = self._place(member)
            if place is not None and place.successor is member:
                before, place.current, place.successor = place.current, member, None
                place.over = ""
                if before is not None:
                    before.successor = member
                    self._leave(before, now)
        return self._advance(now)

    def wants(self, member: Member, reason: str, now: float) -> List[Action]:
        """A process is to be replaced, since it ``is over its limit`` or the like."""
        place = self._place(member)
        if place is not None and place.current is member and not place.over and not self._is_stopping:
            logger.info("%s %s: it is replaced", member, reason)
            place.over = reason
        return self._advance(now)

    def replace_all(self, reason: str, now: float) -> List[Action]:
        """All are to be replaced, one by one."""
        if not self._is_stopping:
            logger.info("%s: all processes are replaced, one by one", reason)
            for place in self._places:
                place.old, place.not_before = reason, now
        return self._advance(now)

    def exited(self, member: Member, code: int, now: float) -> List[Action]:
        """A process has ended; a negative code is the signal that has ended it."""
        how = f"was ended by signal {-code}" if code < 0 else f"has ended with exit code {code}"
        place = self._place(member)
        if member in self._leaving:
            self._leaving.remove(member)
            logger.log(20 if code == 0 else 30, "%s %s", member, "has left" if code == 0 else how)
        elif place is not None and place.successor is member:
            place.successor = None
            self._never_came(place, member, how, now)
        elif place is not None:
            place.current, place.successor = place.successor, None
            self._died(place, member, how, code, now)
        return self._advance(now)

    def stop(self, now: float) -> List[Action]:
        """All leave within ``drain``; told a second time, all end at once."""
        if self._is_stopping:
            for member in self.members:
                self._kill(member, "is ended at once")
        else:
            logger.info("all processes leave, within %g s", self._drain)
            self._end(0, now)
        return self._advance(now)

    def tick(self, now: float) -> List[Action]:
        """Time has passed."""
        return self._advance(now)

    # What follows

    def _never_came(self, place: _Place, member: Member, how: str, now: float) -> None:
        place.not_before = now + place.pause()
        logger.error("%s %s before it was ready: the one before goes on", member, how)
        # What was to bring something new brings nothing until it is asked for again; a limit stands.
        for one in self._places:
            one.old = ""

    def _died(self, place: _Place, member: Member, how: str, code: int, now: float) -> None:
        if self._is_stopping:
            return
        if not self._was_ready:
            logger.critical("%s %s before any was ready: nothing is tried again", member, how)
            self._end(code if code > 0 else FAILED, now)
            return
        if member.state is State.READY and now - member.since > SOUND:
            place.failures = 0
        pause = place.pause()
        place.over = place.old = ""
        place.not_before = now + pause
        logger.error("%s %s: another one is started in %g s", member, how, pause)

    def _end(self, code: int, now: float) -> None:
        self._is_stopping = True
        self._code_to_be = code
        for member in list(self._present()):
            self._leave(member, now)
        for place in self._places:
            place.current = place.successor = None

    def _advance(self, now: float) -> List[Action]:
        for member in self._leaving:
            if now >= member.since + self._drain + MARGIN:
                self._kill(member, "has not left in time: it is killed")
        for member in self._present():
            if member.state is State.STARTING and now >= member.since + self._start_timeout:
                self._kill(member, f"has not imported its application in {self._start_timeout:g} s: it is killed")
        if self._is_stopping:
            if not self._leaving:
                self.code = self._code_to_be
        else:
            self._fill(now)
        actions, self._actions = self._actions, []
        return actions

    def _fill(self, now: float) -> None:
        for place in self._places:
            if place.current is None and now >= place.not_before:
                place.current = self._start(now)
        if any(place.successor is not None for place in self._places):
            return
        for place in self._places:
            current = place.current
            is_wanted = bool(place.over or place.old) and now >= place.not_before
            if is_wanted and current is not None and current.state is State.READY:
                place.old = ""
                place.successor = self._start(now)
                # However often all are replaced, no more than these leave at a time.
                for member in self._leaving[: -max(4, 2 * len(self._places))]:
                    self._kill(member, "leaves for too long, while others are to: it is killed")
                return

    def _start(self, now: float) -> Member:
        self._count += 1
        member = Member(self._count, now)
        self._actions.append(Action(Do.START, member))
        return member

    def _leave(self, member: Member, now: float) -> None:
        member.become(State.LEAVING, now)
        self._leaving.append(member)
        self._actions.append(Action(Do.LEAVE, member))

    def _kill(self, member: Member, why: str) -> None:
        if not member.is_killed:
            member.is_killed = True
            logger.error("%s %s", member, why)
            self._actions.append(Action(Do.KILL, member))

    def _place(self, member: Member) -> Optional[_Place]:
        return next((place for place in self._places if member in (place.current, place.successor)), None)
