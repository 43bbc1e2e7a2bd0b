"""What a reader does so that all its brokers hold the same memberships (protocol/SHARDING.md, B15 to B17).

Touches no socket, clock or thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Iterable, Iterator, List, NamedTuple, Set

from . import _names


class Membership(NamedTuple):
    """A channel in a group."""

    group: str
    channel: str


class Saying(NamedTuple):
    """``JOIN`` or ``LEAVE``, to be said to a broker."""

    broker: str
    verb: str
    group: str
    channel: str


@dataclass
class _Held:
    brokers: Set[str] = field(default_factory=set)
    """Those that hold it."""
    is_wanted: bool = False
    """What somebody else has done last: joined or left."""
    asked: Dict[str, str] = field(default_factory=dict)
    """What was said to a broker and not answered."""

    @property
    def is_over(self) -> bool:
        """Nothing is to be known of it any more, not even what this client has said itself."""
        return not self.is_wanted and not self.brokers and not self.asked


class ShardMembers:
    """The memberships of mailboxes at each broker; times are milliseconds that never go back."""

    MOST_OWN = 10_000

    def __init__(self, failover: int = 2_000) -> None:
        self._failover = failover
        # By mailbox, channel and group.
        self._held: Dict[str, Dict[str, Dict[str, _Held]]] = {}
        self._synced: Dict[str, Set[str]] = {}
        # When each is to be set right, the earliest first.
        self._unsettled: Dict[Membership, int] = {}
        self._own: Dict[Membership, None] = {}

    # What brokers tell

    def joined(self, broker: str, group: str, channels: Iterable[str], *, now: int) -> None:
        """``JOINED`` was pushed."""
        for channel in channels:
            groups = self._held.setdefault(_names.mailbox(channel), {}).setdefault(channel, {})
            held = groups.setdefault(group, _Held())
            held.brokers.add(broker)
            self._told(broker, "JOIN", Membership(group, channel), held, now)

    def left(self, broker: str, group: str, channels: Iterable[str], *, now: int) -> None:
        """``LEFT`` was pushed."""
        for channel in channels:
            held = self._find(Membership(group, channel))
            if held is not None:
                held.brokers.discard(broker)
                self._told(broker, "LEAVE", Membership(group, channel), held, now)

    def listened(self, broker: str, mailbox: str, *, is_kept: bool, now: int) -> List[Saying]:
        """``LISTEN`` is answered; what the broker holds it has told before (B15)."""
        synced = self._synced.setdefault(mailbox, set())
        is_alone = not synced - {broker}
        synced.add(broker)
        says: List[Saying] = []
        for membership, held in list(self._of(mailbox)):
            if is_alone:
                held.is_wanted = broker in held.brokers or (held.is_wanted and not is_kept)
            says += self._set_right(membership, held, {broker})
            self._settle(membership, held, now)
        return says

    def answered(self, saying: Saying, *, is_refused: bool = False) -> None:
        """What was said is answered; what was refused is not said again."""
        membership = Membership(saying.group, saying.channel)
        held = self._find(membership)
        if held is not None:
            held.asked.pop(saying.broker, None)
            if is_refused:
                self._unsettled.pop(membership, None)
            if held.is_over:
                self._forget(membership)

    def down(self, broker: str, *, now: int) -> None:
        """The connection has ended: nothing is known of what the broker holds."""
        for synced in self._synced.values():
            synced.discard(broker)
        for mailbox in list(self._held):
            for membership, held in list(self._of(mailbox)):
                held.brokers.discard(broker)
                held.asked.pop(broker, None)
                self._settle(membership, held, now)

    def check(self, *, now: int) -> List[Saying]:
        """What brokers have differed about for too long (B16)."""
        says: List[Saying] = []
        for membership, deadline in list(self._unsettled.items()):
            if deadline > now:
                break
            held = self._find(membership)
            if held is not None:
                says += self._set_right(membership, held, self._synced_for(membership))
                self._settle(membership, held, now)
        return says

    # What the reader does

    def closed(self, channel: str) -> None:
        """The channel is over (C1), and its memberships with it."""
        groups = self._held.get(_names.mailbox(channel), {}).pop(channel, {})
        for group in groups:
            self._unsettled.pop(Membership(group, channel), None)

    def stopped(self, mailbox: str) -> None:
        """The mailbox is not read any more."""
        for channel in list(self._held.get(mailbox, {})):
            self.closed(channel)
        self._held.pop(mailbox, None)
        self._synced.pop(mailbox, None)

    # Channels without a reader of their own

    def own(self, group: str, channels: Iterable[str]) -> None:
        """This client has joined channels; those that are in no mailbox are its own to keep (B17)."""
        for channel in channels:
            if "!" not in channel and len(self._own) < self.MOST_OWN:
                self._own[Membership(group, channel)] = None

    def disown(self, group: str, channels: Iterable[str]) -> None:
        """This client has ended memberships."""
        for channel in channels:
            self._own.pop(Membership(group, channel), None)

    def came(self, broker: str) -> List[Saying]:
        """A broker is live."""
        return [Saying(broker, "JOIN", *membership) for membership in self._own]

    # Parts

    def _told(self, broker: str, verb: str, membership: Membership, held: _Held, now: int) -> None:
        if broker not in self._synced_for(membership):
            return
        # What this client has said itself tells nothing new.
        if held.asked.get(broker) != verb:
            held.is_wanted = verb == "JOIN"
        self._settle(membership, held, now)

    def _set_right(self, membership: Membership, held: _Held, brokers: Set[str]) -> Iterator[Saying]:
        wrong = brokers - held.brokers if held.is_wanted else brokers & held.brokers
        # Nothing is said to a broker that has not answered: it may be on its way to become right.
        for broker in sorted(wrong - held.asked.keys()):
            held.asked[broker] = "JOIN" if held.is_wanted else "LEAVE"
            yield Saying(broker, held.asked[broker], *membership)

    def _settle(self, membership: Membership, held: _Held, now: int) -> None:
        """Forgets what is over, and notes what has to become right in time."""
        synced = self._synced_for(membership)
        self._unsettled.pop(membership, None)
        if held.is_over:
            self._forget(membership)
        elif synced - held.brokers if held.is_wanted else synced & held.brokers:
            self._unsettled[membership] = now + self._failover

    def _forget(self, membership: Membership) -> None:
        channels = self._held[_names.mailbox(membership.channel)]
        del channels[membership.channel][membership.group]
        if not channels[membership.channel]:
            del channels[membership.channel]

    def _find(self, membership: Membership) -> _Held | None:
        groups = self._held.get(_names.mailbox(membership.channel), {}).get(membership.channel, {})
        return groups.get(membership.group)

    def _of(self, mailbox: str) -> Iterator[tuple[Membership, _Held]]:
        for channel, groups in self._held.get(mailbox, {}).items():
            for group, held in groups.items():
                yield Membership(group, channel), held

    def _synced_for(self, membership: Membership) -> Set[str]:
        return self._synced.get(_names.mailbox(membership.channel), set())
