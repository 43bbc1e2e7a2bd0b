"""Sockets of browsers, and the functions that serve them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, List, Optional, Tuple, TypeVar

from . import _websocket
from ._blocking import blocking
from ._calls import BlockingCalls
from ._errors import SeawayError
from ._kept import Kept
from ._log import logger
from ._sockets import BaseRoute, BaseSocket
from ._websocket import Data
from .message import Message, Pending

if TYPE_CHECKING:
    from .layer import Layer

Function = TypeVar("Function", bound=Callable[..., Any])


class WebSocket(BaseSocket):
    """One socket of a browser (protocol/INTERFACE.md, section 8): it may be kept, and used from anywhere.

    What sends waits until the broker has it, and while the browser is slow for up to 60 s, or for ``patience`` seconds;
    then it raises ``Full``. It raises ``Gone`` when the socket is closed. A worker of one thread waits with it.
    """

    __slots__ = ()

    layer: Layer

    accept = blocking(BaseSocket._accept)
    reject = blocking(BaseSocket._reject)
    send = blocking(BaseSocket._send)
    send_json = blocking(BaseSocket._send_json)
    close = blocking(BaseSocket._close)
    join = blocking(BaseSocket._join)
    leave = blocking(BaseSocket._leave)
    receive_on = blocking(BaseSocket._receive_on)


class WebSocketRoute(BlockingCalls, BaseRoute):
    """The functions that serve the sockets of a path: what ``worker.websocket`` makes of the first of them."""

    def __init__(self, receive: Callable[[WebSocket, Data], Any], kept: Kept, serial: bool, mailbox: Optional[str]):
        super().__init__(receive, kept, serial, mailbox)

    def connect(self, function: Function) -> Function:
        """Lets a function decide about a socket: ``accept``, ``reject``, or return to accept; 5 s are left for it."""
        self._connect = function
        return function

    def disconnect(self, function: Function) -> Function:
        """Lets a function hear of the end, with the code and the browser's reason; once for every connect (W5)."""
        self._disconnect = function
        return function

    def __call__(self, socket: WebSocket, content: Data) -> Any:
        """Calls the function that takes the messages of browsers."""
        return self._receive(socket, content)

    serve = blocking(BaseRoute._serve)

    def _socket(self, message: Message) -> WebSocket:
        return WebSocket(message)


def _post(layer: Layer, channel: str, body: bytes) -> Pending:
    pending = Pending(layer, channel)
    layer.post(channel, body, pending)
    return pending


def refuse(message: Message) -> None:
    """Tells a browser whose path fits no route; not part of the public interface."""
    socket = WebSocket(message)
    message.is_served(False)
    _post(message.layer, socket.channel, _websocket.NOT_FOUND)


def tell(layer: Layer, messages: List[Tuple[str, bytes]]) -> None:
    """Tells sockets what becomes of them when the worker leaves; not part of the public interface."""
    for pending in [_post(layer, channel, body) for channel, body in messages]:
        try:
            pending.wait()
        except SeawayError as error:
            logger.debug("a socket was not told that its worker leaves: %s", error)
