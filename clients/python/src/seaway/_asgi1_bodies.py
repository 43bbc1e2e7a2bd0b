"""Bodies of requests in pieces, which an interface server sends when they are asked for: INTERFACE.md, section 2.1.

A worker of ASGI 1 asks for nothing: it just receives. So what it has taken is counted here, and more asked for.
"""

import threading
from collections import OrderedDict
from typing import Any, Callable, Dict

from . import _fork

#: Bytes that are asked for ahead of what was taken.
AHEAD = 524_288
#: Bodies of which is known how far they were taken; of more the oldest are taken for broken.
MOST_BODIES = 1_024

_BROKEN = {"content": b"", "closed": True, "more_content": False}


class _Body:
    __slots__ = ("asked", "reply_channel", "taken")

    def __init__(self, reply_channel: str) -> None:
        self.reply_channel = reply_channel
        self.taken = 0
        self.asked = 0


class Bodies:
    """How far each body was taken; ``say`` sends a message to the reply channel of its request."""

    def __init__(self, say: Callable[[str, Dict[str, Any]], None]):
        self._say = say
        self._begin()
        _fork.watch(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._bodies: OrderedDict[str, _Body] = OrderedDict()

    def forked(self) -> None:
        """In a child process: nobody holds the lock."""
        self._begin()

    def begins(self, channel: str, reply_channel: str) -> None:
        """A request has come here whose body is asked for on its reply channel, and comes on ``channel``."""
        with self._lock:
            self._bodies[channel] = _Body(reply_channel)
            if len(self._bodies) > MOST_BODIES:
                self._bodies.popitem(last=False)

    def wanted(self, channel: str) -> None:
        """Somebody receives there: asks for the body's beginning, or for more of it, if its request has come here."""
        with self._lock:
            body = self._bodies.get(channel)
            if body is None:
                return
            most = body.taken + AHEAD
            if most - body.asked < AHEAD // 2:
                return
            body.asked = most
        self._say(body.reply_channel, {"body_wanted": most})

    def took(self, channel: str, piece: Dict[str, Any]) -> Dict[str, Any]:
        """Notes a piece and returns it as ASGI 1 has it; one behind a hole says that the rest does not come."""
        with self._lock:
            body = self._bodies.get(channel)
            if body is None or piece.get("offset", body.taken) != body.taken:
                self._bodies.pop(channel, None)
                return dict(_BROKEN)
            body.taken += len(piece["content"])
            if piece.get("closed"):
                piece = dict(_BROKEN)
            elif piece.get("more_content"):
                piece = {"content": piece["content"], "more_content": True}
            else:
                piece = {"content": piece["content"], "more_content": False}
            if not piece["more_content"]:
                del self._bodies[channel]
        return piece
