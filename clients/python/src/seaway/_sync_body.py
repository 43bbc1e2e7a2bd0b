"""Reads the body of a request in pieces, in the thread that asks for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generator, Optional

from . import _body
from ._blocking import blocking
from ._body_reader import BaseReader, nobody_waits

if TYPE_CHECKING:
    from .listening import Listening
    from .message import Message

#: Seconds without a piece after which it is looked whether anybody waits for the answer.
_LOOK = 1.0


def whole(content: bytes) -> Generator[bytes, None, None]:
    """A body that is here."""
    if content:
        yield content


def stream(message: Message, channel: str) -> Generator[bytes, None, None]:
    """The pieces of a body as they come; asks for more as they are taken."""
    reader = BodyReader(message, channel)
    try:
        while not reader.is_whole:
            content = reader.next()
            if content:
                yield content
    finally:
        reader.stop()


class BodyReader(BaseReader):
    """The pieces of a body, one at a time."""

    _message: Message
    _listening: Optional[Listening]

    next = blocking(BaseReader._next)
    stop = blocking(BaseReader._stop)

    async def _listen(self) -> Listening:
        return self._message.layer.listen(self._channel, credit=_body.CREDIT)

    async def _piece(self) -> Optional[Message]:
        assert self._listening is not None
        until = time.monotonic() + _body.PATIENCE
        while time.monotonic() < until:
            piece = self._listening.receive(_LOOK)
            if piece is not None:
                return piece
            # The server may have lost the broker through which the pieces come, and with it the way to say so there.
            if self._message.is_gone:
                raise nobody_waits()
        return None

    async def _halt(self) -> None:
        if self._listening is not None:
            self._listening.stop()
