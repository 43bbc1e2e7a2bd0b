"""Messages of the asyncio client, and how to answer them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, AsyncGenerator, Awaitable, Callable, Optional, Type

from .. import _body, _http, _values
from .._answering import ANSWERED, BEGUN, BODY_TAKEN, GONE, IN_WORKER, WHOLE
from .._errors import Full, Gone, SeawayError, Unknown
from .._log import logger
from .._message import Fields
from . import _body as _aio_body

if TYPE_CHECKING:
    from .layer import Layer

#: How long a piece of an answer that meets ``full`` is tried again.
STREAM_PATIENCE = 60.0


class Message(Fields):
    """A received message that knows how to answer."""

    __slots__ = ("due", "layer", "pause", "task")

    def __init__(
        self,
        channel: str,
        group: Optional[str],
        body: bytes,
        layer: Layer,
        task: Optional[asyncio.Task[Any]] = None,
    ):
        super().__init__(channel, group, body)
        #: On which it came.
        self.layer = layer
        #: That of the worker's function which has it; when the server is to be told of it, and how long to wait if it
        #: cannot be (see ``RequestEnds``).
        self.task = task
        self.due = self.pause = 0.0
        if task is not None:
            self.flags = IN_WORKER

    @property
    def is_gone(self) -> bool:
        """Whether nobody waits for the answer any more, as far as is known; a worker cancels its function then."""
        return bool(self.flags & GONE)

    def stream_body(self) -> AsyncGenerator[bytes, None]:
        """The body of the request in pieces, as they come: ``async for piece in message.stream_body(): ...``.

        Holds at most 512 KiB, and the browser is not read faster than the pieces are taken. Raises ``BodyBroken`` when
        the rest does not come; a function that takes no more of them leaves the rest unread. A body in pieces can be
        gone through once.
        """
        channel = _body.channel(self)
        if channel is None or self._content is not None:
            return _aio_body.whole(self.content)
        if self.flags & BODY_TAKEN:
            raise SeawayError("the body was read before")
        self.flags |= BODY_TAKEN
        return _aio_body.stream(self, channel)

    async def read(self, limit: int = _body.MOST_CONTENT) -> bytes:
        """Returns the whole body of the request, at most ``limit`` bytes, 16 MiB unless told otherwise.

        Raises ``BodyTooLarge`` beyond it, which a worker answers with 413.
        """
        if self._content is None:
            content = _body.Content(limit)
            pieces = self.stream_body()
            try:
                async for piece in pieces:
                    content.add(piece)
            finally:
                await pieces.aclose()
            self._content = content.whole()
        return _body.within(self._content, limit)

    async def reply(self, message: Mapping[str, Any]) -> None:
        """Sends a message to the reply channel; the broker has it when this returns.

        Raises ``Refused`` (with ``Gone`` nobody waits any more), ``Unknown``, or ``SeawayError`` when there is no
        reply channel, and when an HTTP request was answered before.
        """
        message = self.in_order(message)
        body = _values.pack(message)
        await self._send(self._channel(), body, self.begin_reply(message))

    async def respond(
        self, status: int = 200, headers: Optional[_http.Headers] = None, content: _http.Text = b"", json: Any = None
    ) -> None:
        """Answers an HTTP request whole, once.

        ``content`` is bytes, or a string that is sent as UTF-8 text; ``json`` is any value that can be printed as JSON.
        Content of more than 1 MiB is sent in pieces. Raises what ``reply`` does.
        """
        answer = _http.answer(status, headers, content, json)
        if len(answer.content) <= _http.WHOLE:
            body = answer.packed()
            await self._send(self._channel(), body, self.begin(WHOLE))
            return
        async with self.stream(status, answer.headers) as stream:
            for start in range(0, len(answer.content), _http.PIECE):
                await stream.write(answer.content[start : start + _http.PIECE])

    def stream(self, status: int = 200, headers: Optional[_http.Headers] = None) -> Stream:
        """Answers an HTTP request in pieces: ``async with message.stream() as stream: await stream.write(...)``."""
        if self.is_open or self.is_whole:
            self.begin(BEGUN)
        return Stream(self, self._channel(), status, headers)

    def refused(self, before: int, is_gone: bool) -> None:
        """What was sent was not stored; not part of the public interface."""
        self.take_back(before)
        if is_gone:
            self.gone()

    def _channel(self) -> str:
        channel = self.reply_channel
        if channel is None:
            raise SeawayError(f"the message on {self.channel} has no reply channel")
        return channel

    async def _send(self, channel: str, body: bytes, before: int) -> None:
        try:
            await self.layer.put(channel, body)
        except Unknown:
            raise
        except SeawayError as error:
            self.refused(before, isinstance(error, Gone))
            raise


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
        self._before = 0
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
            await break_off(self._message, _http.next_piece(b"", self.offset + 1, False))

    async def _put(self, content: bytes, more: bool) -> None:
        if self._has_begun:
            piece = _http.next_piece(content, self.offset, more)
        else:
            piece = _http.first_piece(self._status, self._headers, content, more)
            self._before = self._message.begin(BEGUN)
        try:
            await insist(lambda is_last_try: self._try(piece, is_last_try))
        except Unknown:
            raise
        except SeawayError as error:
            is_gone = isinstance(error, Gone)
            self._message.refused(self._before if not self._has_begun else ANSWERED | BEGUN, is_gone)
            raise
        self._has_begun = True
        self.offset += len(content)
        if not more:
            self._message.end()

    async def _try(self, piece: bytes, is_last_try: bool) -> bool:
        try:
            await self._message.layer.put(self._channel, piece)
        except Full:
            if is_last_try:
                raise
            return False
        except Unknown:
            # A further piece may be sent again, since its offset shows that it is the same (I12).
            if is_last_try or not self._has_begun:
                raise
            return False
        return True


async def break_off(message: Message, hole: bytes = _http.HOLE) -> None:
    """Lets the server see a hole, so that nobody takes what came for the whole; not part of the public interface."""
    channel = message.reply_channel
    message.end()
    if channel is None or message.is_known_gone:
        return

    try:
        await put_again(message, channel, hole)
    except Gone:
        message.gone()
    except SeawayError as error:
        logger.warning("an answer to %s could not be broken off: %s", channel, error)


async def put_again(message: Message, channel: str, body: bytes) -> None:
    """Puts what does no harm when it comes twice, again while there is no room or nobody knows whether it came."""

    async def attempt(is_last_try: bool) -> bool:
        try:
            await message.layer.put(channel, body)
        except (Full, Unknown):
            if is_last_try:
                raise
            return False
        return True

    await insist(attempt)


async def insist(attempt: Callable[[bool], Awaitable[bool]]) -> None:
    """Tries again while there is no room; the last attempt is told so."""
    loop = asyncio.get_running_loop()
    until = loop.time() + STREAM_PATIENCE
    pause = 0.005
    while not await attempt(loop.time() > until):
        await asyncio.sleep(pause)
        pause = min(pause * 2, 0.2)
