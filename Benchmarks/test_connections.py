"""The client for large bodies and idle connections must name what is wrong."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import connections

SIZE = 3 << 20


@contextmanager
def server(answer: bytes) -> Iterator[int]:
    """Reads a request with its body, answers so, and closes."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            size = 0
            while line := self.rfile.readline().strip():
                if line.startswith(b"content-length:"):
                    size = int(line.split()[1])
            self.rfile.read(size)
            self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
            thread.join()


def with_content(content: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(content), content)


def test_a_whole_download_takes_time() -> None:
    with server(with_content(bytes(SIZE))) as port:
        assert connections.download(port, SIZE) > 0


@pytest.mark.parametrize("answer", [with_content(bytes(SIZE - 1)), b"HTTP/1.1 503 Unavailable\r\n\r\n"])
def test_a_download_that_is_not_whole_is_no_download(answer: bytes) -> None:
    with server(answer) as port, pytest.raises(RuntimeError, match="down"):
        connections.download(port, SIZE)


def test_an_upload_that_did_not_arrive_is_no_upload() -> None:
    with server(with_content(b"%d" % SIZE)) as port:
        assert connections.upload(port, SIZE) > 0
    with server(with_content(b"17")) as port, pytest.raises(RuntimeError, match="up"):
        connections.upload(port, SIZE)


def test_an_idle_connection_was_answered() -> None:
    with server(with_content(b"hello")) as port, connections.Idle(port, "/", tls=False) as idle:
        idle.open(3)
    refused = b"HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n"
    with server(refused) as port, connections.Idle(port, "/", False) as idle, pytest.raises(RuntimeError, match="503"):
        idle.open(1)
