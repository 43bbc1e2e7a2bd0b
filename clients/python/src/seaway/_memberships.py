"""Which groups the channels that are read here are in."""

from typing import Dict, Iterable, List, Set, Tuple

from . import _names
from ._log import logger

_NONE: Set[str] = set()


class Memberships:
    """The truth about a membership lies with its channel's reader: what a broker has lost is joined again (L4, L5).

    Those beyond ``most`` are not noted, and so are not joined again.
    """

    def __init__(self, most: int = 1_000_000) -> None:
        self._most = most
        self._count = 0
        self._is_over = False
        self._groups: Dict[str, Set[str]] = {}

    def joined(self, group: str, channels: Iterable[str]) -> None:
        """The channels are members of the group."""
        for channel in channels:
            groups = self._groups.get(channel, _NONE)
            if group in groups:
                continue
            if self._count == self._most:
                self._warn()
                return
            self._groups.setdefault(channel, set()).add(group)
            self._count += 1

    def left(self, group: str, channels: Iterable[str]) -> None:
        """The channels are members of the group no more."""
        for channel in channels:
            groups = self._groups.get(channel, _NONE)
            if group in groups:
                groups.remove(group)
                self._count -= 1
                if not groups:
                    del self._groups[channel]

    def closed(self, channel: str) -> None:
        """The channel is over, and all its memberships with it."""
        self._count -= len(self._groups.pop(channel, _NONE))

    def take(self, name: str) -> List[Tuple[str, str]]:
        """Forgets a channel, or all channels of a mailbox; returns what was known as pairs of group and channel."""
        if name.endswith("!"):
            channels = [channel for channel in self._groups if _names.mailbox(channel) == name]
        else:
            channels = [name] if name in self._groups else []
        taken = [(group, channel) for channel in channels for group in sorted(self._groups.pop(channel))]
        self._count -= len(taken)
        return taken

    def _warn(self) -> None:
        if not self._is_over:
            self._is_over = True
            logger.warning("over %d memberships: a broker that loses more of them will not get them back", self._most)
