"""Shares the credit of one listening among brokers (protocol/SHARDING.md, B13). Touches no socket, clock or thread."""

from __future__ import annotations

from typing import Dict, Iterator, Tuple


class ShardCredit:
    """Each broker has one credit at least as long as any is left, so that more may come than was granted.

    When all credit is used up, what brokers have left is withdrawn, so that nothing waits here that another client
    could take.
    """

    def __init__(self) -> None:
        #: Granted by the listener and not used.
        self.left = 0
        self._at: Dict[int, int] = {}

    def grant(self, count: int) -> None:
        """The listener takes so many more."""
        self.left += count

    def arrived(self, broker: int) -> None:
        """A broker has pushed a message."""
        if self._at.get(broker, 0) > 0:
            self._at[broker] -= 1

    def use(self) -> bool:
        """Takes the credit of one message that is handed to the listener; false when there is none."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True

    def came(self, broker: int) -> None:
        """A broker has answered ``LISTEN``; it has no credit yet."""
        self._at[broker] = 0

    def went(self, broker: int) -> None:
        """The connection has ended."""
        self._at.pop(broker, None)

    def balance(self) -> Iterator[Tuple[int, int]]:
        """What brokers are to be told now: each with the credit it gets, or with 0 what it has is withdrawn."""
        if self.left == 0:
            for broker, count in self._at.items():
                if count:
                    self._at[broker] = 0
                    yield broker, 0
            return
        if self._spare <= 0 and 0 in self._at.values():
            richest = max(self._at, key=self._at.__getitem__)
            if self._at[richest] > 1:
                self._at[richest] = 0
                yield richest, 0
        if self._at and self._spare > 0:
            yield from self._fill_up()
        for broker, count in self._at.items():
            if count == 0:
                self._at[broker] = 1
                yield broker, 1

    @property
    def _spare(self) -> int:
        return self.left - sum(self._at.values())

    def _fill_up(self) -> Iterator[Tuple[int, int]]:
        """Gives what is spare to those that have least."""
        poorest = sorted(self._at, key=self._at.__getitem__)
        total = self.left
        while self._at[poorest[-1]] > total // len(poorest):
            total -= self._at[poorest.pop()]
        level, rest = divmod(total, len(poorest))
        for index, broker in enumerate(poorest):
            count = level + (index < rest) - self._at[broker]
            if count > 0:
                self._at[broker] += count
                yield broker, count
