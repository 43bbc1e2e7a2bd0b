"""What is known of the answer to a message: whether it was begun, is whole, or will come from elsewhere.

Sends nothing, so the same for both halves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from threading import get_ident
from typing import TYPE_CHECKING, Any, Container, Dict, Optional, Tuple

from . import _values
from ._errors import SeawayError

if TYPE_CHECKING:
    from ._message import Fields

#: The message that a coroutine function of a worker has in hand, so that what it sends elsewhere may count as an answer
#: to come; and, for less, that of a synchronous function, by thread.
in_hand: ContextVar[Optional[Fields]] = ContextVar("seaway.in_hand", default=None)
in_threads: Dict[int, Fields] = {}

#: What is known of an answer, in one number since every message has one.
ANSWERED, BEGUN, WHOLE, GONE, HANDED_ON, IN_WORKER, SERIAL_ROUTE, DONE_SAID, BODY_TAKEN = (1 << bit for bit in range(9))
_STARTED = BEGUN | WHOLE

#: What of a message on the reply channel of an HTTP request is part of the answer (protocol/INTERFACE.md, section 3).
_PARTS = ("status", "content", "more_content")
#: Keys as they stand in a body in MessagePack.
_DONE = b"\xa4done"
_SERIAL = b"\xa6serial"


def note(names: Container[str], body: bytes = b"") -> None:
    """Something was sent, or joined to a group, while a function has a message in hand."""
    message = in_hand.get() or in_threads.get(get_ident())
    if message is not None:
        message.note(names, body)


class Answering:
    """The part of a message that knows of its answer."""

    __slots__ = ("flags", "heard_on")

    # What a message has besides; and it begins with no flags.
    if TYPE_CHECKING:
        flags: int
        #: The channel on which the server says that nobody waits any more (I27).
        heard_on: Optional[str]
        body: bytes

        @property
        def data(self) -> Dict[str, Any]: ...

        @property
        def reply_channel(self) -> Optional[str]: ...

    @property
    def answered(self) -> bool:
        """Whether an answer was begun through this message."""
        return bool(self.flags & ANSWERED)

    def answer_later(self) -> None:
        """Lets the function end without an answer: it comes later, from here or from whoever was told of it.

        Without it a request whose function has ended without an answer is answered with a 500 at once. Not needed
        when the function itself has sent the reply channel on in a message, or has joined it to a group.
        """
        self.flags |= HANDED_ON | DONE_SAID

    @property
    def is_request(self) -> bool:
        """Whether it is an HTTP request that waits for an answer."""
        return self.data.get("method") is not None and self.reply_channel is not None

    @property
    def event(self) -> str:
        """What kind of event of a socket it is, such as ``websocket.connect``; empty when it is none."""
        kind = self.data.get("type")
        return kind if isinstance(kind, str) and kind.startswith("websocket.") else ""

    # The answer

    def begin(self, state: int) -> int:
        """An answer is about to be sent, ``BEGUN`` or ``WHOLE``; raises when one was.

        Returns what was so before, for ``take_back``.
        """
        before = self.flags
        if before & _STARTED:
            raise self._answered_before()
        self.flags = before | ANSWERED | state
        return before

    def end(self) -> None:
        """The answer is whole, or will never be."""
        self.flags |= WHOLE

    def take_back(self, before: int) -> None:
        """What was to be sent was refused: it may be said again, or something else."""
        said = ANSWERED | _STARTED
        self.flags = (self.flags & ~said) | (before & said)

    def begin_reply(self, message: Mapping[str, Any]) -> int:
        """Like ``begin`` for a message as it is, which may be one of several pieces, or no part of an answer."""
        before = self.flags
        if self.is_request:
            if all(message.get(part) is None for part in _PARTS):
                return before
            if before & WHOLE or (before & BEGUN and message.get("status") is not None):
                raise self._answered_before()
            self.flags |= BEGUN if message.get("more_content") else WHOLE
        self.flags |= ANSWERED
        return before

    def _answered_before(self) -> SeawayError:
        return SeawayError("the request was answered before: what was sent first stands")

    def gone(self) -> None:
        """Nobody waits for the answer any more."""
        self.flags |= GONE

    @property
    def is_known_gone(self) -> bool:
        """Whether nobody waits for the answer any more, without looking."""
        return bool(self.flags & GONE)

    @property
    def is_open(self) -> bool:
        """Whether an answer in pieces has been begun and not ended."""
        return self.flags & _STARTED == BEGUN

    @property
    def is_whole(self) -> bool:
        """Whether an HTTP request was answered whole."""
        return bool(self.flags & WHOLE)

    @property
    def is_handed_on(self) -> bool:
        """Whether the answer comes from elsewhere, or later."""
        return bool(self.flags & HANDED_ON)

    # Sockets

    def in_order(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Returns a reply to a connect with ``serial``, unless it says so itself: the worker says ``done`` (W16)."""
        if not self.flags & IN_WORKER or self.event != "websocket.connect" or message.get("serial") is not None:
            return message
        accepts = message.get("accept")
        if accepts is None:
            accepts = message.get("text") is not None or message.get("bytes") is not None
        return {**message, "serial": True} if accepts is True else message

    def is_served(self, serial: bool) -> None:
        """A route of sockets has taken it: it answers, and with ``serial`` the worker says ``done``."""
        self.flags |= ANSWERED | SERIAL_ROUTE if serial else ANSWERED

    @property
    def owed_done(self) -> Optional[Tuple[str, int]]:
        """The control channel of a socket that waits for ``done``, and the order of this event, its function over."""
        if self.flags & DONE_SAID or not (self.flags & SERIAL_ROUTE or _SERIAL in self.body):
            return None
        control, order, serial = (self.data.get(key) for key in ("control_channel", "order", "serial"))
        is_waited_for = serial is True or (serial is None and bool(self.flags & SERIAL_ROUTE))
        if not is_waited_for or self.event not in ("websocket.receive", "websocket.disconnect"):
            return None
        return (control, order) if isinstance(control, str) and type(order) is int else None

    def note(self, names: Container[str], body: bytes) -> None:
        """Something was sent, or joined to a group, by the function that has this message in hand."""
        try:
            channel, control = self.reply_channel, self.data.get("control_channel")
        except SeawayError:
            return
        # Nothing that comes through a group decides about a socket (W9), so that joining one is no answer to come.
        is_joined = not body and self.event
        if channel is not None and not is_joined and (channel in names or _names(channel.encode(), body)):
            self.flags |= HANDED_ON
        if _DONE in body and control in names:
            self.flags |= DONE_SAID


def _names(channel: bytes, body: bytes) -> bool:
    """Whether a body holds the name of a channel, not that of a longer one alone."""
    return channel in body and (
        re.search(re.escape(channel) + rb"(?![A-Za-z0-9._-])", body) is not None or _values.string(channel) in body
    )
