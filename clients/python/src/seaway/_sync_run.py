"""One run of a synchronous worker: how messages get to functions, and how the worker leaves."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Deque, Iterator, List, Optional

from ._kept import Kept
from ._leaving import Leaving
from ._log import logger
from ._reading import Delivery, Reading
from ._routes import Routes
from ._sync import FOREVER
from ._sync_consumer import Consumer
from ._ticket import Ticket
from ._window import TELL, Window
from .message import Message
from .websocket import tell

if TYPE_CHECKING:
    from .layer import Layer

Tasks = queue.SimpleQueue


class Run:
    """One run of a worker on a layer."""

    def __init__(self, layer: Layer, routes: Routes[Message, Any], reading: Reading, kept: Kept):
        self._layer = layer
        self._link = layer.link
        self._reading = reading
        self._kept = kept
        self._consumer = Consumer(layer, routes)
        self._is_stopped = False
        self._has_left = False
        #: The most credit that a broker may have taken for a worker of one thread.
        self._most = 0

    def stop(self) -> None:
        """Takes no more."""
        self._is_stopped = self._consumer.is_leaving = True
        self._link.wake()

    def work_alone(self, prefetch: int, drain: float) -> None:
        """One thread reads, works, and writes the answers of all messages of one read at once."""
        window = Window(prefetch)
        self._most = 1 + prefetch
        self._begin()
        try:
            while True:
                deliveries = self._next(window.size)
                if not deliveries:
                    break
                self._work(deliveries, window)
            for deliveries in self._last_deliveries(window.size, drain):
                self._work(deliveries, window)
            self._leave()
            self._work(self._reading.queue, window)
        except BaseException:
            # An operator's second signal: nobody is to wait in vain.
            self._leave()
            self._consumer.give_up(self._reading.queue)
            raise
        self._finish()

    def work_in_threads(self, concurrency: int, drain: float) -> None:
        """This thread reads; the others work, one message at a time each."""
        tasks: Tasks[Optional[Delivery]] = Tasks()
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
            for deliveries in self._last_deliveries(0, drain):
                for delivery in deliveries:
                    tasks.put(delivery)
            self._leave()
            for delivery in self._taken():
                tasks.put(delivery)
            for _ in threads:
                tasks.put(None)
            self._join(threads, tasks, time.monotonic() + drain)
        except BaseException:
            # An operator's second signal: nobody is to wait in vain.
            self._leave()
            self._abandon(threads, tasks)
            raise
        self._finish()

    def _begin(self) -> None:
        self._link.speak()
        with self._link.lock:
            self._link.core.readings.listen(self._reading)

    def _next(self, held: int) -> Deque[Delivery]:
        """Waits for messages and takes all that have come; none when there will be no more, or none are wanted."""
        reading, link = self._reading, self._link
        with link.lock:
            # Not for every message: a grant costs a write of its own when there is nothing else to say.
            if held > 2 * reading.credit and not self._is_stopped:
                link.core.readings.grant(reading, held - reading.credit)
            while not (reading.queue or self._is_stopped or reading.error is not None):
                if self._is_waited_for():
                    link.core.readings.grant(reading, self._most - reading.credit)
                link.move(
                    lambda: bool(reading.queue) or self._is_stopped or reading.error is not None
                    or self._is_waited_for(), FOREVER,
                )  # fmt: skip
            if self._is_stopped:
                return Deque()
            return self._taken()

    def _is_waited_for(self) -> bool:
        """Whether a broker that leaves may take what was not made good by credit for what is still worked on (X3)."""
        return self._link.core.is_leaving and 0 < self._reading.credit < self._most

    def _taken(self) -> Deque[Delivery]:
        deliveries = self._reading.queue.copy()
        self._reading.queue.clear()
        return deliveries

    def _last_deliveries(self, held: int, drain: float) -> Iterator[Deque[Delivery]]:
        """Parts with the sockets that are kept here, and takes meanwhile what comes from them."""
        reading, link = self._reading, self._link
        if reading.error is not None:
            return
        leaving = Leaving(self._kept, drain, time.monotonic())
        while reading.error is None and not leaving.is_over(time.monotonic()):
            tell(self._layer, leaving.take(time.monotonic()))
            until = leaving.next(time.monotonic())
            with link.lock:
                if held > 2 * reading.credit:
                    link.core.readings.grant(reading, held - reading.credit)
                link.move(lambda: bool(reading.queue) or reading.error is not None, until)
                deliveries = self._taken()
            yield deliveries

    def _work(self, deliveries: Deque[Delivery], window: Window) -> None:
        count = len(deliveries)
        if not count:
            return
        if count > 1:
            self._link.batching = threading.get_ident()
        started = told = now = time.monotonic()
        try:
            while deliveries:
                self._consumer.consume(deliveries.popleft(), now)
                if deliveries:
                    now = time.monotonic()
                    if now - told > TELL:
                        told = now
                        self._tell(window.size - len(deliveries))
        except BaseException:
            self._consumer.give_up(deliveries)
            raise
        finally:
            self._link.batching = None
            if self._reading.acked and count > 1:
                self._link.flush()
        window.worked(count, time.monotonic() - started)

    def _tell(self, held: int) -> None:
        """Lets the answers so far leave, and others come meanwhile, so that neither side waits for a batch's end."""
        with self._link.lock:
            if held > self._reading.credit and not self._is_stopped:
                self._link.core.readings.grant(self._reading, held - self._reading.credit)
        self._link.flush()

    def _take_tasks(self, tasks: Tasks[Optional[Delivery]]) -> None:
        while True:
            delivery = tasks.get()
            if delivery is None:
                return
            try:
                self._consumer.consume(delivery, time.monotonic())
            except BaseException as error:
                # Whatever it is, the thread goes on: without it, and its credit, the worker would become deaf.
                logger.error("a message was not worked off", exc_info=error)
            if not self._has_left:
                with self._link.lock:
                    self._link.core.readings.grant(self._reading, 1)
            self._link.flush()

    def _leave(self) -> None:
        """Takes no more: what is on its way has come when this returns."""
        self._has_left = True
        ticket = Ticket()
        with self._link.lock:
            self._consumer.ends.leave()
            self._link.core.readings.unlisten(self._reading, ticket)
            self._consumer.left()
            self._link.wait(ticket)

    def _join(self, threads: List[threading.Thread], tasks: Tasks[Optional[Delivery]], until: float) -> None:
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        late = [thread for thread in threads if thread.is_alive()]
        if late:
            logger.error("%d functions had not finished in time", len(late))
            self._abandon(late, tasks)

    def _abandon(self, threads: List[threading.Thread], tasks: Tasks[Optional[Delivery]]) -> None:
        """Answers what these threads work on and what none has begun, since nobody waits for them."""
        self._consumer.abandon(thread.ident for thread in threads)
        never_begun = self._taken()
        with contextlib.suppress(queue.Empty):
            while True:
                delivery = tasks.get_nowait()
                if delivery is not None:
                    never_begun.append(delivery)
        self._consumer.give_up(never_begun)

    def _finish(self) -> None:
        """Waits until all answers have been taken, as long as the broker answers at all."""
        link = self._link
        with link.lock:
            link.move(lambda: link.core.unanswered == 0, time.monotonic() + link.timeout)
        if self._reading.error is not None:
            raise self._reading.error
