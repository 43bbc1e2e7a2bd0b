"""Messages that are listened for, as far as it is the same for both halves: what has come, and what ends it."""

from __future__ import annotations

from collections import deque
from typing import Any, Deque, Optional, Sequence

from ._reading import Delivery, Reading


class BaseListening(Reading):
    """What has come and was not received."""

    def __init__(self, layer: Any, names: Sequence[str], ack: bool = False):
        super().__init__(names, names if ack else ())
        self._layer = layer
        self._messages: Deque[Any] = deque()
        self._is_stopped = False

    # Hooks

    def _make(self, channel: str, delivery: Delivery) -> Any:
        """Returns the message for one of the channels of a delivery."""
        raise NotImplementedError

    def _grant(self) -> None:
        """Lets the broker send another message."""
        raise NotImplementedError

    # What has come

    def _has_something(self) -> bool:
        return bool(self._messages) or bool(self.queue) or self.error is not None or self._is_stopped

    def _next(self) -> Optional[Any]:
        """Returns the next message, ``None`` where there is none, or raises what has ended the listening."""
        if not self._messages and self.queue:
            delivery = self.queue.popleft()
            if self.error is None and not self._is_stopped:
                self._grant()
            for channel in delivery.channels:
                message = self._make(channel, delivery)
                message.held = delivery.held
                self._messages.append(message)
        if self._messages:
            return self._messages.popleft()
        if self.error is not None and not self._is_stopped:
            raise self.error
        return None
