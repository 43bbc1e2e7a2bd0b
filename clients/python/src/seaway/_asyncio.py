"""Moves the bytes of a layer on an asyncio loop: one write per turn, however much was said in it."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Callable, List, Optional, Sequence, cast

from . import _fork
from ._address import Address, reason
from ._backoff import MOST
from ._core import Core
from ._errors import SeawayError, Unreachable
from ._frames import Frame
from ._presence import Presence
from ._ticket import Ticket

_CONNECT_TIMEOUT = 5.0
_TICK = 2.0
#: Requests without an answer beyond which the next one waits.
_MOST_UNANSWERED = 16_384
_MOST_UNSENT = 1 << 20


class FutureTicket(Ticket):
    """A ticket that a coroutine waits for."""

    __slots__ = ("future",)

    def __init__(self, loop: asyncio.AbstractEventLoop):
        super().__init__()
        self.future: asyncio.Future[None] = loop.create_future()

    def settle(self, frame: Frame) -> None:
        """The answer has come."""
        super().settle(frame)
        if not self.future.done():
            self.future.set_result(None)

    def fail(self, error: SeawayError) -> None:
        """No answer will come."""
        super().fail(error)
        if not self.future.done():
            self.future.set_result(None)


class Link(asyncio.Protocol):
    """A connection to one broker that is made when it is needed, and made again when it is lost."""

    def __init__(
        self, address: Address, make_core: Callable[[], Core], patience: float, failover: Optional[float] = None
    ):
        self.address = address
        self._make_core = make_core
        self._patience = patience
        self._connect_timeout = _CONNECT_TIMEOUT
        #: Seconds between two looks at the connection.
        self._tick = _TICK if failover is None else min(_TICK, failover / 6)
        self._longest_pause = MOST
        self._begin()

    def _begin(self) -> None:
        self.core = self._make_core()
        self._presence = Presence(self.address)
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._keeping: Optional[asyncio.Task[None]] = None
        self._transport: Optional[asyncio.Transport] = None
        self._lost: Optional[asyncio.Future[None]] = None
        self._will_flush = False

    def drop(self) -> None:
        """In a child process: lets go of the connection, which is the parent's."""
        if self._transport is not None:
            connection = self._transport.get_extra_info("socket")
            if connection is not None:
                _fork.hollow(connection.fileno())

    def forked(self) -> None:
        """In a child process: this link begins anew, on the loop on which it is used next."""
        self.drop()
        for reading in self.core.readings.all:
            reading.error = _fork.not_here()
        _fork.keep(self._loop, self._keeping, self._transport, self._lost)
        self._begin()

    def speak(self) -> None:
        """It is a worker's: the log tells when the broker comes and goes."""
        self._presence.speak()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop on which the layer was first used, and on which alone it may be."""
        self.start()
        assert self._loop is not None
        return self._loop

    # Asking

    def start(self) -> None:
        """Begins to connect, and goes on until ``end``."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._changed: Optional[asyncio.Future[None]] = None
            self._keeping = self._loop.create_task(self._keep())

    async def open(self) -> None:
        """Waits until a broker has greeted; raises ``Unreachable`` or why the layer has ended."""
        if self.core.ended is not None:
            raise self.core.ended
        if self.core.is_open:
            return
        until = self.loop.time() + self._patience
        while not self.core.is_open and self.core.ended is None:
            left = until - self.loop.time()
            if left <= 0:
                raise Unreachable(f"no broker at {self.address}: {self.core.trouble or 'no answer'}")
            # Makes no task.
            await asyncio.wait((self._next_change(),), timeout=left)
        if self.core.ended is not None:
            raise self.core.ended

    async def ask(self, requests: Sequence[bytes], stream: Optional[str] = None) -> List[Frame]:
        """Says requests one after the other and returns their answers, or raises the first refusal.

        When the waiting task is cancelled, what became of the requests is unknown.
        """
        core = self.core
        while not core.is_open or core.unanswered > _MOST_UNANSWERED or core.unsent > _MOST_UNSENT:
            await self.open()
            if core.unanswered > _MOST_UNANSWERED or core.unsent > _MOST_UNSENT:
                await self.change()
        if len(requests) == 1:
            # Nearly always.
            one = FutureTicket(self.loop)
            core.ask(requests[0], one)
            self.flush_alone()
            await one.future
            return [one.result()]
        tickets = [FutureTicket(self.loop) for _ in requests]
        for request, ticket in zip(requests, tickets):
            core.ask(request, ticket)
        self.flush_soon()
        for ticket in tickets:
            await ticket.future
        return [ticket.result() for ticket in tickets]

    async def change(self) -> None:
        """Waits until something has come or a connection was made or lost."""
        await asyncio.shield(self._next_change())

    def flush_soon(self) -> None:
        """Writes what was said in this turn of the loop, behind all that is ready to run."""
        if not self._will_flush:
            self._will_flush = True
            self.loop.call_soon(self._flush)

    def flush_alone(self) -> None:
        """Writes at once what nothing else is asked beside, so that it costs no turn of the loop; else soon."""
        if self._will_flush or self.core.unanswered > 1:
            self.flush_soon()
        else:
            self._flush()

    async def end(self, error: SeawayError) -> None:
        """Ends the layer: nothing is tried again."""
        self.core.end(error)
        if self._transport is not None:
            self._transport.abort()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    def _next_change(self) -> asyncio.Future[None]:
        if self._changed is None:
            self._changed = self.loop.create_future()
        return self._changed

    def _note_change(self) -> None:
        changed, self._changed = self._changed, None
        if changed is not None and not changed.done():
            changed.set_result(None)

    # Moving

    async def _keep(self) -> None:
        try:
            while self.core.ended is None:
                await self._connect_once()
                if self.core.ended is None:
                    await asyncio.sleep(min(self.core.backoff.next(), self._longest_pause))
        finally:
            if self._transport is not None:
                self._transport.abort()

    async def _connect_once(self) -> None:
        try:
            await self._connect()
        except (OSError, asyncio.TimeoutError) as error:
            self.core.trouble = reason(error)
            self._presence.went(self.core.trouble, isinstance(error, ssl.SSLError))
            return
        while self._lost is not None:
            await asyncio.wait((self._lost,), timeout=self._tick)
            self._check()
            self.flush_soon()

    async def _connect(self) -> None:
        loop, path = self.loop, self.address.path
        connecting: asyncio.Future[Any]
        if path is not None:
            connecting = loop.create_task(loop.create_unix_connection(lambda: self, path))
        else:
            host, port, tls = self.address.host, self.address.port, self.address.tls
            name = None if tls is None else host
            connecting = loop.create_task(
                loop.create_connection(lambda: self, host, port, ssl=tls, server_hostname=name)
            )
        try:
            # Until Python 3.11 wait_for forgets that it was cancelled, when what it waits for has just ended.
            await asyncio.wait((connecting,), timeout=self._connect_timeout)
        finally:
            if not connecting.done():
                connecting.cancel()
                await asyncio.gather(connecting, return_exceptions=True)
        if connecting.cancelled():
            raise asyncio.TimeoutError
        connecting.result()

    def _flush(self) -> None:
        self._will_flush = False
        if self._transport is not None and not self._is_paused:
            output = self.core.take_output()
            if output:
                self._transport.write(output)

    def _check(self) -> None:
        if self._lost is not None and not self.core.tick(self.loop.time()):
            self._abort()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    _is_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection stands."""
        # Those of uvloop are transports without being of this class.
        self._transport = cast(asyncio.Transport, transport)
        self._is_paused = False
        self._lost = self.loop.create_future()
        self.core.connected(self.loop.time())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if not self.core.received(data, self.loop.time()):
            self._abort()
        elif self.core.is_open and not self._presence.is_there:
            self._presence.came()
        self._note_change()
        if self.core.has_output:
            self.flush_soon()

    def pause_writing(self) -> None:
        """The broker reads more slowly than this side says: what is said waits here, within the layer's bounds."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """The broker has read."""
        self._is_paused = False
        self._flush()
        self._note_change()

    def connection_lost(self, error: Optional[Exception]) -> None:
        """The connection is over."""
        self._transport = None
        self.core.broke(reason(error) if error else "the broker closed the connection")
        if self.core.ended is None:
            self._presence.went(self.core.trouble)
        lost, self._lost = self._lost, None
        if lost is not None and not lost.done():
            lost.set_result(None)
        self._note_change()
