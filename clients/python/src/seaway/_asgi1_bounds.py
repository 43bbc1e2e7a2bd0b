"""How many messages may wait, and for how long, as a layer of ASGI 1 is told."""

import fnmatch
import re
from typing import Any, Dict, List, Mapping, Tuple

from ._requests import capacity_option, expiry_option

#: Patterns of names that the broker understands: ``*`` alone has a meaning there.
_GLOB = re.compile(r"[A-Za-z0-9._!*-]+")
#: Names of which it is remembered what they are bounded by.
_MOST_KNOWN = 1_024


class Bounds:
    """The options of ``SEND`` and ``GSEND`` for the bounds of a layer (PROTOCOL.md, S8 to S10).

    A capacity counts for a normal or pinned channel by itself, and for a mailbox over all of its channels. The first
    pattern that matches a name counts; of a channel in a mailbox the name ends at the ``!``.
    """

    def __init__(self, front: str, expiry: float, capacity: int, patterns: Mapping[Any, int]):
        self.patterns: List[Tuple[Any, int]] = []
        for pattern, count in patterns.items():
            compiled = pattern if hasattr(pattern, "match") else re.compile(fnmatch.translate(pattern))
            capacity_option(count)
            self.patterns.append((compiled, int(count)))
        self.capacity = int(capacity)
        self._front = front
        self._expiry = expiry_option(expiry)
        capacity_option(capacity)
        #: For a message to a group.
        self.of_group = " Capacity=" + ",".join(self._rules(patterns)) + self._expiry
        self._known: Dict[str, str] = {}

    def of(self, channel: str) -> str:
        """For a message to a channel."""
        name = channel[: channel.find("!") + 1] or channel
        known = self._known.get(name)
        if known is None:
            count = self.capacity_of(name)
            rule = f"{self._front}{name}:{count},{count}" if name.endswith("!") else str(count)
            known = " Capacity=" + rule + self._expiry
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[name] = known
        return known

    def capacity_of(self, name: str) -> int:
        """How many messages may wait in a channel or a mailbox."""
        return next((count for pattern, count in self.patterns if pattern.match(name)), self.capacity)

    def _rules(self, patterns: Mapping[Any, int]) -> List[str]:
        rules: List[str] = []
        for pattern, count in patterns.items():
            if not isinstance(pattern, str) or not _GLOB.fullmatch(pattern):
                continue
            rules.append(f"{self._front}{pattern}:{int(count)}")
            if pattern.endswith("*"):
                rules.append(f"{self._front}{pattern}!:{int(count)}")
        return [*rules, f"*!:{self.capacity}", str(self.capacity)]
