"""What workers of both halves are made of: their functions by channel, and how they are told to stop."""

from __future__ import annotations

from typing import Any, Callable, ClassVar, Dict, List, Optional, Protocol, Set

from . import _names, _websocket
from ._kept import Kept
from ._routes import Routes

#: Where requests and the events of sockets come in, unless routes of the interface server say otherwise.
_OF_BROWSERS = ("http.request", "websocket.connect", "websocket.receive", "websocket.disconnect")


class Stops(Protocol):
    """A worker at work."""

    def stop(self) -> None:
        """Takes no more."""


class BaseWorker:
    """Takes messages from channels and gives each to the function for its channel."""

    #: Of the half: the class of its routes of sockets, and the function that tells a browser whose path fits none.
    _route: ClassVar[Any]
    _refuse: ClassVar[Any]

    def __init__(
        self, broker: Optional[str], concurrency: int, drain: float, hold: float, layer: Any, options: Dict[str, Any]
    ):
        if concurrency < 1:
            raise ValueError("concurrency is at least 1")
        self.broker = broker
        self.concurrency = concurrency
        if not hold > 0:
            raise ValueError(f"hold is more than 0 s, not {hold:g}")
        self.drain = drain
        self.hold = hold
        #: Channels whose messages are to be acknowledged.
        self._acked: Set[str] = set()
        #: Those of requests and of events of sockets, whose messages are where the broker can; and those that are not.
        self._wished: Set[str] = set()
        self._unwished: Set[str] = set()
        #: Called once when messages come, where the worker runs; it must not wait.
        self.when_ready: Optional[Callable[[], None]] = None
        self._options = options
        self._layer = layer
        self._routes: Routes[Any, Any] = Routes()
        self._kept = Kept()
        self._own_mailboxes: Set[str] = set()
        self._run: Optional[Stops] = None
        self._is_stopped = False

    # Hooks

    @staticmethod
    def _check(function: Any) -> None:
        """Raises ``TypeError`` for a function of the other half."""
        raise NotImplementedError

    @staticmethod
    def _attach(consumer: Any, path: Optional[str], add: Callable[[Any], Any]) -> None:
        """Lets a class serve the sockets of a route."""
        raise NotImplementedError

    # Functions

    def _taking(
        self, channel: str, path: Optional[str], method: Optional[str], ack: Optional[bool]
    ) -> Callable[[Any], Any]:
        """Returns what lets a function take messages."""

        def add(function: Any) -> Any:
            self._check(function)
            self._routes.add(channel, path, method, function)
            if ack:
                if _names.form(channel) != "normal":
                    raise ValueError(f"what comes on {channel} cannot be acknowledged: it is no normal channel")
                self._acked.add(channel)
            elif ack is None and (path is not None or method is not None or _is_of_browsers(channel)):
                self._wished.add(channel)
            elif ack is False:
                self._unwished.add(channel)
            return function

        return add

    def on_requests(self, channel: str, ack: bool) -> Callable[[Any], Any]:
        """Lets a function take the requests of a channel, whatever its name; not part of the public interface.

        ``ack``: they are acknowledged where the broker can.
        """
        if ack:
            self._wished.add(channel)
        return self._taking(channel, None, None, None if ack else False)

    def _serving(self, path: Optional[str], channel: str, serial: bool, sticky: bool) -> Callable[[Any], Any]:
        """Returns what makes a route of the function that takes what browsers say."""

        def add(function: Any) -> Any:
            self._check(function)
            mailbox = _websocket.mailbox() if sticky else None
            if mailbox is not None:
                self._own_mailboxes.add(mailbox)
            route = self._route(function, self._kept, serial, mailbox)
            channels = _websocket.beside(channel)
            for name in [*channels, mailbox] if mailbox else channels:
                self._routes.add(name, path or "/*", None, route.serve)
            self._wished.update(channels)
            self._routes.refuse(channels.connect, self._refuse)
            return route

        return add

    def _consuming(self, path: Optional[str], channel: str, serial: bool, sticky: bool) -> Callable[[Any], Any]:
        """Returns what lets a class serve sockets."""

        def add(consumer: Any) -> Any:
            self._attach(consumer, path, self._serving(path, channel, serial, sticky))
            return consumer

        return add

    # Running

    @property
    def _shared_mailboxes(self) -> List[str]:
        """Mailboxes that whoever runs this worker too would take over."""
        return [name for name in self._routes.mailboxes if name not in self._own_mailboxes]

    @property
    def _acked_where_known(self) -> Set[str]:
        """Channels whose messages are acknowledged where the broker can, since nobody has said otherwise."""
        return self._wished - self._unwished - self._acked

    def _stop(self) -> None:
        self._is_stopped = True
        if self._run is not None:
            self._run.stop()


def _is_of_browsers(channel: str) -> bool:
    return any(channel == name or channel.startswith(f"{name}.") for name in _OF_BROWSERS)
