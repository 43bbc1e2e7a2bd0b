"""What a process sends to channels that only it can receive on: it need not go to the broker and back.

The bounds are those that the broker would keep. The caller holds a lock.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Deque, Dict, Optional, Tuple

#: Bytes that may wait in one channel, as at the broker (S2).
MOST_BYTES = 1_048_576


class Own:
    """Messages by channel, each with the time until which it is kept."""

    def __init__(self, most_channels: int):
        self._most = most_channels
        #: Nothing to be changed by others.
        self.messages: Dict[str, Deque[Tuple[bytes, float]]] = {}

    def take(self, channel: str) -> Optional[bytes]:
        """Returns the oldest message that has not expired."""
        messages = self.messages.get(channel)
        if messages is None:
            return None
        self._drop_expired(channel, messages)
        if not messages:
            return None
        body, _ = messages.popleft()
        if not messages:
            del self.messages[channel]
        return body

    def keep(self, channel: str, body: bytes, most: int, seconds: float) -> Optional[bool]:
        """Keeps a message; false when the channel has no room, ``None`` when there are too many channels."""
        messages = self.messages.get(channel)
        if messages is not None:
            self._drop_expired(channel, messages)
        if not messages:
            if len(self.messages) >= self._most:
                self.expire()
                if len(self.messages) >= self._most:
                    return None
            messages = self.messages[channel] = deque()
        elif len(messages) >= most or sum(len(one) for one, _ in messages) + len(body) > MOST_BYTES:
            return False
        messages.append((body, time.monotonic() + seconds))
        return True

    def expire(self) -> None:
        """Drops what has been kept for long enough."""
        for channel, messages in list(self.messages.items()):
            self._drop_expired(channel, messages)

    def flush(self, front: str) -> None:
        """Drops the messages of channels whose names begin so."""
        self.messages = {name: each for name, each in self.messages.items() if not name.startswith(front)}

    def _drop_expired(self, channel: str, messages: Deque[Tuple[bytes, float]]) -> None:
        now = time.monotonic()
        while messages and messages[0][1] <= now:
            messages.popleft()
        if not messages:
            self.messages.pop(channel, None)
