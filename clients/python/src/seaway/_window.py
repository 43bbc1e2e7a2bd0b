"""How many messages a worker holds at a time."""

from __future__ import annotations

#: The longest that a message is expected to wait here behind others, in seconds.
PATIENCE = 0.005
#: Seconds of work on a batch after which its answers so far are written, and more messages are asked for.
TELL = 0.002


class Window:
    """Grows while messages are worked off quickly, so that reads and writes are shared by several of them.

    A worker of one thread holds the message that it works on, and as many more as it is expected to finish within 5
    ms, at most ``prefetch``: a slow function takes one message at a time, and the others stay in the broker for other
    workers. Knows no clock.
    """

    def __init__(self, prefetch: int):
        self._prefetch = prefetch
        self._mean = 2 * PATIENCE

    @property
    def size(self) -> int:
        """Messages to hold, at least one."""
        return 1 + min(self._prefetch, int(PATIENCE / self._mean))

    def worked(self, messages: int, seconds: float) -> None:
        """Takes into account how long some messages took, one after the other."""
        mean = max(seconds / messages, 1e-6)
        # Up at once and down slowly: one mistake makes messages wait, the other costs a few system calls.
        self._mean = mean if mean > self._mean else self._mean + (mean - self._mean) * 0.2
