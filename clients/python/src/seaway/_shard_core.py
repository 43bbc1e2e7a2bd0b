"""What a layer over several brokers knows and decides (protocol/SHARDING.md). Touches no socket, clock or thread.

To those above it is a ``Core``: requests are asked with tickets, and listenings are begun, granted and ended. Below it
has a ``Core`` for each broker, whose bytes a mover moves.
"""

from __future__ import annotations

from typing import Callable, Collection, Dict, FrozenSet, Iterable, List, Optional, Sequence, Tuple

from . import _requests
from ._core import ASKING, LEAST_FAILOVER, MOST_FAILOVER, Core
from ._errors import SeawayError, Unreachable
from ._frames import Frame
from ._log import logger
from ._reading import Reading
from ._shard_map import ShardMap
from ._shard_members import Saying, ShardMembers
from ._shard_readings import PartReadings, ShardReadings
from ._shard_tickets import Answer, Answers, Said, Sending
from ._ticket import Ticket

#: Brokers that one client may have.
MOST = 64
_LATENESS = 0.3
"""Seconds that brokers, which look a few times a second, may be late with three heartbeats."""

_TO_GROUP = frozenset(("GSEND", "MEMBERS", "WATCH", "UNWATCH"))
_TO_CHANNEL = frozenset(("SEND", "PEEK"))


class ShardCore:
    """A layer over several brokers, each known by its place in the list."""

    #: Answers go to the other brokers then (B12).
    is_leaving = False
    #: Several brokers have none in common.
    epoch = ""

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
            raise ValueError(f"a client has at most {MOST} brokers, not {len(names)}")
        if not LEAST_FAILOVER <= failover <= MOST_FAILOVER:
            allowed = f"{LEAST_FAILOVER:g} to {MOST_FAILOVER:g}"
            raise ValueError(f"the failover time is {failover:g} s; allowed is {allowed}")
        self._clock = clock
        milliseconds = int(failover * 1000)
        self._map = ShardMap(milliseconds, now=self._now())
        self._members = ShardMembers(milliseconds)
        #: By place.
        self.parts: List[PartCore] = [
            PartCore(self, place, client, token, heartbeat, timeout, failover, len(names))
            for place in range(len(names))
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

    @property
    def features(self) -> FrozenSet[str]:
        """What every broker knows."""
        live = [self.parts[place].features for place in self._places.values()]
        return frozenset.intersection(*live) if live else frozenset()

    def ask(self, request: bytes, ticket: Ticket, stream: Optional[str] = None) -> None:
        """Says a request to the broker, or to the brokers, that it concerns.

        ``stream``: that of a send, which goes where a send to this name would go (B7).
        """
        words = request.partition(b"\n")[0].decode("ascii").split(" ")
        verb, arguments = words[0], [word for word in words[1:] if not word.startswith(":")]
        if verb in ("WATCH", "UNWATCH"):
            self._ask_for_watch(verb, arguments[0], arguments[1], request, ticket)
        elif verb in _TO_GROUP:
            self._send(request, lambda without: self._for_group(arguments[0], without), ticket, False)
        elif verb in _TO_CHANNEL:
            name, is_away_passing = stream or arguments[0], "Here=1" in arguments
            self._send(request, lambda without: self._for_channel(name, without), ticket, is_away_passing)
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
        Sending(self, request, choose, ticket, is_away_passing).go_on(None)

    def part(self, identity: str) -> PartCore:
        """The connection to a live broker."""
        return self.parts[self._places[identity]]

    def _ask_all(self, request: bytes, ticket: Ticket) -> None:
        live = list(self._places.values())
        if not live:
            ticket.fail(Unreachable("no broker is in reach"))
            return
        answers = Answers(len(live), ticket)
        for place in live:
            self.parts[place].ask(request, Answer(answers))

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
                self.part(saying.broker).say(request, Said(self._members, saying))

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
    """The connection to one of several brokers, which tells the whole client what happens to it."""

    def __init__(
        self, whole: ShardCore, place: int, client: str, token: Optional[str], heartbeat: float, timeout: float,
        failover: float, brokers: int,
    ):  # fmt: skip
        # Given up by the broker after three of them: before it gets sends again, if it was cut off (B11).
        least = min(heartbeat, (2 * failover - _LATENESS) / 3)
        super().__init__(client, token, least, timeout, brokers=brokers)
        self._asking = failover * ASKING
        self._whole = whole
        self.place = place
        #: Of the broker, while it is live.
        self.identity = ""
        #: The same, with what only one of several has.
        self.part_readings = PartReadings(self._say, self.holdings, self)
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

    def say(self, request: bytes, ticket: Ticket) -> None:
        """Says a request that is bounded by what it is about."""
        if self.is_open:
            self._say(request, ticket)

    def told(self, verb: str, group: str, channels: Sequence[str]) -> None:
        """``JOINED`` or ``LEFT`` was pushed."""
        self._whole.told(self.place, verb, group, channels)

    def listened(self, reading: Reading) -> None:
        """A ``LISTEN`` is answered."""
        self._whole.listened(self.place, reading)


class _Watches:
    """Where watches are is noted when they are said."""

    def began(self, group: str, channel: str) -> None:
        pass

    def ended(self, group: str, channel: str) -> None:
        pass
