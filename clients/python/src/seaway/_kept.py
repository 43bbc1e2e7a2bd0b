"""The sockets of sticky routes, and what a worker remembers of them. Sends nothing, so the same for both halves."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from ._errors import NoSession
from ._log import logger

if TYPE_CHECKING:
    from ._websocket import SocketFields


class _Socket:
    """One that is kept here."""

    __slots__ = ("control_channel", "session")

    def __init__(self, control_channel: str):
        self.control_channel = control_channel
        self.session: Optional[Dict[str, Any]] = None


class Kept:
    """The sockets whose events come to this process alone (W18), from their connect to the end of their disconnect.

    May be used from any thread.
    """

    #: Beyond it that one goes of which nothing was heard for the longest: the server finds that nobody reads its
    #: channel, and the session, if it has one, is over.
    MOST = 65_536

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: OrderedDict[str, _Socket] = OrderedDict()
        self._count = 0
        self._is_leaving = False
        self._tied = 0

    @property
    def tied(self) -> int:
        """How many have a session, so that no other process could serve them."""
        return self._tied

    def keep(self, socket: SocketFields, mailbox: str) -> Optional[str]:
        """Returns a channel for the socket's events, of its own so that a busy socket leaves the others their room.

        ``None`` when the worker leaves.
        """
        with self._lock:
            if self._is_leaving:
                return None
            self._remove(socket.channel)
            if len(self._sockets) >= self.MOST:
                self._give_up(next(iter(self._sockets)))
            self._sockets[socket.channel] = _Socket(socket.control_channel)
            self._count += 1
            return f"{mailbox}{self._count}"

    def session(self, channel: str) -> Dict[str, Any]:
        """Returns the values of a socket, empty at first; raises ``NoSession`` when it is not kept here."""
        with self._lock:
            found = self._sockets.get(channel)
            if found is None:
                raise NoSession(f"the session of {channel} is not here: its worker has left, or had too many")
            self._sockets.move_to_end(channel)
            if found.session is None:
                found.session = {}
                self._tied += 1
            return found.session

    def forget(self, channel: str) -> None:
        """The socket has ended, or was never opened."""
        with self._lock:
            self._remove(channel)

    def leave(self) -> Tuple[List[str], List[str]]:
        """Keeps no more; returns the control channels of those that others can serve, and of those that have a session.

        The latter stay for what still comes from them.
        """
        with self._lock:
            self._is_leaving = True
            others = {name: one.control_channel for name, one in self._sockets.items() if one.session is None}
            for name in others:
                del self._sockets[name]
            return list(others.values()), [one.control_channel for one in self._sockets.values()]

    def __len__(self) -> int:
        return len(self._sockets)

    # With the lock held

    def _give_up(self, channel: str) -> None:
        removed = self._remove(channel)
        if removed is not None and removed.session is not None:
            logger.warning("the session of %s is given up: more than %d sockets are kept here", channel, self.MOST)

    def _remove(self, channel: str) -> Optional[_Socket]:
        removed = self._sockets.pop(channel, None)
        if removed is not None and removed.session is not None:
            self._tied -= 1
        return removed
