"""A client for one large body, and for many connections that stay."""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
import time
from types import TracebackType

PATIENCE = 120.0
BLOCK = 1 << 20


def upload(port: int, size: int) -> float:
    """Sends so many bytes to /up, which answers with how many they were. Returns seconds."""
    with connect(port) as connection, tempfile.TemporaryFile() as file:
        # A hole: it is read and copied as any file is, and takes no place.
        file.truncate(size)
        start = time.monotonic()
        connection.sendall(f"POST /up HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n\r\n".encode())
        connection.sendfile(file)
        status, content_length, content = read_head(connection)
        while len(content) < content_length:
            content += received(connection.recv(65_536))
    if status != 200 or int(content) != size:
        raise RuntimeError(f"POST /up: {status} {content[:100]!r}")
    return time.monotonic() - start


def download(port: int, size: int) -> float:
    """Takes so many bytes from /down, to the end of the connection. Returns seconds."""
    buffer = memoryview(bytearray(BLOCK))
    with connect(port) as connection:
        start = time.monotonic()
        # HTTP/1.0, so that there are no chunks to be read.
        connection.sendall(f"GET /down/{size} HTTP/1.0\r\n\r\n".encode())
        status, _, content = read_head(connection)
        came = len(content)
        while count := connection.recv_into(buffer):
            came += count
    if status != 200 or came != size:
        raise RuntimeError(f"GET /down/{size}: {status}, {came} bytes")
    return time.monotonic() - start


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    connection.settimeout(PATIENCE)
    return connection


def read_head(connection: socket.socket) -> tuple[int, int, bytes]:
    """Status, content-length, and what of the content has come."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += received(connection.recv(65_536))
    head, content = data.split(b"\r\n\r\n", 1)
    fields = dict(line.split(": ", 1) for line in head.decode("latin-1").lower().split("\r\n")[1:])
    return int(head.split()[1]), int(fields.get("content-length", 0)), content


def received(data: bytes) -> bytes:
    if not data:
        raise RuntimeError("the server has closed the connection")
    return data


class Idle:
    """Connections that have had one answer each."""

    def __init__(self, port: int, path: str, tls: bool):
        self.port = port
        self.request = f"GET {path} HTTP/1.1\r\nhost: a\r\n\r\n".encode()
        self.context = context() if tls else None
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> Idle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    def open(self, count: int) -> None:
        for _ in range(count):
            connection = self.stack.enter_context(connect(self.port))
            if self.context:
                connection = self.stack.enter_context(self.context.wrap_socket(connection))
            status = exchange(connection, self.request)
            if status != 200:
                raise RuntimeError(f"an idle connection was answered with {status}")


def exchange(connection: socket.socket, request: bytes) -> int:
    """Sends a request and reads the answer, whose length is known. Returns its status."""
    connection.sendall(request)
    status, content_length, content = read_head(connection)
    while len(content) < content_length:
        content += received(connection.recv(65_536))
    return status


def wait_for_answer(port: int, path: str) -> None:
    """Waits until there is somebody who answers requests for this path."""
    with connect(port) as connection:
        exchange(connection, f"GET {path} HTTP/1.1\r\nhost: a\r\n\r\n".encode())


def context() -> ssl.SSLContext:
    """Trusts everybody: what is measured is this machine."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made
