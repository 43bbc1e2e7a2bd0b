"""Receiving for Twisted: a thread for each list of channels waits, and the reactor's thread is told."""

import queue
import threading
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from twisted.internet import reactor
from twisted.internet.defer import Deferred

if TYPE_CHECKING:
    from .asgi1 import ChannelLayer

#: Lists of channels that are received at a time.
MOST = 64


class Readers:
    """The threads of one layer; they end with the process."""

    def __init__(self, layer: "ChannelLayer"):
        self._layer = layer
        self._readers: Dict[Tuple[str, ...], _Reader] = {}

    def receive(self, channels: List[str]) -> Any:
        """Returns a ``Deferred`` for the next message; those of one list are served in their order."""
        key = tuple(sorted(set(channels)))
        reader = self._readers.get(key)
        if reader is None:
            if len(self._readers) >= MOST:
                raise ValueError(f"at most {MOST} lists of channels are received")
            reader = self._readers[key] = _Reader(self._layer, channels)
        deferred: Any = Deferred(lambda _: None)
        reader.wanted.put(deferred)
        return deferred

    def end(self) -> None:
        """Lets the threads end."""
        for reader in self._readers.values():
            reader.wanted.put(None)
        self._readers.clear()


class _Reader:
    def __init__(self, layer: "ChannelLayer", channels: List[str]):
        self.wanted: queue.Queue[Optional[Any]] = queue.Queue()
        self._layer = layer
        self._channels = channels
        threading.Thread(target=self._run, name="seaway-twisted", daemon=True).start()

    def _run(self) -> None:
        while True:
            deferred = self.wanted.get()
            if deferred is None:
                return
            try:
                received = self._layer.receive(self._channels, block=True)
            except Exception as error:
                _tell(self._fail, deferred, error)
            else:
                _tell(self._give, deferred, received)

    def _give(self, deferred: Any, received: Any) -> None:
        """In the reactor's thread."""
        if not deferred.called:
            deferred.callback(received)
        elif received[0] is not None:
            self._layer.give_back(self._channels, *received)

    def _fail(self, deferred: Any, error: Exception) -> None:
        if not deferred.called:
            deferred.errback(error)


def _tell(function: Any, *arguments: Any) -> None:
    call: Any = getattr(reactor, "callFromThread")  # noqa: B009
    call(function, *arguments)
