"""Ports for the programs of a test, which nobody else is given meanwhile."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator

_held: list[socket.socket] = []


def free_port() -> int:
    """A port of 127.0.0.1 that is free, and stays so for whoever asks for it by its number.

    It stays bound, so that the kernel gives it to nobody: neither to one who listens on any port, nor to one who
    connects from any. The program that is told to listen on it may, again and again, since it sets SO_REUSEADDR, as
    this does, and nobody listens here. Who connects before is refused, as where nobody is. Only Linux allows that:
    elsewhere the port is let go, and may be somebody else's before it is used.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port = int(holder.getsockname()[1])
    if sys.platform == "linux":
        _held.append(holder)
    else:
        holder.close()
    return port


@contextlib.contextmanager
def given_back() -> Iterator[None]:
    """Lets those go that were taken meanwhile."""
    before = len(_held)
    try:
        yield
    finally:
        for holder in _held[before:]:
            holder.close()
        del _held[before:]
