"""An ASGI application as a worker: requests and sockets come from the broker, and answers go there."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Callable, Coroutine, Deque, Dict, List, Optional, Sequence, Set

from ..._asyncio import FutureTicket
from ..._errors import SeawayError
from ..._held import Held
from ..._log import logger
from ..._reading import Delivery, Reading
from ...aio._ends import RequestEnds
from ...aio._turns import Turns
from ...aio.layer import Layer
from ...aio.message import Message
from . import sockets as _sockets
from .exchange import Exchange, Request
from .handover import Handovers
from .intake import Intake
from .lifespan import Lifespan
from .posting import Posts
from .scopes import Application
from .sockets import Sockets

#: What becomes of open sockets when a process leaves.
POLICIES = ("close", "keep", "resume")
#: Seconds of ``drain`` that are left for the application's shutdown, at most.
_FOR_SHUTDOWN = 5.0


class Host:
    """Serves an application on one loop until ``stop``.

    ::

        host = Host(application, Layer())
        await host.run()
    """

    def __init__(
        self,
        application: Application,
        layer: Layer,
        *,
        concurrency: int = 128,
        drain: float = 30.0,
        root_path: str = "",
        http_channel: Optional[str] = "http.request",
        websocket_channel: Optional[str] = "websocket.connect",
        sockets: str = "close",
        lifespan: str = "auto",
        hold: float = 600.0,
        dead: Sequence[str] = (),
        successor: Callable[[], str] = lambda: "",
        on_ready: Callable[[], None] = lambda: None,
        on_served: Callable[[], None] = lambda: None,
    ):
        """Connects to nothing yet.

        - ``layer``: on which it works; it stays the caller's to leave.
        - ``concurrency``: requests at a time, and sockets that are asked for; open sockets do not count.
        - ``drain``: seconds in which requests and sockets have to end once it is told to leave.
        - ``root_path``: where the application is mounted; empty for what the interface server says.
        - ``http_channel``, ``websocket_channel``: where requests and connects come in; ``None`` for none of them.
        - ``sockets``: what becomes of open sockets when it leaves: ``close`` (1012, one after the other), ``keep``
          (until they end, as long as ``drain`` allows) or ``resume`` (begun anew in another process).
        - ``lifespan``: ``auto``, ``on`` or ``off``.
        - ``hold``: seconds that the broker lets a request or a connect be held, its ``--hold``: each is acknowledged by
          its answer, and goes to another when this process dies; 0: it is not acknowledged.
        - ``dead``: the ``name`` of each process before that has died: its sockets are closed with 1012.
        - ``successor``: returns the ``name`` of the process that has come in place of this one, which gets its sockets.
        - ``on_ready``: called when it takes requests; ``on_served``: for each request and each socket.
        """
        self.application = application
        self.layer = layer
        self.root_path = root_path
        self._drain = drain
        self._policy = sockets
        self._dead = dead
        self.successor = successor
        self._on_ready = on_ready
        self._on_served = on_served
        self._lifespan = Lifespan(application, lifespan)
        self._tasks: Set[asyncio.Task[None]] = set()
        #: Requests that have come and are to begin.
        self._waiting: Deque[Delivery] = deque()
        self._turns = Turns(self._begin_others)
        self.is_ready = False
        self.is_leaving = False
        self._is_stopped = False
        self._change: Optional[asyncio.Event] = None
        self._error: Optional[SeawayError] = None
        self._requests: Optional[Intake] = None
        #: Takes connects.
        self.connects: Intake
        self.sockets: Optional[Sockets] = None
        self.handovers: Handovers
        if http_channel is not None:
            self._requests = Intake(self, http_channel, concurrency, self.serve, hold)
        if websocket_channel is not None:
            self.sockets = Sockets(self, websocket_channel)
            self.connects = Intake(self, websocket_channel, concurrency, self._connect, hold)
            self.handovers = Handovers(self.sockets)
        self._resumes: Optional[Intake] = None
        if self.sockets is not None and sockets == "resume":
            self._resumes = Intake(self, self.handovers.channel, concurrency, self._resume)

    # Life

    async def run(self) -> None:
        """Serves until ``stop``; then takes no more, ends what it has, and returns.

        Raises ``StartupFailed`` when the application says that it cannot serve, ``Lost``, ``Refused`` or ``Ended`` when
        the broker does not let it listen.
        """
        self.loop = asyncio.get_running_loop()
        self._change = asyncio.Event()
        self.layer.link.speak()
        self.layer.link.start()
        self.ends = RequestEnds(self.layer.link)
        self.posts = Posts(self.layer)
        await self._lifespan.startup()
        try:
            await self._serve()
        finally:
            await self._lifespan.shutdown()
        if self._error is not None:
            raise self._error

    @property
    def name(self) -> str:
        """Another one each time, by which the next process finds the sockets of this one; empty where it has none."""
        return "" if self.sockets is None else self.sockets.group

    @property
    def state(self) -> Optional[Dict[str, Any]]:
        """What requests get a copy of."""
        return self._lifespan.state

    @property
    def requests(self) -> int:
        """Requests under way, those included that came by ``serve`` from elsewhere."""
        return len(self._tasks) + len(self._waiting)

    def stop(self) -> None:
        """Makes ``run`` finish what it has and return. To be called on its loop."""
        self._is_stopped = True
        if self._change is not None:
            self._change.set()

    @property
    def _readings(self) -> List[Any]:
        found: List[Any] = [] if self._requests is None else [self._requests]
        if self.sockets is not None:
            # First its mailbox, so that it is there when the first socket is.
            found = [self.sockets.mailbox, *self.sockets.strays, self.connects, *found]
        if self._resumes is not None:
            found.append(self._resumes)
        return found

    async def _serve(self) -> None:
        for reading in self._readings:
            reading.begin()
        self.layer.link.flush_soon()
        while not self._is_stopped and self._error is None and not all(one.in_force for one in self._readings):
            await self._changed()
        if not self._is_stopped and self._error is None:
            self.is_ready = True
            self._on_ready()
            if self.sockets is not None:
                self.sockets.strangers.begin()
                for name in self._dead:
                    self.posts.keep(self.sockets.close_those_of(name))
        while not self._is_stopped and self._error is None:
            await self._changed()
        await self._leave()

    async def _changed(self) -> None:
        assert self._change is not None
        await self._change.wait()
        self._change.clear()

    def link_has_changed(self, reading: Reading) -> None:
        """Listening has begun, or cannot go on."""
        if reading.error is not None and self._error is None and not self.is_leaving:
            self._error = reading.error
        if self._change is not None:
            self._change.set()

    async def _leave(self) -> None:
        self.is_leaving = True
        self.ends.leave()
        until = self.loop.time() + max(self._drain - min(_FOR_SHUTDOWN, self._drain / 4), 0.0)
        mailbox = None if self.sockets is None else self.sockets.mailbox
        await self._unlisten([one for one in self._readings if one is not mailbox])
        while self._waiting:
            self._begin(self._waiting.popleft())
        work: List[Coroutine[Any, Any, None]] = [self._finish_requests(until)]
        if self.sockets is not None:
            work.append(self.sockets.leave(self._policy, until))
        await asyncio.gather(*work)
        await self.posts.finish(max(0.5, until - self.loop.time()))
        if mailbox is not None:
            await self._unlisten([mailbox])

    async def _unlisten(self, readings: List[Reading]) -> None:
        tickets: List[FutureTicket] = []
        for reading in readings:
            tickets.append(FutureTicket(self.loop))
            self.layer.link.core.readings.unlisten(reading, tickets[-1])
        self.layer.link.flush_soon()
        for ticket in tickets:
            await ticket.future

    async def _finish_requests(self, until: float) -> None:
        while self._tasks and (left := until - self.loop.time()) > 0:
            await asyncio.wait(list(self._tasks), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        late = list(self._tasks)
        if late:
            logger.error("%d requests had not finished in time", len(late))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    # Work

    def serve(self, delivery: Delivery) -> None:
        """Lets the application answer a request, now or in one of the next turns of the loop."""
        if self._waiting or not self._turns.may_begin():
            self._waiting.append(delivery)
        else:
            self._begin(delivery)

    def _begin_others(self) -> None:
        while self._waiting and self._turns.may_begin():
            self._begin(self._waiting.popleft())

    def _begin(self, delivery: Delivery) -> None:
        for channel in delivery.channels:
            self._on_served()
            try:
                request = Request(channel, delivery, self.layer)
            except SeawayError as error:
                logger.warning("a request on %s cannot be read: %s", channel, error)
                self.is_over(delivery.held)
                self._has_room_again()
                continue
            exchange = Exchange(self, request)
            exchange.task = self.loop.create_task(exchange.run())
            if not exchange.task.done():
                self._tasks.add(exchange.task)

    def is_over(self, held: Optional[Held]) -> None:
        """A message was dealt with: where it is held, and its answer has not said so, that is told apart."""
        if held is not None and not held.is_over:
            held.ack()
            self.layer.link.flush_soon()

    def finished(self, task: Optional[asyncio.Task[None]]) -> None:
        """The task of a request is about to end."""
        if task is not None:
            self._tasks.discard(task)
        self._has_room_again()

    def _has_room_again(self) -> None:
        if self._requests is not None:
            self._requests.done()

    def _connect(self, delivery: Delivery) -> None:
        assert self.sockets is not None
        self._on_served()
        self.sockets.ask(delivery)

    def _resume(self, delivery: Delivery) -> None:
        try:
            self.handovers.take(Message(self.handovers.channel, None, delivery.body, self.layer))
        except Exception as error:
            logger.error("a socket that was handed over cannot be read: %s", error)
        assert self._resumes is not None
        self._resumes.done()

    def has_room(self, intake: Intake) -> bool:
        """Whether more may come in there."""
        return intake is self._requests or self.sockets is None or len(self.sockets) < _sockets.MOST
