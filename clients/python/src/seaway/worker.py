"""The synchronous worker: functions take messages, in one thread or in several."""

from __future__ import annotations

import inspect
from typing import Any, Callable, List, Optional, Type, TypeVar

from . import _websocket
from ._reading import Reading, ReadyReading
from ._signals import Signals
from ._sync_run import Run
from ._worker import BaseWorker
from .consumers import WebSocketConsumer, attach
from .layer import Layer
from .message import Message
from .websocket import WebSocket, WebSocketRoute, refuse

Consumer = TypeVar("Consumer", bound=Type[WebSocketConsumer])
Function = TypeVar("Function", bound=Callable[[Message], Any])


class Worker(BaseWorker):
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
        hold: float = 600.0,
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
        - ``hold``: seconds that the broker lets an acknowledged message be held, its ``--hold``: at a third of it the
          worker says that it goes on, as long as the function runs.
        - ``layer``: a layer to work on; it stays the caller's to leave.
        """
        super().__init__(broker, concurrency, drain, hold, layer, options)
        if prefetch < 0:
            raise ValueError("prefetch is at least 0")
        self.prefetch = prefetch

    def on(
        self, channel: str, *, path: Optional[str] = None, method: Optional[str] = None, ack: Optional[bool] = None
    ) -> Callable[[Function], Function]:
        """Lets a function take the messages of a channel, or of a mailbox (a name that ends in ``!``).

        With ``path`` or ``method``: the HTTP requests that fit; the first function that does takes one, and 404 or
        405 answers what fits none. ``/users/{id}`` puts ``id`` into ``message.parameters``, ``/files/*`` takes all
        that follow.

        With ``ack`` the channel is acknowledged: the broker keeps each message until its function has returned, or has
        answered its request whole, and gives it to another when the function raises or its worker dies: see ``Retry``
        and ``Dead``. One HTTP request is answered by one failure, though: it comes again by ``Retry`` alone.

        Requests and events of sockets are acknowledged unless ``ack`` is ``False``, where the broker can: they come
        again, ``message.times`` tells it, when their worker dies, and by ``Retry``, but by no other failure.
        """
        return self._taking(channel, path, method, ack)

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
          keep the socket's state; a worker that leaves gives its sockets back to all (W18), but for those with a
          ``session``, which it closes with 1012.
        """
        return self._serving(path, channel, serial, sticky)

    def consumer(
        self,
        path: Optional[str] = None,
        *,
        channel: str = "websocket.connect",
        serial: bool = True,
        sticky: bool = False,
    ) -> Callable[[Consumer], Consumer]:
        """Lets a class serve the sockets of a path; see ``WebSocketConsumer``, and ``websocket`` for the rest."""
        return self._consuming(path, channel, serial, sticky)

    def run(self) -> None:
        """Works until ``stop``, SIGTERM or SIGINT: then takes no more, finishes what it has, and leaves.

        Waits for a broker as long as it takes, also when it is lost. Raises ``Lost`` when another reader has taken a
        mailbox, and ``Refused`` or ``Ended`` when the broker does not let it listen.
        """
        channels = self._routes.channels
        reading = self._reading(channels)
        layer = self._layer or Layer(self.broker, **self._options)
        run = self._run = Run(layer, self._routes, reading, self._kept)
        signals = Signals(self.stop)
        signals.take()
        try:
            if self._is_stopped:
                run.stop()
            if self.concurrency == 1:
                run.work_alone(self.prefetch, self.drain)
            else:
                run.work_in_threads(self.concurrency, self.drain)
        finally:
            signals.give_back()
            if self._layer is None:
                layer.quit()

    def stop(self) -> None:
        """Makes ``run`` finish what it has and return. May be called from any thread, and from a signal handler."""
        self._stop()

    def _reading(self, channels: List[str]) -> Reading:
        if self.when_ready is None:
            return Reading(channels, self._acked, self.hold, self._acked_where_known)
        return ReadyReading(channels, self.when_ready, self._acked, self.hold, self._acked_where_known)

    # Hooks

    _route = WebSocketRoute
    _refuse = staticmethod(refuse)
    _attach = staticmethod(attach)

    @staticmethod
    def _check(function: Any) -> None:
        if inspect.iscoroutinefunction(function):
            raise TypeError("a coroutine function works in seaway.aio.Worker")
