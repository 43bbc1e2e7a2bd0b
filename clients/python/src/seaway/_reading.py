"""What is listened on, through all connections of a layer."""

from collections import deque
from typing import Callable, Deque, FrozenSet, Iterable, List, NamedTuple, Optional

from . import _names
from ._errors import SeawayError
from ._held import Held

#: Bytes of the longest name of a channel that is acknowledged.
_MOST_ACKED = 250


class Delivery(NamedTuple):
    """One ``MSG``: a message for one or several of the channels that are listened on."""

    channels: List[str]
    group: Optional[str]
    body: bytes
    #: Where it is to be acknowledged, or is a dead letter.
    held: Optional[Held] = None


class Reading:
    """One part taken in reading channels: what was granted and what has come."""

    def __init__(self, names: Iterable[str], acked: Iterable[str] = (), hold: float = 0.0, wished: Iterable[str] = ()):
        """``acked``: those names whose messages are to be acknowledged; ``wished``: where the broker can and they fit.

        ``hold``: seconds that the broker lets them be held, by which they are held as long as they are here; 0 if the
        caller sees to that.
        """
        self.names: List[str] = [_names.listenable(name) for name in dict.fromkeys(names)]
        if not self.names:
            raise ValueError("listen to at least one name")
        self.acked: FrozenSet[str] = frozenset(acked)
        for name in self.acked:
            if _names.form(name) != "normal":
                raise ValueError(f"what comes on {name} cannot be acknowledged: it is no normal channel")
        self.wished: FrozenSet[str] = frozenset(filter(_can_be_acked, wished)) - self.acked
        self.hold = hold
        #: What has come and was not taken; never more than was granted.
        self.queue: Deque[Delivery] = deque()
        #: Granted and not used: granted again on the next connection.
        self.credit = 0
        self.untold = 0
        #: The broker is told of so many at once.
        self.step = 1
        #: Withdrawn, and maybe used by the broker before it knew.
        self.late = 0
        #: The broker has said that it is in force; false while there is no connection.
        self.in_force = False
        #: The broker holds nothing (any more) of a mailbox among the names.
        self.is_fresh = False
        self.error: Optional[SeawayError] = None

    @property
    def account(self) -> Optional[str]:
        """A single name has an account of its own; several share the connection's (R1, R2)."""
        return self.names[0] if len(self.names) == 1 else None

    def notify(self) -> None:
        """Something has changed: a message came, or listening began or ended."""


class ReadyReading(Reading):
    """Tells once that it is in force."""

    def __init__(
        self,
        names: Iterable[str],
        ready: Callable[[], None],
        acked: Iterable[str] = (),
        hold: float = 0.0,
        wished: Iterable[str] = (),
    ):
        super().__init__(names, acked, hold, wished)
        self._ready: Optional[Callable[[], None]] = ready

    def notify(self) -> None:
        """Something has changed."""
        if self._ready is not None and self.in_force:
            ready, self._ready = self._ready, None
            ready()


def _can_be_acked(name: str) -> bool:
    """A normal channel whose name leaves room for that of its dead letters (L8)."""
    return _names.form(name) == "normal" and (len(name) <= _MOST_ACKED or name.endswith(".dead"))
