"""A browser's socket: RFC 6455 as far as these tests need it."""

from __future__ import annotations

import base64
import os
import socket
import struct
from typing import Dict, Tuple

from .broker import PATIENCE


class SocketBrowser:
    """Opens a socket, sends short texts and reads what comes."""

    def __init__(self, host: str, port: int, path: str, **headers: str):
        self._socket = socket.create_connection((host, port), timeout=PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        head = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade"]
        head += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._socket.sendall("\r\n".join([*head, "", ""]).encode())
        self._reader = self._socket.makefile("rb")
        self.status = int(self._reader.readline().split()[1])
        #: Of the answer, names in lower case.
        self.headers: Dict[str, str] = {}
        while line := self._reader.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name.lower()] = value.strip()

    def send(self, *texts: str) -> None:
        """Sends texts of less than 126 bytes, masked with zeros."""
        frames = (text.encode() for text in texts)
        self._socket.sendall(b"".join(struct.pack("!BB4x", 0x81, 0x80 | len(text)) + text for text in frames))

    def send_bytes(self, content: bytes) -> None:
        """Sends less than 126 bytes."""
        self._socket.sendall(struct.pack("!BB4x", 0x82, 0x80 | len(content)) + content)

    def close(self, code: int, reason: str = "") -> None:
        """Says that it leaves."""
        content = struct.pack("!H", code) + reason.encode()
        self._socket.sendall(struct.pack("!BB4x", 0x88, 0x80 | len(content)) + content)

    def receive(self) -> Tuple[int, bytes]:
        """The next frame but pings: its kind and what it holds; (-1, b"") at the end of the connection."""
        while True:
            head = self._reader.read(2)
            if len(head) < 2:
                return -1, b""
            kind, length = struct.unpack("!BB", head)
            if length == 126:
                (length,) = struct.unpack("!H", self._reader.read(2))
            content = self._reader.read(length)
            if kind & 15 != 9:
                return kind & 15, content

    def text(self) -> str:
        """The next message, which is text."""
        kind, content = self.receive()
        assert kind == 1, (kind, content)
        return content.decode()

    def closed(self) -> Tuple[int, str]:
        """The next frame, which closes the socket: code and reason. It is answered."""
        kind, content = self.receive()
        assert kind == 8, (kind, content)
        self._socket.sendall(struct.pack("!BB4x", 0x88, 0x80 | len(content)) + content)
        return struct.unpack("!H", content[:2])[0], content[2:].decode()

    def rest(self, size: int) -> bytes:
        """What stands behind the head of an answer that is no socket."""
        return self._reader.read(size)

    def kill(self) -> None:
        """Leaves without a word."""
        self._reader.close()
        self._socket.close()
