"""Which groups the channels that are read here are in."""

from __future__ import annotations

from typing import Dict, Iterable, List, Set, Tuple

from . import _names


class Memberships:
    """The truth about a membership lies with its channel's reader: what a broker has lost is joined again (L4, L5)."""

    def __init__(self) -> None:
        self._groups: Dict[str, Set[str]] = {}

    def joined(self, group: str, channels: Iterable[str]) -> None:
        """The channels are members of the group."""
        for channel in channels:
            self._groups.setdefault(channel, set()).add(group)

    def left(self, group: str, channels: Iterable[str]) -> None:
        """The channels are members of the group no more."""
        for channel in channels:
            groups = self._groups.get(channel)
            if groups is not None:
                groups.discard(group)
                if not groups:
                    del self._groups[channel]

    def closed(self, channel: str) -> None:
        """The channel is over, and all its memberships with it."""
        self._groups.pop(channel, None)

    def take(self, name: str) -> List[Tuple[str, str]]:
        """Forgets a channel, or all channels of a mailbox; returns what was known as pairs of group and channel."""
        if name.endswith("!"):
            channels = [channel for channel in self._groups if _names.mailbox(channel) == name]
        else:
            channels = [name] if name in self._groups else []
        return [(group, channel) for channel in channels for group in sorted(self._groups.pop(channel))]
