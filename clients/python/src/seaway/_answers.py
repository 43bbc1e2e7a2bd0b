"""What the answers of a broker hold besides ``OK``."""

import urllib.parse
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from . import _json
from ._errors import SeawayError
from ._frames import Frame

#: ``PEEK`` shows messages, which nest up to 64 deep, inside its own maps and lists.
_DEPTH = 64 + 3


class Sent(NamedTuple):
    """What became of a message to a group: members that got it or will, that had no room, and that were found ended."""

    sent: int
    full: int
    gone: int


class DeadLetter(NamedTuple):
    """Why a message was given up (PROTOCOL.md, D14)."""

    #: ``tries``, since it was delivered too often, or ``nak``, since a worker has said so.
    why: str
    #: How often it was delivered.
    tries: int
    #: How many seconds ago it was given up.
    since: float
    #: What the worker has said.
    reason: Optional[str]


def times(options: Mapping[str, str]) -> int:
    """How often a message was delivered, as the options of a ``MSG`` say."""
    text = options.get("times", "")
    return 1 if text == "1" else max(1, _number(text))


def dead_letter(options: Mapping[str, str]) -> Optional[DeadLetter]:
    """What the options of a ``MSG`` say of one; ``None`` where it is none."""
    if "dead" not in options:
        return None
    tries, since = (_number(options.get(key, "")) for key in ("tries", "since"))
    reason = options.get("why")
    return DeadLetter(options["dead"], tries, since / 1_000, None if reason is None else urllib.parse.unquote(reason))


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


class Flushed(NamedTuple):
    """What was dropped."""

    messages: int
    memberships: int


def sent(frame: Frame) -> Sent:
    """Reads the answer to ``GSEND``."""
    return Sent(_count(frame, "sent"), _count(frame, "full"), _count(frame, "gone"))


def flushed(frame: Frame) -> Flushed:
    """Reads the answer to ``FLUSH``."""
    return Flushed(_count(frame, "messages"), _count(frame, "memberships"))


def data(frame: Frame) -> Dict[str, Any]:
    """Reads a ``DATA``, which is always JSON (Q1)."""
    if frame.body is None:
        raise SeawayError("the broker's answer holds no data")
    return _json.from_json(frame.body, _DEPTH)


def members(frame: Frame) -> Tuple[List[str], Optional[str]]:
    """Reads the answer to ``MEMBERS``: a page of names, and where the next begins."""
    page = data(frame)
    names, after = page.get("members"), page.get("next")
    if not isinstance(names, list) or not isinstance(after, (str, type(None))) or (after and not names):
        raise SeawayError("the broker's answer holds no members")
    return names, after


def _count(frame: Frame, key: str) -> int:
    value = frame.options.get(key, "0")
    return int(value) if value.isdigit() else 0
