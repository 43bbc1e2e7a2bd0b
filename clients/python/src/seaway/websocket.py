"""Sockets of browsers, and the functions that serve them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from . import _http, _values, _websocket
from ._errors import Full, Gone, SeawayError
from ._log import logger
from ._signals import is_interrupt
from ._websocket import Data, Kept, SocketFields
from .message import Message, Pending

if TYPE_CHECKING:
    from .layer import Layer

Function = TypeVar("Function", bound=Callable[..., Any])


class WebSocket(SocketFields):
    """One socket of a browser (protocol/INTERFACE.md, section 8): it may be kept, and used from anywhere.

    What sends waits until the broker has it, and while the browser is slow for up to 60 s, or for ``patience`` seconds;
    then it raises ``Full``. It raises ``Gone`` when the socket is closed. A worker of one thread waits with it.
    """

    __slots__ = ("layer",)

    def __init__(self, message: Message):
        super().__init__(message)
        #: On which its event came.
        self.layer: Layer = message.layer

    def accept(
        self,
        subprotocol: Optional[str] = None,
        headers: Optional[_http.Headers] = None,
        greeting: Optional[Data] = None,
    ) -> None:
        """Opens the socket, with one of its ``subprotocols``, more fields for the 101, and a first message."""
        self._put(self.channel, self._accepting(subprotocol, headers, greeting))

    def reject(self, status: int = 403, headers: Optional[_http.Headers] = None, content: _http.Text = b"") -> None:
        """Does not open the socket; the browser gets this answer."""
        self._put(self.channel, self._rejecting(status, headers, content))

    def send(self, content: Data, *, patience: float = _websocket.PATIENCE) -> None:
        """Sends a string as text or bytes as binary; a socket that was only asked for is accepted with it."""
        if self.is_decided:
            self._put(self.channel, _websocket.data(content), patience)
        else:
            self.accept(greeting=content)

    def send_json(self, value: Any, *, patience: float = _websocket.PATIENCE) -> None:
        """Sends any value that can be printed as JSON, as text."""
        self.send(_websocket.json(value), patience=patience)

    def close(self, code: int = 1000, reason: str = "", *, at_once: bool = False) -> None:
        """Closes the socket, behind what was sent before or at once; one that was only asked for is rejected."""
        message = _websocket.closing(code, reason)
        if self.is_decided:
            self._put(self.control_channel if at_once else self.channel, message)
        else:
            self.reject()

    def join(self, group: str) -> None:
        """Makes the socket a member of a group until it closes; in force when it returns, also before ``accept``."""
        self.layer.join(group, self.channel)

    def leave(self, group: str) -> None:
        """Ends a membership."""
        self.layer.leave(group, self.channel)

    def receive_on(self, channel: Optional[str]) -> None:
        """Has the socket's events sent elsewhere from now on; ``None``: to the shared channels again (W18).

        A route that is ``sticky`` sees to this by itself.
        """
        self._put(self.control_channel, {"receive_channel": channel})

    def _put(self, channel: str, message: Mapping[str, Any], patience: float = _websocket.PATIENCE) -> None:
        body = _values.pack(message)
        until = time.monotonic() + patience
        for pause in _websocket.pauses():
            try:
                self.layer.put(channel, body)
                return
            except Full:
                if time.monotonic() + pause > until:
                    raise
            time.sleep(pause)


class WebSocketRoute:
    """The functions that serve the sockets of a path: what ``worker.websocket`` makes of the first of them."""

    def __init__(self, receive: Callable[[WebSocket, Data], Any], kept: Kept, serial: bool, mailbox: Optional[str]):
        self._receive = receive
        self._connect: Optional[Callable[[WebSocket], Any]] = None
        self._disconnect: Optional[Callable[[WebSocket, int, str], Any]] = None
        self._kept = kept
        self._serial = serial
        self._mailbox = mailbox

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

    def serve(self, message: Message) -> None:
        """Works on one event; not part of the public interface."""
        socket = WebSocket(message)
        kind = message.get("type")
        message.is_served(self._serial and kind == "websocket.receive")
        if kind == "websocket.connect":
            self._ask(socket)
        elif kind == "websocket.receive":
            self._take(socket)
        elif kind == "websocket.disconnect":
            self._kept.forget(socket.channel)
            _try(self._kept, socket, lambda: self._end(socket))
        else:
            logger.warning("an event of an unknown type on %s", message.channel)

    def _ask(self, socket: WebSocket) -> None:
        mailbox = self._mailbox
        socket.told(self._serial, None if mailbox is None else self._kept.keep(socket, mailbox))
        if _try(self._kept, socket, lambda: self._decide(socket)):
            return
        self._kept.forget(socket.channel)
        if socket.is_decided:
            _try(self._kept, socket, lambda: socket.close(_websocket.FAILED))
        else:
            _try(self._kept, socket, lambda: socket.reject(500))

    def _decide(self, socket: WebSocket) -> None:
        if self._connect is not None:
            self._connect(socket)
        if not socket.is_decided:
            socket.accept()

    def _take(self, socket: WebSocket) -> None:
        # The worker says that it is done, also after a failure (W16).
        if not _try(self._kept, socket, lambda: self._receive(socket, _websocket.received(socket.message))):
            _try(self._kept, socket, lambda: socket.close(_websocket.FAILED))

    def _end(self, socket: WebSocket) -> None:
        if self._disconnect is not None:
            self._disconnect(socket, *_websocket.ended(socket.message))


def _try(kept: Kept, socket: WebSocket, work: Callable[[], Any]) -> bool:
    try:
        work()
    except Gone as error:
        if error.name not in (socket.channel, socket.control_channel):
            logger.error("a function failed on %r", socket, exc_info=error)
            return False
        logger.debug("the socket %s has ended", socket.channel)
        kept.forget(socket.channel)
    except BaseException as error:
        if is_interrupt(error):
            raise
        logger.error("a function failed on %r", socket, exc_info=error)
        return False
    return True


def _post(layer: Layer, channel: str, body: bytes) -> Pending:
    pending = Pending(layer, channel)
    layer.post(channel, body, pending)
    return pending


def refuse(message: Message) -> None:
    """Tells a browser whose path fits no route; not part of the public interface."""
    socket = WebSocket(message)
    message.is_served(False)
    _post(message.layer, socket.channel, _websocket.NOT_FOUND)


def give_back(layer: Layer, kept: Kept) -> bool:
    """Gives the sockets that are kept here back to all workers; returns whether there were any."""
    pending = [_post(layer, channel, _websocket.GIVE_BACK) for channel in kept.leave()]
    for one in pending:
        try:
            one.wait()
        except SeawayError as error:
            logger.debug("a socket was not given back: %s", error)
    return bool(pending)
