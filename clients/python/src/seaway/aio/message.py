"""Messages of the asyncio client, and how to answer them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional, Type

from .. import _http, _values
from .._errors import Full, Gone, SeawayError, Unknown
from .._log import logger
from .._message import Fields

if TYPE_CHECKING:
    from .layer import Layer

#: How long a piece of an answer that meets ``full`` is tried again.
STREAM_PATIENCE = 60.0


class Message(Fields):
    """A received message that knows how to answer."""

    __slots__ = ("layer",)

    def __init__(self, channel: str, group: Optional[str], body: bytes, layer: Layer):
        super().__init__(channel, group, body)
        #: On which it came.
        self.layer = layer

    async def reply(self, message: Mapping[str, Any]) -> None:
        """Sends a message to the reply channel; the broker has it when this returns.

        Raises ``Refused`` (with ``Gone`` nobody waits any more), ``Unknown``, or ``SeawayError`` when there is no
        reply channel.
        """
        await self._send(_values.pack(message))

    async def respond(
        self, status: int = 200, headers: Optional[_http.Headers] = None, content: _http.Text = b"", json: Any = None
    ) -> None:
        """Answers an HTTP request whole.

        ``content`` is bytes, or a string that is sent as UTF-8 text; ``json`` is any value that can be printed as JSON.
        Content of more than 1 MiB is sent in pieces. Raises what ``reply`` does.
        """
        answer = _http.answer(status, headers, content, json)
        if len(answer.content) <= _http.WHOLE:
            await self._send(answer.packed())
            return
        async with self.stream(status, answer.headers) as stream:
            for start in range(0, len(answer.content), _http.PIECE):
                await stream.write(answer.content[start : start + _http.PIECE])

    def stream(self, status: int = 200, headers: Optional[_http.Headers] = None) -> Stream:
        """Answers an HTTP request in pieces: ``async with message.stream() as stream: await stream.write(...)``."""
        return Stream(self, self._channel(), status, headers)

    def _channel(self) -> str:
        channel = self.reply_channel
        if channel is None:
            raise SeawayError(f"the message on {self.channel} has no reply channel")
        return channel

    async def _send(self, body: bytes) -> None:
        channel = self._channel()
        try:
            await self.layer.send_packed(channel, body)
        except Unknown:
            self.answered = True
            raise
        self.answered = True


class Stream:
    """The body of an answer, written piece by piece.

    Each piece waits until the broker has it, so that no later one overtakes a refused one; with a slow client pieces
    meet ``full`` and are tried again for up to 60 s (I11). If the block ends with an error the answer is broken off,
    so that the client does not take it for whole.
    """

    def __init__(self, message: Message, channel: str, status: int, headers: Optional[_http.Headers]):
        self._message = message
        self._channel = channel
        self._status = status
        self._headers = _http.listed(headers)
        self._has_begun = False
        #: Bytes of content in all pieces so far.
        self.offset = 0

    async def write(self, content: _http.Text) -> None:
        """Sends one piece, best of about 65,536 bytes; raises ``Gone`` when nobody reads the answer any more."""
        await self._put(content.encode("utf-8") if isinstance(content, str) else content, True)

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        if error is None:
            await self._put(b"", False)
        elif self._has_begun:
            await self._break_off()

    async def _put(self, content: bytes, more: bool) -> None:
        if self._has_begun:
            piece = _http.next_piece(content, self.offset, more)
        else:
            piece = _http.first_piece(self._status, self._headers, content, more)
        loop = asyncio.get_running_loop()
        until = loop.time() + STREAM_PATIENCE
        pause = 0.005
        while not await self._try(piece, loop.time() > until):
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.2)
        self._has_begun = True
        self.offset += len(content)

    async def _try(self, piece: bytes, is_last_try: bool) -> bool:
        try:
            await self._message.layer.send_packed(self._channel, piece)
        except Full:
            if is_last_try:
                raise
            return False
        except Unknown:
            self._message.answered = True
            # A further piece may be sent again, since its offset shows that it is the same (I12).
            if is_last_try or not self._has_begun:
                raise
            return False
        self._message.answered = True
        return True

    async def _break_off(self) -> None:
        """Lets the server see a hole."""
        try:
            await self._message.layer.send_packed(self._channel, _http.next_piece(b"", self.offset + 1, False))
        except Gone:
            pass
        except SeawayError as error:
            logger.warning("an answer to %s could not be broken off: %s", self._channel, error)
