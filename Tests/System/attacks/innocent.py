"""Somebody who asks a little every 5 ms, in a process of its own, and is measured while others attack.

    innocent.py wire PORT HELLO              a client of the broker: SEND to itself, and PING
    innocent.py pages PORT BROKER HELLO      a browser of the interface server, and the worker that answers it
    innocent.py redis|nats PORT              what `wire` does, at other brokers
    innocent.py plain PORT                   what `pages` does, at servers that answer by themselves

HELLO may be empty. Now and then it comes anew, on a connection more, and does what newcomers do. It says `ready` when
it has begun and, when its input ends, what it found as JSON: its delays in seconds, how often it was refused, and what
was said then at first.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import socket
import sys
import time
from dataclasses import dataclass

#: Seconds between two turns.
PAUSE = 0.005
#: Turns after which it comes anew.
NEWCOMER = 20
#: Seconds after which whoever does not answer counts as one who refuses.
PATIENCE = float(os.environ.get("INNOCENT_PATIENCE", "60"))
#: How many refusals are told in their own words.
TOLD = 5
NAME = f"innocent.{os.getpid()}"


class Refused(Exception):
    """What came in place of an answer."""


class Stream:
    """A connection, and what was read of it and not yet looked at."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""

    def write(self, data: bytes) -> None:
        self.socket.sendall(data)

    def fill(self) -> None:
        try:
            piece = self.socket.recv(65_536)
        except socket.timeout:
            raise Refused(f"no answer in {PATIENCE:.0f} s") from None
        if not piece:
            raise Refused(f"cut off: {self.data[-80:].decode(errors='replace')}")
        self.data += piece

    def until(self, end: bytes) -> bytes:
        """All that comes up to this."""
        while end not in self.data:
            self.fill()
        found, _, self.data = self.data.partition(end)
        return found + end

    def exactly(self, size: int) -> bytes:
        while len(self.data) < size:
            self.fill()
        found, self.data = self.data[:size], self.data[size:]
        return found


@dataclass(frozen=True)
class Words:
    """What is said in a protocol of lines, each time with a PING behind it, whose answer ends all answers."""

    #: On every connection, at first; and then on that which asks, and on that of a newcomer.
    hello: str
    first: str
    newcomer: str
    #: Each turn.
    turn: str
    ping: str
    end: bytes
    #: A line that refuses.
    refusal: bytes


class LineClient:
    def __init__(self, port: int, words: Words):
        self.port, self.words = port, words
        self.refusal = re.compile(words.refusal, re.MULTILINE)
        self.again()

    def ask(self, stream: Stream, text: str) -> None:
        stream.write((text + self.words.ping).encode())
        refused = self.refusal.search(stream.until(self.words.end))
        if refused:
            raise Refused(refused[0].decode(errors="replace"))

    def again(self) -> None:
        """The connection that asks, in the place of one that has failed."""
        self.stream = Stream(self.port)
        self.ask(self.stream, self.words.hello + self.words.first)

    def turn(self) -> None:
        self.ask(self.stream, self.words.turn)

    def come_anew(self) -> None:
        stream = Stream(self.port)
        try:
            self.ask(stream, self.words.hello + self.words.newcomer)
        finally:
            stream.socket.close()


def wire(hello: str) -> Words:
    group, new = f"{NAME}.group", f"{NAME}.new"
    comes = [f"LISTEN {new}", f"JOIN {group} {new}", f"WATCH {group} {new}", f"LEAVE {group} {new}"]
    if not hello:
        # A token of an innocent one has no right to this.
        comes.append(f"TAIL {new}")
    return Words(
        hello=f"{hello}\n" if hello else "", first=f"LISTEN {NAME}\n", newcomer="".join(f"{line}\n" for line in comes),
        turn=f'READY 1\nSEND :- {NAME} {{"n":1}}\n', ping="PING\n", end=b"PONG\n", refusal=rb"^(?:ERR|BYE) .*",
    )  # fmt: skip


REDIS = Words(
    hello="", first="", newcomer=f"SET {NAME} 1 EX 60\r\nGET {NAME}\r\n", turn=f"SET {NAME} 1 EX 60\r\n",
    ping="PING\r\n", end=b"+PONG\r\n", refusal=rb"^-.*",
)  # fmt: skip
NATS = Words(
    hello='CONNECT {"verbose":false}\r\n', first=f"SUB {NAME} 1\r\n", newcomer=f"SUB {NAME}.new 1\r\n",
    turn=f"PUB {NAME} 1\r\n1\r\n", ping="PING\r\n", end=b"PONG\r\n", refusal=rb"^-ERR.*",
)  # fmt: skip


class Browser:
    """A browser that gets a page and posts a form in turn, and, where it is told of a broker, the worker of both."""

    def __init__(self, port: int, broker: int = 0, hello: str = ""):
        self.port = port
        self.turns = 0
        self.worker: Stream | None = None
        if broker:
            self.worker = Stream(broker)
            self.worker.write(f"{hello}\n".encode() if hello else b"")
            self.worker.write(b"LISTEN http.request.innocent\nREADY 1000000000\nPING\n")
            self.worker.until(b"PONG\n")
        self.again()

    def again(self) -> None:
        self.stream = Stream(self.port)

    def turn(self) -> None:
        self.turns += 1
        self.get(self.stream, posts=self.turns % 2 == 0)

    def come_anew(self) -> None:
        stream = Stream(self.port)
        try:
            self.get(stream, posts=False)
        finally:
            stream.socket.close()

    def get(self, stream: Stream, posts: bool) -> None:
        request = "POST" if posts else "GET"
        body = "Content-Length: 7\r\n\r\nname=me" if posts else "\r\n"
        stream.write(f"{request} /innocent HTTP/1.1\r\nHost: innocent\r\n{body}".encode())
        while b"\r\n\r\n" not in stream.data:
            self.answer_or_read(stream)
        head = stream.until(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        body_text = stream.exactly(int(length[1]) if length else 0)
        if not head.startswith(b"HTTP/1.1 200 "):
            raise Refused(f"{head.splitlines()[0].decode()}: {body_text[:80].decode(errors='replace').strip()}")

    def answer_or_read(self, stream: Stream) -> None:
        """Does the worker's part until something comes for the browser."""
        if not self.worker:
            stream.fill()
            return
        ready = select.select([stream.socket, self.worker.socket], [], [], PATIENCE)[0]
        if not ready:
            raise Refused(f"no answer in {PATIENCE:.0f} s")
        if self.worker.socket in ready:
            self.worker.fill()
            while found := re.search(rb'"reply_channel":"([^"]+)"', self.worker.data):
                # Whatever stands around it is of no interest, nor are answers.
                self.worker.data = self.worker.data[found.end() :]
                self.worker.write(b'SEND :- %s {"status":200,"content":"hello"}\n' % found[1])
        if stream.socket in ready:
            stream.fill()


def main() -> None:
    kind, port = sys.argv[1], int(sys.argv[2])
    client: LineClient | Browser
    if kind == "pages":
        client = Browser(port, int(sys.argv[3]), sys.argv[4])
    elif kind == "plain":
        client = Browser(port)
    else:
        client = LineClient(port, {"redis": REDIS, "nats": NATS}.get(kind) or wire(sys.argv[3]))
    client.turn()
    print("ready", flush=True)
    delays: list[float] = []
    refused: list[str] = []
    turns = 0
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        turns += 1
        begun = time.perf_counter()
        try:
            client.turn()
            delays.append(time.perf_counter() - begun)
            if turns % NEWCOMER == 0:
                client.come_anew()
        except (OSError, Refused) as error:
            refused.append(str(error))
            # Who is refused at every turn asks no oftener than who is answered.
            with contextlib.suppress(OSError, Refused):
                client.again()
    print(json.dumps({"delays": delays, "refused": len(refused), "said": refused[:TOLD]}))


if __name__ == "__main__":
    main()
