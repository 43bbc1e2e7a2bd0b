"""Runs the functions of a worker as long as there is something for them, and no longer."""

from __future__ import annotations

import asyncio
from typing import Any, Optional, Protocol

from .. import _time, aio, handles
from .._leaving import Leaving
from .._reading import Reading
from .._sync_consumer import Consumer
from .._ticket import Ticket
from ..aio._run import Run
from ..aio.worker import Worker as AsyncWorker
from ..layer import Layer
from ..websocket import tell
from ..worker import Worker
from ._broker import FakeBroker
from ._link import FakeLayer
from ._loop import AsyncFakeLayer, ManualLoop


class Host(Protocol):
    """A worker, whichever it is."""

    def work(self) -> None:
        """Gives it what has come, until nothing is left to do."""

    def advance(self, seconds: float) -> None:
        """Lets time pass."""

    def leave(self) -> None:
        """Has it leave in order, as at SIGTERM."""

    def close(self) -> None:
        """Ends it."""


class SyncHost:
    """A ``seaway.Worker``: its functions run in the thread of the test, one after the other."""

    def __init__(self, worker: Worker, broker: FakeBroker):
        self._worker = worker
        self._broker = broker
        self._layer = FakeLayer(broker)
        self._reading = Reading(worker._routes.channels, worker._acked, worker.hold, worker._acked_where_known)
        self._consumer = Consumer(self._layer, worker._routes)
        self._is_working = False
        self._has_left = False
        self._former: Optional[Layer] = handles._default
        handles.set_default_layer(self._layer)
        link = self._layer.link
        with link.lock:
            link.open()
            link.core.readings.listen(self._reading)
            link.core.readings.grant(self._reading, 1)
        link.flush()

    def work(self) -> None:
        """A function may do what gives the worker more to do: that comes when it has ended."""
        if self._is_working:
            return
        self._is_working = True
        link, reading = self._layer.link, self._reading
        try:
            with _time.kept_by(self._broker.clock):
                link.flush()
                while reading.queue:
                    self._consumer.consume(reading.queue.popleft(), self._broker.clock.now)
                    if not self._has_left:
                        with link.lock:
                            link.core.readings.grant(reading, 1)
                    link.flush()
        finally:
            self._is_working = False

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self._broker.clock.advance(seconds)
        self.work()

    def leave(self) -> None:
        """Gives its sockets back or closes them, works off what comes, and listens no more."""
        clock = self._broker.clock
        leaving = Leaving(self._worker._kept, self._worker.drain, clock.now)
        while not leaving.is_over(clock.now):
            self._is_working = True
            try:
                tell(self._layer, leaving.take(clock.now))
            finally:
                self._is_working = False
            self.work()
            self.advance(leaving.next(clock.now) - clock.now)
        self._has_left = self._consumer.is_leaving = True
        with self._layer.link.lock:
            self._consumer.ends.leave()
            self._layer.link.core.readings.unlisten(self._reading, Ticket())
            self._consumer.left()
        self.work()

    def close(self) -> None:
        """Ends it."""
        self._layer.quit()
        handles.set_default_layer(self._former)


class AsyncHost:
    """A ``seaway.aio.Worker``: its functions run on a loop of their own, whose time is the manual clock's."""

    def __init__(self, worker: AsyncWorker, broker: FakeBroker):
        self._loop = ManualLoop(broker.clock)
        self._is_working = False
        self._layer: Optional[AsyncFakeLayer] = None
        self._run: Optional[Run] = None
        self._task: asyncio.Task[None] = self._loop.create_task(self._work(worker, broker))
        self.work()
        if self._task.done():
            self._task.result()

    async def _work(self, worker: AsyncWorker, broker: FakeBroker) -> None:
        layer = self._layer = AsyncFakeLayer(broker)
        aio.set_default_layer(layer)
        self._run = Run(
            layer, worker._routes.channels, worker._routes, worker.concurrency, worker._kept, None, worker._acked,
            worker.hold, worker._acked_where_known,
        )  # fmt: skip
        await self._run.work(worker.drain)

    def work(self) -> None:
        """Runs the loop until nothing is ready."""
        if not self._is_working:
            self._is_working = True
            try:
                self._loop.settle()
            finally:
                self._is_working = False

    def advance(self, seconds: float) -> None:
        """Lets time pass, from timer to timer."""
        if self._is_working:
            raise RuntimeError("a function of the worker cannot let time pass: it sleeps")
        self._is_working = True
        try:
            self._loop.advance(seconds)
        finally:
            self._is_working = False

    def leave(self) -> None:
        """Has it leave in order."""
        if self._run is not None:
            self._run.stop()
        self.advance(1.0)
        while self._run is not None and not self._run.has_left:
            self.advance(0.25)

    def close(self) -> None:
        """Ends it; what still runs is cancelled."""
        if not self._loop.is_closed():
            self._loop.finish(self._end())
            self._loop.close()

    async def _end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._layer is not None:
            await self._layer.quit()
        aio.set_default_layer(None)


def host(worker: Any, broker: FakeBroker) -> Host:
    """Returns what runs a worker of either kind."""
    if isinstance(worker, Worker):
        return SyncHost(worker, broker)
    if isinstance(worker, AsyncWorker):
        return AsyncHost(worker, broker)
    raise TypeError(f"a worker is a seaway.Worker or a seaway.aio.Worker, not {worker!r}")
