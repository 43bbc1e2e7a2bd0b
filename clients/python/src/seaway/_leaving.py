"""How a worker that leaves parts with the sockets that it keeps: which are told what, and when. Sends nothing."""

from __future__ import annotations

from typing import List, Tuple

from . import _values, _websocket
from ._kept import Kept

#: How long events that are on their way here may take once their sockets were given back.
LAST_EVENTS = 0.25
#: How long browsers may take to close.
LAST_ENDS = 5.0
#: What lies between two closes at most, so that browsers do not all come back at once.
_PACE = 0.005
#: How often it is looked whether all sockets have ended.
_LOOK = 0.05

GIVE_BACK = _values.pack({"receive_channel": None})
CLOSE = _values.pack(_websocket.closing(_websocket.RESTART, "its worker leaves"))


class Leaving:
    """Gives back those that others can serve, and closes those that have a session here, one after another.

    Closing takes half of ``drain`` at most, and as much is left for the ends.
    """

    def __init__(self, kept: Kept, drain: float, now: float):
        others, tied = kept.leave()
        self._kept = kept
        self._others = others
        self._tied = tied
        self._told = 0
        self._began = now
        self._pace = min(_PACE, drain / 2 / len(tied)) if tied else 0.0
        self._last_event = now + LAST_EVENTS if others else now
        self._last_end = now + self._pace * len(tied) + min(LAST_ENDS, drain / 2)

    def take(self, now: float) -> List[Tuple[str, bytes]]:
        """What is to be sent by now, each with its channel."""
        others, self._others = self._others, []
        first, count = self._told, len(self._tied)
        while self._told < count and self._due <= now:
            self._told += 1
        closed = self._tied[first : self._told]
        return [*((channel, GIVE_BACK) for channel in others), *((channel, CLOSE) for channel in closed)]

    def next(self, now: float) -> float:
        """When there is something to do again."""
        if self._told < len(self._tied):
            due = self._due
        elif self._kept.tied:
            due = min(now + _LOOK, self._last_end)
        else:
            due = self._last_event
        return max(now, due)

    def is_over(self, now: float) -> bool:
        """Whether nothing more is to be sent, and all have ended or their time is over."""
        if self._others or self._told < len(self._tied):
            return False
        return now >= (max(self._last_end, self._last_event) if self._kept.tied else self._last_event)

    @property
    def _due(self) -> float:
        return self._began + self._told * self._pace
