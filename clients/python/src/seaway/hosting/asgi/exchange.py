"""One HTTP request and its answer, as the application has them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, List, Optional, Tuple

from ... import _body, _fork, _http, _values
from ..._answering import GONE, IN_WORKER, WHOLE
from ..._endings import named
from ..._errors import BodyBroken, Gone, SeawayError, TooLarge
from ..._log import logger
from ..._reading import Delivery
from ...aio._body import BodyReader
from ...aio._consumer import settle
from ...aio._passing import passes
from ...aio.layer import Layer
from ...aio.message import Message, Stream
from . import scopes
from .scopes import Disconnected

if TYPE_CHECKING:
    from .host import Host


class Request(Message):
    """A request whose application is told when nobody waits for the answer any more."""

    __slots__ = ("exchange",)

    def __init__(self, channel: str, delivery: Delivery, layer: Layer):
        super().__init__(channel, delivery.group, delivery.body, layer, began=time.monotonic())
        self._data = _values.unpack_unchecked(delivery.body)
        self.flags = IN_WORKER
        self.held = delivery.held
        self.exchange: Optional[Exchange] = None

    def gone(self) -> None:
        """Nobody waits for the answer any more."""
        super().gone()
        if self.exchange is not None:
            self.exchange.is_over()


class Exchange:
    """What an application receives and sends for one request."""

    __slots__ = (
        "_body",
        "_has_answered",
        "_headers",
        "_host",
        "_is_read",
        "_over",
        "_status",
        "_stream",
        "request",
        "task",
    )

    def __init__(self, host: Host, request: Request):
        self.request = request
        self._host = host
        self._is_read = False
        self._body: Optional[BodyReader] = None
        self._status = 0
        self._headers: List[Tuple[_http.Text, _http.Text]] = []
        self._stream: Optional[Stream] = None
        self._has_answered = False
        self._over: Optional[asyncio.Event] = None
        #: In which it runs.
        self.task: Optional[asyncio.Task[None]] = None

    async def run(self) -> None:
        """Calls the application; whatever it does, the request is answered, or its answer broken off."""
        host, request, generation = self._host, self.request, _fork.generation
        if self.task is None:
            # One that runs before whoever has made it gets it.
            self.task = asyncio.current_task()
        error: Optional[BaseException] = None
        try:
            try:
                request.exchange = self
                host.ends.began(request)
                scope = scopes.http(request.data, host.root_path, host.state, request.times)
                await host.application(scope, self._receive, self._send)
            except BaseException as caught:
                if passes(caught, self.task):
                    raise
                error = caught
            finally:
                host.ends.ended(request)
                request.exchange = None
            if _fork.generation != generation:
                _fork.leave(error)
            if error is not None or not request.flags & WHOLE:
                await self._settle(error)
            error = None
            host.is_over(request.held)
            if self._body is not None:
                await self._body.stop()
        finally:
            host.finished(self.task)

    async def _settle(self, error: Optional[BaseException]) -> None:
        if self.request.is_known_gone and error is not None and _is_because_of(error):
            logger.debug("nobody waits for the answer to %s any more", self.request.path)
            return
        if error is None and self._status and not self._has_answered:
            what = f"{self.request.path}{named(self.request)}"
            logger.error("the application has begun an answer to %s, and no more", what)
        await settle(self.request, error)

    def is_over(self) -> None:
        """Nothing more is to come, for either side."""
        if self._over is not None:
            self._over.set()

    # What the application calls

    async def _receive(self) -> scopes.Event:
        request = self.request
        if not self._is_read and not request.flags & WHOLE:
            channel = _body.channel(request)
            if channel is None:
                self._is_read = True
                return {"type": "http.request", "body": request.content, "more_body": False}
            if self._body is None:
                self._body = BodyReader(request, channel)
            try:
                content = await self._body.next()
            except (BodyBroken, Gone) as error:
                logger.debug("the body of %s has broken off: %s", request.path, error)
                request.gone()
                return {"type": "http.disconnect"}
            self._is_read = self._body.is_whole
            return {"type": "http.request", "body": content, "more_body": not self._is_read}
        if not request.is_known_gone and not request.flags & WHOLE:
            if self._over is None:
                self._over = asyncio.Event()
            await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, event: scopes.Event) -> None:
        kind = event["type"]
        request = self.request
        if request.flags & GONE:
            raise Disconnected("nobody waits for the answer any more")
        if kind == "http.response.start":
            if self._status:
                raise RuntimeError("http.response.start was sent before")
            self._status, self._headers = event["status"], list(event.get("headers") or ())
        elif kind == "http.response.body":
            if not self._status or request.flags & WHOLE:
                why = "before http.response.start" if not self._status else "after the last one"
                raise RuntimeError(f"http.response.body was sent {why}")
            await self._answer(event.get("body") or b"", bool(event.get("more_body")))
        else:
            raise RuntimeError(f"{kind} is no message of an answer")

    async def _answer(self, content: bytes, more: bool) -> None:
        if self._stream is None and not more and len(content) <= _http.WHOLE:
            self._whole(content)
            return
        try:
            if self._stream is None:
                self._stream = self.request.stream(self._status, self._headers)
            self._has_answered = True
            for start in range(0, len(content), _http.PIECE):
                await self._stream.write(content[start : start + _http.PIECE])
            if not more:
                await self._stream.end()
            elif not content and not self._stream.offset:
                # The head is not to wait for the first piece.
                await self._stream.write(b"")
        except Gone as error:
            self.request.gone()
            raise Disconnected(str(error)) from error
        if not more:
            self.is_over()

    def _whole(self, content: bytes) -> None:
        request = self.request
        packed = _http.first_piece(self._status, self._headers, content, False, request.told())
        channel = request.reply_channel
        if channel is None:
            raise SeawayError("the request has no reply channel")
        if len(packed) > request.layer.link.core.max_body:
            raise TooLarge(f"the answer has {len(packed)} bytes with its headers, more than the broker takes")
        request.begin(WHOLE)
        self._has_answered = True
        self._host.posts.answer(request, channel, packed)
        self.is_over()


def _is_because_of(error: Optional[BaseException]) -> bool:
    """Whether an error is what an application makes of ``Disconnected``."""
    while error is not None:
        if isinstance(error, (Disconnected, BodyBroken, Gone, asyncio.CancelledError)):
            return True
        error = error.__cause__ or error.__context__
    return False
