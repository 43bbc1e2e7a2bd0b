"""A Django project as a worker: views in threads, sockets and asynchronous paths on an event loop beside them."""

from __future__ import annotations

import argparse
import threading
from typing import Any, Callable, List, Optional

from .. import _values
from .._signals import Signals
from ..commands import ack_options, wsgi
from ..commands import options as shared
from ..hosting.asgi.beside import Beside
from ..hosting.wsgi import Host, Served
from ..message import Message
from ..worker import Worker
from . import applications

Told = Callable[[], None]

#: Seconds after which a signal has been seen, whichever thread has got it.
_LOOK = 0.5


class Serving:
    """One process."""

    def __init__(self, synchronous: Optional[Any], asynchronous: Optional[Any], options: argparse.Namespace):
        """One of the two applications may be missing. ``options`` are those of ``seaway django``."""
        self._options = options
        self.synchronous = synchronous
        self.asynchronous = asynchronous
        self._worker: Optional[Worker] = None
        self._beside: Optional[Beside] = None
        self._is_over = threading.Event()

    def run(self, on_ready: Told, on_served: Optional[Served] = None, on_counted: Told = lambda: None) -> int:
        """Serves until SIGTERM, SIGINT or ``stop``, and returns the exit code.

        ``on_served`` is told of each request of the synchronous application, ``on_counted`` of each request and socket
        of the other.
        """
        ready = _Countdown(on_ready, (self.synchronous is not None) + (self.asynchronous is not None))
        signals = Signals(self.stop)
        signals.take()
        try:
            if self.asynchronous is not None:
                self._beside = self._make_beside(self.asynchronous, ready.one, on_counted)
                self._beside.start()
            code = self._work(ready.one, on_served)
        finally:
            signals.give_back()
            if self._beside is not None:
                self._beside.stop()
                self._beside.join()
        if self._beside is not None and self._beside.error is not None:
            return shared.FAILED
        return code

    def stop(self) -> None:
        """Takes no more and finishes what it has. May be called from any thread, and from a signal handler."""
        self._is_over.set()
        if self._beside is not None:
            self._beside.stop()
        if self._worker is not None:
            self._worker.stop()

    def _work(self, ready: Told, on_served: Optional[Served]) -> int:
        if self.synchronous is None:
            while not self._is_over.wait(_LOOK):
                # A signal that the system has given to another thread does not end this wait: its handler runs here.
                pass
            return 0
        options = self._options
        host = Host(self.synchronous, wsgi.environs(options), on_served)
        serve = host.serve
        if options.async_path and self._beside is not None:
            serve = _Fork(options.async_path, self._beside, host.serve).serve
        self._worker = worker = wsgi.worker(options, serve, ready)
        if self._is_over.is_set():
            worker.stop()
        return shared.run_worker(worker.run)

    def _make_beside(self, application: Any, ready: Told, on_served: Told) -> Beside:
        options = self._options
        return Beside(
            application,
            {"client": "seaway-django", **shared.layer_options(options)},
            self.stop,
            drain=options.drain,
            hold=ack_options.hold(options),
            root_path=options.script_name,
            http_channel=options.channel if options.asgi else None,
            websocket_channel=options.websocket_channel if applications.has_sockets() else None,
            sockets=options.sockets,
            on_ready=ready,
            on_served=on_served,
        )


class _Fork:
    """Where requests part."""

    def __init__(self, prefixes: List[str], beside: Beside, serve: Callable[[Message], None]):
        self._prefixes = tuple(prefix.rstrip("/") + "/" for prefix in prefixes)
        self._beside = beside
        self._serve = serve

    def serve(self, message: Message) -> None:
        """Hands a request over to the event loop, or serves it here."""
        path = _values.unpack_unchecked(message.body).get("path")
        if isinstance(path, str) and f"{path}/".startswith(self._prefixes):
            self._beside.take(message)
        else:
            self._serve(message)


class _Countdown:
    """Calls a function when it was told often enough."""

    def __init__(self, function: Told, count: int):
        self._function = function
        self._left = count
        self._lock = threading.Lock()

    def one(self) -> None:
        """Tells it once."""
        with self._lock:
            self._left -= 1
            is_over = self._left == 0
        if is_over:
            self._function()
