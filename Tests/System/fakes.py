"""Services that do what real ones cannot be made to do at will."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable


class Fake:
    """Takes connections and serves each in a thread."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.connections = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self.guarded, args=(client,), daemon=True).start()

    def guarded(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError), client:
            self.serve(client)

    def serve(self, client: socket.socket) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.listener.close()


def exactly(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = client.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


class FakeRedis(Fake):
    """Answers each command by ``answer(words)``, a line of RESP without its end; None closes the connection."""

    def __init__(self, answer: Callable[[list[str]], str | None]):
        self.answer = answer
        self.commands: list[list[str]] = []
        super().__init__()

    def serve(self, client: socket.socket) -> None:
        with client.makefile("rb") as lines:
            while head := lines.readline():
                words = []
                for _ in range(int(head[1:])):
                    length = int(lines.readline()[1:])
                    words.append(lines.read(length).decode())
                    lines.read(2)
                with self.lock:
                    self.commands.append(words)
                    answer = self.answer(words)
                if answer is None:
                    return
                client.sendall(answer.encode() + b"\r\n")


class FakeMQTT(Fake):
    """Takes everybody, and answers each subscription by ``grant(filter)``: a quality of service, or 128 for no."""

    def __init__(self, grant: Callable[[str], int]):
        self.grant = grant
        self.asked: list[str] = []
        self.clients: list[socket.socket] = []
        super().__init__()

    def serve(self, client: socket.socket) -> None:
        while True:
            kind, body = self.packet(client)
            if kind == 1:
                client.sendall(b"\x20\x02\x00\x00")
                self.clients.append(client)
            elif kind == 8:
                length = struct.unpack(">H", body[2:4])[0]
                name = body[4 : 4 + length].decode()
                with self.lock:
                    self.asked.append(name)
                    code = self.grant(name)
                client.sendall(b"\x90\x03" + body[:2] + bytes([code]))
            elif kind == 12:
                client.sendall(b"\xd0\x00")

    @staticmethod
    def packet(client: socket.socket) -> tuple[int, bytes]:
        kind = exactly(client, 1)[0] >> 4
        length, shift = 0, 0
        while True:
            byte = exactly(client, 1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return kind, exactly(client, length)

    def publish(self, topic: str, payload: bytes) -> None:
        body = struct.pack(">H", len(topic)) + topic.encode() + payload
        for client in self.clients:
            client.sendall(b"\x30" + bytes([len(body)]) + body)
