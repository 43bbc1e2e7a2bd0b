"""The metrics and the HTTP bridge take requests as the interface server does, within the same limits."""

from __future__ import annotations

import contextlib
import socket

import pytest

from bridges import bridge
from harness import PATIENCE, free_port

#: Reads counters, or posts a message.
HEADS = {"metrics": "GET /metrics", "bridge http": "POST /channels/log"}
CHUNKED = " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#: A byte in each chunk, and a lot around it.
HOLLOW = f"1;a={'x' * 100}\r\nb\r\n" * 400
FIELDS = "x: 1\r\n" * 101
LONG = "x" * 33_000


@pytest.fixture(params=HEADS)
def intake(request, house, ports) -> tuple[int, str]:
    """Where it listens, and how its requests begin."""
    house.broker(ports[0])
    if request.param == "metrics":
        port = free_port()
        house.listening(house.server(ports[1], ports[0], "--metrics", f"127.0.0.1:{port}"), port)
    else:
        port = ports[1]
        house.listening(bridge(house, "http", ports[0], "--listen", f"127.0.0.1:{port}"), port)
    return port, HEADS[request.param]


def answer(port: int, text: str) -> bytes:
    """All that comes for it, to the end, which may come before all was sent."""
    received = b""
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    with client:
        # Who has heard enough may have answered and reset the connection by now: not connected is no ConnectionError.
        with contextlib.suppress(OSError):
            client.sendall(text.encode())
            client.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while piece := client.recv(65_536):
                received += piece
    return received


@pytest.mark.parametrize(
    "rest, status",
    [
        ("  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (f" HTTP/1.1\r\nHost: a\r\nX: {LONG}\r\n\r\n", 431),
        (f" HTTP/1.1\r\nHost: a\r\n{FIELDS}\r\n", 431),
        (f"{LONG} HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        (f"{CHUNKED}ffffffffffffffff\r\n", 400),
        (f"{CHUNKED}{HOLLOW}0\r\n\r\n", 400),
    ],
    ids=["two spaces", "large field", "many fields", "long line", "uncountable chunk", "hollow chunks"],
)
def test_what_is_no_request_is_refused(intake, rest, status):
    port, head = intake
    told = answer(port, head + rest)
    # Where no body is taken, its first byte is one too many.
    assert told.startswith((f"HTTP/1.1 {status} ".encode(), b"HTTP/1.1 413 ")), told


def test_small_chunks_are_a_body_like_any_other(house, ports):
    house.broker(ports[0], "--capacity", "log=5")
    house.listening(bridge(house, "http", ports[0], "--listen", f"127.0.0.1:{ports[1]}"), ports[1])
    post = f"POST /channels/log{CHUNKED}1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
    # The second comes while the first is under way.
    assert answer(ports[1], post + post).count(b"HTTP/1.1 202 ") == 2
