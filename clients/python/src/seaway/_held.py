"""Messages that are to be acknowledged (PROTOCOL.md, D9 to D13), at one broker. Touches no socket, clock or thread."""

from typing import Callable, Dict, Iterator, List, Mapping, Optional

from . import _requests
from ._errors import SeawayError, Unknown
from ._frames import Frame
from ._log import logger
from ._ticket import Ticket

NEVER = float("inf")


class Held:
    """What a broker has said of a message beside its body, and whether it is over."""

    __slots__ = (
        "_holdings",
        "connection",
        "due",
        "epoch",
        "every",
        "id",
        "is_over",
        "is_wished",
        "name",
        "options",
        "waiter",
    )

    def __init__(
        self, holdings: "Holdings", name: str, options: Mapping[str, str], every: float, is_wished: bool = False
    ):
        self._holdings = holdings
        #: The channel, and the ID that stands for the message there; empty where there is nothing to acknowledge.
        self.name = name
        self.id = options.get("ack", "")
        self.options = options
        #: At which broker it stands for something, and which connection holds it.
        self.epoch = holdings.epoch
        self.connection = holdings.connection
        #: Seconds between two times that it is held anew by itself, and when that is due.
        self.every = every
        self.due = holdings.now + every
        #: Acknowledged since the broker can, not since the worker has asked for that: no failure gives it back.
        self.is_wished = is_wished
        #: Nothing more is to be said of it.
        self.is_over = not self.id
        #: Whoever waits for the answer to its ACK.
        self.waiter: Optional[Ticket] = None

    @property
    def is_here(self) -> bool:
        """Whether the connection over which it came stands."""
        return self._holdings.is_open and self.connection == self._holdings.connection

    @property
    def carried(self) -> str:
        """The option of a ``SEND`` that acknowledges it; empty where that has to be said apart (S13)."""
        holdings = self._holdings
        if self.is_over or not holdings.is_only or not holdings.is_open or self.connection != holdings.connection:
            return ""
        return f" Ack={self.id}"

    def answered(self, is_carried: bool) -> None:
        """Its answer is with the broker, or never will be; with ``is_carried`` that broker has its ID."""
        holdings = self._holdings
        if is_carried and holdings.is_open and self.connection == holdings.connection:
            holdings.forget(self)
        else:
            self.ack()

    def ack(self, waiter: Optional[Ticket] = None) -> None:
        """It is done: leaves with the next write, also over a later connection to the same broker."""
        self.waiter = waiter
        self._holdings.acknowledge(self)

    def nak(self, option: str = "", waiter: Optional[Ticket] = None) -> None:
        """Gives it back, with an option that ``_requests.nak_option`` has made; else it comes back by itself."""
        self._holdings.forget(self)
        self._say(_requests.nak(self.name, self.id, option), waiter)

    def hold(self, waiter: Ticket) -> None:
        """Its time begins anew."""
        self.due = self._holdings.now + self.every
        self._say(_requests.hold(self.name, [self.id]), waiter)

    def _say(self, request: bytes, waiter: Optional[Ticket]) -> None:
        if self.is_here:
            self._holdings.say(request, waiter or _Telling(self))
        elif waiter is not None:
            waiter.settle(Frame("ERR", ["late"], text="the connection that has held it is over"))


class Holdings:
    """All that one broker has given to one layer and waits for."""

    def __init__(self, say: Callable[[bytes, Optional[Ticket]], None], is_only: bool = True):
        """``is_only``: what is sent goes to this broker."""
        self.say = say
        self.is_only = is_only
        self.is_open = False
        #: The broker knows acknowledgement.
        self.is_known = False
        self.epoch = ""
        #: Another number for each connection.
        self.connection = 0
        #: As the connection was last told.
        self.now = 0.0
        #: What is held anew by itself.
        self._held: Dict[Held, None] = {}
        #: Acknowledged, and not said or not answered yet: by channel.
        self._due: Dict[str, List[Held]] = {}
        self._look_at = NEVER

    def came(self, name: str, options: Mapping[str, str], hold: float, is_wished: bool = False) -> Held:
        """A message has come; ``hold``: seconds that the broker lets it be held, 0 if the caller sees to that."""
        held = Held(self, name, options, hold / 3 or NEVER, is_wished)
        if hold and held.id:
            self._held[held] = None
            if held.due < self._look_at:
                self._look_at = held.due
        return held

    def acknowledge(self, held: Held) -> None:
        """Notes that a message is done."""
        self.forget(held)
        if held.epoch == self.epoch:
            self._due.setdefault(held.name, []).append(held)
        elif held.waiter is not None:
            # The broker that held it has lost it.
            held.waiter.settle(Frame("OK"))

    def forget(self, held: Held) -> None:
        """Nothing more is to be said of a message but what is noted."""
        held.is_over = True
        self._held.pop(held, None)

    def release(self, held: Held) -> None:
        """It is held anew by nobody here any more; what is said of it yet may be late."""
        self._held.pop(held, None)

    # What the connection does

    def opened(self, epoch: str, is_known: bool) -> None:
        """A broker has greeted."""
        self.is_open, self.is_known = True, is_known
        if epoch != self.epoch:
            due, self._due = self._due, {}
            for share in due.values():
                _tell(share, Frame("OK"))
        self.epoch = epoch

    def broke(self) -> None:
        """The connection is over: the broker delivers again what was held over it, unless it is acknowledged."""
        self.is_open = False
        self.connection += 1
        self._held.clear()
        self._look_at = NEVER

    def end(self, error: SeawayError) -> None:
        """There will be no connection any more."""
        due, self._due = self._due, {}
        for share in due.values():
            _fail(share, error)

    @property
    def due(self) -> int:
        """How many acknowledgements wait to be said."""
        return sum(map(len, self._due.values())) if self._due else 0

    def take(self) -> None:
        """Says what is acknowledged, as many of a channel in one frame as its line holds."""
        if not self._due or not self.is_open:
            return
        due, self._due = self._due, {}
        for name, held in due.items():
            for share in _shares(name, held):
                self.say(_requests.ack(name, [one.id for one in share]), _Acking(self, share))

    def tick(self, now: float) -> None:
        """Holds anew what has been held for a third of its time."""
        self.now = now
        if now < self._look_at or not self.is_open:
            return
        due: Dict[str, List[Held]] = {}
        for held in self._held:
            if held.due <= now:
                held.due = now + held.every
                due.setdefault(held.name, []).append(held)
        self._look_at = min((held.due for held in self._held), default=NEVER)
        for name, several in due.items():
            for share in _shares(name, several):
                self.hold_anew(share)

    def hold_anew(self, share: List[Held]) -> None:
        """Says ``HOLD`` for messages of one channel."""
        self.say(_requests.hold(share[0].name, [one.id for one in share]), _Holding(self, share))

    def again(self, share: List[Held]) -> None:
        """The connection broke before an ``ACK`` was answered: it is said again at the same broker."""
        for held in share:
            self._due.setdefault(held.name, []).append(held)


def _shares(name: str, held: List[Held]) -> Iterator[List[Held]]:
    """Cuts messages into as many as one line holds."""
    share: List[Held] = []
    size = 0
    for one in held:
        if share and size + 1 + len(one.id) > _requests.MOST_LINE:
            yield share
            share = []
        if not share:
            size = len("HOLD ") + len(name)
        share.append(one)
        size += 1 + len(one.id)
    if share:
        yield share


def _tell(share: List[Held], frame: Frame) -> None:
    for held in share:
        waiter, held.waiter = held.waiter, None
        if waiter is not None:
            waiter.settle(frame)


def _fail(share: List[Held], error: SeawayError) -> None:
    for held in share:
        waiter, held.waiter = held.waiter, None
        if waiter is not None:
            waiter.fail(error)


class _OfSeveral(Ticket):
    """What is said of several messages of one channel."""

    __slots__ = ("_holdings", "_share")

    def __init__(self, holdings: Holdings, share: List[Held]):
        super().__init__()
        self._holdings = holdings
        self._share = share


class _Acking(_OfSeveral):
    """An ``ACK``."""

    __slots__ = ()

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        if frame.verb == "ERR":
            logger.warning("messages of %s could not be acknowledged: %s", self._share[0].name, " ".join(frame.args))
        _tell(self._share, frame)

    def fail(self, error: SeawayError) -> None:
        super().fail(error)
        _fail(self._share, Unknown(f"{error}; it is said again"))
        self._holdings.again(self._share)


class _Holding(_OfSeveral):
    """A ``HOLD``; where one of several is held no more it is said for each of them, since none was held anew (D12)."""

    __slots__ = ()

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        if frame.verb != "ERR":
            return
        share = [held for held in self._share if not held.is_over]
        if len(self._share) == 1:
            for held in share:
                self._holdings.release(held)
                logger.warning("a message of %s is not held here any more: it may be done twice", held.name)
            return
        for held in share:
            self._holdings.hold_anew([held])


class _Telling(Ticket):
    """A ``NAK`` that nobody waits for."""

    __slots__ = ("_held",)

    def __init__(self, held: Held):
        super().__init__()
        self._held = held

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        if frame.verb == "ERR":
            logger.debug("a message of %s could not be given back: %s", self._held.name, " ".join(frame.args))
