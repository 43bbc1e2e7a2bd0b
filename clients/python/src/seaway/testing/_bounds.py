"""What the fake broker refuses for want of room, and for how long it keeps a message (S2, S6 to S10)."""

from __future__ import annotations

import re
from typing import List, Mapping, Optional, Tuple, Union

from .. import _names
from ._channels import Queue

#: As the real broker has them unless it is told otherwise.
CAPACITY = 100
CAPACITY_BYTES = 16_777_216
REPLY_CAPACITY_BYTES = 1_048_576
EXPIRY = 60.0

#: A number by pattern of names; the first that matches counts.
Rules = List[Tuple[Optional[str], float]]


class Bounds:
    """Of all channels."""

    def __init__(self, capacity: Union[int, Mapping[str, int]], expiry: Union[float, Mapping[str, float]]):
        self._capacity = _rules(capacity)
        self._expiry = _rules(expiry)

    def lacks_room(self, channel: str, queue: Optional[Queue], size: int, capacity: Optional[Rules]) -> str:
        """What is used up, for ``full``; empty when there is room. One message always fits an empty channel."""
        if queue is None or not queue.messages:
            return ""
        if len(queue.messages) >= _setting(capacity or [], channel, _setting(self._capacity, channel, CAPACITY)):
            return "by=messages"
        is_normal = _names.form(channel) == "normal"
        return "by=bytes" if queue.bytes + size > (CAPACITY_BYTES if is_normal else REPLY_CAPACITY_BYTES) else ""

    @staticmethod
    def most_in_mailbox(mailbox: str, capacity: Optional[Rules]) -> Optional[float]:
        """Messages that may wait in all channels of a mailbox, where the sender has set a number (S10)."""
        rules = (rule for rule in capacity or [] if rule[0] is not None and rule[0].endswith("!"))
        return next((value for pattern, value in rules if matches(pattern, mailbox)), None)

    def expiry(self, channel: str) -> float:
        """Seconds for which a message is kept."""
        return _setting(self._expiry, channel, EXPIRY)


def matches(pattern: Optional[str], name: str) -> bool:
    """Whether a pattern (N5), or none, stands for a name."""
    return pattern is None or re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) is not None


def _rules(setting: Union[float, Mapping[str, float]]) -> Rules:
    if isinstance(setting, Mapping):
        return [(_names.pattern(pattern), value) for pattern, value in setting.items()]
    return [(None, setting)]


def _setting(rules: Rules, name: str, default: float) -> float:
    return next((value for pattern, value in rules if matches(pattern, name)), default)
