"""How many of those that came at once begin before what the first of them answer leaves."""

from __future__ import annotations

import asyncio
import time
from typing import Callable, Optional

#: As many begin in one turn of the loop, fewer where a turn takes so many seconds. What they answer at once leaves
#: before others begin, so that the server passes it on meanwhile: in batches each side would wait for the other.
AT_A_TIME, LONG = 8, 0.002


class Turns:
    """Says who may begin in this turn of the loop, and calls when others may."""

    def __init__(self, go_on: Callable[[], None]):
        self._go_on = go_on
        self._most = self._room = AT_A_TIME
        #: When this turn has begun; ``None`` while nobody has begun in it.
        self._began_at: Optional[float] = None

    def may_begin(self) -> bool:
        """Whether one more may, which then does; else ``go_on`` is called in one of the next turns."""
        if not self._room:
            return False
        if self._began_at is None:
            self._began_at = time.monotonic()
            asyncio.get_running_loop().call_soon(self._turn)
        self._room -= 1
        return True

    def _turn(self) -> None:
        """Those of this turn are at work; once what they say has left, others may begin."""
        asyncio.get_running_loop().call_soon(self._refill)

    def _refill(self) -> None:
        is_long = self._began_at is not None and time.monotonic() - self._began_at > LONG
        self._room = self._most = max(1, self._most // 2) if is_long else min(AT_A_TIME, self._most * 2)
        self._began_at = None
        self._go_on()
