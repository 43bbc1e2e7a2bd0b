"""A broker by script, which says what no real one would."""

from __future__ import annotations

import contextlib
import socket
from typing import List

from seaway._frames import Frame, FrameParser

from .broker import PATIENCE

GREETING = b"HELLO 1 id=1 epoch=1 max-body=2097152\n"


class FakeBroker:
    """Listens on a free port."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self._connections: List[Connection] = []
        host, port = self._listener.getsockname()[:2]
        self.address = f"{host}:{port}"

    def accept(self, greeting: bytes = GREETING) -> Connection:
        """Takes the next connection, hears its ``HELLO`` and greets."""
        accepted, _ = self._listener.accept()
        connection = Connection(accepted)
        self._connections.append(connection)
        connection.expect("HELLO 1")
        connection.say(greeting)
        return connection

    def close(self) -> None:
        """Is gone."""
        self._listener.close()
        for connection in self._connections:
            connection.close()


class Connection:
    """One connection, seen from the broker."""

    def __init__(self, accepted: socket.socket):
        accepted.settimeout(PATIENCE)
        self._socket = accepted
        self._parser = FrameParser()
        self._frames: List[Frame] = []
        self.is_over = False

    def say(self, wire: bytes) -> None:
        """Says anything."""
        self._socket.sendall(wire)

    def hear(self) -> Frame:
        """Returns the next frame that comes."""
        while not self._frames:
            received = self._receive()
            assert received, "the client has left"
            self._frames += self._parser.feed(received)
        return self._frames.pop(0)

    def expect(self, beginning: str) -> Frame:
        """Takes the next frame, which is to begin so; a client that asks for a sign of life meanwhile gets it."""
        while (frame := self.hear()).verb == "PING" and beginning != "PING":
            self.say(b"PONG\n")
        words = [frame.verb, *frame.args, *(f"{key}={value}" for key, value in frame.options.items())]
        assert " ".join(words).startswith(beginning), f"{words} is not {beginning}"
        return frame

    def expect_end(self) -> None:
        """The client closes, whatever it says before."""
        while self._receive():
            pass

    def close(self) -> None:
        """Breaks off."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65_536)
        except ConnectionResetError:
            return b""
