"""Moves the bytes of a layer for any number of threads, without a thread of its own but for idle times.

Whoever waits for something moves: one thread at a time connects, reads and writes, and settles what came for all; the
others sleep until their turn. So a script that sends is one thread and a few system calls, and a worker reads where
it works. A daemon thread looks after the connection every few seconds while nobody else does, so that heartbeats are
answered.
"""

import contextlib
import select
import socket
import ssl
import threading
import time
import weakref
from typing import Any, Callable, List, Optional, Sequence

from . import _fork
from ._address import Address, reason
from ._core import Core
from ._errors import SeawayError, Unknown, Unreachable
from ._frames import Frame
from ._presence import Presence
from ._ticket import Ticket

FOREVER = float("inf")

#: By Ctrl-C, say: nobody knows how much was read or written, so nothing may follow on this connection.
_INTERRUPTED = "it was interrupted"

_RECEIVE_SIZE = 262_144
_CONNECT_TIMEOUT = 5.0
_TICK = 5.0
#: Posted requests without an answer beyond which the next one waits.
_MOST_POSTED = 4_096

#: Nothing can be read or written just now.
_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Link:
    """A connection to one broker that is made when it is needed, and made again when it is lost.

    Methods that say so are called with ``lock`` held.
    """

    #: Seconds between two looks at the connection, at most.
    tick = FOREVER

    def __init__(
        self, address: Address, make_core: Callable[[], Core], patience: float, timeout: float,
        failover: float = FOREVER,
    ):  # fmt: skip
        self.address = address
        self.tick = failover / 6
        self._make_core = make_core
        self._patience = patience
        self.timeout = timeout
        self._begin()
        _fork.watch(self)

    def _begin(self) -> None:
        self._presence = Presence(self.address)
        self.lock = threading.Lock()
        self.core = self._make_core()
        self._turn = threading.Condition(self.lock)
        self._is_moving = False
        self._socket: Optional[socket.socket] = None
        #: Of that connection, and what of it is looked for.
        self._poller: Any = None
        self._polled = 0
        self._unwritten = memoryview(b"")
        self._try_at = 0.0
        self._waker, self._wakes = socket.socketpair()
        self._waker.setblocking(False)
        self._wakes.setblocking(False)
        self._keeper_ends: Optional[threading.Event] = None
        #: The thread that works off a batch: what it posts leaves when it next waits for something.
        self.batching: Optional[int] = None

    def forked(self) -> None:
        """In a child process: the connection and its threads are the parent's; this link begins anew."""
        for one in (self._socket, self._waker, self._wakes):
            if one is not None:
                one.close()
        for reading in self.core.readings.all:
            reading.error = _fork.not_here()
        self._begin()

    def speak(self) -> None:
        """It is a worker's: the log tells when the broker comes and goes."""
        self._presence.speak()

    # Asking

    def open(self, patience: Optional[float] = None) -> None:
        """Waits until a broker has greeted; raises ``Unreachable`` or why the layer has ended. With the lock held."""
        core = self.core
        if core.is_open and not self._is_moving:
            # The broker may have closed the connection since: what is sent then has an unknown fate.
            self._look()
        if core.is_open:
            return
        until = time.monotonic() + (self._patience if patience is None else patience)
        self.move(lambda: core.is_open or core.ended is not None, until)
        if core.ended is not None:
            raise core.ended
        if not core.is_open:
            raise Unreachable(f"no broker at {self.address}: {core.trouble or 'no answer'}")

    def ask(self, requests: Sequence[bytes], stream: Optional[str] = None) -> List[Frame]:
        """Says requests one after the other and returns their answers, or raises the first refusal."""
        tickets: List[Ticket] = []
        with self.lock:
            self.open()
            for request in requests:
                ticket = Ticket()
                self.core.ask(request, ticket)
                tickets.append(ticket)
            if tickets:
                self.wait(tickets[-1])
        answers: List[Frame] = []
        for ticket in tickets:
            answers.append(ticket.result())
        return answers

    def post(self, request: bytes, ticket: Ticket) -> None:
        """Says a request that leaves now, or with the rest of a batch; its ticket tells what became of it."""
        with self.lock:
            core = self.core
            if not core.is_open:
                self.open()
            if core.unsent > _RECEIVE_SIZE or core.unanswered > _MOST_POSTED:
                self.move(lambda: core.unanswered <= _MOST_POSTED // 2, time.monotonic() + self.timeout)
                self.open()
            core.ask(request, ticket)
            if self.batching != threading.get_ident():
                self._write_or_wake()

    def wait(self, ticket: Ticket) -> None:
        """Waits until a ticket is settled; without an answer in time the connection is given up. With the lock held."""
        if not self.move(lambda: ticket.done, time.monotonic() + self.timeout):
            self._lose(f"no answer for {self.timeout:g} s")
            if not ticket.done:
                ticket.fail(Unknown("its connection is over"))

    def flush(self) -> None:
        """Writes what can be written without waiting."""
        with self.lock:
            self._write_or_wake()

    def wake(self) -> None:
        """Makes the moving thread look again. Takes no lock, so that a signal handler may call it."""
        with contextlib.suppress(OSError):
            self._wakes.send(b"\0")

    def notify(self) -> None:
        """Something else than bytes has changed what threads wait for. With the lock held."""
        self._turn.notify_all()
        self.wake()

    def end(self, error: SeawayError) -> None:
        """Ends the layer: nothing is tried again."""
        with self.lock:
            self.core.end(error)
            self._lose(str(error))
            self.notify()
            if self._keeper_ends is not None:
                self._keeper_ends.set()
            self._close_if_over()

    @property
    def _is_over(self) -> bool:
        """There is no connection, and there will be none."""
        return self.core.ended is not None and self._socket is None

    def _close_if_over(self) -> None:
        if self._is_over and not self._is_moving:
            self._waker.close()
            self._wakes.close()

    # Moving

    def move(self, done: Callable[[], bool], until: float) -> bool:
        """Moves bytes, or sleeps while another thread does, until ``done``; false when time is over. With the lock."""
        self._write()
        while not done():
            left = until - time.monotonic()
            if left <= 0 or self._is_over:
                return False
            if self._is_moving:
                if self._unwritten:
                    self.wake()
                self._turn.wait(min(left, self.tick, _TICK))
                continue
            self._is_moving = True
            try:
                self._step(left)
            finally:
                self._is_moving = False
                self._turn.notify_all()
                self._close_if_over()
        return True

    def _step(self, left: float) -> None:
        connection = self._socket
        if connection is None:
            self._connect(left)
            return
        poller, wanted = self._poller, select.POLLIN | select.POLLOUT if self._unwritten else select.POLLIN
        if wanted != self._polled:
            self._polled = wanted
            poller.modify(connection, wanted)
        self.lock.release()
        try:
            ready = dict(poller.poll(min(left, self.tick, _TICK) * 1000))
        finally:
            self.lock.acquire()
            if self._socket is not connection:
                connection.close()
        if self._waker.fileno() in ready:
            self._drain_wakes()
        try:
            if self._socket is connection:
                if ready.get(connection.fileno(), 0) & ~select.POLLOUT:
                    self._read(connection)
                self._write()
                self._check()
        finally:
            if self._socket is not connection:
                connection.close()

    def _connect(self, left: float) -> None:
        pause = self._try_at - time.monotonic()
        if pause > 0:
            poller = select.poll()
            poller.register(self._waker, select.POLLIN)
            self.lock.release()
            try:
                poller.poll(min(pause, left, _TICK) * 1000)
            finally:
                self.lock.acquire()
            self._drain_wakes()
            return
        connection: Optional[socket.socket] = None
        trouble, is_untrusted = "", False
        self.lock.release()
        try:
            connection = self.address.connect(min(_CONNECT_TIMEOUT, left))
        except OSError as error:
            trouble, is_untrusted = reason(error), isinstance(error, ssl.SSLError)
        finally:
            self.lock.acquire()
        if connection is None:
            self.core.trouble = trouble
            self._presence.went(trouble, is_untrusted)
            self._try_at = time.monotonic() + self.core.backoff.next()
        elif self.core.ended is not None:
            connection.close()
        else:
            connection.setblocking(False)
            self._socket = connection
            self._poller, self._polled = select.poll(), select.POLLIN
            self._poller.register(connection, select.POLLIN)
            self._poller.register(self._waker, select.POLLIN)
            self.core.connected(time.monotonic())
            self._write()
            self._begin_keeping()

    def _read(self, connection: socket.socket) -> None:
        try:
            self._take(connection)
        except BaseException:
            self._lose(_INTERRUPTED)
            raise

    def _take(self, connection: socket.socket) -> None:
        try:
            data = _receive(connection)
        except _NOT_NOW:
            return
        except OSError as error:
            self._lose(reason(error))
            return
        if not data:
            self._lose("the broker closed the connection")
        elif not self.core.received(data, time.monotonic()):
            self._lose("the broker is at fault")
        elif self.core.is_open and not self._presence.is_there:
            self._presence.came()

    def _write(self) -> None:
        connection = self._socket
        if connection is None:
            return
        while True:
            if not self._unwritten:
                self._unwritten = memoryview(self.core.take_output())
                if not self._unwritten:
                    return
            try:
                self._unwritten = self._unwritten[connection.send(self._unwritten) :]
            except _NOT_NOW:
                return
            except OSError as error:
                # What the broker said before it closed is still to be read, by whoever reads next.
                self._unwritten = memoryview(b"")
                self.core.blame(reason(error))
                return
            except BaseException:
                self._lose(_INTERRUPTED)
                raise

    def _write_or_wake(self) -> None:
        """Writes; if not all can be, the thread that moves goes on with it."""
        self._write()
        if self._unwritten and self._is_moving:
            self.wake()

    def look(self) -> None:
        """Takes what has come, without waiting. With the lock held."""
        if not self._is_moving:
            self._look()

    def _look(self) -> None:
        """Reads and writes what can be without waiting. With the lock held, and while nobody moves."""
        connection = self._socket
        if connection is None:
            return
        self._read(connection)
        self._write()
        self._check()
        if self._socket is not connection:
            connection.close()

    def _check(self) -> None:
        if not self.core.tick(time.monotonic()):
            self._lose("the broker is silent")
        elif self.core.has_output:
            # What is held anew, or a question whether it lives, is not to wait for the next look.
            self._write()

    def _lose(self, why: str) -> None:
        """Gives the connection up. The thread that moves closes the socket, since it may be waiting on it."""
        connection, self._socket = self._socket, None
        if connection is None:
            return
        self._unwritten = memoryview(b"")
        self.core.broke(why)
        if self.core.ended is None:
            self._presence.went(self.core.trouble)
        self._try_at = time.monotonic() + self.core.backoff.next()
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        if not self._is_moving:
            connection.close()

    def _drain_wakes(self) -> None:
        try:
            while self._waker.recv(4_096):
                pass
        except OSError:
            pass

    # Idle times

    def _begin_keeping(self) -> None:
        if self._keeper_ends is None:
            self._keeper_ends = threading.Event()
            arguments = (weakref.ref(self), self._keeper_ends, min(self.tick, _TICK))
            threading.Thread(target=_keep, args=arguments, name="seaway-keeper", daemon=True).start()

    def look_after(self) -> None:
        """Answers heartbeats, and notices a broker that has gone, unless a thread is moving."""
        with self.lock:
            self.look()


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(_RECEIVE_SIZE)
    # What TLS has taken from the socket already makes nobody's poll end.
    while isinstance(connection, ssl.SSLSocket) and connection.pending():
        data += connection.recv(connection.pending())
    return data


def _keep(link: "weakref.ref[Link]", ends: threading.Event, tick: float) -> None:
    while not ends.wait(tick):
        kept = link()
        if kept is None:
            return
        kept.look_after()
        del kept
