"""The asyncio worker: coroutine functions take messages, many at a time."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, Awaitable, Callable, Optional, Type, TypeVar

from .. import _websocket
from .._signals import Signals
from .._worker import BaseWorker
from ._run import Run
from .consumers import WebSocketConsumer, attach
from .layer import Layer
from .message import Message
from .websocket import WebSocket, WebSocketRoute, refuse

Consumer = TypeVar("Consumer", bound=Type[WebSocketConsumer])
Function = TypeVar("Function", bound=Callable[[Message], Awaitable[Any]])


class Worker(BaseWorker):
    """Takes messages from channels and gives each to the coroutine function for its channel.

    ::

        worker = seaway.aio.Worker()

        @worker.on("http.request", path="/moon")
        async def moon(message):
            await message.respond(content="hello from the moon")

        asyncio.run(worker.run())

    What a function raises is logged and, where somebody waits on a reply channel, answered with a 500; so is an HTTP
    request whose function has ended without an answer. One that is answered later, or by somebody else, is said to be
    so: ``message.answer_later()``, or its reply channel is sent on in a message or joined to a group. The function of a
    request for which nobody waits any more is cancelled. Only ``stop``, SIGTERM and SIGINT end the worker: a function
    that exits has failed like any other.
    """

    def __init__(
        self,
        broker: Optional[str] = None,
        *,
        concurrency: int = 64,
        drain: float = 30.0,
        hold: float = 600.0,
        layer: Optional[Layer] = None,
        **options: Any,
    ):
        """Connects to nothing yet.

        - ``broker``: ``HOST:PORT``, ``tls://HOST:PORT`` or ``unix:PATH``; without it what ``SEAWAY_BROKER`` says.
          Options are those of ``Layer``.
        - ``concurrency``: functions that run at a time; no more messages are taken.
        - ``drain``: seconds that functions may take to finish once the worker is told to leave, before they are
          cancelled.
        - ``hold``: seconds that the broker lets an acknowledged message be held, its ``--hold``: at a third of it the
          worker says that it goes on, as long as the function runs.
        - ``layer``: a layer to work on; it stays the caller's to leave.
        """
        super().__init__(broker, concurrency, drain, hold, layer, options)

    def on(
        self, channel: str, *, path: Optional[str] = None, method: Optional[str] = None, ack: Optional[bool] = None
    ) -> Callable[[Function], Function]:
        """Lets a coroutine function take the messages of a channel, or of a mailbox (a name that ends in ``!``).

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
    ) -> Callable[[Callable[[WebSocket, _websocket.Data], Awaitable[Any]]], WebSocketRoute]:
        """Lets a coroutine function take what browsers say on the sockets of a path: a string, or bytes.

        ::

            @worker.websocket("/chat/{room}")
            async def chat(socket, content):
                await socket.send(content)

            @chat.connect
            async def join(socket):
                await socket.join("chat." + socket.parameters["room"])

            @chat.disconnect
            async def left(socket, code, reason):
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

    async def run(self) -> None:
        """Works until ``stop``, SIGTERM or SIGINT: then takes no more, finishes what it has, and leaves.

        Waits for a broker as long as it takes, also when it is lost. Raises ``Lost`` when another reader has taken a
        mailbox, and ``Refused`` or ``Ended`` when the broker does not let it listen. When the task is cancelled the
        functions are too.
        """
        channels = self._routes.channels
        layer = self._layer or Layer(self.broker, **self._options)
        run = self._run = Run(
            layer,
            channels,
            self._routes,
            self.concurrency,
            self._kept,
            self.when_ready,
            self._acked,
            self.hold,
            self._acked_where_known,
        )
        signals = Signals(self.stop, asyncio.get_running_loop())
        signals.take()
        try:
            if not self._is_stopped:
                await run.work(self.drain)
        finally:
            signals.give_back()
            if self._layer is None:
                await layer.quit()

    def stop(self) -> None:
        """Makes ``run`` finish what it has and return. To be called on its loop."""
        self._stop()

    # Hooks

    _route = WebSocketRoute
    _refuse = staticmethod(refuse)
    _attach = staticmethod(attach)

    @staticmethod
    def _check(function: Any) -> None:
        if not inspect.iscoroutinefunction(function):
            raise TypeError("a function that is no coroutine function works in seaway.Worker")
