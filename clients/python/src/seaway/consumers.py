"""Classes that serve sockets: one object for each event, with what it knows of its socket."""

from __future__ import annotations

from typing import Any, Callable, ClassVar, Mapping, Optional, Type

from . import _consumers, _websocket
from ._answers import Sent
from ._blocking import blocking, run
from ._calls import BlockingCalls
from ._socket_consumers import BaseConsumer, BaseDemultiplexer, BaseJsonConsumer, check
from ._websocket import Data
from .websocket import WebSocket, WebSocketRoute


class WebSocketConsumer(BlockingCalls, BaseConsumer):
    """Serves the sockets of a path: ``worker.consumer("/chat/{room}")`` takes a subclass.

    ::

        @worker.consumer("/chat/{room}")
        class Chat(seaway.WebSocketConsumer):
            groups = ["chat.{room}"]

            def receive(self, content):
                self.send_group(f"chat.{self.parameters['room']}", content)

    An object is made for each event, so what it keeps is gone with that; what lives as long as the socket is in
    ``session``. What a method raises closes the socket with 1011, or rejects it with 500; ``NoSession``
    closes it with 1012.
    """

    _are_coroutines = False

    socket: WebSocket

    def __init__(self, socket: WebSocket):
        super().__init__(socket)

    # What happens

    def connect(self) -> None:
        """A browser asks: ``accept``, ``reject``, or return to accept; 5 s are left for it."""

    def receive(self, content: Data) -> None:
        """The browser has said a text, or bytes."""

    def disconnect(self, code: int, reason: str) -> None:
        """The socket has ended; once for every connect (W5)."""

    # What may be done

    accept = blocking(BaseConsumer._accept)
    reject = blocking(BaseConsumer._reject)
    send = blocking(BaseConsumer._send)
    send_group = blocking(BaseConsumer._send_group)
    close = blocking(BaseConsumer._close)

    def send_json(self, value: Any, *, patience: float = _websocket.PATIENCE) -> None:
        """Sends any value that can be printed as JSON, as text."""
        self.send(_websocket.json(value), patience=patience)


class JsonWebSocketConsumer(BaseJsonConsumer, WebSocketConsumer):
    """Takes values as JSON: ``receive_json`` in place of ``receive``. What is no JSON closes the socket with 1007.

    It serves a socket of its own, or a stream of one: see ``WebSocketDemultiplexer``.
    """

    def receive_json(self, value: Any) -> None:
        """The browser has said a value."""

    def receive(self, content: Data) -> None:
        """Reads the value."""
        run(BaseJsonConsumer._receive(self, content))

    def send_json(self, value: Any, *, patience: float = _websocket.PATIENCE) -> None:
        """Sends any value that can be printed as JSON, as text; as the payload of its stream, if it is one's."""
        self.send(_consumers.envelope(self.stream, value), patience=patience)

    def send_json_group(self, group: str, value: Any, *, to_itself: bool = True) -> Sent:
        """The same to every socket of a group."""
        return self.send_group(group, _consumers.envelope(self.stream, value), to_itself=to_itself)


class WebSocketDemultiplexer(BaseDemultiplexer, JsonWebSocketConsumer):
    """Serves several streams over one socket: ``{"stream": NAME, "payload": VALUE}``, both ways.

    ::

        @worker.consumer("/feed")
        class Feed(seaway.WebSocketDemultiplexer):
            streams = {"chat": Chat, "likes": Likes}

    ``connect`` and ``disconnect`` of each stream are called behind those of the demultiplexer, unless one has rejected
    the socket; a payload goes to its stream's ``receive_json``. What is no such message, or of no stream that there is,
    closes the socket with 1007.
    """

    #: Who serves which stream.
    streams: ClassVar[Mapping[str, Type[JsonWebSocketConsumer]]] = {}
    _of_stream = JsonWebSocketConsumer

    def receive_json(self, value: Any) -> None:
        """Gives a payload to its stream."""
        run(BaseDemultiplexer._receive_json(self, value))


def attach(
    consumer: Type[WebSocketConsumer],
    path: Optional[str],
    add: Callable[[Callable[[WebSocket, Data], Any]], WebSocketRoute],
) -> None:
    """Lets a class serve the sockets of a route; not part of the public interface."""
    check(consumer, WebSocketConsumer, path)
    route = add(lambda socket, content: consumer(socket).receive(content))
    route.connect(lambda socket: run(BaseConsumer._begin(consumer(socket))))
    route.disconnect(lambda socket, code, reason: run(BaseConsumer._end(consumer(socket), code, reason)))
