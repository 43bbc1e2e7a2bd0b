"""A clock that stands still until it is told to go on."""

from __future__ import annotations

from typing import Callable, List


class Clock:
    """Seconds that pass only by ``advance``: for whatever would wait, expire or time out."""

    def __init__(self) -> None:
        #: Seconds since some moment, as ``time.monotonic`` gives them.
        self.now = 1_000.0
        #: Told whenever time has passed.
        self.watchers: List[Callable[[], None]] = []

    def monotonic(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Lets time pass, as a function does that sleeps."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Lets so many seconds pass: what is due by then happens."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self.now += seconds
        for watcher in list(self.watchers):
            watcher()
