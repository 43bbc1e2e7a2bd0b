"""How an asyncio worker's function learns that nobody waits for its answer: its task is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Dict, Optional, Union

from .. import _ends
from .._answering import GONE
from .._errors import SeawayError
from .._frames import Frame
from .._log import logger
from .._message import Fields
from .._ticket import Ticket
from .message import Message

if TYPE_CHECKING:
    from .._asyncio import Link
    from .._shard_links import ShardLink

_NEVER = float("inf")
_LONGEST_PAUSE = 4.0


class RequestEnds:
    """Tells servers, by one timer for all that is worked on, and cancels the tasks of requests that are over."""

    def __init__(self, link: Union[Link, ShardLink]):
        self._link = link
        self._ends = _ends.Ends(link.core.readings.grant, self._over)
        #: In the order in which their functions have begun.
        self._messages: Dict[Message, None] = {}
        self._timer: Optional[asyncio.TimerHandle] = None
        self._loop = link.loop

    def began(self, message: Message) -> None:
        """A function begins to work."""
        due = message.due = self._loop.time() + _ends.AFTER
        self._messages[message] = None
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._look)

    def ended(self, message: Message) -> None:
        """It has ended."""
        self._messages.pop(message, None)
        if message.heard_on is not None:
            self._ends.ended(message)
        # Its context knows the message.
        task, message.task = message.task, None
        if message.flags & GONE:
            uncancel = getattr(task, "uncancel", None)
            if uncancel is not None:
                uncancel()

    def leave(self) -> None:
        """The worker leaves."""
        if self._timer is not None:
            self._timer.cancel()
        self._ends.end(self._link.core.readings)

    def retry(self, message: Message) -> None:
        """The server was not told: it is told another time, when there may be room for it."""
        self._ends.ended(message)
        if message in self._messages:
            self._wait(message)
            self._schedule(message.due)

    def over(self, message: Message) -> None:
        """The server was not told since the request is over."""
        message.gone()
        self._over(message)

    def _over(self, message: Fields) -> None:
        if isinstance(message, Message) and message in self._messages and message.task is not None:
            message.task.cancel()

    def _wait(self, message: Message) -> None:
        message.pause = min(message.pause * 2, _LONGEST_PAUSE) or _ends.AFTER
        message.due = self._loop.time() + message.pause

    def _schedule(self, due: float) -> None:
        if self._timer is None or due < self._timer.when():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(due, self._look)

    def _look(self) -> None:
        """Has the servers told whose requests have been worked on for a while."""
        self._timer = None
        now, soonest = self._loop.time(), _NEVER
        for message in list(self._messages):
            if message.due <= now:
                message.due = _NEVER
                self._announce(message)
            soonest = min(soonest, message.due)
        if soonest < _NEVER:
            self._schedule(soonest)
        self._link.flush_soon()

    def _announce(self, message: Message) -> None:
        if self._ends.is_denied:
            return
        try:
            if not message.is_request or message.is_whole or message.is_handed_on:
                return
            core = self._link.core
            if not core.is_open:
                self._wait(message)
                return
            self._ends.begin(core.readings)
            core.ask(self._ends.announcement(message), _Announcement(self, message))
        except SeawayError as error:
            logger.debug("the server was not told who works on %s: %s", message.channel, error)


class _Announcement(Ticket):
    __slots__ = ("_ends", "_message")

    def __init__(self, ends: RequestEnds, message: Message):
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
