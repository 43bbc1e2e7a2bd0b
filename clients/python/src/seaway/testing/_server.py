"""An interface server in this process, in front of a worker: protocol/INTERFACE.md as far as functions see it."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Any, Deque, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Type, Union

from .. import _http, _names, _values, _websocket
from .._answers import Sent
from .._errors import refusal
from ..aio.worker import Worker as AsyncWorker
from ..worker import Worker
from ._broker import FakeBroker
from ._browser import FakeSocket
from ._channels import Refusal
from ._clock import Clock
from ._exchange import INLINE, PIECE, Answer, Exchange
from ._hosts import host

_CLIENT = ["127.0.0.1", 50_000]
_SERVER = ["127.0.0.1", 8_000]
_UNLIMITED = 1 << 30


class FakeServer:
    """Asks the functions of a worker as browsers do, without a socket, a broker or a second thread.

    ::

        with seaway.testing.FakeServer(worker) as site:
            assert site.get("/hello/moon").text == "hello moon"

    A ``seaway.Worker`` or a ``seaway.aio.Worker``. When a call returns, all functions that it has given something to do
    have ended, or wait for the clock, which ``advance`` moves on. While it is open, ``Channel`` and ``Group`` use its
    broker.
    """

    #: The ``<server>`` of its channels (I1).
    name = "test"

    def __init__(self, worker: Union[Worker, AsyncWorker], broker: Optional[FakeBroker] = None):
        """``broker``: one with bounds of its own, or that several workers share."""
        self.broker = broker or FakeBroker()
        #: What a worker has answered that is not as the protocol has it, for people.
        self.faults: List[str] = []
        self._exchanges: Dict[str, Exchange] = {}
        self._sockets: Dict[str, FakeSocket] = {}
        self._count = 0
        self._mailboxes = [f"{kind}.{self.name}!" for kind in ("http.response", "websocket.send", "websocket.control")]
        self._reader = _Mailboxes(self)
        for mailbox in self._mailboxes:
            self.broker.listen(self._reader, mailbox)
        self._host = host(worker, self.broker)
        self.clock.watchers.append(self._look)

    @property
    def clock(self) -> Clock:
        """The time, which stands still."""
        return self.broker.clock

    # HTTP

    def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Optional[_http.Headers] = None,
        content: Union[bytes, str, Iterable[bytes]] = b"",
        json: Any = None,
        scheme: str = "http",
        channel: str = "http.request",
    ) -> Exchange:
        """Sends a request, and returns what has come of its answer when the worker has nothing left to do.

        ``content`` of more than 64 KiB comes in pieces, and so does a list of pieces. An empty list is a body that the
        browser sends later, by ``send_body``.
        """
        if json is not None:
            content = _websocket.json(json)
        body = content.encode() if isinstance(content, str) else content
        is_inline = isinstance(body, bytes) and len(body) <= INLINE
        pieces = _pieces(b"" if is_inline else body)
        self._count += 1
        exchange = Exchange(self, self._count, pieces)
        exchange.path = path
        fields: Dict[str, Any] = self._fields(path, query, headers, scheme)
        fields.update(reply_channel=exchange.reply_channel, method=method, body=body if is_inline else b"")
        if not is_inline:
            fields["body_channel"] = exchange.body_channel = f"http.request.body?{self.name}.{self._count}"
            if pieces:
                exchange.body_ends()
        self._exchanges[exchange.reply_channel] = exchange
        if not self.try_send(channel, fields):
            exchange.fail("full", 503)
        self.work()
        return exchange

    def get(self, path: str, **options: Any) -> Answer:
        """Asks and returns the answer; ``AssertionError`` when there is none. Options are those of ``request``."""
        return self.request("GET", path, **options).answer()

    def post(self, path: str, content: Union[bytes, str, Iterable[bytes]] = b"", **options: Any) -> Answer:
        """The same with a body."""
        return self.request("POST", path, content=content, **options).answer()

    # WebSockets

    def websocket(
        self,
        path: str,
        *,
        query: str = "",
        headers: Optional[_http.Headers] = None,
        subprotocols: Sequence[str] = (),
        scheme: str = "ws",
        channel: str = "websocket.connect",
    ) -> FakeSocket:
        """Asks for a socket; ``status`` and ``is_open`` say what became of that."""
        self._count += 1
        socket = FakeSocket(self, self._count, _websocket.beside(channel), path)
        self._sockets[str(self._count)] = socket
        fields = self._fields(path, query, headers, scheme)
        del fields["path"]
        socket.ask({**fields, "subprotocols": list(subprotocols)})
        return socket

    # Messages

    def send(self, channel: str, message: Mapping[str, Any]) -> None:
        """Puts a message on a channel, and lets the worker work; raises ``Refused``."""
        self._asked(lambda: self.broker.send(_names.channel(channel), _values.pack(message)))

    def send_group(self, group: str, message: Mapping[str, Any]) -> Sent:
        """Sends a message to a group, and lets the worker work."""
        sent = Sent(*self.broker.send_group(_names.group(group), _values.pack(message)))
        self.work()
        return sent

    def take(self, channel: str) -> List[Dict[str, Any]]:
        """Takes all messages that wait on a channel: what functions have sent there."""
        messages = [_values.unpack(one.body) for one in self.broker.messages(_names.channel(channel))]
        self.broker.flush(channel)
        return messages

    def members(self, group: str) -> List[str]:
        """The members of a group, sorted."""
        return sorted(self.broker.groups.members(_names.group(group)))

    # Time, and the end

    def advance(self, seconds: float) -> None:
        """Lets so many seconds pass: what is due by then happens, functions that sleep go on."""
        until = self.clock.now + seconds
        while True:
            soonest = min((due for due in self._due_times() if due > self.clock.now), default=until)
            self._host.advance(max(0.0, min(soonest, until) - self.clock.now))
            self.work()
            if self.clock.now >= until:
                return

    def _due_times(self) -> Iterator[float]:
        yield from (exchange.due for exchange in self._exchanges.values())
        yield from (socket.due for socket in self._sockets.values())

    def work(self) -> None:
        """Lets the worker work until it has nothing left to do."""
        self._host.work()

    def leave(self) -> None:
        """Has the worker leave in order, as at SIGTERM: gives its sockets back, or closes them, and takes no more."""
        self._host.leave()

    def close(self) -> None:
        """Closes all sockets, and ends the worker."""
        for socket in list(self._sockets.values()):
            socket.close(1001)
        self._host.close()
        for mailbox in self._mailboxes:
            self.broker.unlisten(self._reader, mailbox)
        self.clock.watchers.remove(self._look)

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close()

    # For exchanges, sockets and the broker

    def hear(self, channel: str, group: Optional[str], message: Dict[str, Any]) -> None:
        """Gives a message to the request or the socket that it is for."""
        mailbox, _, number = channel.partition("!")
        exchange, socket = self._exchanges.get(channel), self._sockets.get(number)
        if exchange is not None:
            exchange.hear(message)
            if exchange.is_over:
                del self._exchanges[channel]
        elif socket is None or mailbox.startswith("http."):
            self.broker.close(None, [channel])
        elif mailbox.startswith("websocket.send."):
            socket.hear(message, group)
        else:
            socket.control(message)

    def try_send(self, channel: str, message: Mapping[str, Any], here: bool = False) -> bool:
        """Sends; false when that was refused."""
        try:
            self.broker.send(channel, _values.pack(message), here=here)
        except Refusal:
            return False
        return True

    def forget(self, socket: FakeSocket) -> None:
        """All of a socket has been told."""
        self._sockets.pop(socket.channel.partition("!")[2], None)

    def _look(self) -> None:
        for exchange in list(self._exchanges.values()):
            if exchange.due <= self.clock.now:
                exchange.fail("timeout", 504)
                self._exchanges.pop(exchange.reply_channel, None)
        for socket in list(self._sockets.values()):
            socket.look()

    def _fields(self, path: str, query: str, headers: Optional[_http.Headers], scheme: str) -> Dict[str, Any]:
        fields = [(_lower(name), value) for name, value in _http.listed(headers)]
        return {
            "http_version": "1.1",
            "scheme": scheme,
            "path": path,
            "query_string": query.encode(),
            "headers": fields,
            "client": _CLIENT,
            "server": _SERVER,
        }

    def _asked(self, ask: Any) -> None:
        try:
            ask()
        except Refusal as refused:
            raise refusal(refused.code, {}, refused.more) from None
        self.work()


class _Mailboxes:
    """Reads the channels of a server's requests and sockets, and takes whatever comes."""

    def __init__(self, server: FakeServer):
        self._server = server

    def credit(self, name: str) -> int:
        return _UNLIMITED

    def account_of(self, name: str) -> Optional[str]:
        return name

    def acks(self, channel: str) -> bool:
        """It reads mailboxes alone, whose messages nobody acknowledges."""
        return False

    def take(self, name: str, channels: Sequence[str], group: Optional[str], body: bytes, marks: str = "") -> None:
        for channel in channels:
            self._server.hear(channel, group, _values.unpack(body))

    def lost(self, name: str) -> None:
        raise AssertionError("one broker has one FakeServer at a time")

    def told(self, verb: str, group: str, channels: Sequence[str]) -> None:
        pass


def _pieces(content: Union[bytes, Iterable[bytes]]) -> Deque[bytes]:
    if isinstance(content, bytes):
        return deque(content[start : start + PIECE] for start in range(0, len(content), PIECE))
    return deque(piece[start : start + PIECE] for piece in content for start in range(0, len(piece), PIECE))


def _lower(name: _http.Text) -> str:
    return (name.decode("latin-1") if isinstance(name, bytes) else name).lower()
