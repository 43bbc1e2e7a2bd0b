"""Which of several brokers a send goes to (protocol/SHARDING.md, B3 to B10, B18, B19).

Touches no socket, clock or thread.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Collection, Dict, List, Optional, Set, Tuple

_MASK = (1 << 64) - 1


def _hash(data: bytes) -> int:
    """FNV-1a with 64 bits (B4)."""
    value = 14695981039346656037
    for byte in data:
        value = ((value ^ byte) * 1099511628211) & _MASK
    return value


def _mix(value: int) -> int:
    value ^= value >> 33
    value = (value * 18397679294719823053) & _MASK
    value ^= value >> 33
    value = (value * 14181476777654086739) & _MASK
    return value ^ (value >> 33)


def key(name: str) -> str:
    """What is hashed of a name: up to and including the ``!``, or all of it (B3)."""
    head, mark, _ = name.partition("!")
    return head + mark


@lru_cache(maxsize=8_192)
def _key_hash(key: str) -> int:
    return _hash(key.encode())


def score(name: str, identity: str) -> int:
    """How a broker stands with a name; the highest is first (B5)."""
    return _mix(_key_hash(key(name)) ^ _key_hash(identity))


def order(name: str, identities: Collection[str]) -> List[str]:
    """Brokers, best first for a name; of equal scores the lesser identity."""
    return sorted(identities, key=lambda identity: (-score(name, identity), identity.encode()))


@dataclass
class _Broker:
    warm_until: int
    is_leaving: bool = False


class ShardMap:
    """Brokers by identity, and those that are live; times are milliseconds that never go back."""

    STAY = 60_000
    """Milliseconds after its last send for which a reply or pinned channel stays where it is (B9)."""
    MOST_STAYING = 8_192

    def __init__(self, failover: int = 2_000, *, now: int = 0) -> None:
        self._failover = failover
        self._began = now
        self._live: Dict[str, _Broker] = {}
        self._lost: Set[str] = set()
        self._staying: OrderedDict[str, Tuple[str, _Broker, int]] = OrderedDict()
        self._turn = 0

    # What happens to brokers

    def up(self, identity: str, *, now: int, warm: int = 0) -> None:
        """A broker has answered ``HELLO``, with the ``warm=`` that it told."""
        if identity in self._lost or now > self._began + self._failover:
            warm = max(warm, self._failover)
        self._live[identity] = _Broker(warm_until=now + warm)

    def leaving(self, identity: str) -> None:
        """It has said ``BYE shutdown`` (B12)."""
        if broker := self._live.get(identity):
            broker.is_leaving = True

    def down(self, identity: str) -> None:
        """Its connection has ended."""
        if self._live.pop(identity, None):
            self._lost.add(identity)

    @property
    def live(self) -> List[str]:
        return sorted(self._live)

    # Where a send goes

    def usable(self, *, now: int, without: Collection[str] = ()) -> List[str]:
        """The fit ones; when there is none, the live ones that are not leaving (B6)."""
        staying = {i: b for i, b in self._live.items() if not b.is_leaving and i not in without}
        return [i for i, b in staying.items() if b.warm_until <= now] or list(staying)

    def for_channel(
        self, name: str, *, now: int, without: Collection[str] = (), stream: Optional[str] = None
    ) -> Optional[str]:
        """The broker that a send to a channel goes to; ``without``: those that have refused it (B10).

        ``stream``: the reply channel whose messages it belongs to, and which it follows (B7).
        """
        name = name if stream is None else stream
        if "!" in name or "?" in name:
            return self._for_stream(name, now, without)
        usable = sorted(self.usable(now=now, without=without))
        if not usable:
            return None
        self._turn += 1
        return usable[self._turn % len(usable)]

    def for_group(self, name: str, *, now: int, without: Collection[str] = ()) -> Optional[str]:
        """The broker that a send to a group goes to (B8)."""
        usable = self.usable(now=now, without=without)
        return order(name, usable)[0] if usable else None

    def _for_stream(self, name: str, now: int, without: Collection[str]) -> Optional[str]:
        identity, then, last = self._staying.pop(name, ("", None, 0))
        broker = self._live.get(identity)
        # One that was lost and is back is another.
        if not broker or broker is not then or broker.is_leaving or identity in without or now >= last + self.STAY:
            chosen = self.for_group(name, now=now, without=without)
            if chosen is None:
                return None
            identity = chosen
        self._staying[name] = (identity, self._live[identity], now)
        if len(self._staying) > self.MOST_STAYING:
            self._staying.popitem(last=False)
        return identity
