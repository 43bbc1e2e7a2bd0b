"""What comes in at a channel that all processes of an application share, no more at a time than there is credit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from ..._reading import Delivery, Reading

if TYPE_CHECKING:
    from .host import Host


class Intake(Reading):
    """Takes what comes from one channel; each is to be ``done`` before another comes in its place."""

    def __init__(self, host: Host, name: str, credit: int, take: Callable[[Delivery], object], hold: float = 0.0):
        """``hold``: seconds that the broker lets a message be held, where it is acknowledged; 0: it is not."""
        super().__init__([name], (), hold, [name] if hold else ())
        self._host = host
        self._credit = credit
        self._take = take
        self._held_back = 0

    def begin(self) -> None:
        """Listens."""
        readings = self._host.layer.link.core.readings
        readings.listen(self)
        readings.grant(self, self._credit)

    def notify(self) -> None:
        """Messages have come, or listening has begun or ended."""
        queue = self.queue
        while queue:
            self._take(queue.popleft())
        if not self.in_force or self.error is not None or not self._host.is_ready:
            self._host.link_has_changed(self)

    def done(self) -> None:
        """One was dealt with."""
        if self._host.has_room(self):
            self._grant(1)
        else:
            self._held_back += 1

    def resume(self) -> None:
        """There may be room again."""
        if self._held_back and self._host.has_room(self):
            held_back, self._held_back = self._held_back, 0
            self._grant(held_back)

    def _grant(self, count: int) -> None:
        if self.error is None and not self._host.is_leaving:
            link = self._host.layer.link
            link.core.readings.grant(self, count)
            link.flush_soon()
