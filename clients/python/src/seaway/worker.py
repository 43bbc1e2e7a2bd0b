"""The synchronous worker: functions take messages, in one thread or in several."""

from __future__ import annotations

import inspect
import queue
import signal
import threading
import time
from types import FrameType
from typing import Any, Callable, Dict, Iterator, List, Optional, TypeVar

from . import _websocket
from ._errors import Gone, SeawayError
from ._http import answer as make_answer
from ._log import logger
from ._reading import Delivery, Reading
from ._routes import Routes
from ._sync import FOREVER
from ._ticket import Ticket
from ._window import Window
from .layer import Layer
from .message import Message
from .websocket import WebSocket, WebSocketRoute, give_back, refuse

Function = TypeVar("Function", bound=Callable[[Message], Any])


class Worker:
    """Takes messages from channels and gives each to the function for its channel.

    ::

        worker = seaway.Worker()

        @worker.on("http.request", path="/moon")
        def moon(message):
            message.respond(content="hello from the moon")

        worker.run()

    What a function raises is logged and, where somebody waits on a reply channel, answered with a 500.
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
        self._run: Optional[_Run] = None
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
        serial: bool = False,
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
          go on (W16). All workers of a channel must say the same.
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
        self._run = _Run(layer, self._routes, reading, self._kept)
        handlers = self._take_signals()
        try:
            if self._is_stopped:
                self._run.stop()
            if self.concurrency == 1:
                self._run.work_alone(self.prefetch)
            else:
                self._run.work_in_threads(self.concurrency, self.drain)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            if self._layer is None:
                layer.quit()

    def stop(self) -> None:
        """Makes ``run`` finish what it has and return. May be called from any thread, and from a signal handler."""
        self._is_stopped = True
        if self._run is not None:
            self._run.stop()

    def _take_signals(self) -> Dict[int, Any]:
        if threading.current_thread() is not threading.main_thread():
            return {}
        handlers: Dict[int, Any] = {}

        def stop(number: int, frame: Optional[FrameType]) -> None:
            # A second signal ends the process at once.
            for taken, handler in handlers.items():
                signal.signal(taken, handler)
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            handlers[number] = signal.signal(number, stop)
        return handlers


class _Run:
    """One run of a worker on a layer."""

    def __init__(self, layer: Layer, routes: Routes[Message, Any], reading: Reading, kept: _websocket.Kept):
        self._layer = layer
        self._link = layer.link
        self._routes = routes
        self._reading = reading
        self._kept = kept
        self._is_stopped = False
        self._has_left = False

    def stop(self) -> None:
        self._is_stopped = True
        self._link.wake()

    def work_alone(self, prefetch: int) -> None:
        """One thread reads, works, and writes the answers of all messages of one read at once."""
        window = Window(prefetch)
        self._begin()
        try:
            while True:
                deliveries = self._next(window.size)
                if not deliveries:
                    break
                self._work(deliveries, window)
            for deliveries in self._last_deliveries(window.size):
                self._work(deliveries, window)
        finally:
            self._leave()
        self._work(list(self._reading.queue), window)
        self._finish()

    def work_in_threads(self, concurrency: int, drain: float) -> None:
        """This thread reads; the others work, one message at a time each."""
        tasks: queue.SimpleQueue[Optional[Delivery]] = queue.SimpleQueue()
        threads = [
            threading.Thread(target=self._take_tasks, args=(tasks,), name=f"seaway-{number}", daemon=True)
            for number in range(concurrency)
        ]
        self._begin()
        for thread in threads:
            thread.start()
        with self._link.lock:
            self._link.core.readings.grant(self._reading, concurrency)
        try:
            while True:
                deliveries = self._next(0)
                if not deliveries:
                    break
                for delivery in deliveries:
                    tasks.put(delivery)
            for deliveries in self._last_deliveries(0):
                for delivery in deliveries:
                    tasks.put(delivery)
        finally:
            self._leave()
            for delivery in self._reading.queue:
                tasks.put(delivery)
            for _ in threads:
                tasks.put(None)
        self._join(threads, time.monotonic() + drain)
        self._finish()

    def _begin(self) -> None:
        with self._link.lock:
            self._link.core.readings.listen(self._reading)

    def _next(self, held: int) -> List[Delivery]:
        """Waits for messages and takes all that have come; none when there will be no more, or none are wanted."""
        reading, link = self._reading, self._link
        with link.lock:
            # Not for every message: a grant costs a write of its own when there is nothing else to say.
            if held > 2 * reading.credit and not self._is_stopped:
                link.core.readings.grant(reading, held - reading.credit)
            link.move(lambda: bool(reading.queue) or self._is_stopped or reading.error is not None, FOREVER)
            if self._is_stopped:
                return []
            return self._taken()

    def _taken(self) -> List[Delivery]:
        deliveries = list(self._reading.queue)
        self._reading.queue.clear()
        return deliveries

    def _last_deliveries(self, held: int) -> Iterator[List[Delivery]]:
        """Gives back the sockets that are kept here, then takes what was on its way for a moment."""
        reading, link = self._reading, self._link
        if reading.error is not None or not give_back(self._layer, self._kept):
            return
        until = time.monotonic() + _websocket.LAST_EVENTS
        while reading.error is None and time.monotonic() < until:
            with link.lock:
                if held > 2 * reading.credit:
                    link.core.readings.grant(reading, held - reading.credit)
                link.move(lambda: bool(reading.queue) or reading.error is not None, until)
                deliveries = self._taken()
            yield deliveries

    def _work(self, deliveries: List[Delivery], window: Window) -> None:
        if not deliveries:
            return
        if len(deliveries) > 1:
            self._link.batching = threading.get_ident()
        started = time.monotonic()
        try:
            for delivery in deliveries:
                self._consume(delivery)
        finally:
            self._link.batching = None
        window.worked(len(deliveries), time.monotonic() - started)

    def _take_tasks(self, tasks: queue.SimpleQueue[Optional[Delivery]]) -> None:
        while True:
            delivery = tasks.get()
            if delivery is None:
                return
            try:
                self._consume(delivery)
            except SystemExit:
                # It would end this thread alone.
                logger.warning("a function has asked to exit: the worker leaves")
                self.stop()
            if not self._has_left:
                with self._link.lock:
                    self._link.core.readings.grant(self._reading, 1)
            self._link.flush()

    def _leave(self) -> None:
        """Takes no more: what is on its way has come when this returns."""
        self._has_left = True
        ticket = Ticket()
        with self._link.lock:
            self._link.core.readings.unlisten(self._reading, ticket)
            self._link.wait(ticket)

    def _join(self, threads: List[threading.Thread], until: float) -> None:
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        late = sum(thread.is_alive() for thread in threads)
        if late:
            logger.error("%d functions had not finished in time", late)

    def _finish(self) -> None:
        """Waits until all answers have been taken, as long as the broker answers at all."""
        link = self._link
        with link.lock:
            link.move(lambda: link.core.unanswered == 0, time.monotonic() + link.timeout)
        if self._reading.error is not None:
            raise self._reading.error

    def _consume(self, delivery: Delivery) -> None:
        for channel in delivery.channels:
            message = Message(channel, delivery.group, delivery.body, self._layer, is_posted=True)
            try:
                function, answer = self._routes.find(message)
                if function is not None:
                    function(message)
                elif answer is not None:
                    message.respond(*answer)
                else:
                    logger.warning("no function takes this message on %s", channel)
            except Exception as error:
                self._fail(message, error)

    def _fail(self, message: Message, error: Exception) -> None:
        try:
            if isinstance(error, Gone) and error.name == message.reply_channel:
                logger.debug("nobody waits for the answer to %s any more", message.channel)
                return
            logger.error("a function failed on a message of %s", message.channel, exc_info=error)
            if message.reply_channel is not None and not message.answered:
                message.respond(*make_answer(500, content="Internal Server Error\n"))
        except SeawayError as trouble:
            logger.warning("the failure could not be told: %s", trouble)
