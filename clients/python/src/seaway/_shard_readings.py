"""What a layer over several brokers listens on: at each of them, with one credit for all (protocol/SHARDING.md, B13).

Touches no socket, clock or thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Dict, Iterable, List, Optional, Set, Tuple

from . import _requests
from ._frames import Frame
from ._held import Holdings
from ._reading import Delivery, Reading
from ._reading_tickets import Preceding
from ._readings import Readings
from ._shard_credit import ShardCredit
from ._shard_tickets import Answer, Answers
from ._ticket import Ticket

if TYPE_CHECKING:
    from ._errors import SeawayError
    from ._shard_core import PartCore, ShardCore


class PartReadings(Readings):
    """What is listened on at one of several brokers; memberships are the whole's."""

    def __init__(self, say: Callable[[bytes, Optional[Ticket]], None], holdings: Holdings, core: PartCore):
        super().__init__(say, holdings)
        self._core = core

    def told(self, verb: str, args: List[str]) -> Optional[str]:
        """Takes a ``JOINED``, ``LEFT`` or ``LOST``."""
        if verb in ("JOINED", "LEFT"):
            self._core.told(verb, args[0], args[1:])
            return None
        return super().told(verb, args)

    def _restore(self, reading: Reading, before: List[Tuple[str, str]], broker_is_new: bool) -> None:
        self._core.listened(reading)


class _Part(Reading):
    """A listening at one broker."""

    def __init__(self, whole: Whole, place: int, reading: Reading):
        super().__init__(reading.names, reading.acked, reading.hold, reading.wished)
        self._whole = whole
        self.place = place

    def notify(self) -> None:
        """A message came, or listening began or ended there."""
        self._whole.changed(self)


class Whole:
    """A listening at all brokers."""

    def __init__(self, core: ShardCore, reading: Reading):
        self._core = core
        self.reading = reading
        self.credit = ShardCredit()
        self.parts = [_Part(self, part.place, reading) for part in core.parts]
        self._in_force: Set[int] = set()
        self._is_ending = False
        self._held_back: List[Delivery] = []

    def begin(self) -> None:
        for part in self.parts:
            self._core.parts[part.place].readings.listen(part)

    def changed(self, part: _Part) -> None:
        if part.error is not None and not self._is_ending:
            self._failed(part)
        while part.queue:
            self.credit.arrived(part.place)
            self._held_back.append(part.queue.popleft())
        if part.in_force and part.place not in self._in_force:
            self._in_force.add(part.place)
            self.credit.came(part.place)
            self.reading.is_fresh = part.is_fresh and len(self._in_force) == 1
        self.hand_over()

    def went(self, place: int) -> None:
        """A connection has ended."""
        if place in self._in_force:
            self._in_force.discard(place)
            self.credit.went(place)
            self._core.parts[place].part_readings.withdraw(self.parts[place])
            self.hand_over()

    def grant(self, count: int) -> None:
        self.reading.credit += count
        self.credit.grant(count)
        self.hand_over()

    def withdraw(self) -> None:
        self.reading.credit = self.credit.left = 0
        self.hand_over()

    def hand_over(self) -> None:
        reading = self.reading
        while self._held_back and (self._is_ending or self.credit.use()):
            reading.queue.append(self._held_back.pop(0))
            reading.credit = max(0, reading.credit - 1)
        reading.in_force = bool(self._in_force)
        if not self._is_ending:
            for place, count in self.credit.balance():
                readings = self._core.parts[place].part_readings
                if count:
                    readings.grant(self.parts[place], count)
                else:
                    readings.withdraw(self.parts[place])
        reading.notify()

    def _failed(self, part: _Part) -> None:
        """Another reader has taken it over, or the broker declines: when that is so at one, it is so at all."""
        self.reading.error = part.error
        self._core.readings.abandon(self)

    def end(self, ticket: Ticket) -> None:
        self._is_ending = True
        answers = Answers(len(self.parts), _Ended(self, ticket))
        for part in self.parts:
            self._core.parts[part.place].readings.unlisten(part, Answer(answers))


class ShardReadings:
    """Every listening of a layer over several brokers."""

    def __init__(self, core: ShardCore):
        self._core = core
        self._wholes: Dict[Reading, Whole] = {}

    @property
    def all(self) -> List[Reading]:
        """What is listened on, each once."""
        return list(self._wholes)

    def listen(self, reading: Reading) -> None:
        """Begins to listen at every broker, and goes on until ``unlisten``."""
        for other in self._wholes:
            if set(other.names) & set(reading.names):
                raise ValueError(f"this layer listens on {reading.names[0]} already")
            if len(other.names) > 1 and len(reading.names) > 1:
                raise ValueError("one layer can listen on several names at once only one time: use another layer")
        if self._core.ended is not None:
            reading.error = self._core.ended
            reading.notify()
            return
        whole = self._wholes[reading] = Whole(self._core, reading)
        whole.begin()

    def unlisten(self, reading: Reading, ticket: Ticket) -> None:
        """Ends listening: nothing more comes once the ticket is settled."""
        whole = self._wholes.pop(reading, None)
        if whole is None:
            ticket.settle(Frame("OK"))
            return
        whole.end(ticket)

    def abandon(self, whole: Whole) -> None:
        """A listening is over without having been ended."""
        if self._wholes.pop(whole.reading, None) is not None:
            whole.end(Ticket())

    def grant(self, reading: Reading, count: int) -> None:
        """Lets ``count`` more deliveries come."""
        if whole := self._wholes.get(reading):
            whole.grant(count)

    def withdraw(self, reading: Reading) -> None:
        """Takes credit back; what has come nevertheless is kept for the next grant."""
        if whole := self._wholes.get(reading):
            whole.withdraw()

    def poll(self, reading: Reading, ticket: Ticket) -> None:
        """Asks all brokers for one message that is there now; it has come when the ticket is settled."""
        self.grant(reading, 1)
        self._core.ask(_requests.PING, _Polling(self, reading, ticket))

    def went(self, place: int) -> None:
        """A connection has ended."""
        for whole in list(self._wholes.values()):
            whole.went(place)

    def joined(self, group: str, channels: Iterable[str]) -> None:
        """Notes memberships that this layer has made."""
        self._core.own(group, channels)

    def left(self, group: str, channels: Iterable[str]) -> None:
        """They were noted when they were said."""

    def closed(self, channels: Iterable[str]) -> None:
        """Notes channels that this layer has closed."""
        self._core.closed(channels)

    def stopped(self, whole: Whole) -> None:
        """Nothing more comes."""
        self._core.stopped(whole.reading.names)


class _Ended(Ticket):
    __slots__ = ("_then", "_whole")

    def __init__(self, whole: Whole, then: Ticket):
        super().__init__()
        self._whole = whole
        self._then = then

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._whole.hand_over()
        self._whole.reading.in_force = False
        self._then.settle(frame)

    def fail(self, error: SeawayError) -> None:
        self.settle(Frame("OK"))


class _Polling(Preceding[ShardReadings]):
    """A ``PING`` behind which the credit of a poll is said: a second one is answered when its message has come."""

    __slots__ = ()

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        core = self._readings._core
        if core.is_open:
            core.ask(_requests.PING, self._then)
        else:
            self._then.settle(frame)

    def fail(self, error: SeawayError) -> None:
        self._then.fail(error)
