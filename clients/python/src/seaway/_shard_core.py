"""What a layer over several brokers knows and decides (protocol/SHARDING.md). Touches no socket, clock or thread.

To those above it is a ``Core``: requests are asked with tickets, and listenings are begun, granted and ended. Below it
has a ``Core`` for each broker, whose bytes a mover moves.
"""

from __future__ import annotations

from typing import Callable, Collection, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from . import _requests
from ._core import Core
from ._errors import SeawayError, Unknown, Unreachable
from ._frames import Frame
from ._log import logger
from ._reading import Delivery, Reading
from ._readings import Readings
from ._shard_credit import ShardCredit
from ._shard_map import ShardMap
from ._shard_members import Saying, ShardMembers
from ._ticket import Ticket

#: Brokers that one client may have.
MOST = 64
LEAST_FAILOVER = 0.3

_TO_GROUP = frozenset(("GSEND", "MEMBERS", "WATCH", "UNWATCH"))
_TO_CHANNEL = frozenset(("SEND", "PEEK"))


class ShardCore:
    """A layer over several brokers, each known by its place in the list."""

    def __init__(
        self,
        names: Sequence[str],
        client: str,
        token: Optional[str],
        heartbeat: float,
        timeout: float,
        failover: float,
        clock: Callable[[], float],
    ):
        if len(names) > MOST:
            raise ValueError(f"there are more than {MOST} brokers")
        if not LEAST_FAILOVER <= failover <= 3_600:
            raise ValueError(f"the failover time is {failover:g} s; allowed is {LEAST_FAILOVER:g} to 3600")
        self._clock = clock
        milliseconds = int(failover * 1000)
        self._map = ShardMap(milliseconds, now=self._now())
        self._members = ShardMembers(milliseconds)
        #: By place.
        self.parts: List[PartCore] = [
            PartCore(self, place, client, token, heartbeat, timeout, failover) for place in range(len(names))
        ]
        #: Addresses as they were given.
        self._names = names
        #: The places of those that are live, by identity.
        self._places: Dict[str, int] = {}
        self.readings = ShardReadings(self)
        self.watches = _Watches()
        #: At which broker each watch is.
        self._watched: Dict[Tuple[str, str], int] = {}
        #: Nothing is tried again.
        self.ended: Optional[SeawayError] = None

    def _now(self) -> int:
        return int(self._clock() * 1000)

    # What a layer asks of a Core

    @property
    def is_open(self) -> bool:
        """Some broker takes requests."""
        return bool(self._map.usable(now=self._now()))

    @property
    def trouble(self) -> str:
        """Why there is no connection, for people."""
        return "; ".join(dict.fromkeys(part.trouble for part in self.parts if part.trouble))

    @property
    def unanswered(self) -> int:
        """Requests without an answer."""
        return sum(part.unanswered for part in self.parts)

    @property
    def unsent(self) -> int:
        """Bytes that wait to be written."""
        return sum(part.unsent for part in self.parts)

    @property
    def max_body(self) -> int:
        """What every broker takes."""
        live = [self.parts[place].max_body for place in self._places.values()]
        return min(live or [self.parts[0].max_body])

    def ask(self, request: bytes, ticket: Ticket) -> None:
        """Says a request to the broker, or to the brokers, that it concerns."""
        words = request.partition(b"\n")[0].decode("ascii").split(" ")
        verb, arguments = words[0], [word for word in words[1:] if not word.startswith(":")]
        if verb in ("WATCH", "UNWATCH"):
            self._ask_for_watch(verb, arguments[0], arguments[1], request, ticket)
        elif verb in _TO_GROUP:
            self._send(request, lambda without: self._for_group(arguments[0], without), ticket, False)
        elif verb in _TO_CHANNEL:
            is_away_passing = "Here=1" in arguments
            self._send(request, lambda without: self._for_channel(arguments[0], without), ticket, is_away_passing)
        elif verb == "STATS":
            self._send(request, lambda without: self._for_group("", without), ticket, False)
        else:
            if verb == "LEAVE":
                # At once, so that a broker that comes meanwhile is not told to join.
                self._members.disown(arguments[0], arguments[1:])
            self._ask_all(request, ticket)

    def end(self, error: SeawayError) -> None:
        """Nothing is tried again: every listening is over."""
        if self.ended is None:
            self.ended = error
            for part in self.parts:
                part.end(error)

    def check(self) -> None:
        """To be called several times in each failover time."""
        self._say(self._members.check(now=self._now()))
        self._move_watches()

    def own(self, group: str, channels: Iterable[str]) -> None:
        """Channels have been joined."""
        self._members.own(group, channels)

    # Where requests go

    def _for_channel(self, name: str, without: Collection[str]) -> Optional[str]:
        return self._map.for_channel(name, now=self._now(), without=without)

    def _for_group(self, name: str, without: Collection[str]) -> Optional[str]:
        return self._map.for_group(name, now=self._now(), without=without)

    def _send(
        self, request: bytes, choose: Callable[[Collection[str]], Optional[str]], ticket: Ticket, is_away_passing: bool
    ) -> None:
        _Sending(self, request, choose, ticket, is_away_passing).go_on(None)

    def part(self, identity: str) -> PartCore:
        """The connection to a live broker."""
        return self.parts[self._places[identity]]

    def _ask_all(self, request: bytes, ticket: Ticket) -> None:
        live = list(self._places.values())
        if not live:
            ticket.fail(Unreachable("no broker is in reach"))
            return
        answers = _Answers(len(live), ticket)
        for place in live:
            self.parts[place].ask(request, _Answer(answers))

    def _ask_for_watch(self, verb: str, group: str, channel: str, request: bytes, ticket: Ticket) -> None:
        place = self._watched.pop((group, channel), None)
        if verb == "WATCH":
            identity = self._for_group(group, ())
            if identity is None:
                ticket.fail(Unreachable("no broker is in reach"))
                return
            before, place = place, self._places[identity]
            if before is not None and before != place and self.parts[before].is_open:
                self.parts[before].ask(_requests.unwatch(group, channel), Ticket())
            self._watched[group, channel] = place
        if place is None or not self.parts[place].is_open:
            ticket.settle(Frame("OK"))
        else:
            self.parts[place].ask(request, ticket)

    def _move_watches(self) -> None:
        for (group, channel), place in list(self._watched.items()):
            identity = self._for_group(group, ())
            if identity is None or self._places[identity] == place:
                continue
            if self.parts[place].is_open:
                self.parts[place].ask(_requests.unwatch(group, channel), Ticket())
            self._watched[group, channel] = self._places[identity]
            self.part(identity).ask(_requests.watch(group, channel), Ticket())

    def _say(self, says: Iterable[Saying]) -> None:
        for saying in says:
            make = _requests.join if saying.verb == "JOIN" else _requests.leave
            for request in make(saying.group, [saying.channel]):
                self.part(saying.broker).ask(request, _Said(self._members, saying))

    # What happens to brokers

    def came(self, place: int, options: Dict[str, str]) -> bool:
        """A broker has greeted; false when another that is live has its identity (B2)."""
        identity = options.get("name") or self._names[place]
        if identity in self._places:
            logger.warning("%s is not used: a broker that is live has its name", self._names[place])
            return False
        warm = options.get("warm", "")
        self._map.up(identity, now=self._now(), warm=int(warm) if warm.isdigit() else 0)
        self._places[identity] = place
        self.parts[place].identity = identity
        return True

    def listened_again(self, place: int) -> None:
        """What is read is listened on there; the rest may be said."""
        self._say(self._members.came(self.parts[place].identity))
        self._move_watches()

    def leaving(self, place: int) -> None:
        """A broker has said ``BYE``."""
        self._map.leaving(self.parts[place].identity)

    def went(self, place: int) -> None:
        """A connection has ended."""
        identity = self.parts[place].identity
        if self._places.get(identity) == place:
            del self._places[identity]
            self._map.down(identity)
            self.readings.went(place)
            self._members.down(identity, now=self._now())
            self._move_watches()

    def told(self, place: int, verb: str, group: str, channels: Sequence[str]) -> None:
        """``JOINED`` or ``LEFT`` was pushed."""
        tell = self._members.joined if verb == "JOINED" else self._members.left
        tell(self.parts[place].identity, group, channels, now=self._now())

    def listened(self, place: int, reading: Reading) -> None:
        """A ``LISTEN`` is answered."""
        for name in reading.names:
            if name.endswith("!"):
                identity = self.parts[place].identity
                self._say(self._members.listened(identity, name, is_kept=not reading.is_fresh, now=self._now()))

    def closed(self, channels: Iterable[str]) -> None:
        """Channels are over."""
        for channel in channels:
            self._members.closed(channel)

    def stopped(self, names: Iterable[str]) -> None:
        """Names are not read any more."""
        for name in names:
            if name.endswith("!"):
                self._members.stopped(name)


class PartCore(Core):
    """The connection to one of several brokers, which tells the whole what happens to it."""

    def __init__(
        self, whole: ShardCore, place: int, client: str, token: Optional[str], heartbeat: float, timeout: float,
        failover: float,
    ):  # fmt: skip
        super().__init__(client, token, heartbeat, timeout)
        # Given up after three of them, and looked after six times in each failover time.
        self._heartbeat = failover * 0.27
        self._whole = whole
        self.place = place
        #: Of the broker, while it is live.
        self.identity = ""
        #: The same, with what only one of several has.
        self.part_readings = PartReadings(self._say, self)
        self.readings = self.part_readings

    def greeted(self, frame: Frame) -> None:
        """The answer to the first frame has come."""
        if frame.verb == "HELLO" and not self._whole.came(self.place, frame.options):
            self.blame("another broker has its name")
            self.is_unwanted = True
            return
        super().greeted(frame)
        if self.is_open:
            self._whole.listened_again(self.place)

    #: Another broker has its identity: the connection is to be closed.
    is_unwanted = False

    def connected(self, now: float) -> None:
        """A connection stands."""
        self.is_unwanted = False
        super().connected(now)

    def received(self, data: bytes, now: float) -> bool:
        """Takes bytes from the broker; false when the connection is to be closed."""
        return super().received(data, now) and not self.is_unwanted

    def broke(self, why: str) -> None:
        """The connection is over."""
        # First, because those whose requests fail may ask again at once.
        self._whole.went(self.place)
        super().broke(why)

    def _farewell(self, reason: str, text: str) -> None:
        self._whole.leaving(self.place)
        super()._farewell(reason, text)

    def told(self, verb: str, group: str, channels: Sequence[str]) -> None:
        """``JOINED`` or ``LEFT`` was pushed."""
        self._whole.told(self.place, verb, group, channels)

    def listened(self, reading: Reading) -> None:
        """A ``LISTEN`` is answered."""
        self._whole.listened(self.place, reading)


class PartReadings(Readings):
    """What is listened on at one of several brokers; memberships are the whole's."""

    def __init__(self, say: Callable[[bytes, Optional[Ticket]], None], core: PartCore):
        super().__init__(say)
        self._core = core

    def told(self, verb: str, args: List[str]) -> Optional[str]:
        """Takes a ``JOINED``, ``LEFT`` or ``LOST``."""
        if verb in ("JOINED", "LEFT"):
            self._core.told(verb, args[0], args[1:])
            return None
        return super().told(verb, args)

    def message(self, frame: Frame) -> Optional[str]:
        """Takes a ``MSG``: one that was on its way when its credit was withdrawn is taken too."""
        for channel in frame.args:
            reading = self.reads(channel)
            if reading is not None and not reading.credit:
                reading.credit = 1
        return super().message(frame)

    def withdraw(self, reading: Reading) -> None:
        """Takes credit back that was not used."""
        reading.credit = reading.untold = 0
        if reading.in_force:
            self._say(_requests.ready(0, reading.purse), None)

    def _restore(self, reading: Reading, before: List[Tuple[str, str]], broker_is_new: bool) -> None:
        self._core.listened(reading)


class _Part(Reading):
    """A listening at one broker."""

    def __init__(self, whole: _Whole, place: int, names: Iterable[str]):
        super().__init__(names)
        self._whole = whole
        self.place = place

    def notify(self) -> None:
        """A message came, or listening began or ended there."""
        self._whole.changed(self)


class _Whole:
    """A listening at all brokers."""

    def __init__(self, core: ShardCore, reading: Reading):
        self._core = core
        self.reading = reading
        self.credit = ShardCredit()
        self.parts = [_Part(self, part.place, reading.names) for part in core.parts]
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
        answers = _Answers(len(self.parts), _Ended(self, ticket))
        for part in self.parts:
            self._core.parts[part.place].readings.unlisten(part, _Answer(answers))


class ShardReadings:
    """Every listening of a layer over several brokers."""

    def __init__(self, core: ShardCore):
        self._core = core
        self._wholes: Dict[Reading, _Whole] = {}

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
        whole = self._wholes[reading] = _Whole(self._core, reading)
        whole.begin()

    def unlisten(self, reading: Reading, ticket: Ticket) -> None:
        """Ends listening: nothing more comes once the ticket is settled."""
        whole = self._wholes.pop(reading, None)
        if whole is None:
            ticket.settle(Frame("OK"))
            return
        whole.end(ticket)

    def abandon(self, whole: _Whole) -> None:
        """A listening is over without having been ended."""
        if self._wholes.pop(whole.reading, None) is not None:
            whole.end(Ticket())

    def grant(self, reading: Reading, count: int) -> None:
        """Lets ``count`` more deliveries come."""
        if whole := self._wholes.get(reading):
            whole.grant(count)

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

    def stopped(self, whole: _Whole) -> None:
        """Nothing more comes."""
        self._core.stopped(whole.reading.names)


class _Watches:
    """Where watches are is noted when they are said."""

    def began(self, group: str, channel: str) -> None:
        pass

    def ended(self, group: str, channel: str) -> None:
        pass


class _Sending(Ticket):
    """A message on its way: to the next broker when one has surely not stored it (B10)."""

    __slots__ = ("_choose", "_core", "_identity", "_is_away_passing", "_request", "_then", "_without")

    def __init__(
        self, core: ShardCore, request: bytes, choose: Callable[[Collection[str]], Optional[str]], then: Ticket,
        is_away_passing: bool,
    ):  # fmt: skip
        super().__init__()
        self._core = core
        self._request = request
        self._choose = choose
        self._then = then
        self._is_away_passing = is_away_passing
        self._without: List[str] = []
        self._identity = ""

    def go_on(self, refused: Optional[Frame]) -> None:
        identity = self._choose(self._without)
        if identity is not None:
            self._identity = identity
            self._core.part(identity).ask(self._request, self)
        elif refused is not None:
            self._then.settle(refused)
        else:
            self._then.fail(Unreachable("no broker is in reach"))

    def settle(self, frame: Frame) -> None:
        code = frame.args[0] if frame.verb == "ERR" and frame.args else ""
        if code == "closing" or (code == "away" and self._is_away_passing):
            self._without.append(self._identity)
            self.go_on(frame)
        else:
            super().settle(frame)
            self._then.settle(frame)

    def fail(self, error: SeawayError) -> None:
        super().fail(error)
        self._then.fail(error)


class _Answers:
    """Makes one answer of those of several brokers (B14); the counts of a ``FLUSH`` are added up."""

    def __init__(self, count: int, then: Ticket):
        self._left = count
        self._then = then
        self._done: Optional[Frame] = None
        self._refused: Optional[Frame] = None
        self._error: Optional[SeawayError] = None

    def take(self, frame: Optional[Frame], error: Optional[SeawayError]) -> None:
        if frame is None:
            self._error = error
        elif frame.verb == "ERR":
            self._refused = frame
        elif self._done is None:
            self._done = frame
        else:
            for key, value in frame.options.items():
                if value.isdigit():
                    self._done.options[key] = str(int(self._done.options.get(key, "0")) + int(value))
        self._left -= 1
        if self._left:
            return
        answer = self._refused or self._done
        if answer is not None:
            self._then.settle(answer)
        else:
            self._then.fail(self._error or Unknown("no broker has answered"))


class _Answer(Ticket):
    __slots__ = ("_answers",)

    def __init__(self, answers: _Answers):
        super().__init__()
        self._answers = answers

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._answers.take(frame, None)

    def fail(self, error: SeawayError) -> None:
        super().fail(error)
        self._answers.take(None, error)


class _Ended(Ticket):
    __slots__ = ("_then", "_whole")

    def __init__(self, whole: _Whole, then: Ticket):
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


class _Said(Ticket):
    """A ``JOIN`` or ``LEAVE`` that sets something right."""

    __slots__ = ("_members", "_saying")

    def __init__(self, members: ShardMembers, saying: Saying):
        super().__init__()
        self._members = members
        self._saying = saying

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._members.answered(self._saying, is_refused=frame.verb == "ERR")
