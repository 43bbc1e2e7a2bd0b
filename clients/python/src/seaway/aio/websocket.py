"""Sockets of browsers, and the coroutine functions that serve them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Awaitable, Callable, List, Optional, Tuple, TypeVar

from .. import _websocket
from .._errors import SeawayError
from .._kept import Kept
from .._log import logger
from .._sockets import BaseRoute, BaseSocket
from .._websocket import Data
from ._calls import CoroutineCalls
from .message import Message

if TYPE_CHECKING:
    from .layer import Layer

Function = TypeVar("Function", bound=Callable[..., Awaitable[Any]])


class WebSocket(BaseSocket):
    """One socket of a browser (protocol/INTERFACE.md, section 8): it may be kept, and used from anywhere.

    What sends waits until the broker has it, and while the browser is slow for up to 60 s, or for ``patience`` seconds;
    then it raises ``Full``. It raises ``Gone`` when the socket is closed.
    """

    __slots__ = ()

    layer: Layer

    accept = BaseSocket._accept
    reject = BaseSocket._reject
    send = BaseSocket._send
    send_json = BaseSocket._send_json
    close = BaseSocket._close
    join = BaseSocket._join
    leave = BaseSocket._leave
    receive_on = BaseSocket._receive_on


class WebSocketRoute(CoroutineCalls, BaseRoute):
    """The functions that serve the sockets of a path: what ``worker.websocket`` makes of the first of them."""

    def __init__(
        self, receive: Callable[[WebSocket, Data], Awaitable[Any]], kept: Kept, serial: bool, mailbox: Optional[str]
    ):
        super().__init__(receive, kept, serial, mailbox)

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
        coroutine: Awaitable[Any] = self._receive(socket, content)
        return coroutine

    serve = BaseRoute._serve

    def _socket(self, message: Message) -> WebSocket:
        return WebSocket(message)


async def refuse(message: Message) -> None:
    """Tells a browser whose path fits no route; not part of the public interface."""
    socket = WebSocket(message)
    message.is_served(False)
    await message.layer.put(socket.channel, _websocket.NOT_FOUND)


async def tell(layer: Layer, messages: List[Tuple[str, bytes]]) -> None:
    """Tells sockets what becomes of them when the worker leaves; not part of the public interface."""
    for start in range(0, len(messages), 256):
        sends = [layer.put(channel, body) for channel, body in messages[start : start + 256]]
        for outcome in await asyncio.gather(*sends, return_exceptions=True):
            if isinstance(outcome, SeawayError):
                logger.debug("a socket was not told that its worker leaves: %s", outcome)
