"""What the fake broker holds of one channel, and who reads it."""

from __future__ import annotations

from collections import deque
from typing import Deque, Dict, List, Mapping, NamedTuple, Optional, Protocol, Sequence, Tuple


class Refusal(Exception):
    """A request was refused; the code, and what stands behind it."""

    def __init__(self, code: str, more: str = ""):
        super().__init__(f"{code} {more}".rstrip())
        self.code = code
        self.more = more


class Reader(Protocol):
    """Who listens: a connection, or the fake interface server itself."""

    def credit(self, name: str) -> int:
        """How many messages it can take of what it listens on by this name."""

    def account_of(self, name: str) -> Optional[str]:
        """What pays for a name: its own account, or the common one."""

    def acks(self, channel: str) -> bool:
        """Whether it says what has become of the messages of a channel."""

    def take(self, name: str, channels: Sequence[str], group: Optional[str], body: bytes, marks: str = "") -> None:
        """Takes one message for these channels, which costs one credit; ``marks`` says more of it."""

    def lost(self, name: str) -> None:
        """Another has taken it over."""

    def told(self, verb: str, group: str, channels: Sequence[str]) -> None:
        """Channels that it reads were put into a group, or out of it."""


class Stored(NamedTuple):
    """A message that waits."""

    body: bytes
    group: Optional[str]
    expires_at: float
    #: By what it is acknowledged, and how often it was delivered.
    id: str = ""
    times: int = 0
    #: Why it was given up, how often it was delivered, when, and what was said.
    dead: Optional[Tuple[str, int, float, str]] = None


class Queue:
    """The messages of one channel."""

    def __init__(self, messages: Sequence[Stored] = ()) -> None:
        self.messages: Deque[Stored] = deque(messages)
        self.is_paused = False

    @property
    def bytes(self) -> int:
        """Of all bodies that wait."""
        return sum(len(one.body) for one in self.messages)

    def drop_expired(self, now: float) -> int:
        """Drops what nobody has taken in time; returns how many those were."""
        count = 0
        while self.messages and self.messages[0].expires_at <= now:
            self.messages.popleft()
            count += 1
        return count


def alike(queues: Mapping[str, Queue], one: Stored, channel: str) -> List[str]:
    """The other channels where the same message is the next (D5)."""
    return [
        other
        for other, queue in queues.items()
        if other != channel and queue.messages and queue.messages[0] is one and not queue.is_paused
    ]


class Shares:
    """Which reader gets a message for which channels: one frame and one credit for as many as fit in a line (G4)."""

    #: Bytes for the names in the line of a ``MSG``, its size counted as eight digits.
    _ROOM = 4_096 - len("MSG :12345678")

    def __init__(self, group: str):
        self._room = self._ROOM - len(f" group={group}")
        self._frames: Dict[Tuple[Reader, Optional[str]], List[List[str]]] = {}
        self._names: Dict[Tuple[Reader, Optional[str]], str] = {}

    def add(self, reader: Reader, name: str, channel: str) -> bool:
        """Whether the reader can take it for this channel too."""
        key = (reader, reader.account_of(name))
        frames = self._frames.get(key, [])
        if frames and sum(len(one) + 1 for one in frames[-1]) + len(channel) + 1 <= self._room:
            frames[-1].append(channel)
            return True
        if reader.credit(name) <= len(frames):
            return False
        self._frames.setdefault(key, frames).append([channel])
        self._names[key] = name
        return True

    def hand_over(self, group: str, body: bytes) -> None:
        """Gives all of them their frames."""
        for key, frames in self._frames.items():
            for channels in frames:
                key[0].take(self._names[key], channels, group, body)


class Groups:
    """Which channels are in which groups."""

    def __init__(self) -> None:
        self._members: Dict[str, Dict[str, None]] = {}

    def join(self, group: str, channel: str) -> bool:
        """Whether it was not in it before."""
        members = self._members.setdefault(group, {})
        is_new = channel not in members
        members[channel] = None
        return is_new

    def leave(self, group: str, channel: str) -> bool:
        """Whether it was in it."""
        members = self._members.get(group, {})
        if channel not in members:
            return False
        del members[channel]
        if not members:
            del self._members[group]
        return True

    def members(self, group: str) -> List[str]:
        """The members, in the order in which they came."""
        return list(self._members.get(group, ()))

    def of(self, channel: str) -> List[str]:
        """The groups that a channel is in."""
        return [group for group, members in self._members.items() if channel in members]

    @property
    def names(self) -> List[str]:
        """The groups that have members."""
        return list(self._members)

    def under(self, mailbox: str) -> List[str]:
        """The members whose names begin so."""
        found = {channel: None for members in self._members.values() for channel in members}
        return [channel for channel in found if channel.startswith(mailbox)]
