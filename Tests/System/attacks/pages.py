"""Attacks on the interface server by browsers that are none: its memory, its time, and what it reads."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

from attacks.attack import attack
from attacks.target import PATIENCE, Target
from frames2 import Frames
from harness import get
from test_greedy_strangers import closing_code, frame, opened, seconds_of_processor, written
from test_http2_floods import (
    flood_of_continuations,
    flood_of_empty_data,
    flood_of_pings,
    flood_of_resets,
    flood_of_settings,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#: 28 KB of a head, without its end.
HEAD = GET[:-2] + b"".join(b"X-%d: %s\r\n" % (number, b"x" * 300) for number in range(90)) + b"X-Last: "


def start(target: Target, *options: str) -> None:
    target.broker()
    target.server(*options)


@attack("time")
def nobody_browses(target: Target) -> str:
    """An innocent browser and its worker alone"""
    start(target)
    with target.measured():
        for _ in target.for_a_while():
            time.sleep(0.05)
    return "nothing: what an innocent browser notices of this machine"


@attack("memory")
def pipelined_requests(target: Target) -> str:
    """Strangers who pipeline the shortest requests, which nobody answers"""
    start(target)
    strangers = [target.stranger() for _ in range(target.many(200, 100))]
    with target.measured():
        total = target.offer(strangers, GET * 10_000) // len(GET)
    return f"{len(strangers)} strangers pipeline; {total:,} requests of {len(GET)} bytes were taken"


@attack("memory")
def every_place_of_the_server_taken(target: Target) -> str:
    """Strangers who say nothing hold every place that there is for browsers"""
    start(target, "--max-http-connections", "300")
    with target.measured():
        for _ in range(400):
            target.stranger()
        for _ in target.for_a_while():
            time.sleep(0.05)
    return "400 strangers where 300 connections may be, none of whom asks for anything"


@attack("memory")
def posts_without_end(target: Target) -> str:
    """Posts whose bodies are announced, and never come"""
    # Of the 256 MiB that may be held, each announces one.
    start(target, "--body-inline", "1M")
    with target.measured():
        for _ in range(300):
            target.stranger().sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n{")
        for _ in target.for_a_while():
            time.sleep(0.05)
    return "300 POST that announce 1 MB, with --body-inline 1M, and send one byte of it"


@attack("memory")
def large_posts_without_end(target: Target) -> str:
    """Posts of a megabyte, whose bodies would go in pieces, all but the last byte, to nobody"""
    start(target)
    posts = 257
    data = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n" + bytes((1 << 20) - 1)
    with target.measured():
        size = target.offer([target.stranger() for _ in range(posts)], data, again=False)
    return f"{posts} POST of 1 MB that do not end; {size >> 20} MB of them were taken"


@attack("memory")
def heads_that_dribble(target: Target) -> str:
    """Heads of 30 KB, nearly whole, of which one byte comes at a time"""
    target.broker()
    server = target.server()
    strangers = [target.stranger() for _ in range(target.many(400, 200))]
    for stranger in strangers:
        stranger.sendall(HEAD)
    count = 0
    with target.measured():
        begun, spent = time.monotonic(), seconds_of_processor(server)
        for _ in target.for_a_while():
            for stranger in strangers:
                stranger.sendall(b"x")
            count += len(strangers)
            time.sleep(0.05)
        share = 100 * (seconds_of_processor(server) - spent) / (time.monotonic() - begun)
    target.own("% of a core", round(share), most=50)
    return f"{count:,} bytes, one at a time, behind heads of 28 KB on {len(strangers)} connections"


@attack("memory")
def chunks_of_a_byte(target: Target) -> str:
    """Bodies of chunks of one byte, each with an extension as long as it may be"""
    start(target)
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = head + (b"1;" + b"x" * 500 + b"\r\na\r\n") * 2_000
    count = refused = 0
    with target.measured():
        for _ in target.for_a_while():
            with socket.create_connection(("127.0.0.1", target.http_port), timeout=PATIENCE) as stranger:
                writer = threading.Thread(target=written, args=(stranger, body))
                writer.start()
                refused += stranger.recv(1_000).startswith(b"HTTP/1.1 400 ")
                stranger.shutdown(socket.SHUT_RDWR)
                writer.join(PATIENCE)
            count += 1
    target.own("not refused", count - refused, most=0)
    return f"{count:,} bodies of 2,000 chunks of one byte, each with 500 bytes beside it"


#: What is answered with 400 at once, and the connection closed.
BAD = {
    "a chunk of 2^63 bytes": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\n",
    "two spaces": b"GET  /a HTTP/1.1\r\nHost: a\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
}


@attack("rights")
def requests_that_are_none(target: Target) -> str:
    """Chunk sizes beyond all numbers, `GET  /a` and their like, on one connection after the other"""
    start(target)
    count = refused = 0
    with target.measured():
        for number in target.for_a_while():
            with socket.create_connection(("127.0.0.1", target.http_port), timeout=PATIENCE) as stranger:
                stranger.sendall(list(BAD.values())[number % len(BAD)])
                refused += stranger.recv(100).startswith(b"HTTP/1.1 400 ")
            count += 1
    target.own("not refused", count - refused, most=0)
    return f"{count:,} requests that are none ({', '.join(BAD)})"


@attack("rights")
def half_requests_for_the_metrics(target: Target) -> str:
    """Half requests hold the places of those who read the counters"""
    start(target)
    halves = scraped = 0
    with target.measured():
        for number in target.for_a_while():
            half = target.stranger(target.metrics_port)
            half.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n")
            halves += 1
            if number % 16 == 15:
                scraped += b"seaway_connections_open" in get(target.metrics_port, "/metrics").body
                time.sleep(0.01)
    target.own("scrapes of them that failed", halves // 16 - scraped, most=0)
    return f"{halves:,} half requests at --metrics; {scraped} scrapes between them"


@attack("rights")
def http2_floods(target: Target) -> str:
    """Resets, pings, settings, continuations and empty frames of HTTP/2, on one connection after the other"""
    start(target, "--http2-cleartext")
    floods = [
        flood_of_resets, flood_of_pings, flood_of_settings, flood_of_continuations, flood_of_empty_data,
    ]  # fmt: skip
    count = frames = 0
    with target.measured():
        for number in target.for_a_while():
            stranger = socket.create_connection(("127.0.0.1", target.http_port), timeout=PATIENCE)
            with Frames(stranger) as client, contextlib.suppress(ConnectionError):
                data = floods[number % len(floods)](client)
                frames += len(data) // 9
                stranger.sendall(data)
                # Up to the end, which is the server's.
                client.goaway()
            count += 1
    return f"{count:,} connections with floods of up to {frames // max(1, count):,} frames each"


def asked(target: Target) -> socket.socket:
    """A WebSocket that no worker has accepted yet."""
    stranger = target.stranger()
    stranger.sendall(
        b"GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    return stranger


def open_sockets(target: Target, count: int) -> list[socket.socket]:
    worker = target.attacker()
    worker.listen("websocket.connect", 1_000_000)
    sockets = []
    for _ in range(count):
        stranger = asked(target)
        worker.write(f'SEND :- {worker.take()["reply_channel"]} {{"accept":true}}\n')
        head = b""
        while b"\r\n\r\n" not in head:
            head += stranger.recv(4_096)
        assert head.startswith(b"HTTP/1.1 101 "), head
        sockets.append(stranger)
    return sockets


def masked(opcode: int, payload: bytes, announced: int | None = None) -> bytes:
    """A frame whose mask changes nothing."""
    size = len(payload) if announced is None else announced
    return struct.pack(">BBQ", opcode, 0xFF, size) + b"\0\0\0\0" + payload


@attack("memory")
def sockets_with_unfinished_messages(target: Target) -> str:
    """WebSockets that send a megabyte each, and never the end of it"""
    start(target)
    sockets = open_sockets(target, target.many(400, 200))
    data = masked(0x02, b"x" * 500_000) + masked(0x00, b"x" * 500_000)
    with target.measured():
        size = target.offer(sockets, data, again=False)
    return f"{len(sockets)} WebSockets with an unfinished message of 1 MB; {size >> 20} MB were taken"


@attack("memory")
def sockets_that_do_not_read(target: Target) -> str:
    """WebSockets in a group that is sent much, and none of them reads"""
    start(target)
    worker, sender = target.attacker(), target.attacker()
    worker.listen("websocket.connect", 1_000_000)
    count = target.many(400, 100)
    for _ in range(count):
        asked(target)
        reply = worker.take()["reply_channel"]
        worker.write(f'SEND :- {reply} {{"accept":true}}\n')
        sender.ask(f"JOIN g {reply}")
    body = '{"text":"' + "x" * 100_000 + '"}'
    sends = 0
    with target.measured():
        for _ in target.for_a_while():
            sender.ask(f"GSEND :{len(body)} g\n{body}")
            sends += 1
            time.sleep(0.05)
    return f"{count} WebSockets that do not read; {sends} group messages of 100 KB"


@attack("rights")
def deflated_nothing(target: Target) -> str:
    """Compressed messages that stand for nothing: empty blocks by the megabyte"""
    target.broker()
    server = target.server()
    worker = target.attacker()
    worker.listen("websocket.connect", 1_000_000)
    payload = b"\x03\x00" * 500_000
    frames = closed = 0
    with target.measured():
        begun, spent = time.monotonic(), seconds_of_processor(server)
        for _ in target.for_a_while():
            with opened(target.http_port, worker) as browser:
                writer = threading.Thread(target=written, args=(browser, frame(payload)))
                writer.start()
                with contextlib.suppress(OSError):
                    closed += closing_code(browser) == 1007
                frames += 1
                browser.close()
                writer.join(PATIENCE)
        share = 100 * (seconds_of_processor(server) - spent) / (time.monotonic() - begun)
    target.own("not closed", frames - closed, most=0)
    target.own("% of a core", round(share), most=100)
    return f"{frames:,} messages of 1 MB of empty blocks"
