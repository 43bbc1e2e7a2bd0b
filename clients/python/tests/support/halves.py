"""Both halves of the client behind one face, so that one test serves both."""

from __future__ import annotations

import asyncio
import inspect
import threading
from typing import Any, Iterator, Optional

import seaway
from seaway import aio

from .broker import PATIENCE

#: Seconds that what is cancelled may take: who still tries to tell a dead broker is cancelled again.
_LAST_WORDS = 0.5


def patient(options: dict[str, Any]) -> dict[str, Any]:
    """Has no busy machine make a broker look dead, or a client ask where a test knows what comes next."""
    return options if "hosts" in options else {"failover": 3_600.0, **options}


class Half:
    """The synchronous half, used as it is."""

    name = "sync"
    module: Any = seaway

    def __init__(self) -> None:
        self._layers: list[Any] = []

    def layer(self, address: Optional[str], **options: Any) -> Any:
        """A layer that leaves when the test is over."""
        layer = seaway.Layer(address, **patient(options))
        self._layers.append(layer)
        return layer

    def wrap(self, value: Any) -> Any:
        """Makes anything of this half usable without a loop."""
        return value

    def close(self) -> None:
        """Leaves all brokers."""
        for layer in self._layers:
            layer.quit()


class AsyncioHalf(Half):
    """The asyncio half, on a loop in a thread of its own."""

    name = "asyncio"
    module = aio

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def layer(self, address: Optional[str], **options: Any) -> Any:
        """A layer that leaves when the test is over."""
        layer = Waiting(self, aio.Layer(address, **patient(options)))
        self._layers.append(layer)
        return layer

    def wrap(self, value: Any) -> Any:
        """Lets every coroutine run to its end on the loop."""
        return Waiting(self, value)

    def close(self) -> None:
        """Leaves all brokers and ends the loop."""
        super().close()
        self.run(_end_others)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()

    def run(self, function: Any, *args: Any, **options: Any) -> Any:
        """Calls a function on the loop and waits for what it returns."""

        async def call() -> Any:
            result = function(*args, **options)
            return await result if inspect.isawaitable(result) else result

        return self._wrapped(asyncio.run_coroutine_threadsafe(call(), self.loop).result(2 * PATIENCE))

    def _wrapped(self, value: Any) -> Any:
        return Waiting(self, value) if isinstance(value, (aio.Layer, aio.Listening, aio.Message, aio.Stream)) else value


async def _end_others() -> None:
    """Cancels what a test has left running, which a loop must not be closed with."""
    for _ in range(3):
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=_LAST_WORDS)


class Waiting:
    """An object of ``seaway.aio`` whose methods return when they are done."""

    def __init__(self, half: AsyncioHalf, inner: Any):
        self._half = half
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found
        return lambda *args, **options: self._half.run(found, *args, **options)

    def __getitem__(self, key: str) -> Any:
        return self._inner[key]

    def __iter__(self) -> Iterator[Any]:
        while True:
            try:
                yield self._half.run(self._inner.__anext__)
            except StopAsyncIteration:
                return

    def __enter__(self) -> Waiting:
        self._half.run(self._inner.__aenter__)
        return self

    def __exit__(self, *error: Optional[Any]) -> None:
        self._half.run(self._inner.__aexit__, *error)
