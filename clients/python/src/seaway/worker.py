"""The synchronous worker: functions take messages, in one thread or in several."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Optional, TypeVar

from . import _websocket
from ._reading import Reading
from ._routes import Routes
from ._signals import Signals
from ._sync_run import Run
from .layer import Layer
from .message import Message
from .websocket import WebSocket, WebSocketRoute, refuse

Function = TypeVar("Function", bound=Callable[[Message], Any])


class Worker:
    """Takes messages from channels and gives each to the function for its channel.

    ::

        worker = seaway.Worker()

        @worker.on("http.request", path="/moon")
        def moon(message):
            message.respond(content="hello from the moon")

        worker.run()

    What a function raises is logged and, where somebody waits on a reply channel, answered with a 500; so is an HTTP
    request whose function has ended without an answer. One that is answered later, or by somebody else, is said to be
    so: ``message.answer_later()``, or its reply channel is sent on in a message or joined to a group. Only ``stop``,
    SIGTERM and SIGINT end the worker: a function that exits has failed like any other.
    """

    def __init__(
        self,
        broker: Optional[str] = None,
        *,
        concurrency: int = 1,
        prefetch: int = 64,
        drain: float = 30.0,
        layer: Optional[Layer] = None,
        **options: Any,
    ):
        """Connects to nothing yet.

        - ``broker``: ``HOST:PORT``, ``tls://HOST:PORT`` or ``unix:PATH``; without it what ``SEAWAY_BROKER`` says.
          Options are those of ``Layer``.
        - ``concurrency``: functions that run at a time, each in a thread of its own; with 1, in the thread that runs
          the worker.
        - ``prefetch``: with a concurrency of 1, messages held beyond the one worked on, as long as they take less
          than about 5 ms in all; 0 to take one at a time.
        - ``drain``: seconds that functions in threads may take to finish once the worker is told to leave. The one
          that runs in the worker's own thread cannot be interrupted.
        - ``layer``: a layer to work on; it stays the caller's to leave.
        """
        if concurrency < 1 or prefetch < 0:
            raise ValueError("concurrency is at least 1 and prefetch at least 0")
        self.broker = broker
        self.concurrency = concurrency
        self.prefetch = prefetch
        self.drain = drain
        self._options = options
        self._layer = layer
        self._routes: Routes[Message, Any] = Routes()
        self._kept = _websocket.Kept()
        self._run: Optional[Run] = None
        self._is_stopped = False

    def on(
        self, channel: str, *, path: Optional[str] = None, method: Optional[str] = None
    ) -> Callable[[Function], Function]:
        """Lets a function take the messages of a channel, or of a mailbox (a name that ends in ``!``).

        With ``path`` or ``method``: the HTTP requests that fit; the first function that does takes one, and 404 or
        405 answers what fits none. ``/users/{id}`` puts ``id`` into ``message.parameters``, ``/files/*`` takes all
        that follow.
        """

        def add(function: Function) -> Function:
            if inspect.iscoroutinefunction(function):
                raise TypeError("a coroutine function works in seaway.aio.Worker")
            self._routes.add(channel, path, method, function)
            return function

        return add

    def websocket(
        self,
        path: Optional[str] = None,
        *,
        channel: str = "websocket.connect",
        serial: bool = True,
        sticky: bool = False,
    ) -> Callable[[Callable[[WebSocket, _websocket.Data], Any]], WebSocketRoute]:
        """Lets a function take what browsers say on the sockets of a path: a string, or bytes.

        ::

            @worker.websocket("/chat/{room}")
            def chat(socket, content):
                socket.send(content)

            @chat.connect
            def join(socket):
                socket.join("chat." + socket.parameters["room"])

            @chat.disconnect
            def left(socket, code, reason):
                print("left with", code)

        The first route that fits takes a socket, and 404 answers a connect that fits none. What a function raises is
        logged and closes the socket with 1011, or rejects it with 500.

        - ``channel``: where connects come in; the other events come in beside it (W2).
        - ``serial``: a socket's next event comes when the function has ended, also with an error, while other sockets
          go on (W16). With ``serial=False`` events of one socket may be worked on at once, by several workers, and so
          in any order: for those who want speed and no order.
        - ``sticky``: a socket's events come to the worker that has accepted it as long as that lives, so that it can
          keep the socket's state; a worker that leaves gives its sockets back to all (W18).
        """

        def add(function: Callable[[WebSocket, _websocket.Data], Any]) -> WebSocketRoute:
            if inspect.iscoroutinefunction(function):
                raise TypeError("a coroutine function works in seaway.aio.Worker")
            mailbox = _websocket.mailbox() if sticky else None
            route = WebSocketRoute(function, self._kept, serial, mailbox)
            channels = _websocket.beside(channel)
            for name in [*channels, mailbox] if mailbox else channels:
                self._routes.add(name, path or "/*", None, route.serve)
            self._routes.refuse(channels.connect, refuse)
            return route

        return add

    def run(self) -> None:
        """Works until ``stop``, SIGTERM or SIGINT: then takes no more, finishes what it has, and leaves.

        Waits for a broker as long as it takes, also when it is lost. Raises ``Lost`` when another reader has taken a
        mailbox, and ``Refused`` or ``Ended`` when the broker does not let it listen.
        """
        reading = Reading(self._routes.channels)
        layer = self._layer or Layer(self.broker, **self._options)
        self._run = Run(layer, self._routes, reading, self._kept)
        signals = Signals(self.stop)
        signals.take()
        try:
            if self._is_stopped:
                self._run.stop()
            if self.concurrency == 1:
                self._run.work_alone(self.prefetch)
            else:
                self._run.work_in_threads(self.concurrency, self.drain)
        finally:
            signals.give_back()
            if self._layer is None:
                layer.quit()

    def stop(self) -> None:
        """Makes ``run`` finish what it has and return. May be called from any thread, and from a signal handler."""
        self._is_stopped = True
        if self._run is not None:
            self._run.stop()
