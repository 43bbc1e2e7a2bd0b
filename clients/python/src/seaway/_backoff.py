"""How long to wait before the next attempt to connect."""

import random
from typing import Callable

FIRST = 0.05
MOST = 5.0


class Backoff:
    """Doubles from 50 ms up to 5 s, each time shortened at random by up to a half. Knows no clock."""

    def __init__(self, jitter: Callable[[], float] = random.random):
        self._jitter = jitter
        self._attempts = 0

    def reset(self) -> None:
        """An attempt succeeded."""
        self._attempts = 0

    def next(self) -> float:
        """Returns how many seconds to wait now."""
        whole = min(MOST, FIRST * 2.0 ** min(self._attempts, 16))
        self._attempts += 1
        return whole * (0.5 + self._jitter() / 2)
