"""Asyncio on the manual clock: a loop that stops when nothing is left to do, and layers for it."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any, Callable, Coroutine, List, Optional, Tuple

from .._address import Address
from .._asyncio import Link
from .._core import Core
from ..aio.layer import Layer
from ._broker import FakeBroker
from ._clock import Clock
from ._wire import Connection


class AsyncFakeLayer(Layer):
    """A ``seaway.aio.Layer`` whose broker is in this process."""

    def __init__(self, broker: Optional[FakeBroker] = None):
        """Layers of one ``broker`` see each other's messages; without one it has its own."""
        self.broker = broker or FakeBroker()
        self._link = AsyncFakeLink(self.broker)

    def __repr__(self) -> str:
        return "<seaway.testing.AsyncFakeLayer>"


class AsyncFakeLink(Link):
    """A connection to the fake broker."""

    def __init__(self, broker: FakeBroker):
        super().__init__(Address("fake", 7411), lambda: Core(heartbeat=0), 2.0)
        self._broker = broker

    async def _connect_once(self) -> None:
        connection = Connection(self._broker)
        self.connection_made(_Transport(self, connection, self.loop))
        assert self._lost is not None
        await self._lost


class _Transport(asyncio.Transport):
    def __init__(self, link: AsyncFakeLink, connection: Connection, loop: asyncio.AbstractEventLoop):
        super().__init__()
        self._link = link
        self._connection = connection
        self._loop = loop
        self._will_deliver = False
        connection.on_output = self._came

    def write(self, data: Any) -> None:
        self._connection.hear(bytes(data))

    def abort(self) -> None:
        if not self._connection.is_over:
            self._connection.end()
            self._connection.on_output = lambda: None
            self._loop.call_soon(self._link.connection_lost, None)

    def _came(self) -> None:
        if not self._will_deliver:
            self._will_deliver = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        self._will_deliver = False
        data = self._connection.take_output()
        if data:
            self._link.data_received(data)


class ManualLoop(asyncio.SelectorEventLoop):
    """A loop whose time is a clock's: it runs until nothing is ready, and does not wait."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._selector_of_mine = _Selector(self)
        #: Functions that run in threads, for which the loop waits.
        self.in_threads = 0
        super().__init__(self._selector_of_mine)

    def time(self) -> float:
        """The time of the clock."""
        return self._clock.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        """Runs a function in a thread; the loop is not idle while it does."""
        future = super().run_in_executor(executor, func, *args)
        self.in_threads += 1
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, _: Any) -> None:
        self.in_threads -= 1

    def settle(self) -> Optional[float]:
        """Runs what is ready; returns the seconds to the next timer, ``None`` if there is none."""
        self.run_forever()
        return self._selector_of_mine.left

    def finish(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Runs a coroutine to its end, however much time that takes."""
        task = self.create_task(coroutine)
        while not task.done():
            left = self.settle()
            if not task.done():
                assert left is not None, "this would wait for ever"
                self._clock.advance(left)
        task.result()

    def advance(self, seconds: float) -> None:
        """Lets time pass, from timer to timer."""
        target = self._clock.now + seconds
        while True:
            left = self.settle()
            if left is None or self._clock.now + left > target:
                break
            self._clock.advance(left)
        self._clock.advance(max(0.0, target - self._clock.now))
        self.settle()


class _Selector(selectors.DefaultSelector):
    """Ends the loop's run where it would wait."""

    def __init__(self, loop: ManualLoop):
        super().__init__()
        self._loop = loop
        self.left: Optional[float] = None

    def select(self, timeout: Optional[float] = None) -> List[Tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        ready = super().select(None if self._loop.in_threads else 0)
        if not ready:
            self.left = timeout
            self._loop.stop()
        return ready
