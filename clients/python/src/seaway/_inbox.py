"""What came for the coroutines of one process, which may run on several loops, and who of them waits for what.

Any thread may call; nothing here waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from typing import Deque, Dict, List, Optional, Sequence, Tuple

from . import _names
from ._own import Own

#: Messages of one channel that are held here for want of somebody who receives; the others stay at the broker.
MOST_HELD = 16
#: Channels of which messages are held; of more, those that have waited longest are dropped.
MOST_CHANNELS = 10_000

Waiter = asyncio.Future


def place(channel: str) -> str:
    """Returns what is listened on for a channel: its mailbox, or the channel itself."""
    return _names.mailbox(channel) or channel


class Place:
    """What is listened on by one name, and how many wait for it."""

    __slots__ = ("count", "name")

    def __init__(self, name: str):
        self.name = name
        self.count = 0


class _Line:
    """Those who wait for messages of one channel, who came first in front."""

    __slots__ = ("place", "received_at", "waiters")

    def __init__(self, place: Place):
        self.place = place
        #: Of a channel that is in a group: when somebody has waited here last.
        self.received_at: Optional[float] = None
        self.waiters: Deque[Waiter[bytes]] = deque()


class Inbox:
    """Messages by channel, in order, and those who wait for one."""

    def __init__(self, expiry: float = 60.0) -> None:
        """``expiry``: seconds after which what nobody has received is dropped."""
        self._expiry = expiry
        self._lock = threading.Lock()
        self._held: Dict[str, Deque[bytes]] = {}
        #: What this process has sent to channels of its own.
        self.own = Own(MOST_CHANNELS)
        self._lines: Dict[str, _Line] = {}
        self._places: Dict[str, Place] = {}
        #: Beyond it the empty lines are dropped.
        self._most_lines = MOST_CHANNELS
        #: Channels of which the broker was asked to send no more.
        self._paused: Dict[str, bool] = {}
        #: When something was held of a channel last.
        self._held_at: Dict[str, float] = {}

    @property
    def is_holding(self) -> bool:
        """Whether anything is here that has come from the broker and was not received."""
        return bool(self._held)

    def waiting(self, name: str) -> int:
        """How many wait for a message of what is listened on by this name."""
        found = self._places.get(name)
        return 0 if found is None else found.count

    def loops(self, name: str) -> List[asyncio.AbstractEventLoop]:
        """Returns the loops on which somebody waits for what is listened on by this name."""
        with self._lock:
            lines = [line for line in self._lines.values() if line.place.name == name]
            return list({waiter.get_loop(): None for line in lines for waiter in line.waiters})

    def take(self, channel: str) -> Tuple[Optional[bytes], bool]:
        """Returns a message that is here, and whether the broker may send more of a channel that was held back."""
        with self._lock:
            return self._take(channel)

    def _take(self, channel: str) -> Tuple[Optional[bytes], bool]:
        body = self.own.take(channel)
        if body is not None:
            return body, False
        held = self._held.get(channel)
        if held is None:
            return None, False
        if time.monotonic() - self._held_at[channel] > self._expiry:
            del self._held[channel], self._held_at[channel]
            return None, self._paused.pop(channel, False)
        body = held.popleft()
        if held:
            return body, False
        del self._held[channel], self._held_at[channel]
        return body, self._paused.pop(channel, False)

    def touch(self, channel: str) -> None:
        """Notes a channel that is in a group."""
        with self._lock:
            line = self._lines.get(channel) or self._new_line(channel)
            line.received_at = time.monotonic()

    def wait(self, channel: str, waiter: Waiter[bytes]) -> int:
        """Lets the next message of a channel come to this future; returns how many wait for what is listened on."""
        with self._lock:
            line = self._lines.get(channel) or self._new_line(channel)
            line.waiters.append(waiter)
            line.place.count += 1
            return line.place.count

    def take_or_wait(
        self, channel: str, loop: asyncio.AbstractEventLoop
    ) -> Tuple[Optional[bytes], bool, Optional[Waiter[bytes]], Place]:
        """What ``take`` returns; if that is nothing, also a future that waits; and what is listened on."""
        with self._lock:
            line = self._lines.get(channel) or self._new_line(channel)
            found, may_resume = line.place, False
            if self._held or self.own.messages:
                body, may_resume = self._take(channel)
                if body is not None:
                    if line.received_at is not None:
                        line.received_at = time.monotonic()
                    return body, may_resume, None, found
            waiter = loop.create_future()
            line.waiters.append(waiter)
            found.count += 1
            return None, may_resume, waiter, found

    def give_up(self, channel: str, waiter: Waiter[bytes]) -> None:
        """Waits no more; what has come for it is the next one's."""
        with self._lock:
            line = self._lines.get(channel)
            if line is not None and waiter in line.waiters:
                line.waiters.remove(waiter)
                line.place.count -= 1
                if line.received_at is not None:
                    line.received_at = time.monotonic()
        if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            self._put_back(channel, waiter.result())

    def keep(self, channel: str, body: bytes, most: int, seconds: float) -> Optional[bool]:
        """Takes what this process sends to a channel of its own, for ``seconds``.

        False when ``most`` messages wait there, or 1 MiB of them; ``None`` when too many channels hold some.
        """
        while True:
            with self._lock:
                line = self._lines.get(channel)
                if line is None or not line.waiters:
                    return self.own.keep(channel, body, most, seconds)
                waiter = line.waiters.popleft()
                line.place.count -= 1
            if self._settle(channel, waiter, body):
                return True

    def deliver(self, channels: Sequence[str], body: bytes) -> List[str]:
        """Gives a message to those who wait, or holds it; returns channels of which the broker is to send no more."""
        full: List[str] = []
        others: List[Tuple[str, Waiter[bytes]]] = []
        line_of, running, now = self._lines.get, asyncio._get_running_loop(), time.monotonic()
        with self._lock:
            for channel in channels:
                line = line_of(channel)
                if line is not None and line.waiters:
                    waiter = line.waiters.popleft()
                    line.place.count -= 1
                    if line.received_at is not None:
                        line.received_at = now
                    if waiter.get_loop() is running and not waiter.done():
                        # Runs nothing: who waits runs in the next turn of the loop.
                        waiter.set_result(body)
                    else:
                        others.append((channel, waiter))
                elif self._hold(channel, body) and "!" in channel:
                    full.append(channel)
        for channel, waiter in others:
            if not self._settle(channel, waiter, body):
                self._put_back(channel, body)
        return full

    def fail(self, name: str, error: Exception) -> None:
        """Nothing more comes of what is listened on by this name."""
        found: List[Waiter[bytes]] = []
        with self._lock:
            for line in self._lines.values():
                if line.place.name == name:
                    found += line.waiters
                    line.place.count -= len(line.waiters)
                    line.waiters.clear()
        for waiter in found:
            _fail(waiter, error)

    def idle(self, seconds: float) -> List[str]:
        """Returns channels in groups that nobody has received on for so long; they are not noted any more."""
        before = time.monotonic() - seconds
        with self._lock:
            idle = {
                name: line
                for name, line in self._lines.items()
                if line.received_at is not None and line.received_at <= before and not line.waiters
            }
            for line in idle.values():
                line.received_at = None
        return list(idle)

    def forget(self, channel: str) -> None:
        """The channel is in no group any more."""
        with self._lock:
            line = self._lines.get(channel)
            if line is not None:
                line.received_at = None

    def expire(self, seconds: float) -> None:
        """Drops what has been held for so long: nobody receives on that channel any more."""
        before = time.monotonic() - seconds
        with self._lock:
            for name in [name for name, at in self._held_at.items() if at <= before]:
                del self._held[name], self._held_at[name]
                self._paused.pop(name, None)
            self.own.expire()

    def flush(self, front: str) -> None:
        """Drops what this process has sent to its own channels whose names begin so."""
        with self._lock:
            self.own.flush(front)

    def _new_line(self, channel: str) -> _Line:
        if len(self._lines) >= self._most_lines:
            # Lines stay when they are empty, since the same channel is most often received on again.
            self._lines = {
                name: line for name, line in self._lines.items() if line.waiters or line.received_at is not None
            }
            self._places = {line.place.name: line.place for line in self._lines.values()}
            self._most_lines = max(MOST_CHANNELS, 2 * len(self._lines))
        name = place(channel)
        found = self._places.get(name)
        if found is None:
            found = self._places[name] = Place(name)
        line = self._lines[channel] = _Line(found)
        return line

    def _put_back(self, channel: str, body: bytes) -> None:
        """Gives it to the next who waits, or holds it in front of the others."""
        while True:
            with self._lock:
                line = self._lines.get(channel)
                if line is None or not line.waiters:
                    self._hold(channel, body, in_front=True)
                    return
                waiter = line.waiters.popleft()
                line.place.count -= 1
            if self._settle(channel, waiter, body):
                return

    def _hold(self, channel: str, body: bytes, in_front: bool = False) -> bool:
        """Returns whether more is held of the channel than should be. With the lock held."""
        held = self._held.setdefault(channel, deque())
        if in_front:
            held.appendleft(body)
        else:
            held.append(body)
        self._held_at[channel] = time.monotonic()
        if len(self._held) > MOST_CHANNELS:
            oldest = next(iter(self._held))
            del self._held[oldest], self._held_at[oldest]
            self._paused.pop(oldest, None)
        if len(held) < MOST_HELD or self._paused.get(channel):
            return False
        self._paused[channel] = True
        return True

    def _settle(self, channel: str, waiter: Waiter[bytes], body: bytes) -> bool:
        """Gives it to who waits, on his loop; false when that is closed."""
        loop = waiter.get_loop()
        if asyncio._get_running_loop() is loop:
            self._hand_over(channel, waiter, body)
            return True
        try:
            loop.call_soon_threadsafe(self._hand_over, channel, waiter, body)
        except RuntimeError:
            return False
        return True

    def _hand_over(self, channel: str, waiter: Waiter[bytes], body: bytes) -> None:
        if waiter.done():
            self._put_back(channel, body)
        else:
            waiter.set_result(body)


def _fail(waiter: Waiter[bytes], error: Exception) -> None:
    """Tells who waits, on its own loop, if that is not closed."""
    loop = waiter.get_loop()

    def settle() -> None:
        # It may have been cancelled, and not run since.
        if not waiter.done():
            waiter.set_exception(error)

    if asyncio._get_running_loop() is loop:
        settle()
        return
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(settle)
