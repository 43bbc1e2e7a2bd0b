"""What a layer knows and decides, across its connections. Touches no socket, clock or thread.

A mover (``_sync``, ``_asyncio``) tells what happened, with the time where it matters, and writes what ``take_output``
returns. Tickets are settled and listenings told in the order of the wire, while the mover calls.
"""

from __future__ import annotations

import logging
from typing import Dict, Iterable, List, Optional, Set, Tuple

from . import _memberships, _names, _requests
from ._backoff import Backoff
from ._errors import Ended, LimitReached, Lost, SeawayError, Unknown, refusal
from ._frames import Frame
from ._reading import Delivery, Reading
from ._session import Session
from ._ticket import Ticket, checked

logger = logging.getLogger("seaway")

#: What is longer ends the connection. Bodies may double when they are translated: ``1.0,`` takes 9 bytes.
MAX_RECEIVED = 64 << 20
MAX_PENDING = 65_536
MAX_UNSENT = 64 << 20

#: After these a client must not come back (PROTOCOL.md, section 3).
_FINAL = frozenset(("line", "auth"))


class Core:
    """One layer: a session while there is a connection, and what outlives it."""

    def __init__(
        self, client: str = "seaway-python", token: Optional[str] = None, heartbeat: float = 20.0, timeout: float = 10.0
    ):
        self._hello = _requests.hello(client, token, int(heartbeat * 1000))
        self._heartbeat = heartbeat
        self._timeout = timeout
        self._session: Optional[Session[Ticket]] = None
        self._output = bytearray()
        self._readings: Dict[str, Reading] = {}
        self._ungranted: Set[Reading] = set()
        self._memberships = _memberships.Memberships()
        self._heard_at = 0.0
        self._waiting_since: Optional[float] = None
        self._pinged = False
        self.backoff = Backoff()
        #: The broker has greeted: requests may be asked.
        self.is_open = False
        #: The broker, or the user, will not have this layer any more.
        self.ended: Optional[SeawayError] = None
        self.max_body = 2_097_152
        self.epoch = ""
        #: Why there is no connection, for people.
        self.trouble = ""

    # Connections

    def connected(self, now: float) -> None:
        """A connection stands; the first frame is on its way."""
        self._session = Session(MAX_RECEIVED)
        self._heard_at = now
        self._waiting_since = None
        self._pinged = False
        self.trouble = ""
        self._output = bytearray(self._hello)
        self._session.ask(_Greeting(self))

    def broke(self, why: str) -> None:
        """The connection, or the attempt to make one, is over: what was not answered is unknown."""
        self.is_open = False
        self.trouble = self.trouble or why
        session, self._session = self._session, None
        self._output.clear()
        for reading in self.readings:
            reading.in_force = False
        if session is not None:
            for ticket in session.take_unanswered():
                ticket.fail(Unknown(f"the connection broke before the answer: {self.trouble}"))

    def end(self, error: SeawayError) -> None:
        """Nothing is tried again: every listening is over."""
        if self.ended is None:
            self.ended = error
            for reading in self.readings:
                self._fail(reading, error)

    def received(self, data: bytes, now: float) -> bool:
        """Takes bytes from the broker; false when the connection is to be closed."""
        session = self._session
        if session is None:
            return False
        self._heard_at = now
        self._waiting_since = None
        self._pinged = False
        for frame, ticket in session.receive(data):
            if ticket is not None:
                ticket.settle(frame)
            elif frame.verb == "MSG":
                self._deliver(frame)
            else:
                self._take(frame)
        if session.fault is not None:
            logger.error("the broker is at fault: %s", session.fault)
            self.trouble = session.fault
            return False
        return self.ended is None or self.is_open

    def tick(self, now: float) -> bool:
        """To be called every few seconds; false when the connection is dead."""
        session = self._session
        if session is None:
            return True
        if session.unanswered:
            if self._waiting_since is None:
                self._waiting_since = now
            elif now - self._waiting_since > self._timeout:
                self.trouble = f"no answer for {self._timeout:g} s"
                return False
        silence = now - self._heard_at
        if self._heartbeat and silence > 3 * self._heartbeat:
            self.trouble = f"no sign of life for {silence:.0f} s"
            return False
        if self._heartbeat and silence > self._heartbeat and self.is_open and not self._pinged:
            self._pinged = True
            self.ask(_requests.PING, Ticket())
        return True

    # Requests

    @property
    def unanswered(self) -> int:
        """Requests without an answer."""
        return 0 if self._session is None else self._session.unanswered

    @property
    def unsent(self) -> int:
        """Bytes that wait to be taken with ``take_output``."""
        return len(self._output)

    def ask(self, request: bytes, ticket: Ticket) -> None:
        """Says a request; its ticket is settled with the answer. Only while the layer ``is_open``."""
        session = self._session
        assert session is not None and self.is_open
        if session.unanswered >= MAX_PENDING or len(self._output) + len(request) > MAX_UNSENT:
            raise LimitReached("too many requests without an answer", options={"of": "pending"})
        session.ask(ticket)
        self._output += request

    def take_output(self) -> bytes:
        """Returns what is to be written now, the credit that was granted since the last time behind the rest."""
        if self._ungranted:
            for reading in self._ungranted:
                if reading.in_force and reading.untold:
                    self._output += _requests.ready(reading.untold, reading.purse)
                    reading.untold = 0
            self._ungranted.clear()
        output = bytes(self._output)
        self._output.clear()
        return output

    # Reading

    @property
    def readings(self) -> List[Reading]:
        """What is listened on, each once."""
        return list(dict.fromkeys(self._readings.values()))

    def listen(self, reading: Reading) -> None:
        """Begins to listen, now or when there is a connection, and goes on through lost ones until ``unlisten``."""
        taken = [name for name in reading.names if name in self._readings]
        if taken:
            raise ValueError(f"this layer listens on {taken[0]} already")
        if reading.purse is None and any(other.purse is None for other in self.readings):
            raise ValueError(
                "one layer can listen on several names at once only one time: use one name, or another layer"
            )
        for name in reading.names:
            self._readings[name] = reading
        if self.is_open:
            self._say_listen(reading, False)

    def unlisten(self, reading: Reading, ticket: Ticket) -> None:
        """Ends listening: nothing more comes once the ticket is settled."""
        if self._readings.get(reading.names[0]) is not reading or not self.is_open:
            self._forget(reading)
            ticket.settle(Frame("OK"))
            return
        if reading.purse is None:
            self._output += _requests.ready(0)
        *first, last = _requests.unlisten(reading.names)
        for request in first:
            self.ask(request, Ticket())
        self.ask(last, _Forgetting(self, reading, ticket))

    def grant(self, reading: Reading, count: int) -> None:
        """Lets ``count`` more deliveries come."""
        reading.credit += count
        reading.untold += count
        self._ungranted.add(reading)

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

    # What comes

    def _greeted(self, frame: Frame) -> None:
        if frame.verb != "HELLO":
            cause = refusal(frame.args[0] if frame.args else "", frame.options, frame.text or "")
            self.trouble = str(cause)
            self.end(cause)
            return
        self.is_open = True
        self.backoff.reset()
        size = frame.options.get("max-body", "")
        if size.isdigit():
            self.max_body = int(size)
        epoch = frame.options.get("epoch", "")
        is_new = epoch != self.epoch
        self.epoch = epoch
        for reading in self.readings:
            self._say_listen(reading, is_new)

    def _say_listen(self, reading: Reading, broker_is_new: bool) -> None:
        reading.untold = 0
        reading.is_fresh = False
        before: List[Tuple[str, str]] = []
        for name in reading.names:
            before += self._memberships.take(name)
        *first, last = _requests.listen(reading.names)
        for request in first:
            self.ask(request, _Beginning(self, reading, None, broker_is_new))
        self.ask(last, _Beginning(self, reading, before, broker_is_new))
        if reading.credit:
            self._output += _requests.ready(reading.credit, reading.purse)

    def _began(
        self, reading: Reading, frame: Frame, before: Optional[List[Tuple[str, str]]], broker_is_new: bool
    ) -> None:
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
        again: Dict[str, List[str]] = {}
        for group, channel in before:
            if channel not in self._readings:
                lost = reading.is_fresh
            else:
                lost = broker_is_new or _names.form(channel) != "normal"
                self._memberships.joined(group, [channel])
            if lost:
                again.setdefault(group, []).append(channel)
        for group, channels in again.items():
            for request in _requests.join(group, channels):
                self.ask(request, Ticket())
        reading.in_force = True
        if reading.untold:
            self._ungranted.add(reading)
        reading.notify()

    def _deliver(self, frame: Frame) -> None:
        channels = frame.args
        if frame.body is None or not channels:
            logger.error("a message without a body or a channel came: %r", frame)
            return
        group = frame.options.get("group")
        if len(channels) == 1:
            self._hand_over(self.reads(channels[0]), channels, group, frame.body)
            return
        shares: Dict[Optional[Reading], List[str]] = {}
        for channel in channels:
            shares.setdefault(self.reads(channel), []).append(channel)
        for reading, share in shares.items():
            self._hand_over(reading, share, group, frame.body)

    def _hand_over(self, reading: Optional[Reading], channels: List[str], group: Optional[str], body: bytes) -> None:
        if reading is None:
            logger.warning("a message came for %s, where nobody listens", " ".join(channels[:3]))
            return
        if reading.credit:
            reading.credit -= 1
        reading.queue.append(Delivery(channels, group, body))
        reading.notify()

    def _take(self, frame: Frame) -> None:
        verb, args = frame.verb, frame.args
        if verb == "PING":
            self._output += _requests.PONG
        elif verb == "JOINED" and args:
            self._memberships.joined(args[0], args[1:])
        elif verb == "LEFT" and args:
            self._memberships.left(args[0], args[1:])
        elif verb == "LOST" and args:
            reading = self._readings.get(args[0])
            if reading is not None:
                self._abandon(reading, Lost(args[0]))
        elif verb == "BYE":
            self._farewell(args[0] if args else "", frame.text or "")

    def _farewell(self, reason: str, text: str) -> None:
        """``shutdown`` leaves the connection in use until the broker closes it; after all others it closes at once."""
        self.trouble = f"the broker said goodbye: {reason} {text}".rstrip()
        if reason in _FINAL:
            logger.error("%s", self.trouble)
            self.is_open = False
            self.end(Ended(self.trouble))
        else:
            logger.info("%s", self.trouble)

    def _abandon(self, reading: Reading, error: SeawayError) -> None:
        """A listening is over; whatever of its names the broker still holds for it is given back."""
        names = [name for name in reading.names if not (isinstance(error, Lost) and error.name == name)]
        self._fail(reading, error)
        if self.is_open:
            if reading.purse is None:
                self._output += _requests.ready(0)
            for request in _requests.unlisten(names):
                self.ask(request, Ticket())

    def _fail(self, reading: Reading, error: SeawayError) -> None:
        self._forget(reading)
        reading.error = error
        reading.notify()

    def _forget(self, reading: Reading) -> None:
        reading.in_force = False
        self._ungranted.discard(reading)
        for name in reading.names:
            if self._readings.get(name) is reading:
                del self._readings[name]
                self._memberships.take(name)


class _Greeting(Ticket):
    __slots__ = ("_core",)

    def __init__(self, core: Core):
        super().__init__()
        self._core = core

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._core._greeted(frame)


class _Beginning(Ticket):
    """A ``LISTEN``; ``before`` holds the memberships that were known, in the last frame of several."""

    __slots__ = ("_before", "_core", "_is_new", "_reading")

    def __init__(self, core: Core, reading: Reading, before: Optional[List[Tuple[str, str]]], broker_is_new: bool):
        super().__init__()
        self._core = core
        self._reading = reading
        self._before = before
        self._is_new = broker_is_new

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._core._began(self._reading, frame, self._before, self._is_new)


class _Forgetting(Ticket):
    """An ``UNLISTEN``: what was on its way has come once it is answered, or will never."""

    __slots__ = ("_core", "_reading", "_then")

    def __init__(self, core: Core, reading: Reading, then: Ticket):
        super().__init__()
        self._core = core
        self._reading = reading
        self._then = then

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._core._forget(self._reading)
        self._then.settle(frame)

    def fail(self, error: SeawayError) -> None:
        super().fail(error)
        self._core._forget(self._reading)
        self._then.settle(Frame("OK"))
