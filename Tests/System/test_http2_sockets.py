"""WebSockets on streams of HTTP/2 (RFC 8441; INTERFACE.md, section 13: Z9, Z10)."""

from __future__ import annotations

import json
import os
import socket
import struct

import pytest

from frames2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Frames,
    Upload,
    block,
    status,
)
from harness import PATIENCE, Wire, until
from https import Site

CANCEL, NO_ERROR = b"\0\0\0\x08", b"\0\0\0\0"
ENABLE_CONNECT_PROTOCOL = 8
TEXT, BINARY, CLOSE = 1, 2, 8


def frames(site: Site, window: int = 65_535) -> Frames:
    client = Frames(socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE), window)
    # Before it was said nobody asks for a socket (RFC 8441, 3).
    assert (ENABLE_CONNECT_PROTOCOL, 1) in struct.iter_unpack(">HI", client.until(SETTINGS)[3])
    return client


def message(opcode: int, payload: bytes) -> bytes:
    """A frame of a client, masked."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    else:
        length = struct.pack(">BH", 0xFE, size) if size < 65_536 else struct.pack(">BQ", 0xFF, size)
    mask = os.urandom(4)
    key = mask * (size // 4 + 1)
    masked = (int.from_bytes(payload, "big") ^ int.from_bytes(key[:size], "big")).to_bytes(size, "big")
    return bytes([0x80 | opcode]) + length + mask + masked


class Socket:
    """A WebSocket on one stream."""

    def __init__(self, client: Frames, stream: int, path: str = "/live", *more: tuple[str, str], ends: bool = False):
        self.client, self.stream, self.input = client, stream, b""
        self.has_ended = False
        fields = [
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", path),
            (":authority", "localhost"), *(more or [("sec-websocket-version", "13")]),
        ]  # fmt: skip
        client.send(HEADERS, END_HEADERS | (END_STREAM if ends else 0), stream, block(fields))

    def status(self) -> int:
        return status(self.client.until(HEADERS, self.stream)[3])

    def send(self, opcode: int, payload: bytes) -> None:
        self.client.send(DATA, 0, self.stream, message(opcode, payload))

    def read(self, count: int) -> bytes:
        while len(self.input) < count:
            frame = self.client.read()
            assert frame, "the server has ended the connection"
            if frame[2] == self.stream:
                assert frame[0] in (DATA, WINDOW_UPDATE), frame
                if frame[0] == DATA:
                    self.input += frame[3]
                    self.has_ended = bool(frame[1] & END_STREAM)
                    grant = struct.pack(">I", max(len(frame[3]), 1))
                    self.client.send(WINDOW_UPDATE, 0, self.stream, grant)
                    self.client.send(WINDOW_UPDATE, 0, 0, grant)
        taken, self.input = self.input[:count], self.input[count:]
        return taken

    def receive(self) -> tuple[int, bytes]:
        opcode, size = self.read(2)
        if size == 126:
            (size,) = struct.unpack(">H", self.read(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", self.read(8))
        return opcode & 15, self.read(size)

    def end(self) -> None:
        """Reads up to the end of the server's side."""
        while not self.has_ended:
            frame = self.client.read()
            assert frame, "the server has ended the connection"
            if frame[0] == DATA and frame[2] == self.stream:
                self.has_ended = bool(frame[1] & END_STREAM)


def close(code: int) -> bytes:
    return struct.pack(">H", code)


def test_a_socket_is_one_stream_among_others(clear):
    site = clear()
    with frames(site) as client, Wire(site.broker) as ends:
        ends.listen("websocket.disconnect")
        one = Socket(client, 1, "/live?x=1", ("sec-websocket-version", "13"), ("origin", "http://localhost"))
        assert one.status() == 200
        [event] = site.worker.connects
        told = [event[name] for name in ("http_version", "scheme", "path", "query_string")]
        assert told == ["2", "ws", "/live", "x=1"]
        fields = dict(event["headers"])
        assert fields.pop("x-request-id")
        assert fields == {"host": "localhost", "origin": "http://localhost"}
        other = Socket(client, 3)
        assert other.status() == 200
        one.send(TEXT, b"one")
        assert one.receive() == (TEXT, b"one")
        # Cut anywhere.
        for byte in message(TEXT, b"other"):
            client.send(DATA, 0, 3, bytes([byte]))
        assert other.receive() == (TEXT, b"other")
        client.ask(5, "/?3")
        assert client.content(5) == b"xxx"
        one.send(CLOSE, close(1000))
        assert one.receive() == (CLOSE, close(1000))
        one.end()
        client.send(DATA, END_STREAM, 1)
        assert ends.take()["code"] == 1000
        other.send(TEXT, b"still here")
        assert other.receive() == (TEXT, b"still here")
        site.counts(2, "seaway_http2_websockets_total")
        site.counts(1, "seaway_websocket_open")
    site.counts(0, "seaway_websocket_open")
    site.counts(0, "seaway_connections_open")


def test_large_messages_go_both_ways(clear):
    site = clear()
    text = ("0123456789abcdef" * 20_000).encode()
    with frames(site) as client:
        one = Socket(client, 1)
        assert one.status() == 200
        frame = message(TEXT, text)
        upload = Upload(client, 1, frame * 3 + message(CLOSE, close(1000)))
        for number in range(1, 4):
            upload.go(number * len(frame))
            assert one.receive() == (TEXT, text)
        # With the end of the stream in one frame.
        upload.go()
        assert one.receive() == (CLOSE, close(1000))
        one.end()


@pytest.mark.parametrize(
    "more, ends, told",
    [
        ([("sec-websocket-version", "8")], False, 400),
        ([("sec-websocket-version", "13"), ("sec-websocket-protocol", "a b")], False, 400),
        ([("sec-websocket-version", "13"), ("origin", "http://elsewhere")], False, 403),
        ([("sec-websocket-version", "13")], True, 400),
    ],
)
def test_what_is_no_handshake_ends_its_stream_alone(clear, more, ends, told):
    site = clear("--allow-origin", "http://localhost")
    with frames(site) as client:
        one = Socket(client, 1, "/live", *more, ends=ends)
        assert one.status() == told
        if not ends:
            assert client.until(RST_STREAM, 1)[3] == NO_ERROR
        client.ask(3, "/?3")
        assert client.content(3) == b"xxx"


def test_another_protocol_is_not_known(clear):
    site = clear()
    fields = [(":method", "CONNECT"), (":scheme", "http"), (":path", "/"), (":authority", "a"), (":protocol", "tunnel")]
    with frames(site) as client:
        client.send(HEADERS, END_HEADERS, 1, block(fields))
        assert status(client.until(HEADERS, 1)[3]) == 501
        assert client.until(RST_STREAM, 1)[3] == NO_ERROR


class Deciding:
    """A worker that decides by hand what becomes of sockets at `/by-hand`."""

    def __init__(self, site: Site):
        self.site, self.wire, self.listening, self.ends = site, *(Wire(site.broker) for _ in range(3))
        self.listening.listen("websocket.connect.hand")
        self.ends.listen("websocket.disconnect.hand")

    def connect(self) -> str:
        return self.listening.take()["reply_channel"]

    def say(self, channel: str, **message) -> str:
        return self.wire.ask(f"SEND :- {channel} {json.dumps(message)}")

    def __enter__(self) -> Deciding:
        return self

    def __exit__(self, *_) -> None:
        for wire in (self.wire, self.listening, self.ends):
            wire.close()


ROUTE = ("--websocket-route", "/by-hand=websocket.connect.hand")


def test_a_worker_refuses(clear):
    site = clear(*ROUTE)
    with frames(site) as client, Deciding(site) as worker:
        one = Socket(client, 1, "/by-hand")
        assert worker.say(worker.connect(), accept=False, status=404, content="no") == "OK"
        assert one.status() == 404
        assert client.content(1) == b"no"
        assert client.until(RST_STREAM, 1)[3] == NO_ERROR
        assert worker.ends.take()["code"] == 1006


@pytest.mark.parametrize("leaves", ["reset", "end", "connection"])
@pytest.mark.parametrize("is_open", [True, False])
def test_a_browser_that_leaves_without_a_word(clear, leaves, is_open):
    site = clear(*ROUTE)
    with Deciding(site) as worker:
        with frames(site) as client:
            one = Socket(client, 1, "/by-hand")
            channel = worker.connect()
            if is_open:
                assert worker.say(channel, accept=True, text="hello") == "OK"
                assert one.status() == 200
                assert one.receive() == (TEXT, b"hello")
            if leaves == "reset":
                client.send(RST_STREAM, 0, 1, CANCEL)
            elif leaves == "end":
                client.send(DATA, END_STREAM, 1)
            if leaves != "connection":
                assert worker.ends.take()["code"] == 1006
                client.ask(3, "/?3")
                assert client.content(3) == b"xxx"
        if leaves == "connection":
            assert worker.ends.take()["code"] == 1006
    site.counts(0, "seaway_websocket_open")


def test_what_is_sent_before_the_answer_is_kept(clear):
    site = clear(*ROUTE)
    with frames(site) as client, Deciding(site) as worker, Wire(site.broker) as received:
        received.listen("websocket.receive.hand")
        one = Socket(client, 1, "/by-hand")
        channel = worker.connect()
        one.send(TEXT, b"early")
        # The server has read it.
        client.ask(3, "/?3")
        assert client.content(3) == b"xxx"
        assert worker.say(channel, accept=True) == "OK"
        assert one.status() == 200
        assert received.take()["text"] == "early"


def test_a_browser_that_reads_nothing_holds_up_no_other_stream(clear):
    site = clear(*ROUTE, "--websocket-max-unsent", "100K")
    with frames(site, window=1_000) as client, Deciding(site) as worker:
        one = Socket(client, 1, "/by-hand")
        channel = worker.connect()
        assert worker.say(channel, accept=True) == "OK"
        assert one.status() == 200
        sent = 0
        while (answer := worker.say(channel, text="z" * 10_000)) == "OK":
            sent += 1
            assert sent < 1_000
        assert answer.startswith("ERR full"), answer
        # All that the window lets through.
        one.input = client.until(DATA, 1)[3]
        for stream in range(3, 23, 2):
            client.ask(stream, "/?500")
            assert client.content(stream) == b"x" * 500
        client.send(WINDOW_UPDATE, 0, 1, struct.pack(">I", 1 << 24))
        client.send(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 24))
        for _ in range(sent):
            assert one.receive() == (TEXT, b"z" * 10_000)
        until(lambda: worker.say(channel, text="end") == "OK", "it goes on")
        assert one.receive() == (TEXT, b"end")


def test_a_browser_is_not_read_faster_than_workers_take(clear):
    site = clear(*ROUTE)
    with frames(site) as client, Deciding(site) as worker:
        one = Socket(client, 1, "/by-hand")
        assert worker.say(worker.connect(), accept=True) == "OK"
        assert one.status() == 200
        # Nobody listens for them, so they wait where there is room, and then here.
        frame = message(BINARY, os.urandom(50_000))
        upload = Upload(client, 1, frame * 2_000)
        upload.until_full()
        assert (client.windows[1], client.windows[0] > 0) == (0, True)
        assert upload.sent < 80 << 20
        client.ask(3, "/?3")
        assert client.content(3) == b"xxx"


def test_there_are_places_for_so_many(clear):
    site = clear("--max-http-connections", "4")
    with frames(site) as client:
        sockets = [Socket(client, stream) for stream in (1, 3, 5)]
        assert [one.status() for one in sockets] == [200] * 3
        assert Socket(client, 7).status() == 503
        assert client.until(RST_STREAM, 7)[3] == NO_ERROR
        sockets[0].send(CLOSE, close(1000))
        assert sockets[0].receive() == (CLOSE, close(1000))
        sockets[0].end()
        client.send(DATA, END_STREAM, 1)
        site.counts(2, "seaway_websocket_open")
        assert Socket(client, 9).status() == 200


def test_a_server_that_leaves_closes_them(clear):
    # Nobody takes the disconnect, which is not waited for.
    site = clear("--drain", "0")
    with frames(site) as client:
        one = Socket(client, 1)
        assert one.status() == 200
        site.program.process.terminate()
        assert one.receive()[0] == CLOSE
        one.send(CLOSE, close(1001))
        client.send(DATA, END_STREAM, 1)
        assert client.goaway() in (0, None)
    assert site.program.process.wait(PATIENCE) == 0
