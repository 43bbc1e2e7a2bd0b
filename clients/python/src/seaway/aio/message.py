"""Messages of the asyncio client, and how to answer them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, AsyncGenerator, Awaitable, Callable, Optional, Type

from .. import _body, _http, _stream, _values
from .._answering import BEGUN, BODY_TAKEN, GONE, IN_WORKER, WHOLE
from .._errors import Gone, SeawayError, Unknown
from .._stream import Answerable, BaseStream
from . import _body as _aio_body

if TYPE_CHECKING:
    from .layer import Layer

#: How long a worker's whole answer waits for a broker.
ANSWER_PATIENCE = 10.0


class _Waits:
    """Waits on the running loop."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Lets them pass."""
        await asyncio.sleep(seconds)


WAITS = _Waits()


class Message(Answerable):
    """A received message that knows how to answer."""

    __slots__ = ("due", "pause", "task")

    layer: Layer
    waits = WAITS

    def __init__(
        self,
        channel: str,
        group: Optional[str],
        body: bytes,
        layer: Layer,
        task: Optional[asyncio.Task[Any]] = None,
        began: float = 0.0,
    ):
        super().__init__(channel, group, body)
        #: On which it came.
        self.layer = layer
        #: That of the worker's function which has it; when the server is to be told of it, and how long to wait if it
        #: cannot be (see ``RequestEnds``).
        self.task = task
        self.due = self.pause = 0.0
        self.began = began
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

    async def ack(self) -> None:
        """Says that the message is done, where it is to be acknowledged; see ``Layer.ack``."""
        await self.layer.ack(self)

    async def nak(self, *, in_: Optional[float] = None, dead: Optional[str] = None) -> None:
        """Gives the message back; see ``Layer.nak``."""
        await self.layer.nak(self, in_=in_, dead=dead)

    async def hold(self) -> None:
        """Lets the time begin anew for which the message is held; see ``Layer.hold``."""
        await self.layer.hold(self)

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
            body = answer.packed(self.told())
            await self._send(self._channel(), body, self.begin(WHOLE), True)
            return
        async with self.stream(status, answer.headers) as stream:
            for start in range(0, len(answer.content), _http.PIECE):
                await stream.write(answer.content[start : start + _http.PIECE])

    def stream(self, status: int = 200, headers: Optional[_http.Headers] = None) -> Stream:
        """Answers an HTTP request in pieces: ``async with message.stream() as stream: await stream.write(...)``."""
        if self.is_open or self.is_whole:
            self.begin(BEGUN)
        return Stream(self, self._channel(), status, headers)

    async def _send(self, channel: str, body: bytes, before: int, is_whole: bool = False) -> None:
        """``is_whole``: what comes behind a whole answer is dropped (I18), so a worker may say it twice."""
        try:
            if is_whole and self.flags & IN_WORKER:
                await put_again(self, channel, body, ANSWER_PATIENCE)
            else:
                await self.layer.put(channel, body)
        except Unknown:
            raise
        except SeawayError as error:
            self.refused(before, isinstance(error, Gone))
            raise


class Stream(BaseStream):
    """The body of an answer, written piece by piece.

    Each piece waits until the broker has it, for up to 60 s with a slow client (I11). If the block ends with an error
    the answer is broken off, so that the client does not take it for whole.
    """

    write = BaseStream._write
    end = BaseStream._end

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        await self._leave(error)


break_off = _stream.break_off
put_again = _stream.put_again


async def insist(attempt: Callable[[bool], Awaitable[bool]], patience: Optional[float] = None) -> None:
    """Tries again while there is no room; the last attempt is told so."""
    await _stream.insist(WAITS, attempt, patience)
