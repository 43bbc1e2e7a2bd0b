"""Names of channels and groups: protocol/PROTOCOL.md, section 2.

Checked before anything is sent, so that no name can break a line.
"""

import re
from typing import Optional

from ._errors import BadName

MOST_BYTES = 255
#: How many ``*`` a pattern may hold, those side by side counted as one.
MOST_STARS = 32

_RUN = "[A-Za-z0-9._-]+"
_NORMAL = re.compile(_RUN)
_CHANNEL = re.compile(f"{_RUN}(?:[!?]{_RUN})?")
_is_channel = _CHANNEL.fullmatch
_LISTENABLE = re.compile(f"{_RUN}(?:!|[!?]{_RUN})?")
_PATTERN = re.compile("[A-Za-z0-9._!?*-]+")
_STARS = re.compile("[*]+")


def channel(name: str) -> str:
    """Returns the name of a normal, reply or pinned channel, or raises ``BadName`` (N1, N2, N3)."""
    if type(name) is str and len(name) <= MOST_BYTES and _is_channel(name) is not None:
        # Nearly always; this is asked for every message.
        return name
    return _checked(_CHANNEL, name, "channel")


def listenable(name: str) -> str:
    """Returns what can be listened on, a channel or a mailbox, or raises ``BadName``."""
    return _checked(_LISTENABLE, name, "channel or mailbox")


def group(name: str) -> str:
    """Returns the name of a group, or raises ``BadName`` (N4)."""
    return _checked(_NORMAL, name, "group")


def stream(name: Optional[str]) -> Optional[str]:
    """Returns the reply or pinned channel that messages belong to, if any, or raises ``BadName`` (B7)."""
    if name is not None and form(channel(name)) == "normal":
        raise BadName(f"{name!r} is no name of a stream: that is a reply channel")
    return name


def pattern(text: str) -> str:
    """Returns a pattern of names, or raises ``BadName`` (N5)."""
    _checked(_PATTERN, text, "pattern")
    stars = len(_STARS.findall(text))
    if stars > MOST_STARS:
        raise BadName(f"a pattern has at most {MOST_STARS} *, this one has {stars}")
    return text


def form(name: str) -> str:
    """Returns what a legal name stands for: ``normal``, ``reply``, ``mailbox`` or ``pinned``."""
    if name.endswith("!"):
        return "mailbox"
    return "reply" if "!" in name else "pinned" if "?" in name else "normal"


def mailbox(name: str) -> str:
    """Returns the mailbox of a reply channel, its name up to and including the ``!``; empty if there is none."""
    return name[: name.find("!") + 1]


def _checked(form: "re.Pattern[str]", name: str, what: str) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= MOST_BYTES or form.fullmatch(name) is None:
        if isinstance(name, str):
            size = len(name.encode("utf-8", "surrogatepass"))
            if not 0 < size <= MOST_BYTES:
                kind = "a pattern" if form is _PATTERN else "a name"
                raise BadName(f"{kind} has 1 to {MOST_BYTES} bytes, this one has {size}")
        shown = repr(name)
        raise BadName(f"{shown if len(shown) < 80 else shown[:77] + '...'} is no name of a {what}")
    return name
