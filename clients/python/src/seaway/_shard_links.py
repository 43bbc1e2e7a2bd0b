"""Moves the bytes of a layer over several brokers on an asyncio loop: a ``Link`` for each."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Callable, ContextManager, List, Optional, Sequence

from . import _fork
from ._address import Address
from ._asyncio import FutureTicket, Link
from ._core import Core
from ._errors import SeawayError, Unreachable
from ._frames import Frame
from ._shard_core import ShardCore

_MOST_UNANSWERED = 16_384
_MOST_UNSENT = 1 << 20


class _PartLink(Link):
    """The connection to one of the brokers; whatever it does to the core it does within the guard."""

    def __init__(self, whole: ShardLink, address: Address, core: Core, patience: float, failover: float):
        super().__init__(address, lambda: core, patience, failover)
        self._whole = whole
        self._connect_timeout = failover
        self._longest_pause = failover / 2

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        with self._whole.guard:
            super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        with self._whole.guard:
            super().data_received(data)

    def connection_lost(self, error: Optional[Exception]) -> None:
        with self._whole.guard:
            super().connection_lost(error)

    def _flush(self) -> None:
        with self._whole.guard:
            super()._flush()

    def _check(self) -> None:
        with self._whole.guard:
            super()._check()
            self._whole.core.check()
            self._whole.changed()

    def _note_change(self) -> None:
        super()._note_change()
        self._whole.changed()


class ShardLink:
    """Connections to several brokers, used as a ``Link`` is.

    ``guard`` is held while anything is changed, and ``on_change`` called when something was, for a link that others
    than its loop use too.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        make_core: Callable[[], ShardCore],
        patience: float,
        failover: float,
        guard: Optional[ContextManager[Any]] = None,
        on_change: Callable[[], None] = lambda: None,
    ):
        self.address = ", ".join(map(str, addresses))
        self.guard: ContextManager[Any] = guard or contextlib.nullcontext()
        self._addresses = addresses
        self._make_core = make_core
        self._patience = patience
        self._failover = failover
        self._on_change = on_change
        self._begin()

    def _begin(self) -> None:
        self.core = self._make_core()
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._links: List[_PartLink] = [
            _PartLink(self, address, part, self._patience, self._failover)
            for address, part in zip(self._addresses, self.core.parts)
        ]

    def drop(self) -> None:
        """In a child process: lets go of the connections, which are the parent's."""
        for link in self._links:
            link.drop()
        for reading in self.core.readings.all:
            reading.error = _fork.not_here()

    def forked(self) -> None:
        """In a child process: this link begins anew, on the loop on which it is used next."""
        self.drop()
        _fork.keep(self._links, self._loop)
        self._begin()

    def speak(self) -> None:
        """It is a worker's: the log tells when brokers come and go."""
        for link in self._links:
            link.speak()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop on which the layer was first used, and on which alone it may be."""
        self.start()
        assert self._loop is not None
        return self._loop

    def start(self) -> None:
        """Begins to connect, and goes on until ``end``."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._changed: asyncio.Future[None] = self._loop.create_future()
            for link in self._links:
                link.start()

    async def open(self) -> None:
        """Waits until a broker takes requests; raises ``Unreachable`` or why the layer has ended."""
        if self.core.ended is not None:
            raise self.core.ended
        if self.core.is_open:
            return
        self.start()
        try:
            await asyncio.wait_for(self._until_open(), self._patience)
        except asyncio.TimeoutError:
            raise Unreachable(f"no broker at {self.address}: {self.core.trouble or 'no answer'}") from None
        if self.core.ended is not None:
            raise self.core.ended

    async def ask(self, requests: Sequence[bytes], stream: Optional[str] = None) -> List[Frame]:
        """Says requests one after the other and returns their answers, or raises the first refusal."""
        core = self.core
        while not core.is_open or core.unanswered > _MOST_UNANSWERED or core.unsent > _MOST_UNSENT:
            await self.open()
            if core.unanswered > _MOST_UNANSWERED or core.unsent > _MOST_UNSENT:
                await self.change()
        tickets = [FutureTicket(self.loop) for _ in requests]
        for request, ticket in zip(requests, tickets):
            core.ask(request, ticket, stream)
        self.flush_soon()
        for ticket in tickets:
            await ticket.future
        return [ticket.result() for ticket in tickets]

    async def change(self) -> None:
        """Waits until something has come or a connection was made or lost."""
        await asyncio.shield(self._changed)

    def flush_soon(self) -> None:
        """Writes what was said in this turn of the loop, to each broker at once."""
        for link in self._links:
            if link.core.has_output:
                link.flush_soon()

    def flush_alone(self) -> None:
        """The same: what is asked of several brokers is not alone."""
        self.flush_soon()

    async def end(self, error: SeawayError) -> None:
        """Ends the layer: nothing is tried again."""
        with self.guard:
            self.core.end(error)
        for link in self._links:
            await link.end(error)

    async def _until_open(self) -> None:
        while not self.core.is_open and self.core.ended is None:
            await self.change()

    def changed(self) -> None:
        """Something has: what was said because of it leaves, and those who wait look again."""
        if self._loop is None:
            return
        self.flush_soon()
        if not self._changed.done():
            self._changed.set_result(None)
        self._changed = self._loop.create_future()
        self._on_change()
