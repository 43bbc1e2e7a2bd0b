"""The same attacks, as far as there is such a thing, on Redis, NATS and uvicorn: their figures stand beside ours."""

from __future__ import annotations

import os
import re
import shutil
import socket
import time

from attacks.attack import Missing, attack
from attacks.figures import MB
from attacks.pages import GET, HEAD
from attacks.target import Target, taken
from harness import ROOT, Program, free_port
from test_greedy_strangers import seconds_of_processor


def program(name: str) -> str:
    """The path of a peer, as `make bench` installs it, or as it is there."""
    for folder in ("peers", "python"):
        path = ROOT / ".build" / folder / "bin" / name
        if os.access(path, os.X_OK):
            return str(path)
    found = shutil.which(name)
    if not found:
        raise Missing(f"{name} is not installed; `make bench` installs it")
    return found


class Lines:
    """A client of a protocol of lines."""

    def __init__(self, target: Target, port: int, receive: int = 0):
        self.socket = target.stranger(port, receive)
        self.input = self.socket.makefile("rb", 1 << 18)

    def write(self, text: str | bytes) -> None:
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def until(self, end: bytes) -> None:
        """Reads until a line begins so."""
        for line in self.input:
            if line.startswith(end):
                return
        raise EOFError("the server has closed the connection")


# ---- Redis


class Redis:
    def __init__(self, target: Target, *options: str):
        self.target, self.port = target, free_port()
        command = [program("redis-server"), "--port", self.port, "--bind", "127.0.0.1", "--save", "", *options]
        self.program = target.house.listening(target.house.start(command), self.port)
        self.asker: Lines | None = None
        target.watch_peer(self.program, self.port, "redis", self.account)

    def client(self, receive: int = 0) -> Lines:
        return Lines(self.target, self.port, receive)

    def account(self) -> float:
        """used_memory in MB."""
        self.asker = self.asker or self.client()
        self.asker.write("INFO memory\r\n")
        head = self.asker.input.readline()
        text = self.asker.input.read(int(head[1:]) + 2)
        found = re.search(rb"used_memory:(\d+)", text)
        return int(found[1]) / MB if found else 0.0


def pings(target: Target, port: int) -> str:
    """As many as go, of the form that both protocols have."""
    with target.measured():
        total = target.flood(port, 100, b"PING\r\n" * 50_000)
    return f"100 connections, {total // 6:,} PING in {target.seconds:g} s"


@attack("Redis")
def redis_ping_flood(target: Target) -> str:
    """Nothing but PING, as fast as it goes, from a hundred connections"""
    redis = Redis(target)
    return pings(target, redis.port)


@attack("Redis")
def redis_publish_in_a_row(target: Target) -> str:
    """PUBLISH to ten thousand subscriptions, many of them in one write"""
    redis = Redis(target)
    for _ in range(1_000):
        reader = redis.client()
        reader.write("SUBSCRIBE g\r\n")
        reader.until(b":1")
    client = redis.client()
    count = target.many(1_000, 200)
    with target.measured():
        client.write("PUBLISH g {}\r\n" * count + "PING\r\n")
        client.until(b"+PONG")
    return f"{count} PUBLISH to 1,000 subscribers in one write"


@attack("Redis")
def redis_patterns(target: Target) -> str:
    """One hundred PSUBSCRIBE of patterns that match nearly, and messages to long names"""
    redis = Redis(target)
    tail, client = redis.client(), redis.client()
    for number in range(100):
        tail.write(f"PSUBSCRIBE *{'a' * 125}{chr(98 + number % 20)}{'x' * (number // 20)}\r\n")
        tail.until(b":")
    count = target.many(2_000, 1_000)
    with target.measured():
        client.write("".join(f"PUBLISH {f'm.{number}.'.ljust(250, 'a')} 1\r\n" for number in range(count)) + "PING\r\n")
        client.until(b"+PONG")
    return f"100 PSUBSCRIBE, {count:,} PUBLISH to names of 250 bytes"


@attack("Redis")
def redis_keys_of_a_pattern(target: Target) -> str:
    """KEYS of a pattern that matches nothing, nearly, of very many long names"""
    redis = Redis(target)
    client = redis.client()
    count = target.many(99_000, 20_000)
    names = "".join(f"SET {f'm.{number}.'.ljust(250, 'a')} 1\r\n" for number in range(count))
    for start in range(0, len(names), 1 << 20):
        client.write(names[start : start + (1 << 20)])
    client.write("PING\r\n")
    client.until(b"+PONG")
    with target.measured():
        client.write(f"KEYS m*{'a' * 120}b\r\nKEYS m{'*a' * 20}b\r\nPING\r\n")
        client.until(b"+PONG")
    return f"2 KEYS among {count:,} names of 250 bytes"


@attack("Redis")
def redis_unread_messages(target: Target) -> str:
    """A large message to subscribers that do not read"""
    redis = Redis(target, "--maxmemory", "64mb")
    members = target.many(100, 25)
    for _ in range(members):
        reader = redis.client(receive=4_096)
        reader.write("SUBSCRIBE g\r\n")
        reader.until(b":1")
    client = redis.client()
    body = b"x" * 12_000_000
    with target.measured():
        client.write(b"*3\r\n$7\r\nPUBLISH\r\n$1\r\ng\r\n$%d\r\n%s\r\nPING\r\n" % (len(body), body))
        client.until(b"+PONG")
        time.sleep(0.5)
    return f"one PUBLISH of 12 MB to {members} subscribers that do not read, at maxmemory 64mb"


@attack("Redis")
def redis_unread_answers(target: Target) -> str:
    """Answers of a megabyte, asked for again and again before any is read"""
    redis = Redis(target, "--maxmemory", "64mb")
    client = redis.client(receive=4_096)
    client.write(b"*3\r\n$3\r\nSET\r\n$1\r\nc\r\n$1000000\r\n" + b"x" * 1_000_000 + b"\r\n")
    client.until(b"+OK")
    count = target.many(300, 100)
    with target.measured():
        client.write("GET c\r\n" * count)
        time.sleep(2)
    return f"{count} GET of 1 MB, unread, at maxmemory 64mb"


@attack("Redis")
def redis_bodies_only_announced(target: Target) -> str:
    """Values that are announced, and never come"""
    redis = Redis(target, "--maxmemory", "1gb")
    with target.measured():
        for _ in range(580):
            redis.client().write("*3\r\n$3\r\nSET\r\n$1\r\nc\r\n$2097152\r\nx")
        for _ in target.for_a_while():
            time.sleep(0.05)
    return "580 connections announce 2 MB each, and send one byte of each"


# ---- NATS


class Nats:
    def __init__(self, target: Target):
        self.target, self.port = target, free_port()
        command = [program("nats-server"), "-a", "127.0.0.1", "-p", self.port]
        self.program = target.house.listening(target.house.start(command), self.port)
        target.watch_peer(self.program, self.port, "nats", lambda: None)

    def client(self, receive: int = 0) -> Lines:
        client = Lines(self.target, self.port, receive)
        client.write('CONNECT {"verbose":false}\r\nPING\r\n')
        client.until(b"PONG")
        return client


@attack("NATS")
def nats_ping_flood(target: Target) -> str:
    """Nothing but PING, as fast as it goes, from a hundred connections"""
    nats = Nats(target)
    return pings(target, nats.port)


@attack("NATS")
def nats_publish_in_a_row(target: Target) -> str:
    """PUB to ninety-nine thousand subscriptions of one connection, many of them in one write"""
    nats = Nats(target)
    reader, client = nats.client(), nats.client()
    members, count = target.many(99_000, 20_000), target.many(100, 50)
    reader.write("".join(f"SUB g {number}\r\n" for number in range(members)) + "PING\r\n")
    reader.until(b"PONG")
    with target.measured():
        client.write("PUB g 2\r\n{}\r\n" * count + "PING\r\n")
        client.until(b"PONG")
    return f"{count} PUB to {members:,} subscriptions of one connection that does not read"


@attack("NATS")
def nats_unread_messages(target: Target) -> str:
    """Large messages to subscribers that do not read"""
    nats = Nats(target)
    members = target.many(100, 25)
    for number in range(members):
        reader = nats.client(receive=4_096)
        reader.write(f"SUB g {number}\r\nPING\r\n")
        reader.until(b"PONG")
    client = nats.client()
    body = b"x" * 1_000_000
    with target.measured():
        client.write((b"PUB g %d\r\n%s\r\n" % (len(body), body)) * 12 + b"PING\r\n")
        client.until(b"PONG")
        time.sleep(0.5)
    return f"12 PUB of 1 MB to {members} subscribers that do not read"


@attack("NATS")
def nats_bodies_only_announced(target: Target) -> str:
    """Messages that are announced, and never come"""
    nats = Nats(target)
    with target.measured():
        for _ in range(580):
            nats.client().write("PUB g 1000000\r\n{")
        for _ in target.for_a_while():
            time.sleep(0.05)
    return "580 connections announce 1 MB each, and send one byte of it"


# ---- uvicorn


class Uvicorn:
    def __init__(self, target: Target):
        self.port = target.http_port
        command = [program("uvicorn"), "--port", self.port, "--no-access-log", "--app-dir", ROOT / "Benchmarks/peers"]
        self.program: Program = target.house.start([*command, "least:application"])
        target.house.listening(self.program, self.port)
        target.watch_peer(self.program, self.port, "plain", lambda: None)


@attack("uvicorn")
def uvicorn_pipelined_requests(target: Target) -> str:
    """Strangers who pipeline the shortest requests, and read no answer"""
    Uvicorn(target)
    strangers = [target.stranger(receive=4_096) for _ in range(target.many(200, 100))]
    with target.measured():
        total = target.offer(strangers, GET * 10_000) // len(GET)
    return f"{len(strangers)} strangers pipeline; {total:,} requests of {len(GET)} bytes were taken"


@attack("uvicorn")
def uvicorn_heads_that_dribble(target: Target) -> str:
    """Heads of 28 KB, nearly whole, of which one byte comes at a time"""
    uvicorn = Uvicorn(target)
    strangers = [target.stranger() for _ in range(target.many(400, 200))]
    for stranger in strangers:
        stranger.sendall(HEAD)
    count = 0
    with target.measured():
        begun, spent = time.monotonic(), seconds_of_processor(uvicorn.program)
        for _ in target.for_a_while():
            # It may have closed them by now.
            count += sum(taken(stranger, b"x") for stranger in strangers)
            time.sleep(0.05)
        share = 100 * (seconds_of_processor(uvicorn.program) - spent) / (time.monotonic() - begun)
    target.own("% of a core", round(share))
    return f"{count:,} bytes, one at a time, behind heads of 28 KB on {len(strangers)} connections"


@attack("uvicorn")
def uvicorn_half_requests(target: Target) -> str:
    """Four hundred half requests, and nothing more of them"""
    Uvicorn(target)
    strangers = [target.stranger() for _ in range(400)]
    for stranger in strangers:
        stranger.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
    with target.measured():
        for _ in target.for_a_while():
            time.sleep(0.05)
    strangers[0].settimeout(1)
    try:
        closed = strangers[0].recv(1) == b""
    except socket.timeout:
        closed = False
    return f"400 half requests, {'closed' if closed else 'all held'} after {target.seconds:g} s"


@attack("uvicorn")
def uvicorn_posts_without_end(target: Target) -> str:
    """Posts of a megabyte, all but the last byte, whose application waits for it"""
    Uvicorn(target)
    posts = 257
    data = b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n" + bytes((1 << 20) - 1)
    with target.measured():
        size = target.offer([target.stranger() for _ in range(posts)], data, again=False)
    return f"{posts} POST of 1 MB that do not end; {size >> 20} MB of them were taken"
