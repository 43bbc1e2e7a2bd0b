"""What the fake broker has given to who acknowledges, and what it keeps for later (D9 to D14, S11, S12)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

from ._bounds import matches
from ._channels import Reader, Stored

if TYPE_CHECKING:
    from ._clock import Clock

#: As the real broker has them unless it is told otherwise.
TRIES, HOLD, RETURN, ONCE_WINDOW = 5, 600.0, 2.0, 120.0
_MOST_PAUSE = 300.0
_DAY = 86_400.0


class _Lease(NamedTuple):
    """A message in the hands of a reader, ``None`` once that is gone."""

    reader: Optional[Reader]
    one: Stored
    until: float


class Leases:
    """Of all channels; ``restore`` puts messages in front of a channel."""

    def __init__(
        self,
        clock: Clock,
        restore: Callable[[str, List[Stored]], None],
        tries: Union[int, Mapping[str, int]],
        hold: float,
        return_: float,
        once_window: float,
    ):
        self._clock = clock
        self._restore = restore
        self._tries = tries
        self._hold = hold
        self._return = return_
        self._once_window = once_window
        self._leases: Dict[Tuple[str, str], _Lease] = {}
        #: Given back or sent for later: when each is due, in order.
        self._later: List[Tuple[float, str, Stored]] = []
        self._keys: Dict[Tuple[str, str], float] = {}
        self._count = 1_000

    # Delivering

    def lease(self, reader: Reader, channel: str, one: Stored) -> Stored:
        """Gives a message to a reader until it says what became of it."""
        if not one.id:
            self._count += 1
            one = one._replace(id=str(self._count))
        one = one._replace(times=one.times + 1, expires_at=math.inf)
        self._leases[channel, one.id] = _Lease(reader, one, self._clock.now + self._hold)
        return one

    def ack(self, channel: str, ids: List[str]) -> None:
        """They are done, whoever holds them."""
        for id in ids:
            self._leases.pop((channel, id), None)
        self._later = [one for one in self._later if not (one[1] == channel and one[2].id and one[2].id in ids)]

    def ack_own(self, reader: Reader, id: str) -> None:
        """It is done, if that reader holds it (S13)."""
        for (channel, other), lease in list(self._leases.items()):
            if other == id and lease.reader is reader:
                del self._leases[channel, other]

    def nak(
        self, reader: Reader, channel: str, id: str, in_: Optional[float], why: Optional[str], is_begun: bool
    ) -> bool:
        """Takes one back, with ``why`` for ever; false when the reader does not hold it.

        Unless ``is_begun`` this time is not counted (D11).
        """
        lease = self._leases.get((channel, id))
        if lease is None or lease.reader is not reader:
            return False
        del self._leases[channel, id]
        if why is not None:
            self._bury(channel, lease.one, "nak", why)
            return True
        pause = min(_MOST_PAUSE, 2.0 ** (lease.one.times - 1)) if in_ is None else in_
        if is_begun:
            self._come_back(channel, lease.one, self._clock.now + pause)
        else:
            self._later.append((self._clock.now + pause, channel, lease.one._replace(times=lease.one.times - 1)))
        return True

    def hold(self, reader: Reader, channel: str, ids: List[str]) -> bool:
        """Lets their time begin anew; false when the reader does not hold all of them."""
        leases = [self._leases.get((channel, id)) for id in ids]
        if any(lease is None or lease.reader is not reader for lease in leases):
            return False
        for id in ids:
            self._leases[channel, id] = self._leases[channel, id]._replace(until=self._clock.now + self._hold)
        return True

    def left(self, reader: Reader, at_once: bool) -> None:
        """A reader's connection has ended, in order (``at_once``) or not."""
        for (channel, id), lease in list(self._leases.items()):
            if lease.reader is reader:
                until = self._clock.now + (0 if at_once else self._return)
                self._leases[channel, id] = lease._replace(reader=None, until=until)
        self.look()

    # Later, and once

    def later(self, channel: str, one: Stored, at: float) -> None:
        """Keeps a message that is to be delivered at that moment."""
        self._later.append((at, channel, one))

    def is_known(self, channel: str, key: str) -> bool:
        """Whether a message with that key was taken."""
        return self._keys.get((channel, key), -math.inf) > self._clock.now

    def know(self, channel: str, key: str) -> None:
        """One was."""
        self._keys[channel, key] = self._clock.now + self._once_window

    def delayed(self, channel: str) -> List[Stored]:
        """What is for later, and takes room already."""
        return [one for _, name, one in self._later if name == channel and not one.id]

    def look(self) -> None:
        """Does what is due by now."""
        now = self._clock.now
        for (channel, id), lease in list(self._leases.items()):
            # What comes back may have others looked at meanwhile.
            if lease.until <= now and self._leases.pop((channel, id), None) is not None:
                self._come_back(channel, lease.one, lease.until)
        due = sorted((one for one in self._later if one[0] <= now), key=lambda one: one[0])
        self._later = [one for one in self._later if one[0] > now]
        back: Dict[str, List[Stored]] = {}
        for _, channel, one in due:
            back.setdefault(channel, []).append(one)
        for channel, several in back.items():
            self._restore(channel, several)

    # Parts

    def _come_back(self, channel: str, one: Stored, at: float) -> None:
        if not channel.endswith(".dead") and one.times >= self._most(channel):
            self._bury(channel, one, "tries", None)
        else:
            self._later.append((at, channel, one))

    def _most(self, channel: str) -> int:
        if not isinstance(self._tries, Mapping):
            return self._tries
        return next((count for pattern, count in self._tries.items() if matches(pattern, channel)), TRIES)

    def _bury(self, channel: str, one: Stored, cause: str, why: Optional[str]) -> None:
        if not channel.endswith(".dead"):
            now = self._clock.now
            letter = Stored(one.body, one.group, now + _DAY, dead=(cause, one.times, now, why or ""))
            self._restore(f"{channel}.dead", [letter])


def marks(one: Stored, now: float, is_leased: bool) -> str:
    """The options of a ``MSG`` that say how a message was delivered, and why it was given up."""
    said = f" ack={one.id} times={one.times}" if is_leased else ""
    if one.dead is not None:
        cause, tries, since, why = one.dead
        said += f" dead={cause} tries={tries} since={round((now - since) * 1000)}{f' why={why}' if why else ''}"
    return said
