"""The asyncio worker: coroutine functions take messages, many at a time."""

from __future__ import annotations

import asyncio
import inspect
import signal
import threading
from typing import Any, Awaitable, Callable, List, Optional, Set, TypeVar

from .. import _websocket
from .._asyncio import FutureTicket
from .._errors import Gone, SeawayError
from .._http import answer as make_answer
from .._log import logger
from .._reading import Delivery, Reading
from .._routes import Routes
from .layer import Layer
from .message import Message
from .websocket import WebSocket, WebSocketRoute, give_back, refuse

Function = TypeVar("Function", bound=Callable[[Message], Awaitable[Any]])

# Without the type guard, which would narrow a function to less than it is.
is_coroutine: Callable[[object], bool] = inspect.iscoroutinefunction


class Worker:
    """Takes messages from channels and gives each to the coroutine function for its channel.

    ::

        worker = seaway.aio.Worker()

        @worker.on("http.request", path="/moon")
        async def moon(message):
            await message.respond(content="hello from the moon")

        asyncio.run(worker.run())

    What a function raises is logged and, where somebody waits on a reply channel, answered with a 500.
    """

    def __init__(
        self,
        broker: Optional[str] = None,
        *,
        concurrency: int = 64,
        drain: float = 30.0,
        layer: Optional[Layer] = None,
        **options: Any,
    ):
        """Connects to nothing yet.

        - ``broker``: ``HOST:PORT``, ``tls://HOST:PORT`` or ``unix:PATH``; without it what ``SEAWAY_BROKER`` says.
          Options are those of ``Layer``.
        - ``concurrency``: functions that run at a time; no more messages are taken.
        - ``drain``: seconds that functions may take to finish once the worker is told to leave, before they are
          cancelled.
        - ``layer``: a layer to work on; it stays the caller's to leave.
        """
        if concurrency < 1:
            raise ValueError("concurrency is at least 1")
        self.broker = broker
        self.concurrency = concurrency
        self.drain = drain
        self._options = options
        self._layer = layer
        self._routes: Routes[Message, Awaitable[Any]] = Routes()
        self._kept = _websocket.Kept()
        self._is_stopped = False
        self._run: Optional[_Run] = None

    def on(
        self, channel: str, *, path: Optional[str] = None, method: Optional[str] = None
    ) -> Callable[[Function], Function]:
        """Lets a coroutine function take the messages of a channel, or of a mailbox (a name that ends in ``!``).

        With ``path`` or ``method``: the HTTP requests that fit; the first function that does takes one, and 404 or
        405 answers what fits none. ``/users/{id}`` puts ``id`` into ``message.parameters``, ``/files/*`` takes all
        that follow.
        """

        def add(function: Function) -> Function:
            if not is_coroutine(function):
                raise TypeError("a function that is no coroutine function works in seaway.Worker")
            self._routes.add(channel, path, method, function)
            return function

        return add

    def websocket(
        self,
        path: Optional[str] = None,
        *,
        channel: str = "websocket.connect",
        serial: bool = False,
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
          go on (W16). All workers of a channel must say the same.
        - ``sticky``: a socket's events come to the worker that has accepted it as long as that lives, so that it can
          keep the socket's state; a worker that leaves gives its sockets back to all (W18).
        """

        def add(function: Callable[[WebSocket, _websocket.Data], Awaitable[Any]]) -> WebSocketRoute:
            if not is_coroutine(function):
                raise TypeError("a function that is no coroutine function works in seaway.Worker")
            mailbox = _websocket.mailbox() if sticky else None
            route = WebSocketRoute(function, self._kept, serial, mailbox)
            channels = _websocket.beside(channel)
            for name in [*channels, mailbox] if mailbox else channels:
                self._routes.add(name, path or "/*", None, route.serve)
            self._routes.refuse(channels.connect, refuse)
            return route

        return add

    async def run(self) -> None:
        """Works until ``stop``, SIGTERM or SIGINT: then takes no more, finishes what it has, and leaves.

        Waits for a broker as long as it takes, also when it is lost. Raises ``Lost`` when another reader has taken a
        mailbox, and ``Refused`` or ``Ended`` when the broker does not let it listen. When the task is cancelled the
        functions are too.
        """
        channels = self._routes.channels
        layer = self._layer or Layer(self.broker, **self._options)
        run = self._run = _Run(layer, channels, self._routes, self.concurrency, self._kept)
        taken = self._take_signals()
        try:
            if not self._is_stopped:
                await run.work(self.drain)
        finally:
            loop = asyncio.get_running_loop()
            for number in taken:
                loop.remove_signal_handler(number)
            if self._layer is None:
                await layer.quit()

    def stop(self) -> None:
        """Makes ``run`` finish what it has and return. To be called on its loop."""
        self._is_stopped = True
        if self._run is not None:
            self._run.stop()

    def _take_signals(self) -> List[signal.Signals]:
        if threading.current_thread() is not threading.main_thread():
            return []
        loop = asyncio.get_running_loop()
        numbers = [signal.SIGTERM, signal.SIGINT]

        def stop() -> None:
            # A second signal ends the process at once.
            for taken in numbers:
                loop.remove_signal_handler(taken)
            self.stop()

        for number in numbers:
            loop.add_signal_handler(number, stop)
        return numbers


class _Run(Reading):
    """One run of a worker on a layer."""

    def __init__(
        self,
        layer: Layer,
        channels: List[str],
        routes: Routes[Message, Awaitable[Any]],
        concurrency: int,
        kept: _websocket.Kept,
    ):
        super().__init__(channels)
        self._layer = layer
        self._link = layer.link
        self._routes = routes
        self._concurrency = concurrency
        self._kept = kept
        self._is_stopped = False
        self._has_left = False
        self._is_cancelled = False
        self._tasks: Set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[None] = self._link.loop.create_future()

    async def work(self, drain: float) -> None:
        """Takes messages until it is stopped or cannot listen any more; then ``drain`` seconds are left."""
        readings = self._link.core.readings
        readings.listen(self)
        readings.grant(self, self._concurrency)
        self._link.flush_soon()
        ticket = FutureTicket(self._link.loop)
        try:
            try:
                await self._over
                if self.error is None and await give_back(self._layer, self._kept):
                    await asyncio.sleep(_websocket.LAST_EVENTS)
            finally:
                self._has_left = True
                readings.unlisten(self, ticket)
                self._link.flush_soon()
            await ticket.future
            late: Set[asyncio.Task[None]] = set()
            if self._tasks:
                _, late = await asyncio.wait(self._tasks, timeout=drain)
        except asyncio.CancelledError:
            await self._cancel()
            raise
        if late:
            logger.error("%d functions had not finished in time", len(late))
            await self._cancel()
        if self.error is not None:
            raise self.error

    async def _cancel(self) -> None:
        self._is_cancelled = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self) -> None:
        self._is_stopped = True
        self.notify()

    def notify(self) -> None:
        """Gives what has come to the functions: no more of them at a time than there was credit."""
        while self.queue and not self._is_cancelled:
            task = self._link.loop.create_task(self._consume(self.queue.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._finished)
        if (self.error is not None or self._is_stopped) and not self._over.done():
            self._over.set_result(None)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._has_left and self.error is None:
            self._link.core.readings.grant(self, 1)
            self._link.flush_soon()

    async def _consume(self, delivery: Delivery) -> None:
        for channel in delivery.channels:
            message = Message(channel, delivery.group, delivery.body, self._layer)
            try:
                function, answer = self._routes.find(message)
                if function is not None:
                    await function(message)
                elif answer is not None:
                    await message.respond(*answer)
                else:
                    logger.warning("no function takes this message on %s", channel)
            except asyncio.CancelledError as error:
                if self._is_cancelled:
                    raise
                # Something for which the function waited was cancelled, not the function.
                await self._fail(message, error)
            except Exception as error:
                await self._fail(message, error)

    async def _fail(self, message: Message, error: BaseException) -> None:
        try:
            if isinstance(error, Gone) and error.name == message.reply_channel:
                logger.debug("nobody waits for the answer to %s any more", message.channel)
                return
            logger.error("a function failed on a message of %s", message.channel, exc_info=error)
            if message.reply_channel is not None and not message.answered:
                await message.respond(*make_answer(500, content="Internal Server Error\n"))
        except SeawayError as trouble:
            logger.warning("the failure could not be told: %s", trouble)
