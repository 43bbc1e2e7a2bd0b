"""What a layer listens on, across its connections: credit, memberships, and whose message is whose.

Touches no socket, clock or thread.
"""

from typing import Callable, Dict, Iterable, List, Mapping, Optional, Set, Tuple

from . import _names, _requests
from ._errors import BadName, LimitReached, Lost, SeawayError, Unsupported
from ._frames import Frame
from ._held import Held, Holdings
from ._log import logger
from ._memberships import Memberships
from ._reading import Delivery, Reading
from ._reading_tickets import Beginning, Forgetting, Joining
from ._ticket import Ticket, checked

#: Says a request; the ticket is settled with its answer, and is ``None`` for what is not answered.
Say = Callable[[bytes, Optional[Ticket]], None]

#: What is taken at most of each mailbox that a worker leaves.
MOST_LAST = 65_536


class Readings:
    """Every listening of a layer, made again on each connection until it is ended, lost or declined."""

    def __init__(self, say: Say, holdings: Holdings):
        self._say = say
        self._holdings = holdings
        self._is_open = False
        self._readings: Dict[str, Reading] = {}
        self._ungranted: Set[Reading] = set()
        #: Whose end was said and not answered: others may begin to listen there.
        self._ending: Set[Reading] = set()
        self._memberships = Memberships()
        #: Listenings with an account of their own that are not in force yet. The shared credit is empty until they are,
        #: since a broker takes from it until it has read the first grant to the own one (R2).
        self._beginning = 0
        #: As the broker has said (L7); it counts watches too, so that it may still refuse.
        self.most_names: Optional[int] = None

    @property
    def all(self) -> List[Reading]:
        """What is listened on, each once."""
        return list(dict.fromkeys(self._readings.values()))

    # What the layer does

    def listen(self, reading: Reading) -> None:
        """Begins to listen, now or when there is a connection, and goes on through lost ones until ``unlisten``."""
        former = [self._readings[name] for name in reading.names if name in self._readings]
        for one in former:
            if one not in self._ending:
                name = next(name for name in reading.names if name in one.names)
                raise ValueError(f"this layer listens on {name} already")
            # What is on its way to the former comes to this one.
            reading.late += one.credit
        if reading.account is None and self._common is not None:
            raise ValueError(
                "one layer can listen on several names at once only one time: use one name, or another layer"
            )
        count = len(self._readings) + len(reading.names)
        if self.most_names is not None and count > self.most_names:
            text = f"a connection listens on at most {self.most_names} names, not {count}"
            raise LimitReached(text, options={"of": "names"})
        for name in reading.names:
            self._readings[name] = reading
        if self._is_open:
            self._say_listen(reading, False)

    def unlisten(self, reading: Reading, ticket: Ticket) -> None:
        """Ends listening: nothing more comes once the ticket is settled."""
        if self._readings.get(reading.names[0]) is not reading or not self._is_open:
            self.forget(reading)
            ticket.settle(Frame("OK"))
            return
        self._ending.add(reading)
        self._withdraw(reading)
        if reading.account is None:
            self._take_last(reading)
        *first, last = _requests.unlisten(reading.names)
        for request in first:
            self._say(request, Ticket())
        self._say(last, Forgetting(self, reading, ticket))

    def _take_last(self, reading: Reading) -> None:
        """Has all come that waits in mailboxes, which nobody else would get (L6); nothing more of the other names."""
        for name in reading.names:
            if name.endswith("!") and reading.in_force:
                reading.credit += MOST_LAST
                self._say(_requests.ready(MOST_LAST, name), None)

    def grant(self, reading: Reading, count: int) -> None:
        """Lets ``count`` more deliveries come."""
        reading.credit += count
        reading.untold += count
        if reading.untold >= reading.step:
            self._ungranted.add(reading)

    def withdraw(self, reading: Reading) -> None:
        """Takes credit back: what has used it has come once a later request is answered."""
        reading.late += reading.credit
        reading.credit = reading.untold = 0
        if reading.in_force:
            self._say(_requests.ready(0, reading.account), None)

    def poll(self, reading: Reading, ticket: Ticket) -> None:
        """Asks for one message that is there now: it has come when the ticket is settled, or there is none (R5)."""
        reading.late += reading.credit + 1
        reading.credit = reading.untold = 0
        self._say(_requests.ready(1, reading.account), None)
        self._say(_requests.PING, Ticket())
        self._say(_requests.ready(0, reading.account), None)
        self._say(_requests.PING, ticket)

    def reads(self, channel: str) -> Optional[Reading]:
        """Returns who reads a channel here."""
        return self._readings.get(channel) or self._readings.get(_names.mailbox(channel))

    def joined(self, group: str, channels: Iterable[str]) -> None:
        """Notes memberships that this layer has made, of channels that it reads by their own names."""
        self._memberships.joined(group, [channel for channel in channels if channel in self._readings])

    def left(self, group: str, channels: Iterable[str]) -> None:
        """Notes memberships that this layer has ended."""
        self._memberships.left(group, channels)

    def closed(self, channels: Iterable[str]) -> None:
        """Notes channels that this layer has closed."""
        for channel in channels:
            self._memberships.closed(channel)

    # What the connection does

    def opened(self, broker_is_new: bool) -> None:
        """A broker has greeted: everything is listened on again."""
        self._is_open = True
        for reading in self.all:
            reading.late = 0
            self._say_listen(reading, broker_is_new)

    def broke(self) -> None:
        """The connection is over; its unanswered tickets fail after this."""
        self._is_open = False
        for reading in self.all:
            reading.in_force = False

    def fail_all(self, error: SeawayError) -> None:
        """Nothing is listened on any more."""
        for reading in self.all:
            self._fail(reading, error)

    @property
    def has_grants(self) -> bool:
        """Whether something was granted that was not told."""
        return bool(self._ungranted)

    def take_grants(self) -> bytes:
        """Returns ``READY`` for what was granted since the last time and can be told now."""
        output = b""
        for reading in self._ungranted:
            if reading.in_force and reading.untold and not (reading.account is None and self._beginning):
                output += _requests.ready(reading.untold, reading.account)
                reading.untold = 0
        self._ungranted.clear()
        return output

    def message(self, frame: Frame) -> Optional[str]:
        """Takes a ``MSG``; returns what is wrong with it, so that the connection cannot be trusted."""
        channels = frame.args
        if frame.body is None or not channels:
            return "a message without a body or a channel"
        options = frame.options
        if len(channels) == 1:
            return self._hand_over(self.reads(channels[0]), channels, options, frame.body)
        mailbox = _names.mailbox(channels[0])
        reading = self._readings.get(mailbox)
        if (
            reading is not None
            and self._readings.keys().isdisjoint(channels)
            and min(channels).startswith(mailbox)
            and max(channels).startswith(mailbox)
        ):
            # Most often all are of one mailbox: what lies between two names that begin with it begins with it too.
            return self._hand_over(reading, channels, options, frame.body)
        shares: Dict[Optional[Reading], List[str]] = {}
        for channel in channels:
            shares.setdefault(self.reads(channel), []).append(channel)
        for reading, share in shares.items():
            fault = self._hand_over(reading, share, options, frame.body)
            if fault is not None:
                return fault
        return None

    def told(self, verb: str, args: List[str]) -> Optional[str]:
        """Takes a ``JOINED``, ``LEFT`` or ``LOST``; returns what is wrong with it."""
        name, channels = args[0], args[1:]
        if verb == "JOINED":
            try:
                # They may be said again, to another broker.
                read = [_names.channel(channel) for channel in channels if self.reads(channel) is not None]
                self._memberships.joined(_names.group(name), read)
            except BadName as error:
                return str(error)
        elif verb == "LEFT":
            self._memberships.left(name, channels)
        elif name in self._readings:
            self._abandon(self._readings[name], Lost(name))
        return None

    # Beginnings and ends

    @property
    def _common(self) -> Optional[Reading]:
        """The one listening on several names, whose account is the connection's."""
        return next((reading for reading in self._readings.values() if reading.account is None), None)

    def _say_listen(self, reading: Reading, broker_is_new: bool) -> None:
        if reading.acked and not self._holdings.is_known:
            self._fail(reading, Unsupported("the broker does not know acknowledgement (feature ack of HELLO)"))
            return
        reading.is_fresh = False
        if reading.account is not None:
            self._beginning += 1
            common = self._common
            if common is not None and common.in_force:
                self._withdraw(common)
        before: List[Tuple[str, str]] = []
        for name in reading.names:
            before += self._memberships.take(name)
        known = reading.acked | reading.wished if self._holdings.is_known else reading.acked
        plain = [name for name in reading.names if name not in known]
        acked = [name for name in reading.names if name in known]
        *first, last = _requests.listen(plain) + _requests.listen(acked, ack=True)
        for request in first:
            self._say(request, Beginning(self, reading, None, broker_is_new))
        self._say(last, Beginning(self, reading, before, broker_is_new))
        reading.untold = reading.credit
        if reading.account is not None and reading.credit:
            self._say(_requests.ready(reading.credit, reading.account), None)
            reading.untold = 0

    def began(
        self, reading: Reading, frame: Frame, before: Optional[List[Tuple[str, str]]], broker_is_new: bool
    ) -> None:
        """A ``LISTEN`` was answered; ``before`` holds the memberships of old, in the last frame of several."""
        if before is not None:
            self._settle_common(reading)
        if self._readings.get(reading.names[0]) is not reading:
            return
        try:
            checked(frame)
        except SeawayError as error:
            self._abandon(reading, error)
            return
        reading.is_fresh = reading.is_fresh or frame.options.get("state") == "fresh"
        if before is None:
            return
        self._restore(reading, before, broker_is_new)
        reading.in_force = True
        self._ungranted.add(reading)
        reading.notify()

    def never_began(self, reading: Reading, before: Optional[List[Tuple[str, str]]]) -> None:
        """The connection broke before a ``LISTEN`` was answered."""
        if before is None:
            return
        self._settle_common(reading)
        if self._readings.get(reading.names[0]) is reading:
            for group, channel in before:
                self._memberships.joined(group, [channel])

    def _settle_common(self, reading: Reading) -> None:
        """What of the shared credit was withdrawn for a listening can be granted again: its last messages have come."""
        if reading.account is None:
            return
        self._beginning -= 1
        common = self._common
        if common is not None and not self._beginning:
            common.untold = common.credit
            self._ungranted.add(common)

    def _restore(self, reading: Reading, before: List[Tuple[str, str]], broker_is_new: bool) -> None:
        """Makes memberships again that the broker has lost, and no one has ended (L5)."""
        again: Dict[str, List[str]] = {}
        for group, channel in before:
            if channel in self._readings:
                is_lost = broker_is_new or _names.form(channel) != "normal"
                self._memberships.joined(group, [channel])
            else:
                is_lost = reading.is_fresh
            if is_lost:
                again.setdefault(group, []).append(channel)
        for group, channels in again.items():
            self._memberships.joined(group, channels)
            for request in _requests.join(group, channels):
                self._say(request, Joining(group))

    def _withdraw(self, reading: Reading) -> None:
        """Takes credit back from the shared credit, which outlives its listening."""
        if reading.account is None:
            self._say(_requests.ready(0), None)

    def _abandon(self, reading: Reading, error: SeawayError) -> None:
        """A listening is over; whatever of its names the broker still holds for it is given back."""
        names = [name for name in reading.names if not (isinstance(error, Lost) and error.name == name)]
        self._fail(reading, error)
        if self._is_open:
            self._withdraw(reading)
            for request in _requests.unlisten(names):
                self._say(request, Ticket())

    def _fail(self, reading: Reading, error: SeawayError) -> None:
        self.forget(reading)
        reading.error = error
        reading.notify()

    def forget(self, reading: Reading) -> None:
        """Nothing is listened on by it any more."""
        reading.in_force = False
        self._ungranted.discard(reading)
        self._ending.discard(reading)
        for name in reading.names:
            if self._readings.get(name) is reading:
                del self._readings[name]
                self._memberships.take(name)

    def _hand_over(
        self, reading: Optional[Reading], channels: List[str], options: Mapping[str, str], body: bytes
    ) -> Optional[str]:
        if reading is None:
            logger.warning("a message came for %s, where nobody listens", " ".join(channels[:3]))
            return None
        if reading.credit:
            reading.credit -= 1
        elif reading.late:
            reading.late -= 1
        else:
            return "more messages than were asked for"
        is_marked = "ack" in options or "dead" in options
        held: Optional[Held] = None
        if is_marked:
            held = self._holdings.came(channels[0], options, reading.hold, channels[0] in reading.wished)
        reading.queue.append(Delivery(channels, options.get("group"), body, held))
        reading.notify()
        return None
