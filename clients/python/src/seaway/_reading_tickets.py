"""Who waits for the answers to what a layer says of what it listens on. Touches no socket, clock or thread."""

from typing import TYPE_CHECKING, Generic, List, Optional, Tuple, TypeVar

from ._errors import SeawayError
from ._frames import Frame
from ._log import logger
from ._reading import Reading
from ._ticket import Ticket, checked

if TYPE_CHECKING:
    from ._readings import Readings


class Beginning(Ticket):
    """A ``LISTEN``; ``before`` holds the memberships that were known, in the last frame of several."""

    __slots__ = ("_before", "_is_new", "_reading", "_readings")

    def __init__(
        self, readings: "Readings", reading: Reading, before: Optional[List[Tuple[str, str]]], broker_is_new: bool
    ):
        super().__init__()
        self._readings = readings
        self._reading = reading
        self._before = before
        self._is_new = broker_is_new

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._readings.began(self._reading, frame, self._before, self._is_new)

    def fail(self, error: SeawayError) -> None:
        super().fail(error)
        self._readings.never_began(self._reading, self._before)


Owner = TypeVar("Owner")


class Preceding(Ticket, Generic[Owner]):
    """What is said of a listening before something else is over."""

    __slots__ = ("_reading", "_readings", "_then")

    def __init__(self, readings: Owner, reading: Reading, then: Ticket):
        super().__init__()
        self._readings = readings
        self._reading = reading
        self._then = then


class Forgetting(Preceding["Readings"]):
    """An ``UNLISTEN``: what was on its way has come once it is answered, or will never."""

    __slots__ = ()

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._readings.forget(self._reading)
        self._then.settle(frame)

    def fail(self, error: SeawayError) -> None:
        super().fail(error)
        self._readings.forget(self._reading)
        self._then.settle(Frame("OK"))


class Joining(Ticket):
    """A ``JOIN`` that makes memberships again; one that is refused is tried again on the next connection."""

    __slots__ = ("_group",)

    def __init__(self, group: str):
        super().__init__()
        self._group = group

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        try:
            checked(frame)
        except SeawayError as error:
            logger.warning("memberships of %s could not be made again: %s", self._group, error)
