"""A browser's socket: RFC 6455 as far as these tests need it."""

from __future__ import annotations

import base64
import os
import socket
import struct
from typing import Tuple

from .broker import PATIENCE


class SocketBrowser:
    """Opens a socket, sends short texts and reads short texts."""

    def __init__(self, host: str, port: int, path: str):
        self._socket = socket.create_connection((host, port), timeout=PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        head = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade"]
        head += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
        self._socket.sendall("\r\n".join(head).encode())
        self._reader = self._socket.makefile("rb")
        self.status = int(self._reader.readline().split()[1])
        while self._reader.readline().strip():
            pass

    def send(self, *texts: str) -> None:
        """Sends texts of less than 126 bytes, masked with zeros."""
        frames = (text.encode() for text in texts)
        self._socket.sendall(b"".join(struct.pack("!BB4x", 0x81, 0x80 | len(text)) + text for text in frames))

    def receive(self) -> Tuple[int, bytes]:
        """The next frame: its kind and what it holds."""
        kind, length = struct.unpack("!BB", self._reader.read(2))
        return kind & 15, self._reader.read(length)

    def kill(self) -> None:
        """Leaves without a word."""
        self._reader.close()
        self._socket.close()
