"""The body of a request that comes in pieces: protocol/INTERFACE.md, section 2.1.

Sends nothing and knows no clock, so the same for both halves.
"""

from __future__ import annotations

from typing import Optional, TypeVar

from . import _values
from ._errors import BodyBroken, BodyTooLarge, SeawayError
from ._message import Fields

Bytes = TypeVar("Bytes", bytes, bytearray)

#: Bytes that are asked for ahead of those that came: what a body takes of the broker's memory and of this process's.
WINDOW = 524_288
#: Pieces that may be on their way.
CREDIT = 256
#: Seconds without a piece after which the server is taken for gone; its own times are shorter.
PATIENCE = 180.0
#: The largest body that is read whole unless a limit is given.
MOST_CONTENT = 16_777_216


class Pieces:
    """Puts pieces in order, and says when to ask for more."""

    def __init__(self, window: int = WINDOW):
        self._window = window
        self._asked = 0
        #: Bytes that have come.
        self.offset = 0
        self.is_whole = False

    def wish(self) -> Optional[bytes]:
        """The message that asks for more, when it is time for that; asking twice does no harm."""
        if self.is_whole or self._asked - self.offset > self._window // 2:
            return None
        self._asked = self.offset + self._window
        return _values.pack({"body_wanted": self._asked})

    def take(self, piece: Fields) -> bytes:
        """Returns what a piece holds; raises ``BodyBroken`` when it does not follow what came."""
        if piece.get("closed") is True:
            raise BodyBroken("nobody sends the rest of the body, or waits for the answer", is_left=True)
        content = piece.get("content", b"")
        if isinstance(content, str):
            content = content.encode("utf-8")
        if not isinstance(content, bytes) or piece.get("offset") != self.offset:
            raise BodyBroken(f"a piece of the body is missing at {self.offset}")
        self.offset += len(content)
        self.is_whole = piece.get("more_content") is not True
        return content


class Content:
    """Gathers a body, up to a limit."""

    def __init__(self, limit: int):
        self._limit = limit
        self._bytes = bytearray()

    def add(self, piece: bytes) -> None:
        """Takes a piece; raises ``BodyTooLarge`` beyond the limit."""
        self._bytes += piece
        within(self._bytes, self._limit)

    def whole(self) -> bytes:
        """All of it."""
        return bytes(self._bytes)


def within(content: Bytes, limit: int) -> Bytes:
    """Raises ``BodyTooLarge`` for one that has more than ``limit`` bytes."""
    if len(content) > limit:
        raise BodyTooLarge(f"the body has more than {limit} bytes")
    return content


def channel(message: Fields) -> Optional[str]:
    """Where the body comes in pieces, if it does."""
    name = message.get("body_channel")
    if name is not None and not isinstance(name, str):
        raise SeawayError("body_channel is no name")
    return name
