"""Strangers who send little and would have much done for it, or who only hold a place."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import struct
import threading

import pytest

from harness import PATIENCE, Program, Wire, free_port, get

UPGRADE = (
    "GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)


def seconds_of_processor(program: Program) -> float:
    fields = pathlib.Path(f"/proc/{program.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_half_requests_keep_nobody_from_the_metrics(house, ports):
    metrics = free_port()
    house.broker(ports[0])
    house.listening(house.server(ports[1], ports[0], "--metrics", f"127.0.0.1:{metrics}"), metrics)
    with contextlib.ExitStack() as held:
        for count in range(64):
            half = held.enter_context(socket.create_connection(("127.0.0.1", metrics), timeout=PATIENCE))
            half.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n")
            if count % 8 == 7:
                assert b"seaway_connections_open" in get(metrics, "/metrics").body


def opened(port: int, worker: Wire) -> socket.socket:
    """A WebSocket that compresses, as no library lets one send it."""
    browser = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    browser.sendall(UPGRADE.encode())
    reply = worker.take()["reply_channel"]
    worker.write(f'SEND :- {reply} {{"accept":true}}\n')
    head = b""
    while b"\r\n\r\n" not in head:
        head += browser.recv(4_096)
    assert head.startswith(b"HTTP/1.1 101 ") and b"permessage-deflate" in head
    return browser


def frame(payload: bytes) -> bytes:
    """A binary message, compressed; its mask changes nothing."""
    return struct.pack(">BBQ", 0xC2, 0xFF, len(payload)) + b"\0\0\0\0" + payload


@pytest.mark.parametrize("block", [b"\x03\x00", b"\x00\x00\x00\xff\xff", b"\x02\x08\x20\x80\x00"], ids=bytes.hex)
def test_compressed_data_that_stands_for_nothing_is_cut_off_at_its_beginning(house, ports, block):
    house.broker(ports[0])
    server = house.server(ports[1], ports[0])
    payload = block * (1_000_000 // len(block))
    with Wire(ports[0]) as worker:
        worker.listen("websocket.connect", 100)
        before = seconds_of_processor(server)
        for _ in range(5):
            with opened(ports[1], worker) as browser:
                # The server stops reading where it has seen enough.
                writer = threading.Thread(target=written, args=(browser, frame(payload)))
                writer.start()
                assert closing_code(browser) == 1007
                browser.close()
                writer.join(PATIENCE)
        assert seconds_of_processor(server) - before < 0.5


def written(browser: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        browser.sendall(data)


def closing_code(browser: socket.socket) -> int:
    """Of the first frame that comes, which must be a Close."""
    data = b""
    while len(data) < 4:
        piece = browser.recv(4_096)
        assert piece, "the connection has ended without a Close frame"
        data += piece
    assert data[0] == 0x88, data
    return struct.unpack(">H", data[2:4])[0]
