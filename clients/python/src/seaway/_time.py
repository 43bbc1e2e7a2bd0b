"""The time as functions and sockets wait by it: the machine's, or in a test that of a manual clock."""

from __future__ import annotations

import contextlib
import time
from contextvars import ContextVar
from typing import Iterator, Optional, Protocol


class _Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds since some moment."""

    def sleep(self, seconds: float) -> None:
        """Waits."""


_manual: ContextVar[Optional[_Clock]] = ContextVar("seaway.time", default=None)


def monotonic() -> float:
    """Seconds since some moment."""
    clock = _manual.get()
    return time.monotonic() if clock is None else clock.monotonic()


def sleep(seconds: float) -> None:
    """Waits."""
    clock = _manual.get()
    (time if clock is None else clock).sleep(seconds)


@contextlib.contextmanager
def kept_by(clock: _Clock) -> Iterator[None]:
    """Has this thread wait by a clock."""
    token = _manual.set(clock)
    try:
        yield
    finally:
        _manual.reset(token)
