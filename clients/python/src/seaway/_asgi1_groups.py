"""When memberships end by age, as a layer of ASGI 1 promises: so long after they were last made."""

import threading
from collections import OrderedDict
from typing import Callable, List, Tuple

from . import _fork
from ._log import logger

#: Memberships whose age is known; of more the oldest stay until they are discarded, or their channel ends.
MOST = 1_000_000


class Ages:
    """The memberships that this process has made, the oldest first. Knows no broker."""

    def __init__(self, most_age: float, clock: Callable[[], float]):
        self._most_age = most_age
        self._clock = clock
        self._is_over = False
        self._begin()
        _fork.watch(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[Tuple[str, str], float] = OrderedDict()

    def forked(self) -> None:
        """In a child process: the parent sees to those that it has made."""
        self._begin()

    def made(self, group: str, channel: str) -> None:
        """A membership was made, or made again."""
        with self._lock:
            self._made.pop((group, channel), None)
            self._made[group, channel] = self._clock()
            if len(self._made) > MOST:
                self._made.popitem(last=False)
                if not self._is_over:
                    self._is_over = True
                    logger.warning("over %d memberships: the oldest of them do not end by age", MOST)

    def ended(self, group: str, channel: str) -> None:
        """A membership was ended."""
        with self._lock:
            self._made.pop((group, channel), None)

    def clear(self) -> None:
        """All memberships were ended."""
        with self._lock:
            self._made.clear()

    def take_old(self) -> List[Tuple[str, str]]:
        """Returns the memberships, as group and channel, that are too old now, and forgets them."""
        latest = self._clock() - self._most_age
        old: List[Tuple[str, str]] = []
        with self._lock:
            for key, made in self._made.items():
                if made > latest:
                    break
                old.append(key)
            for key in old:
                del self._made[key]
        return old
