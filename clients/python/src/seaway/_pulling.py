"""Taking one message at a time of some channels, and no more than is asked for: what waits stays at the broker."""

import threading
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Callable, Deque, NamedTuple, Optional, Sequence, Tuple, Union

from . import _fork, _requests
from ._errors import Ended, Lost, Unreachable
from ._reading import Reading
from ._ticket import Ticket

if TYPE_CHECKING:
    from ._shard_thread import ShardThread
    from ._sync import Link

#: Messages of a mailbox, which nobody else reads, that are held here ahead of those who ask.
MOST_AHEAD = 64
#: Lists of names that are listened on at a time, beyond those for which somebody waits.
MOST_LISTS = 256


class Pulled(NamedTuple):
    """A message in MessagePack, and the channel on which it came."""

    channel: str
    body: bytes


class TakenOver(Exception):
    """Another connection listens there; who asks now takes it back."""


class Pulling(Reading):
    """One list of names, for any number of threads that take what comes there.

    Of normal channels the broker gives a message only to who waits for one at that moment, so that a process that is
    busy keeps nothing from the others.
    """

    def __init__(self, link: "Union[Link, ShardThread]", names: Sequence[str]):
        super().__init__(names)
        self._link = link
        self._readings = link.core.readings
        #: Nobody else takes of these, so that some may come ahead.
        self._is_own = all(name.endswith("!") for name in self.names)
        self._waiting = 0
        self._parts: Deque[Pulled] = deque()
        self._has_begun = False

    @property
    def is_idle(self) -> bool:
        """Nobody waits, and nothing that has come is left."""
        return not self._waiting and not self._parts and not self.queue

    def take(self, seconds: float) -> Optional[Pulled]:
        """Waits for a message, at most so long; with 0 it returns what is there now.

        Raises ``Unreachable`` when there is no broker, and why the broker does not let it listen. ``None`` also when
        another connection begins to listen there; ``TakenOver`` when it had before anybody asked here.
        """
        until = time.monotonic() + seconds
        with self._link.lock:
            self._begin()
            pulled = self._next()
            if pulled is None and isinstance(self.error, Lost):
                raise TakenOver
            if pulled is not None and self._waiting:
                # It was asked for by another, who goes on waiting.
                self._balance()
                self._write()
            if pulled is not None or self.error is not None:
                return self._done(pulled)
            if seconds <= 0:
                self._poll()
            else:
                self._wait(until)
            return self._done(self._next())

    def begin(self) -> None:
        """Listens, if it does not yet."""
        with self._link.lock:
            self._begin()

    def give_back(self, pulled: Pulled) -> None:
        """Puts in front what nobody wanted after all."""
        with self._link.lock:
            self._parts.appendleft(pulled)
            self._link.notify()

    def drop(self) -> None:
        """Drops what has come and was not taken."""
        with self._link.lock:
            self._parts.clear()
            while self.queue:
                self._take_delivery()
            self._parts.clear()

    @property
    def is_over(self) -> bool:
        """It brings nothing any more."""
        return self.error is not None and self.is_idle

    def end(self) -> None:
        """Ends listening: what waits in mailboxes goes with it."""
        with self._link.lock:
            if self._has_begun and self.error is None:
                ticket = Ticket()
                self._readings.unlisten(self, ticket)
                self._link.wait(ticket)
            self.error = self.error or Ended("it was not listened on for long")

    def _begin(self) -> None:
        link = self._link
        link.open()
        if not self._has_begun:
            self._has_begun = True
            self._readings.listen(self)
            if self._is_own:
                self._readings.grant(self, MOST_AHEAD)
        if not link.move(lambda: self.in_force or self.error is not None, time.monotonic() + link.timeout):
            raise Unreachable("no broker at {}: {}".format(link.address, link.core.trouble or "no answer"))

    def _poll(self) -> None:
        """What is there has come when a later request is answered (R5)."""
        ticket = Ticket()
        if self._is_own:
            self._link.core.ask(_requests.PING, ticket)
        else:
            self._readings.poll(self, ticket)
        self._link.wait(ticket)
        if not self._is_own:
            self._balance()

    def _wait(self, until: float) -> None:
        self._waiting += 1
        try:
            self._balance()
            came = self._link.move(self._has_something, until)
        except BaseException:
            self._waiting -= 1
            self._balance()
            self._write()
            raise
        self._waiting -= 1
        if self._is_own or self.error is not None or self.credit <= self._waiting:
            return
        # After this nothing comes that nobody waits for; what was on its way does.
        self._balance()
        self._write()
        if not came and self._link.core.is_open:
            ticket = Ticket()
            self._link.core.ask(_requests.PING, ticket)
            self._link.wait(ticket)

    def _balance(self) -> None:
        """Lets as many messages come as are waited for."""
        if self._is_own or self.error is not None:
            return
        if self.credit > self._waiting:
            self._readings.withdraw(self)
        if self.credit < self._waiting:
            self._readings.grant(self, self._waiting - self.credit)

    def _write(self) -> None:
        self._link.move(lambda: True, 0)

    def _has_something(self) -> bool:
        return bool(self._parts) or bool(self.queue) or self.error is not None

    def _next(self) -> Optional[Pulled]:
        if not self._parts and self.queue:
            self._take_delivery()
        return self._parts.popleft() if self._parts else None

    def _take_delivery(self) -> None:
        delivery = self.queue.popleft()
        for channel in delivery.channels:
            self._parts.append(Pulled(channel, delivery.body))
        if self._is_own and self.error is None:
            self._readings.grant(self, 1)

    def _done(self, pulled: Optional[Pulled]) -> Optional[Pulled]:
        if pulled is None and self.error is not None and not isinstance(self.error, Lost):
            raise self.error
        return pulled


class Pullings:
    """Every list of names that a process takes messages of.

    Lists of one name share a connection; each other list has one of its own, over which the broker deals out one
    message for all of its names.
    """

    def __init__(self, make_link: "Callable[[], Union[Link, ShardThread]]"):
        self._make_link = make_link
        self._begin()
        _fork.watch(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._shared: Optional[Union[Link, ShardThread]] = None
        self._lists: OrderedDict[Tuple[str, ...], Tuple[Pulling, Union[Link, ShardThread]]] = OrderedDict()

    def forked(self) -> None:
        """In a child process: what the parent has taken, it has."""
        _fork.keep(self._shared, self._lists)
        self._begin()

    def of(self, names: Sequence[str]) -> Pulling:
        """Returns what takes the messages of these names, listening or about to."""
        key = tuple(sorted(set(names)))
        with self._lock:
            pulling, link = self._lists.pop(key, (None, None))
            if link is None or pulling is None or pulling.is_over:
                if link is not None and link is not self._shared:
                    link.end(Ended("it is over"))
                link = self._link(len(key) == 1)
                pulling = Pulling(link, key)
            self._lists[key] = (pulling, link)
            self._give_up_idle()
        return pulling

    def take(self, names: Sequence[str], seconds: float) -> Optional[Pulled]:
        """Waits for a message of one of the names, as ``Pulling.take`` does."""
        try:
            return self.of(names).take(seconds)
        except TakenOver:
            return self.of(names).take(seconds)

    def drop(self) -> None:
        """Drops what has come and was not taken."""
        with self._lock:
            lists = list(self._lists.values())
        for pulling, _ in lists:
            pulling.drop()

    def forget(self, names: Sequence[str]) -> None:
        """Nothing more is taken of these."""
        with self._lock:
            pulling, link = self._lists.pop(tuple(sorted(set(names))), (None, None))
            if pulling is not None:
                self._end(pulling, link)

    def end(self) -> None:
        """Breaks all connections: what waits at the broker for mailboxes stays there for a while (J3, D7)."""
        with self._lock:
            links = [link for _, link in self._lists.values()]
            self._lists.clear()
            self._shared = None
        for link in {id(link): link for link in links}.values():
            link.end(Ended("the channel layer was closed"))

    def _link(self, is_shared: bool) -> "Union[Link, ShardThread]":
        if not is_shared:
            return self._make_link()
        if self._shared is None:
            self._shared = self._make_link()
        return self._shared

    def _give_up_idle(self) -> None:
        for key, (pulling, link) in list(self._lists.items())[:-1]:
            if len(self._lists) <= MOST_LISTS:
                return
            if pulling.is_idle and not any(name.endswith("!") for name in key):
                del self._lists[key]
                self._end(pulling, link)

    def _end(self, pulling: Pulling, link: "Optional[Union[Link, ShardThread]]") -> None:
        pulling.end()
        if link is not None and link is not self._shared:
            link.end(Ended("it is not listened on any more"))
