"""A layer on the fake broker: all of ``seaway.Layer``, and no socket."""

from __future__ import annotations

import threading
import time
from typing import Callable, List, Optional, Sequence

from .._core import Core
from .._errors import SeawayError, Unknown
from .._frames import Frame
from .._sync import FOREVER, Link
from .._ticket import Ticket
from ..layer import Layer
from ._broker import FakeBroker
from ._wire import Connection


class FakeLayer(Layer):
    """A ``seaway.Layer`` whose broker is in this process: for functions that send, join and listen.

    Whoever would wait finds that the clock of the broker has moved on: ``receive(5)`` lets five seconds pass when
    nothing is there. What would wait for ever raises ``SeawayError``, since nothing else runs meanwhile.
    """

    def __init__(self, broker: Optional[FakeBroker] = None):
        """Layers of one ``broker`` see each other's messages; without one it has its own."""
        self.broker = broker or FakeBroker()
        self._link = FakeLink(self.broker)

    def __repr__(self) -> str:
        return "<seaway.testing.FakeLayer>"


class FakeLink(Link):
    """Moves what is said to the fake broker, and back, in the thread that says it."""

    def __init__(self, broker: FakeBroker):
        self.timeout = 10.0
        self.lock = threading.Lock()
        self.core = Core(heartbeat=0)
        self.batching = None
        self._broker = broker
        self._connection = Connection(broker)

    def speak(self) -> None:
        """There is nothing to tell."""

    def forked(self) -> None:
        """A child process has a copy of everything."""

    def open(self, patience: Optional[float] = None) -> None:
        """Says ``HELLO`` the first time. With the lock held."""
        if self.core.ended is not None:
            raise self.core.ended
        if not self.core.is_open:
            self.core.connected(self._broker.clock.now)
            self.look()

    def ask(self, requests: Sequence[bytes], stream: Optional[str] = None) -> List[Frame]:
        """Says requests and returns their answers, or raises the first refusal."""
        tickets = [Ticket() for _ in requests]
        with self.lock:
            self.open()
            for request, ticket in zip(requests, tickets):
                self.core.ask(request, ticket)
            self.look()
        return [ticket.result() for ticket in tickets]

    def post(self, request: bytes, ticket: Ticket) -> None:
        """Says a request; its answer is there when this returns."""
        with self.lock:
            self.open()
            self.core.ask(request, ticket)
            self.look()

    def wait(self, ticket: Ticket) -> None:
        """Settles a ticket. With the lock held."""
        self.look()
        if not ticket.done:
            ticket.fail(Unknown("its connection is over"))

    def flush(self) -> None:
        """Says what was granted."""
        with self.lock:
            self.look()

    def wake(self) -> None:
        """Nobody sleeps."""

    def notify(self) -> None:
        """Nobody sleeps."""

    def end(self, error: SeawayError) -> None:
        """Ends the layer."""
        with self.lock:
            self.core.end(error)
            self.core.broke(str(error))
            if not self._connection.is_over:
                self._connection.end()

    def move(self, done: Callable[[], bool], until: float) -> bool:
        """Lets the clock move on when nothing is there; false when that did not help. With the lock held."""
        self.look()
        if done() or self.core.ended is not None:
            return done()
        if until == FOREVER:
            raise SeawayError("this would wait for ever: nothing is there, and nothing else runs in this test")
        left = until - time.monotonic()
        if left > 0:
            self.lock.release()
            try:
                self._broker.clock.advance(left)
            finally:
                self.lock.acquire()
            self.look()
        return done()

    def look(self) -> None:
        """Moves all that was said, both ways. With the lock held."""
        core, connection = self.core, self._connection
        with self._broker.lock:
            while True:
                said = core.take_output()
                if said:
                    connection.hear(said)
                heard = connection.take_output()
                if heard:
                    core.received(heard, self._broker.clock.now)
                if not said and not heard:
                    return

    def look_after(self) -> None:
        """There is no heart that beats."""
