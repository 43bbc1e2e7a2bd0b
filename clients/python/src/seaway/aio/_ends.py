"""How an asyncio worker's function learns that nobody waits for its answer: its task is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Dict, Optional, Union

from .. import _ends
from .._errors import SeawayError
from .._frames import Frame
from .._log import logger
from .._message import Fields
from .._ticket import Ticket

if TYPE_CHECKING:
    from .._asyncio import Link
    from .._shard_links import ShardLink

_NEVER = float("inf")
_LONGEST_PAUSE = 4.0


class _Work:
    """A function that works on a request, and when the server is to be told."""

    __slots__ = ("due", "message", "pause", "task")

    def __init__(self, message: Fields, task: asyncio.Task[Any], due: float):
        self.message = message
        self.task = task
        self.due = due
        self.pause = _ends.AFTER


class RequestEnds:
    """Tells servers, by one timer for all that is worked on, and cancels the tasks of requests that are over."""

    def __init__(self, link: Union[Link, ShardLink]):
        self._link = link
        self._ends = _ends.Ends(link.core.readings.grant, self._over)
        self._works: Dict[Fields, _Work] = {}
        self._timer: Optional[asyncio.TimerHandle] = None

    def began(self, message: Fields, task: asyncio.Task[Any]) -> None:
        """A function begins to work."""
        due = self._link.loop.time() + _ends.AFTER
        self._works[message] = _Work(message, task, due)
        if self._timer is None:
            self._timer = self._link.loop.call_at(due, self._look)

    def ended(self, message: Fields) -> None:
        """It has ended."""
        work = self._works.pop(message, None)
        self._ends.ended(message)
        if work is not None and message.is_known_gone:
            uncancel = getattr(work.task, "uncancel", None)
            if uncancel is not None:
                uncancel()

    def leave(self) -> None:
        """The worker leaves."""
        if self._timer is not None:
            self._timer.cancel()
        self._ends.end(self._link.core.readings)

    def retry(self, message: Fields) -> None:
        """The server was not told: it is told another time, when there may be room for it."""
        self._ends.ended(message)
        work = self._works.get(message)
        if work is not None:
            work.due = self._link.loop.time() + work.pause
            work.pause = min(work.pause * 2, _LONGEST_PAUSE)
            self._schedule(work.due)

    def over(self, message: Fields) -> None:
        """The server was not told since the request is over."""
        message.gone()
        self._over(message)

    def _over(self, message: Fields) -> None:
        work = self._works.get(message)
        if work is not None:
            work.task.cancel()

    def _schedule(self, due: float) -> None:
        if self._timer is None or due < self._timer.when():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._link.loop.call_at(due, self._look)

    def _look(self) -> None:
        """Has the servers told whose requests have been worked on for a while."""
        self._timer = None
        now, soonest = self._link.loop.time(), _NEVER
        for work in list(self._works.values()):
            if work.due <= now:
                work.due = _NEVER
                self._announce(work)
            soonest = min(soonest, work.due)
        if soonest < _NEVER:
            self._schedule(soonest)
        self._link.flush_soon()

    def _announce(self, work: _Work) -> None:
        message = work.message
        if self._ends.is_denied:
            return
        try:
            if not message.is_request or message.is_whole or message.is_handed_on:
                return
            core = self._link.core
            if not core.is_open:
                work.due = self._link.loop.time() + work.pause
                return
            self._ends.begin(core.readings)
            core.ask(self._ends.announcement(message), _Announcement(self, message))
        except SeawayError as error:
            logger.debug("the server was not told who works on %s: %s", message.channel, error)


class _Announcement(Ticket):
    __slots__ = ("_ends", "_message")

    def __init__(self, ends: RequestEnds, message: Fields):
        super().__init__()
        self._ends = ends
        self._message = message

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        if frame.verb == "ERR":
            if frame.args[:1] == ["gone"]:
                self._ends.over(self._message)
            else:
                self._ends.retry(self._message)

    def fail(self, error: SeawayError) -> None:
        super().fail(error)
        self._ends.retry(self._message)
