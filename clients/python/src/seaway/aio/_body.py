"""Reads the body of a request in pieces, in the task that asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, AsyncGenerator, Optional

from .. import _body
from .._body_reader import BaseReader

if TYPE_CHECKING:
    from .listening import Listening
    from .message import Message


async def whole(content: bytes) -> AsyncGenerator[bytes, None]:
    """A body that is here."""
    if content:
        yield content


async def stream(message: Message, channel: str) -> AsyncGenerator[bytes, None]:
    """The pieces of a body as they come; asks for more as they are taken."""
    reader = BodyReader(message, channel)
    try:
        while not reader.is_whole:
            content = await reader.next()
            if content:
                yield content
    finally:
        await reader.stop()


class BodyReader(BaseReader):
    """The pieces of a body, one at a time; a task that is cancelled while it waits has taken none."""

    _message: Message
    _listening: Optional[Listening]

    next = BaseReader._next
    stop = BaseReader._stop

    async def _listen(self) -> Listening:
        return await self._message.layer.listen(self._channel, credit=_body.CREDIT)

    async def _piece(self) -> Optional[Message]:
        assert self._listening is not None
        return await self._listening.receive(_body.PATIENCE)

    async def _halt(self) -> None:
        if self._listening is not None:
            await self._listening.stop()
