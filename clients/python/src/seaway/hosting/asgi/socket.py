"""One socket of a browser and the coroutine that serves it, as the application has them."""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from typing import TYPE_CHECKING, Any, Deque, Dict, List, Optional, Tuple, Type

from ... import _endings, _http, _values, _websocket
from ..._errors import PASSING, Gone, SeawayError, Unknown
from ..._log import logger
from ...aio._passing import passes
from ...aio.message import Message, insist
from . import scopes
from .scopes import Disconnected

if TYPE_CHECKING:
    from .sockets import Sockets

#: RFC 6455: the server cannot fulfil the request; nobody has said why it ended; it comes back in a moment.
FAILED, ABNORMAL, RESTARTS = 1011, 1006, 1012


class State(enum.Enum):
    """How far a socket is."""

    #: The application was told, and has not decided.
    ASKED = "asked"
    #: The application refuses with an answer of its own, which is not whole yet.
    DENYING = "denying"
    OPEN = "open"
    #: Nothing more is sent: it was refused or closed, or has ended by itself.
    OVER = "over"


class Socket:
    """What an application receives and sends for one socket."""

    def __init__(self, sockets: Sockets, connect: Message, receive_channel: str):
        self.sockets = sockets
        #: The event with which it began, from which another process can begin anew.
        self.connect = connect
        self.channel = connect.reply_channel or ""
        control = connect.get("control_channel")
        self.control_channel: str = control if isinstance(control, str) else ""
        self.receive_channel = receive_channel
        self.state = State.ASKED
        self.task: Optional[asyncio.Task[None]] = None
        #: Where its events are sent on to, once another process serves it.
        self.successor: Optional[str] = None
        #: What the application has not received, with the message that it came in.
        self._events: Deque[Tuple[scopes.Event, Optional[Message]]] = deque([({"type": "websocket.connect"}, None)])
        self._came = asyncio.Event()
        self._waiting = 0
        #: The event that the application has in hand and that is not said to be done, while the process leaves.
        self._in_hand: Optional[Message] = None
        #: That of the last event that has come.
        self._order = 0
        #: Its end, as the server has told it.
        self.end: Optional[Message] = None
        self._denial: Tuple[int, List[Tuple[bytes, bytes]], bytearray] = (403, [], bytearray())
        #: When the application has last sent something, by the loop's clock.
        self.sent_at = 0.0

    async def run(self) -> None:
        """Calls the application; however it ends, the socket does too."""
        host = self.sockets.host
        scope = scopes.websocket(self.connect.data, host.root_path, host.state, self.connect.times)
        error: Optional[BaseException] = None
        try:
            await host.application(scope, self._receive, self._send)
        except BaseException as caught:
            if passes(caught, asyncio.current_task()):
                raise
            error = caught
        if self.successor is not None:
            self._hand_on(self.successor)
            return
        if isinstance(error, Disconnected) or (error is not None and self.state is State.OVER and _is_left(error)):
            error = None
        if error is not None and not isinstance(error, asyncio.CancelledError):
            logger.error("the application failed on a socket of %s", self.connect.path, exc_info=error)
        await self._leave_nothing_open(error)

    async def _leave_nothing_open(self, error: Optional[BaseException]) -> None:
        try:
            if self.state in (State.ASKED, State.DENYING):
                if error is None:
                    logger.error("the application has ended without a word to a socket of %s", self.connect.path)
                await self._put({"accept": False, "status": 500})
            elif self.state is State.OPEN:
                await self._put(_websocket.closing(1000 if error is None else FAILED, ""))
        except OSError:
            pass
        self.over()

    # What comes

    def is_new(self, message: Message) -> bool:
        """Whether an event, which may have been sent on more than once, has not come."""
        order = message.get("order")
        return not isinstance(order, int) or order > self._order

    def event(self, message: Message) -> None:
        """An event of the socket."""
        order = message.get("order")
        self._order = order if isinstance(order, int) else self._order
        kind = message.get("type")
        if kind == "websocket.receive":
            text = message.get("text")
            if text is not None:
                event: Dict[str, Any] = {"type": kind, "text": text}
            else:
                content = message.get("bytes", b"")
                event = {"type": kind, "bytes": content.encode("utf-8") if isinstance(content, str) else content}
            self._put_in(event, message)
        elif kind == "websocket.disconnect":
            self.end = message
            self.left(*_websocket.ended(message))

    def left(self, code: int = ABNORMAL, reason: str = "") -> None:
        """It has ended: the application hears of it once."""
        if not any(event["type"] == "websocket.disconnect" for event, _ in self._events):
            self._put_in({"type": "websocket.disconnect", "code": code, "reason": reason}, None)
        self.over()

    def over(self) -> None:
        """Nothing more can be sent."""
        self.state = State.OVER
        self.sockets.is_decided(self)

    def _put_in(self, event: scopes.Event, message: Optional[Message]) -> None:
        self._events.append((event, message))
        self._came.set()

    def _hand_on(self, successor: str) -> None:
        """What the application has not received is the other process's."""
        if self._in_hand is not None:
            self._say_done(self._in_hand)
        for message in (self.end, *(message for _, message in self._events)):
            if message is not None:
                self.sockets.host.posts.post(message, successor, message.body)

    @property
    def is_idle(self) -> bool:
        """The application has dealt with all that has come, as far as that can be seen, and waits for more."""
        return bool(self._waiting) and not self._events

    async def _receive(self) -> scopes.Event:
        if self._in_hand is not None:
            self._say_done(self._in_hand)
            self._in_hand = None
        while not self._events:
            self._came.clear()
            self._waiting += 1
            try:
                await self._came.wait()
            finally:
                self._waiting -= 1
        event, message = self._events.popleft()
        if event["type"] == "websocket.disconnect":
            # Whoever asks again is told again.
            self._put_in(event, None)
        if message is not None:
            if self.sockets.is_leaving:
                # The next one may be another process's.
                self._in_hand = message
            else:
                self._say_done(message)
        return event

    def _say_done(self, message: Message) -> None:
        order = message.get("order")
        if message.get("serial") is True and isinstance(order, int):
            self.sockets.host.posts.post(self.connect, self.control_channel, _endings.done(order))

    # What goes

    async def _send(self, event: scopes.Event) -> None:
        kind = event["type"]
        if self.state is State.OVER or self.successor is not None:
            raise Disconnected("the socket is closed, or another process's")
        if self.state is State.OPEN and kind == "websocket.send":
            text = event.get("text")
            await self._say({"text": text} if text is not None else _websocket.data(event.get("bytes") or b""))
        elif self.state is State.OPEN and kind == "websocket.close":
            await self._say(_websocket.closing(event.get("code") or 1000, event.get("reason") or ""))
            self.over()
        elif self.state is State.ASKED and kind == "websocket.accept":
            await self._accept(event)
        elif self.state is State.ASKED and kind == "websocket.close":
            await self._refuse(_websocket.reject(403, None, b""), event.get("code") or 1000)
        elif self.state is State.ASKED and kind == "websocket.http.response.start":
            self._denial = (event["status"], list(event.get("headers") or ()), bytearray())
            self.state = State.DENYING
        elif self.state is State.DENYING and kind == "websocket.http.response.body":
            await self._deny(event.get("body") or b"", bool(event.get("more_body")))
        else:
            raise RuntimeError(f"{kind} has no place where a socket is {self.state.value}")

    async def _accept(self, event: scopes.Event) -> None:
        message: Dict[str, Any] = {"accept": True, "serial": True, "receive_channel": self.receive_channel}
        if event.get("subprotocol") is not None:
            message["subprotocol"] = event["subprotocol"]
        if event.get("headers"):
            message["headers"] = list(event["headers"])
        await self._put(message)
        self.is_open()

    def is_open(self) -> None:
        """It was accepted."""
        if self.state is State.ASKED:
            self.state = State.OPEN
            self.sockets.is_open(self)
            if self.sockets.is_closing:
                self.sockets.host.posts.keep(self.close(RESTARTS))

    async def _refuse(self, message: Dict[str, Any], code: int) -> None:
        await self._put(message)
        self.left(code if code != 1000 else ABNORMAL)

    async def _deny(self, content: bytes, more: bool) -> None:
        status, headers, body = self._denial
        body += content
        if len(body) > _http.WHOLE:
            raise RuntimeError(f"the answer that refuses a socket has at most {_http.WHOLE} bytes")
        if not more:
            await self._refuse(_websocket.reject(status, headers, bytes(body)), ABNORMAL)

    async def _say(self, message: Dict[str, Any]) -> None:
        self.sent_at = self.sockets.host.loop.time()
        try:
            await self._put(message)
        except Unknown as error:
            # The socket is as it was, and an application knows of no such error.
            logger.warning("a message to a socket of %s may be lost: %s", self.connect.path, error)

    async def close(self, code: int, reason: str = "") -> None:
        """Closes it, behind what was sent; the application hears of that when it is done."""
        if self.state is State.OPEN:
            try:
                await self._put(_websocket.closing(code, reason))
            except OSError:
                return

    async def _put(self, message: Dict[str, Any]) -> None:
        """Waits until the broker has it, and while the browser is slow for up to 60 s; raises ``Disconnected``."""
        # A close that comes twice does no harm.
        await self.put(self.channel, _values.pack(message), (*PASSING, Unknown) if "close" in message else PASSING)

    async def put(self, channel: str, body: bytes, passing: Tuple[Type[SeawayError], ...] = PASSING) -> None:
        """Puts a message on one of its channels; tries again after errors that pass."""
        # The first message decides about the socket, so that the connect is done with it.
        decides = channel == self.channel and self.state in (State.ASKED, State.DENYING)
        put = self.connect._put_last if decides else self.sockets.host.layer.put

        async def attempt(is_last_try: bool) -> bool:
            try:
                await put(channel, body)
            except passing:
                if is_last_try:
                    raise
                return False
            return True

        try:
            await insist(attempt, _websocket.PATIENCE)
        except Gone as error:
            self.left()
            raise Disconnected("the socket has ended") from error


def _is_left(error: Optional[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, Disconnected):
            return True
        error = error.__cause__ or error.__context__
    return False
