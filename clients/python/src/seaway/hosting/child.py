"""What a process says to the one that supervises it, if one does, and hears from it."""

from __future__ import annotations

import itertools
import json
import logging
import os
import random
import select
import signal
import socket
import sys
import threading
from typing import Any, Dict, List, Optional

from .. import _signals

#: The environment names the descriptor of a socket to the supervisor.
DESCRIPTOR = "SEAWAY_SUPERVISOR"
#: Present when the supervisor wants to know of which files the application consists.
WATCHING = "SEAWAY_SUPERVISOR_WATCHES"
#: Names that processes which have died had said, with spaces between.
DEAD = "SEAWAY_SUPERVISOR_DEAD"

#: Seconds between two looks for modules that were imported late.
_LOOK = 1.0


class Child:
    """This process, as one of several that are supervised; or one by itself, that tells nobody."""

    def __init__(self, descriptor: Optional[int] = None, is_watched: bool = False):
        self._socket = None if descriptor is None else socket.socket(fileno=descriptor)
        self._is_watched = is_watched
        #: What the processes before had said in ``ready`` that have died.
        self.dead: List[str] = []
        #: What the process in this one's place has said in ``ready``; empty until then.
        self.successor = ""
        self._heard = b""
        self._limit = 0
        self._served = itertools.count(1)
        self._told: List[str] = []
        if self._socket is not None:
            self._socket.set_inheritable(False)
            # A terminal tells all of its processes to leave; the supervisor does too, and twice is at once.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            _signals.leave_interrupts()
            threading.Thread(target=self._attend, name="seaway-supervisor", daemon=True).start()

    @classmethod
    def of_environment(cls) -> Child:
        """What the environment says this process is; its children are not told."""
        text = os.environ.pop(DESCRIPTOR, None)
        is_watched = os.environ.pop(WATCHING, None) is not None
        found = cls(int(text) if text is not None and text.isdecimal() else None, is_watched)
        found.dead = os.environ.pop(DEAD, "").split()
        return found

    @property
    def is_supervised(self) -> bool:
        """Whether somebody hears what is said."""
        return self._socket is not None

    def loaded(self) -> None:
        """The application is imported."""
        self._tell_files()
        self._say({"said": "loaded"})

    def ready(self, name: str = "") -> None:
        """Requests are taken from now on.

        ``name``: what whoever comes after this process is told, in ``dead``, should it die.
        """
        self._tell_files()
        self._say({"said": "ready", "name": name})

    def replace(self, reason: str) -> None:
        """Another process is wanted in place of this one, which goes on until it is told to leave."""
        self._say({"said": "replace", "reason": reason})

    def changed(self, reason: str) -> None:
        """All processes are to be replaced, since what they have loaded has changed."""
        self._say({"said": "changed", "reason": reason})

    def limit(self, requests: int) -> None:
        """This process is to be replaced after so many requests, or up to a tenth more, so that not all are at once."""
        self._limit = requests + random.randint(0, requests // 10) if requests else 0

    def served(self) -> None:
        """A request or a socket, or another message, has come. May be called from any thread."""
        # In one step, since threads may say so at the same time.
        if next(self._served) == self._limit:
            self.replace(f"has served {self._limit} requests")

    def _attend(self) -> None:
        """Leaves when the supervisor is no more; tells it of modules that are imported late."""
        assert self._socket is not None
        while True:
            came, _, _ = select.select([self._socket], [], [], _LOOK if self._is_watched else None)
            if not came:
                self._tell_files()
            elif not self._take(_read(self._socket)):
                logging.getLogger("seaway").error("the process that supervises this one is no more: it leaves")
                os.kill(os.getpid(), signal.SIGTERM)
                return

    def _take(self, data: bytes) -> bool:
        """Keeps the name that the supervisor has said; false at the end."""
        self._heard += data
        *names, self._heard = self._heard.split(b"\n")
        if names:
            self.successor = names[-1].decode("ascii", "replace")
        return bool(data)

    def _tell_files(self) -> None:
        if self._is_watched:
            files = imported_files()
            if files != self._told:
                self._told = files
                self._say({"files": files})

    def _say(self, message: Dict[str, Any]) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            # It is gone, which is heard of elsewhere.
            return


def imported_files() -> List[str]:
    """The files of all modules that are imported now, but for those of Python itself."""
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    own = os.path.dirname(os.__file__)
    packages = os.path.join(own, "site-packages")
    return sorted(
        file
        for file in files
        if isinstance(file, str) and (not file.startswith(own + os.sep) or file.startswith(packages))
    )


def _read(connection: socket.socket) -> bytes:
    try:
        return connection.recv(4_096)
    except OSError:
        return b""
