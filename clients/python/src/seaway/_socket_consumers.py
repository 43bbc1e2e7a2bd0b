"""Classes that serve sockets, as coroutines for both halves (see ``_blocking``).

What people may override is called by the hook ``_call_function``, since it is of the kind of their half.
"""

from __future__ import annotations

from typing import Any, Callable, ClassVar, Dict, List, Mapping, Optional, Sequence, Type

from . import _consumers, _http, _websocket
from ._answers import Sent
from ._calls import Calls
from ._errors import BadName
from ._log import logger
from ._sockets import BaseSocket
from ._websocket import Data


class BaseConsumer(Calls):
    """Serves the sockets of a path."""

    #: Groups that a socket is in from before ``connect`` to its end. ``{room}`` is what the path names so; where
    #: that makes no name of a group the socket is rejected with 404.
    groups: ClassVar[Sequence[str]] = ()

    #: Of the half: whether its methods are coroutine functions.
    _are_coroutines: ClassVar[bool]

    # What each half has
    connect: Callable[..., Any]
    receive: Callable[..., Any]
    disconnect: Callable[..., Any]
    close: Callable[..., Any]

    def __init__(self, socket: Any):
        #: The socket of the event, which may be kept and used from anywhere.
        self.socket: BaseSocket = socket

    # What is known

    @property
    def parameters(self) -> Dict[str, str]:
        """What the route's path names: ``/chat/{room}``."""
        return self.socket.parameters

    @property
    def session(self) -> Dict[str, Any]:
        """Values that live as long as the socket; see ``WebSocket.session``."""
        return self.socket.session

    # What may be done

    async def _accept(
        self,
        subprotocol: Optional[str] = None,
        headers: Optional[_http.Headers] = None,
        greeting: Optional[Data] = None,
    ) -> None:
        """Like ``WebSocket.accept``."""
        await self.socket._accept(subprotocol, headers, greeting)

    async def _reject(
        self, status: int = 403, headers: Optional[_http.Headers] = None, content: _http.Text = b""
    ) -> None:
        """Like ``WebSocket.reject``."""
        await self.socket._reject(status, headers, content)

    async def _send(self, content: Data, *, patience: float = _websocket.PATIENCE) -> None:
        """Like ``WebSocket.send``."""
        await self.socket._send(content, patience=patience)

    async def _send_group(self, group: str, content: Data, *, to_itself: bool = True) -> Sent:
        """Sends a text, or bytes, to every socket of a group; ``to_itself=False`` leaves this one out."""
        return await self.socket.layer._send_group(
            group, _websocket.data(content), except_=None if to_itself else self.socket.channel
        )

    async def _close(self, code: int = 1000, reason: str = "", *, at_once: bool = False) -> None:
        """Like ``WebSocket.close``."""
        await self.socket._close(code, reason, at_once=at_once)

    # For the rest of this package

    async def _begin(self) -> None:
        """A browser asks, of this consumer and of those below it."""
        socket = self.socket
        try:
            groups = _consumers.group_names(self.all_groups(), socket.parameters)
        except BadName as error:
            logger.info("%r is in no group: %s", socket, error)
            await socket._reject(404)
            return
        for group in groups:
            await socket._join(group)
        for one in [self, *self.parts]:
            if socket.is_rejected:
                return
            await self._call_function(one.connect)

    async def _end(self, code: int, reason: str) -> None:
        """The socket has ended: all hear of it."""
        passes = self._passing()
        errors: List[BaseException] = []
        for one in [self, *self.parts]:
            try:
                await self._call_function(one.disconnect, code, reason)
            except BaseException as error:
                if passes(error):
                    raise
                errors.append(error)
        _consumers.first(errors)

    @property
    def parts(self) -> Sequence[BaseConsumer]:
        """The consumers of streams, for this event; not part of the public interface."""
        return ()

    @classmethod
    def all_groups(cls) -> List[str]:
        """The groups of this consumer and of those below it; not part of the public interface."""
        return list(cls.groups)

    @classmethod
    def check(cls, path: Optional[str]) -> None:
        """Raises for what cannot be served at a path; not part of the public interface."""
        _consumers.check_methods(cls, cls._are_coroutines)
        _consumers.check_groups(cls.groups, path)


class BaseJsonConsumer(BaseConsumer):
    """Takes values as JSON, of a socket of its own or of a stream of one."""

    #: Whose payloads it takes, where a demultiplexer serves the socket.
    stream: Optional[str] = None

    # What each half has
    receive_json: Callable[..., Any]

    async def _receive(self, content: Data) -> None:
        """Reads the value."""
        try:
            value = _consumers.from_json(content)
        except _consumers.Unfit as unfit:
            await self._call_function(self.close, unfit.code, unfit.reason)
        else:
            await self._call_function(self.receive_json, value)

    @property
    def session(self) -> Dict[str, Any]:
        """Values that live as long as the socket; each stream has its own."""
        return _consumers.session(self.socket, self.stream)


class BaseDemultiplexer(BaseJsonConsumer):
    """Serves several streams over one socket."""

    #: Who serves which stream.
    streams: ClassVar[Mapping[str, Type[Any]]] = {}

    #: Of the half: what a stream is served by.
    _of_stream: ClassVar[Type[BaseJsonConsumer]]

    async def _receive_json(self, value: Any) -> None:
        """Gives a payload to its stream."""
        try:
            name, payload = _consumers.enveloped(value)
            consumer = self.streams.get(name)
            if consumer is None:
                raise _consumers.no_stream(name)
        except _consumers.Unfit as unfit:
            await self._call_function(self.close, unfit.code, unfit.reason)
        else:
            await self._call_function(self._stream(name, consumer).receive_json, payload)

    def _stream(self, name: str, consumer: Type[BaseJsonConsumer]) -> BaseJsonConsumer:
        one = consumer(self.socket)
        one.stream = name
        return one

    @property
    def parts(self) -> Sequence[BaseConsumer]:
        """The consumers of the streams, for this event."""
        return [self._stream(name, consumer) for name, consumer in self.streams.items()]

    @classmethod
    def all_groups(cls) -> List[str]:
        """Its own, and those of the streams."""
        groups = [*cls.groups, *(group for consumer in cls.streams.values() for group in consumer.all_groups())]
        return list(dict.fromkeys(groups))

    @classmethod
    def check(cls, path: Optional[str]) -> None:
        """Also those of the streams."""
        super().check(path)
        _consumers.check_streams(cls.streams, cls._of_stream)
        for consumer in cls.streams.values():
            if issubclass(consumer, BaseDemultiplexer):
                raise TypeError("a stream is served by a consumer, not by another demultiplexer")
            consumer.check(path)


def check(consumer: Any, kind: Type[BaseConsumer], path: Optional[str]) -> None:
    """Raises for what is no consumer of a half, or cannot serve the sockets of a path."""
    if not isinstance(consumer, type) or not issubclass(consumer, kind):
        module = kind.__module__.rpartition(".")[0]
        raise TypeError(f"a consumer of {module}.Worker is a {module}.{kind.__name__}, not {consumer!r}")
    consumer.check(path)
