"""One run of an asyncio worker: how messages get to functions, and how the worker leaves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Iterable, List, Optional, Set

from .._asyncio import FutureTicket
from .._kept import Kept
from .._leaving import Leaving
from .._log import logger
from .._reading import Reading
from .._routes import Routes
from ._consumer import Consumer
from ._turns import Turns
from .message import Message
from .websocket import tell

if TYPE_CHECKING:
    from .layer import Layer


class Run(Reading):
    """One run of a worker on a layer."""

    def __init__(
        self,
        layer: Layer,
        channels: List[str],
        routes: Routes[Message, Awaitable[Any]],
        concurrency: int,
        kept: Kept,
        ready: Optional[Callable[[], None]] = None,
        acked: Iterable[str] = (),
        hold: float = 0.0,
        wished: Iterable[str] = (),
    ):
        """``ready`` is called once, when messages come; it must not wait."""
        super().__init__(channels, acked, hold, wished)
        self._layer = layer
        self._link = layer.link
        self._concurrency = concurrency
        self._kept = kept
        self._consumer = Consumer(layer, routes)
        self._turns = Turns(self.notify)
        self._ready = ready
        self._is_stopped = False
        #: It listens no more.
        self.has_left = False
        self._tasks: Set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[None] = self._link.loop.create_future()

    async def work(self, drain: float) -> None:
        """Takes messages until it is stopped or cannot listen any more; then ``drain`` seconds are left."""
        readings = self._link.core.readings
        self._link.speak()
        readings.listen(self)
        readings.grant(self, self._concurrency)
        self._link.flush_soon()
        ticket = FutureTicket(self._link.loop)
        try:
            try:
                await self._over
                if self.error is None:
                    await self._part(Leaving(self._kept, drain, self._link.loop.time()))
            finally:
                self.has_left = True
                self._consumer.ends.leave()
                readings.unlisten(self, ticket)
                self._consumer.left()
                self._link.flush_soon()
            await ticket.future
            until = self._link.loop.time() + drain
            while (self._tasks or self.queue) and (left := until - self._link.loop.time()) > 0:
                # What has come last is begun when others end, or in the next turn.
                if self._tasks:
                    await asyncio.wait(self._tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(0)
            late = len(self._tasks) + len(self.queue)
        except asyncio.CancelledError:
            await self._cancel()
            raise
        if late:
            logger.error("%d functions had not finished in time", late)
            await self._cancel()
        if self.error is not None:
            raise self.error

    async def _part(self, leaving: Leaving) -> None:
        """Parts with the sockets that are kept here, while what comes from them is taken."""
        loop = self._link.loop
        while self.error is None and not leaving.is_over(loop.time()):
            await tell(self._layer, leaving.take(loop.time()))
            now = loop.time()
            await asyncio.sleep(leaving.next(now) - now)

    async def _cancel(self) -> None:
        self._consumer.is_cancelled = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._consumer.give_up(self.queue)

    def stop(self) -> None:
        """Takes no more."""
        self._is_stopped = True
        self.notify()

    def notify(self) -> None:
        """Gives what has come to the functions: no more of them at a time than there was credit, and some in a turn."""
        if self._ready is not None and self.in_force:
            ready, self._ready = self._ready, None
            ready()
        if self._is_stopped:
            self._consumer.give_back(self.queue)
        while self._may_begin():
            task = self._link.loop.create_task(self._consumer.consume(self.queue.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._finished)
        if (self.error is not None or self._is_stopped) and not self._over.done():
            self._over.set_result(None)

    def _may_begin(self) -> bool:
        has_one = self.queue and len(self._tasks) < self._concurrency and not self._consumer.is_cancelled
        return bool(has_one) and self._turns.may_begin()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a message was not worked off", exc_info=task.exception())
        if not self.has_left and self.error is None:
            self._link.core.readings.grant(self, 1)
            self._link.flush_soon()
        self.notify()
