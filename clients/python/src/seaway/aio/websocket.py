"""Sockets of browsers, and the coroutine functions that serve them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Optional, TypeVar

from .. import _http, _values, _websocket
from .._errors import Full, Gone, SeawayError
from .._log import logger
from .._websocket import Data, Kept, SocketFields
from ._passing import passes
from .message import Message

if TYPE_CHECKING:
    from .layer import Layer

Function = TypeVar("Function", bound=Callable[..., Awaitable[Any]])


class WebSocket(SocketFields):
    """One socket of a browser (protocol/INTERFACE.md, section 8): it may be kept, and used from anywhere.

    What sends waits until the broker has it, and while the browser is slow for up to 60 s, or for ``patience`` seconds;
    then it raises ``Full``. It raises ``Gone`` when the socket is closed.
    """

    __slots__ = ("layer",)

    def __init__(self, message: Message):
        super().__init__(message)
        #: On which its event came.
        self.layer: Layer = message.layer

    async def accept(
        self,
        subprotocol: Optional[str] = None,
        headers: Optional[_http.Headers] = None,
        greeting: Optional[Data] = None,
    ) -> None:
        """Opens the socket, with one of its ``subprotocols``, more fields for the 101, and a first message."""
        await self._put(self.channel, self._accepting(subprotocol, headers, greeting))

    async def reject(
        self, status: int = 403, headers: Optional[_http.Headers] = None, content: _http.Text = b""
    ) -> None:
        """Does not open the socket; the browser gets this answer."""
        await self._put(self.channel, self._rejecting(status, headers, content))

    async def send(self, content: Data, *, patience: float = _websocket.PATIENCE) -> None:
        """Sends a string as text or bytes as binary; a socket that was only asked for is accepted with it."""
        if self.is_decided:
            await self._put(self.channel, _websocket.data(content), patience)
        else:
            await self.accept(greeting=content)

    async def send_json(self, value: Any, *, patience: float = _websocket.PATIENCE) -> None:
        """Sends any value that can be printed as JSON, as text."""
        await self.send(_websocket.json(value), patience=patience)

    async def close(self, code: int = 1000, reason: str = "", *, at_once: bool = False) -> None:
        """Closes the socket, behind what was sent before or at once; one that was only asked for is rejected."""
        message = _websocket.closing(code, reason)
        if self.is_decided:
            await self._put(self.control_channel if at_once else self.channel, message)
        else:
            await self.reject()

    async def join(self, group: str) -> None:
        """Makes the socket a member of a group until it closes; in force when it returns, also before ``accept``."""
        await self.layer.join(group, self.channel)

    async def leave(self, group: str) -> None:
        """Ends a membership."""
        await self.layer.leave(group, self.channel)

    async def receive_on(self, channel: Optional[str]) -> None:
        """Has the socket's events sent elsewhere from now on; ``None``: to the shared channels again (W18).

        A route that is ``sticky`` sees to this by itself.
        """
        await self._put(self.control_channel, {"receive_channel": channel})

    async def _put(self, channel: str, message: Mapping[str, Any], patience: float = _websocket.PATIENCE) -> None:
        body = _values.pack(message)
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        for pause in _websocket.pauses():
            try:
                await self.layer.put(channel, body)
                return
            except Full:
                if loop.time() + pause > until:
                    raise
            await asyncio.sleep(pause)


class WebSocketRoute:
    """The functions that serve the sockets of a path: what ``worker.websocket`` makes of the first of them."""

    def __init__(
        self, receive: Callable[[WebSocket, Data], Awaitable[Any]], kept: Kept, serial: bool, mailbox: Optional[str]
    ):
        self._receive = receive
        self._connect: Optional[Callable[[WebSocket], Awaitable[Any]]] = None
        self._disconnect: Optional[Callable[[WebSocket, int, str], Awaitable[Any]]] = None
        self._kept = kept
        self._serial = serial
        self._mailbox = mailbox

    def connect(self, function: Function) -> Function:
        """Lets a coroutine function ``accept`` or ``reject`` a socket, or return to accept; 5 s are left for it."""
        self._connect = function
        return function

    def disconnect(self, function: Function) -> Function:
        """Lets a coroutine function hear of the end: code and reason of the browser; once for every connect (W5)."""
        self._disconnect = function
        return function

    def __call__(self, socket: WebSocket, content: Data) -> Awaitable[Any]:
        """Calls the function that takes the messages of browsers."""
        return self._receive(socket, content)

    async def serve(self, message: Message) -> None:
        """Works on one event; not part of the public interface."""
        socket = WebSocket(message)
        kind = message.get("type")
        message.is_served(self._serial and kind == "websocket.receive")
        if kind == "websocket.connect":
            await self._ask(socket)
        elif kind == "websocket.receive":
            await self._take(socket)
        elif kind == "websocket.disconnect":
            self._kept.forget(socket.channel)
            await _try(self._kept, socket, self._end(socket))
        else:
            logger.warning("an event of an unknown type on %s", message.channel)

    async def _ask(self, socket: WebSocket) -> None:
        mailbox = self._mailbox
        socket.told(self._serial, None if mailbox is None else self._kept.keep(socket, mailbox))
        if await _try(self._kept, socket, self._decide(socket)):
            return
        self._kept.forget(socket.channel)
        failure = socket.close(_websocket.FAILED) if socket.is_decided else socket.reject(500)
        await _try(self._kept, socket, failure)

    async def _decide(self, socket: WebSocket) -> None:
        if self._connect is not None:
            await self._connect(socket)
        if not socket.is_decided:
            await socket.accept()

    async def _take(self, socket: WebSocket) -> None:
        # The worker says that it is done, also after a failure (W16).
        if not await _try(self._kept, socket, self._hand(socket)):
            await _try(self._kept, socket, socket.close(_websocket.FAILED))

    async def _hand(self, socket: WebSocket) -> None:
        await self._receive(socket, _websocket.received(socket.message))

    async def _end(self, socket: WebSocket) -> None:
        if self._disconnect is not None:
            await self._disconnect(socket, *_websocket.ended(socket.message))


async def _try(kept: Kept, socket: WebSocket, work: Awaitable[Any]) -> bool:
    me = asyncio.current_task()
    try:
        await work
    except Gone as error:
        if error.name not in (socket.channel, socket.control_channel):
            logger.error("a function failed on %r", socket, exc_info=error)
            return False
        logger.debug("the socket %s has ended", socket.channel)
        kept.forget(socket.channel)
    except BaseException as error:
        if passes(error, me):
            raise
        logger.error("a function failed on %r", socket, exc_info=error)
        return False
    return True


async def refuse(message: Message) -> None:
    """Tells a browser whose path fits no route; not part of the public interface."""
    socket = WebSocket(message)
    message.is_served(False)
    await message.layer.put(socket.channel, _websocket.NOT_FOUND)


async def give_back(layer: Layer, kept: Kept) -> bool:
    """Gives the sockets that are kept here back to all workers; returns whether there were any."""
    channels = kept.leave()
    for start in range(0, len(channels), 256):
        sends = [layer.put(channel, _websocket.GIVE_BACK) for channel in channels[start : start + 256]]
        for outcome in await asyncio.gather(*sends, return_exceptions=True):
            if isinstance(outcome, SeawayError):
                logger.debug("a socket was not given back: %s", outcome)
    return bool(channels)
