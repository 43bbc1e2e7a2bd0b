"""What a worker does with sockets of browsers, as coroutines for both halves (see ``_blocking``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Iterator, Optional

from . import _http, _values, _websocket
from ._calls import Calls
from ._errors import PASSING, Gone, NoSession, Unknown
from ._kept import Kept
from ._log import logger
from ._stream import Answerable, Waits
from ._websocket import Data, SocketFields

if TYPE_CHECKING:
    from ._layer import BaseLayer


class BaseSocket(SocketFields):
    """What sends waits until the broker has it, and while the browser is slow (W13)."""

    __slots__ = ("_put_deciding", "_waits", "layer")

    def __init__(self, message: Answerable):
        super().__init__(message)
        self._waits: Waits = message.waits
        #: Sends what decides about the socket, by which the connect is done: it is not to come again (S13).
        self._put_deciding = message._put_last
        #: On which its event came.
        self.layer: BaseLayer = message.layer

    async def _accept(
        self,
        subprotocol: Optional[str] = None,
        headers: Optional[_http.Headers] = None,
        greeting: Optional[Data] = None,
    ) -> None:
        """Opens the socket, with one of its ``subprotocols``, more fields for the 101, and a first message."""
        await self._put(self.channel, self._accepting(subprotocol, headers, greeting), decides=True)

    async def _reject(
        self, status: int = 403, headers: Optional[_http.Headers] = None, content: _http.Text = b""
    ) -> None:
        """Does not open the socket; the browser gets this answer."""
        await self._put(self.channel, self._rejecting(status, headers, content), decides=True)

    async def _send(self, content: Data, *, patience: float = _websocket.PATIENCE) -> None:
        """Sends a string as text or bytes as binary; a socket that was only asked for is accepted with it."""
        if self.is_decided:
            await self._put(self.channel, _websocket.data(content), patience)
        else:
            await self._accept(greeting=content)

    async def _send_json(self, value: Any, *, patience: float = _websocket.PATIENCE) -> None:
        """Sends any value that can be printed as JSON, as text."""
        await self._send(_websocket.json(value), patience=patience)

    async def _close(self, code: int = 1000, reason: str = "", *, at_once: bool = False) -> None:
        """Closes the socket, behind what was sent before or at once; one that was only asked for is rejected."""
        message = _websocket.closing(code, reason)
        if self.is_decided:
            await self._put(self.control_channel if at_once else self.channel, message)
        else:
            await self._reject()

    async def _join(self, group: str) -> None:
        """Makes the socket a member of a group until it closes; in force when it returns, also before ``accept``."""
        await self.layer._join(group, self.channel)

    async def _leave(self, group: str) -> None:
        """Ends a membership."""
        await self.layer._leave(group, self.channel)

    async def _receive_on(self, channel: Optional[str]) -> None:
        """Has the socket's events sent elsewhere from now on; ``None``: to the shared channels again (W18).

        A route that is ``sticky`` sees to this by itself. Another channel than one in such a mailbox closes the socket
        with 1011, unless an option of the interface server allows it (``--websocket-receive-channel``).
        """
        await self._put(self.control_channel, {"receive_channel": channel})

    async def _put(
        self,
        channel: str,
        message: Mapping[str, Any],
        patience: float = _websocket.PATIENCE,
        decides: bool = False,
    ) -> None:
        put = self._put_deciding if decides else self.layer._put
        body = _values.pack(message)
        pauses: Optional[Iterator[float]] = None
        until = 0.0
        while True:
            try:
                await put(channel, body)
                return
            except (*PASSING, Unknown) as error:
                # A close that comes twice does no harm.
                if isinstance(error, Unknown) and "close" not in message:
                    raise
                now = self._waits.monotonic()
                if pauses is None:
                    pauses, until = iter(_websocket.pauses()), now + patience
                pause = next(pauses)
                if now + pause > until:
                    raise
            await self._waits.sleep(pause)


class BaseRoute(Calls):
    """The functions that serve the sockets of a path."""

    def __init__(self, receive: Callable[..., Any], kept: Kept, serial: bool, mailbox: Optional[str]):
        self._receive = receive
        self._connect: Optional[Callable[..., Any]] = None
        self._disconnect: Optional[Callable[..., Any]] = None
        self._kept = kept
        self._serial = serial
        self._mailbox = mailbox

    # Hooks

    def _socket(self, message: Any) -> BaseSocket:
        raise NotImplementedError

    # Events

    async def _serve(self, message: Any) -> None:
        """Works on one event; not part of the public interface."""
        socket = self._socket(message)
        socket.kept = None if self._mailbox is None else self._kept
        kind = message.get("type")
        message.is_served(self._serial and kind == "websocket.receive")
        if kind == "websocket.connect":
            await self._ask(socket)
        elif kind == "websocket.receive":
            await self._take(socket)
        elif kind == "websocket.disconnect":
            if self._disconnect is not None:
                await self._try(
                    socket, self._call_function(self._disconnect, socket, *_websocket.ended(socket.message))
                )
            self._kept.forget(socket.channel)
        else:
            logger.warning("an event of an unknown type on %s", message.channel)

    async def _ask(self, socket: BaseSocket) -> None:
        mailbox = self._mailbox
        socket.told(self._serial, None if mailbox is None else self._kept.keep(socket, mailbox))
        error = await self._try(socket, self._decide(socket))
        if error is not None or socket.is_rejected:
            # It never began: its end may be told to another worker.
            self._kept.forget(socket.channel)
        if error is not None:
            await self._try(socket, self._fail(socket, error))

    async def _fail(self, socket: BaseSocket, error: BaseException) -> None:
        """Closes or rejects a socket whose function has failed."""
        has_left = isinstance(error, NoSession)
        if socket.is_decided:
            code, reason = (_websocket.RESTART, "its worker has left") if has_left else (_websocket.FAILED, "")
            await socket._close(code, reason)
        elif has_left:
            await socket._reject(503, {"retry-after": "1"})
        else:
            await socket._reject(500)

    async def _decide(self, socket: BaseSocket) -> None:
        if self._connect is not None:
            await self._call_function(self._connect, socket)
        if not socket.is_decided:
            await socket._accept()

    async def _take(self, socket: BaseSocket) -> None:
        # The worker says that it is done, also after a failure (W16).
        error = await self._try(socket, self._hand(socket))
        if error is not None:
            await self._try(socket, self._fail(socket, error))

    async def _hand(self, socket: BaseSocket) -> None:
        await self._call_function(self._receive, socket, _websocket.received(socket.message))

    async def _try(self, socket: BaseSocket, work: Awaitable[Any]) -> Optional[BaseException]:
        """Returns what it raises, logged, but for what is of a socket that has ended."""
        passes = self._passing()
        try:
            await work
        except Gone as error:
            if error.name not in (socket.channel, socket.control_channel):
                logger.error("a function failed on %r", socket, exc_info=error)
                return error
            logger.debug("the socket %s has ended", socket.channel)
            if socket.message.get("type") == "websocket.connect":
                # Its end may be told to another worker.
                self._kept.forget(socket.channel)
        except Unknown as error:
            is_connect = socket.message.get("type") == "websocket.connect"
            if is_connect or error.name not in (socket.channel, socket.control_channel):
                logger.error("a function failed on %r", socket, exc_info=error)
                return error
            # The socket is as it was, and goes on over other connections.
            logger.warning("a message to %r may be lost: %s", socket, error)
        except NoSession as error:
            # Its worker is to blame, not the function.
            logger.warning("%r: %s", socket, error)
            return error
        except BaseException as error:
            if passes(error):
                raise
            logger.error("a function failed on %r", socket, exc_info=error)
            return error
        return None
