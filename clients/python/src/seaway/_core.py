"""What a layer knows and decides, across its connections. Touches no socket, clock or thread.

A mover (``_sync``, ``_asyncio``) tells what happened, with the time where it matters, and writes what ``take_output``
returns. Tickets are settled and listenings told in the order of the wire, while the mover calls.
"""

from typing import FrozenSet, List, Optional

from . import _requests
from ._backoff import Backoff
from ._errors import Ended, LimitReached, SeawayError, Unknown
from ._frames import Frame
from ._held import Holdings
from ._log import logger
from ._readings import Readings
from ._session import Session
from ._ticket import Ticket, checked
from ._watches import Watches

#: What is longer ends the connection. Bodies may double when they are translated: ``1.0,`` takes 9 bytes.
MAX_RECEIVED = 64 << 20
MAX_PENDING = 65_536
MAX_UNSENT = 64 << 20

#: The least and the most that a failover time may be, in seconds.
LEAST_FAILOVER, MOST_FAILOVER = 0.3, 3_600.0
#: Of the failover time, before each question: given up after three of them, and looked after six times in each of it.
ASKING = 0.27

#: After these a client must not come back (PROTOCOL.md, section 3).
_FINAL = frozenset(("line", "auth"))


class Core:
    """One layer: a session while there is a connection, and what outlives it."""

    def __init__(
        self, client: str = "seaway-python", token: Optional[str] = None, heartbeat: float = 20.0,
        timeout: float = 10.0, failover: Optional[float] = None, brokers: int = 1,
    ):  # fmt: skip
        """``failover``: seconds of silence after which the broker is taken for dead; ``None``: three heartbeats.

        ``brokers``: how many the client has, this one included.
        """
        if failover is not None and not LEAST_FAILOVER <= failover <= MOST_FAILOVER:
            allowed = f"{LEAST_FAILOVER:g} to {MOST_FAILOVER:g}"
            raise ValueError(f"the failover time is {failover:g} s; allowed is {allowed}")
        self._hello = _requests.hello(client, token, int(heartbeat * 1000), brokers)
        #: Seconds of silence before each question, 0 for none.
        self._asking = heartbeat if failover is None else min(heartbeat, failover * ASKING)
        self._timeout = timeout
        self._session: Optional[Session[Ticket]] = None
        self._output = bytearray()
        self._heard_at = 0.0
        self._waiting_since: Optional[float] = None
        self._asked = 0
        self._asked_at = 0.0
        self.backoff = Backoff()
        #: What is to be acknowledged.
        self.holdings = Holdings(self._say, brokers == 1)
        #: What is listened on.
        self.readings = Readings(self._say, self.holdings)
        #: What is watched.
        self.watches = Watches()
        #: The broker has greeted: requests may be asked.
        self.is_open = False
        #: The broker has said that it leaves; it waits for answers to what it has delivered, and for credit (X3).
        self.is_leaving = False
        #: The broker, or the user, will not have this layer any more.
        self.ended: Optional[SeawayError] = None
        self.max_body = 2_097_152
        self.epoch = ""
        #: What the broker knows beyond the least, as it has said.
        self.features: FrozenSet[str] = frozenset()
        #: Why there is no connection, or was none last, for people.
        self.trouble = ""
        self._blame = ""
        #: What is said again on the next connection, oldest first.
        self._again: List[Ticket] = []

    # Connections

    def connected(self, now: float) -> None:
        """A connection stands; the first frame is on its way."""
        self._session = Session(MAX_RECEIVED)
        self._heard_at = now
        self._waiting_since = None
        self._asked = 0
        self._blame = ""
        self.is_leaving = False
        self._output.clear()
        self._say(self._hello, _Greeting(self))

    def blame(self, why: str) -> None:
        """Notes why the connection will not last; the first reason is the one that people are told."""
        self._blame = self._blame or why

    def broke(self, why: str) -> None:
        """The connection is over: what was not answered is unknown."""
        self.is_open = False
        self.trouble = self._blame or why
        session, self._session = self._session, None
        self._output.clear()
        self.readings.broke()
        self.holdings.broke()
        if session is not None:
            for ticket in session.take_unanswered():
                if not self._keep(ticket):
                    ticket.fail(Unknown(f"the connection broke before the answer: {self.trouble}"))

    def _keep(self, ticket: Ticket) -> bool:
        """Keeps a request for the next connection; false when it is not to be said again."""
        if ticket.again is None or self.ended is not None or len(self._again) >= MAX_PENDING:
            return False
        self._again.append(ticket)
        return True

    def end(self, error: SeawayError) -> None:
        """Nothing is tried again: every listening is over."""
        if self.ended is None:
            self.ended = error
            self.readings.fail_all(error)
            self.holdings.end(error)
            again, self._again = self._again, []
            for ticket in again:
                ticket.fail(error)

    def received(self, data: bytes, now: float) -> bool:
        """Takes bytes from the broker; false when the connection is to be closed."""
        session = self._session
        if session is None:
            return False
        self._heard_at = self.holdings.now = now
        self._waiting_since = None
        self._asked = 0
        fault: Optional[str] = None
        for frame, ticket in session.receive(data):
            if ticket is not None:
                # A broker that leaves takes nothing more, and the next one does.
                if not (frame.verb == "ERR" and frame.args[:1] == ["closing"] and self._keep(ticket)):
                    ticket.settle(frame)
                continue
            fault = self.readings.message(frame) if frame.verb == "MSG" else self._take(frame)
            if fault is not None:
                break
        fault = fault or session.fault
        if fault is not None:
            logger.error("the broker is at fault: %s", fault)
            self.blame(f"the broker is at fault: {fault}")
            return False
        return self.ended is None or self.is_open

    def tick(self, now: float) -> bool:
        """To be called every few seconds; false when the connection is dead."""
        session = self._session
        if session is None:
            return True
        self.holdings.tick(now)
        if session.unanswered:
            if self._waiting_since is None:
                self._waiting_since = now
            elif now - self._waiting_since > self._timeout:
                self.blame(f"no answer for {self._timeout:g} s")
                return False
        silence = now - self._heard_at
        if not self._asking or silence <= self._asking * (self._asked + 1):
            return True
        if self._asked and now - self._asked_at < self._asking / 2:
            # This side was late to ask, since the process stood still: the broker has to have its time to answer.
            return True
        if self._asked == 2:
            self.blame(f"no sign of life for {silence:.3g} s")
            return False
        self._asked += 1
        self._asked_at = now
        if self.is_open:
            self._say(_requests.PING, Ticket())
        return True

    # Requests

    @property
    def unanswered(self) -> int:
        """Requests without an answer, those included that are to be said again."""
        session = self._session
        return len(self._again) + self.holdings.due + (0 if session is None else session.unanswered)

    @property
    def has_output(self) -> bool:
        """Whether ``take_output`` may have something to write."""
        return bool(self._output) or self.readings.has_grants or self.holdings.due > 0

    @property
    def unsent(self) -> int:
        """Bytes that wait to be taken with ``take_output``."""
        return len(self._output)

    def ask(self, request: bytes, ticket: Ticket, stream: Optional[str] = None) -> None:
        """Says a request; its ticket is settled with the answer. Only while the layer ``is_open``.

        ``stream`` is for those who have several brokers.
        """
        assert self.is_open
        if self.unanswered >= MAX_PENDING:
            text = f"at most {MAX_PENDING} requests wait for an answer"
            raise LimitReached(text, options={"of": "pending"})
        size = len(self._output) + len(request)
        if size > MAX_UNSENT:
            raise LimitReached(f"at most {MAX_UNSENT} bytes wait to be written, not {size}", options={"of": "unsent"})
        if request == _requests.QUIT:
            self.holdings.take()
        self._say(request, ticket)

    def take_output(self) -> bytes:
        """Returns what is to be written now: behind the rest what is acknowledged since the last time, and credit."""
        self.holdings.take()
        self._output += self.readings.take_grants()
        output = bytes(self._output)
        self._output.clear()
        return output

    def _say(self, request: bytes, ticket: Optional[Ticket]) -> None:
        """Says a request without regard to the limits, for what the layer itself needs: that is bounded elsewhere."""
        assert self._session is not None
        if ticket is not None:
            self._session.ask(ticket, _requests.answer(request))
        self._output += request

    # What comes

    def greeted(self, frame: Frame) -> None:
        """The answer to the first frame has come."""
        try:
            checked(frame)
        except SeawayError as error:
            self.blame(str(error))
            self.end(error)
            return
        self.is_open = True
        self.backoff.reset()
        size = frame.options.get("max-body", "")
        if size.isdigit():
            self.max_body = int(size)
        names = frame.options.get("max-names", "")
        if names.isdigit():
            self.readings.most_names = int(names)
        epoch = frame.options.get("epoch", "")
        is_new = epoch != self.epoch
        self.epoch = epoch
        self.features = frozenset(frame.options.get("features", "").split(","))
        self.holdings.opened(epoch, "ack" in self.features)
        self.readings.opened(is_new)
        for request in self.watches:
            self._say(request, Ticket())
        again, self._again = self._again, []
        for ticket in again:
            if ticket.again is not None:
                self._say(_requests.unacknowledging(ticket.again), ticket)

    def _take(self, frame: Frame) -> Optional[str]:
        verb, args = frame.verb, frame.args
        if verb == "PING":
            # One answers all that came since the last write, so that no flood of them makes the output grow.
            if not self._output.endswith(_requests.PONG):
                self._say(_requests.PONG, None)
        elif verb == "BYE":
            self._farewell(args[0] if args else "", frame.text or "")
        elif args:
            return self.readings.told(verb, args)
        return None

    def _farewell(self, reason: str, text: str) -> None:
        """``shutdown`` leaves the connection in use until the broker closes it; after all others it closes at once."""
        goodbye = f"the broker said goodbye: {reason} {text}".rstrip()
        self.blame(goodbye)
        if reason in _FINAL:
            logger.error("%s", goodbye)
            self.is_open = False
            self.end(Ended(goodbye))
        else:
            self.is_leaving = reason == "shutdown"
            logger.debug("%s", goodbye)


class _Greeting(Ticket):
    __slots__ = ("_core",)

    def __init__(self, core: "Core"):
        super().__init__()
        self._core = core

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._core.greeted(frame)
