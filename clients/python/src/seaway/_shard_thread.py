"""A layer over several brokers for any number of threads: the bytes are moved by a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import Callable, List, Optional, Sequence

from . import _fork
from ._address import Address
from ._errors import SeawayError, Unknown, Unreachable
from ._frames import Frame
from ._shard_core import ShardCore
from ._shard_links import ShardLink
from ._ticket import Ticket

_MOST_POSTED = 4_096
_MOST_UNSENT = 262_144
_TICK = 5.0


class ShardThread:
    """Connections to several brokers, used as the synchronous ``Link`` is.

    Methods that say so are called with ``lock`` held.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        make_core: Callable[[], ShardCore],
        patience: float,
        timeout: float,
        failover: float,
    ):
        self.address = ", ".join(map(str, addresses))
        self.timeout = timeout
        self._addresses = addresses
        self._make_core = make_core
        self._patience = patience
        self._failover = failover
        #: Of a worker: what it posts leaves at the end of a turn of the loop in any case.
        self.batching: Optional[int] = None
        self._begin()
        _fork.watch(self)

    def _begin(self) -> None:
        self.lock = threading.RLock()
        self._turn = threading.Condition(self.lock)
        self._link = ShardLink(
            self._addresses, self._make_core, self._patience, self._failover, self.lock, self._turn.notify_all
        )
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._thread: Optional[threading.Thread] = None

    def forked(self) -> None:
        """In a child process: the connections and their thread are the parent's; this link begins anew."""
        self._link.drop()
        _fork.keep(self._link, self._loop, self._thread)
        self._begin()

    def speak(self) -> None:
        """It is a worker's: the log tells when brokers come and go."""
        self._link.speak()

    def look(self) -> None:
        """What has come is taken by the thread. With the lock held."""

    @property
    def core(self) -> ShardCore:
        """What is known and decided."""
        return self._link.core

    # Asking

    def open(self, patience: Optional[float] = None) -> None:
        """Waits until a broker takes requests; raises ``Unreachable`` or why the layer has ended. With the lock."""
        core = self.core
        self._start()
        until = time.monotonic() + (self._patience if patience is None else patience)
        self.move(lambda: core.is_open or core.ended is not None, until)
        if core.ended is not None:
            raise core.ended
        if not core.is_open:
            raise Unreachable(f"no broker at {self.address}: {core.trouble or 'no answer'}")

    def ask(self, requests: Sequence[bytes], stream: Optional[str] = None) -> List[Frame]:
        """Says requests one after the other and returns their answers, or raises the first refusal."""
        tickets = [Ticket() for _ in requests]
        with self.lock:
            self.open()
            for request, ticket in zip(requests, tickets):
                self.core.ask(request, ticket, stream)
            for ticket in tickets:
                self.wait(ticket)
        return [ticket.result() for ticket in tickets]

    def post(self, request: bytes, ticket: Ticket) -> None:
        """Says a request that leaves soon; its ticket tells what became of it."""
        with self.lock:
            self.open()
            core = self.core
            if core.unsent > _MOST_UNSENT or core.unanswered > _MOST_POSTED:
                self.move(lambda: core.unanswered <= _MOST_POSTED // 2, time.monotonic() + self.timeout)
                self.open()
            core.ask(request, ticket)
            self._flush()

    def wait(self, ticket: Ticket) -> None:
        """Waits until a ticket is settled. With the lock held."""
        # Connections that do not answer are given up before.
        if not self.move(lambda: ticket.done, time.monotonic() + self.timeout * 2):
            ticket.fail(Unknown(f"no answer for {self.timeout * 2:g} s"))

    def flush(self) -> None:
        """Lets what was said leave."""
        with self.lock:
            self._flush()

    def wake(self) -> None:
        """Makes those who wait look again. Takes no lock, so that a signal handler may call it."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._notify)

    def notify(self) -> None:
        """Something else than bytes has changed what threads wait for. With the lock held."""
        self._turn.notify_all()

    def move(self, done: Callable[[], bool], until: float) -> bool:
        """Sleeps until ``done``; false when time is over. With the lock held."""
        self._start()
        self._flush()
        while not done():
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._turn.wait(min(left, _TICK))
        return True

    def end(self, error: SeawayError) -> None:
        """Ends the layer: nothing is tried again."""
        with self.lock:
            self.core.end(error)
            self._turn.notify_all()
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None and thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._link.end(error), loop).result(self.timeout)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(self.timeout)

    # The thread

    def _start(self) -> None:
        if self._thread is not None or self.core.ended is not None:
            return
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(self._loop,), name="seaway-brokers", daemon=True)
        self._loop.call_soon(self._link.start)
        self._thread.start()

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.run_forever()
        finally:
            loop.close()

    def _flush(self) -> None:
        if self._loop is not None and threading.current_thread() is not self._thread:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._link.flush_soon)

    def _notify(self) -> None:
        with self.lock:
            self._turn.notify_all()
