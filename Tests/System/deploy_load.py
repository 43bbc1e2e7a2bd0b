"""Clients of a site whose parts are replaced under them: each answer and each frame that they get is checked.

Requests are numbered, and the answer is what was sent: whole, in pieces, or of a body that goes in pieces itself.
Sockets say numbered frames, at most a few beyond what came back, and hear the numbered posts of a group.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import threading
import time
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from harness import PATIENCE, Program

WINDOW = 2
"""Frames of a socket that may be under way."""
STREAM, UPLOAD = 3, 6
"""Of eight requests these have an answer in pieces, and a body in pieces."""
LARGE = 100_000
"""Bytes of a body that goes in pieces."""


@dataclass
class Asked:
    """A request, and what became of it: 0 when its connection ended instead."""

    client: Asker
    began: float
    is_stream: bool = False
    ended: float = 0.0
    status: int = 0
    fields: dict[str, str] | None = None
    is_right: bool = False
    error: str = ""

    def __str__(self) -> str:
        return f"{self.client.kind}: {self.status} {self.error} after {self.ended - self.began:.2f} s"


class Load:
    """All clients, on a loop in a thread of its own."""

    def __init__(self, port: int, kinds: list[str], sockets: int, clients: int, pace: float = 0.05):
        """So many of each for every kind; ``pace``: seconds between two messages of one."""
        self.port = port
        self.pace = pace
        self.asked: list[Asked] = []
        #: What no fault of anybody's explains.
        self.faults: list[str] = []
        self.browsers = [Browser(self, kind, number) for kind in kinds for number in range(sockets)]
        self.askers = [Asker(self, kind, number) for kind in kinds for number in range(clients)]
        self.is_over = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        self._thread.start()

    async def _run(self) -> None:
        browsers, askers = [each.run() for each in self.browsers], [each.run() for each in self.askers]
        await asyncio.gather(*browsers, *askers)

    def stop(self) -> None:
        """No more is said; what is under way comes to its end, or is missing in what the clients have."""
        self.is_over = True
        self._thread.join(4 * PATIENCE)
        if self._thread.is_alive():
            self.faults.append("a client hangs")

    # What came

    @property
    def failed(self) -> list[Asked]:
        return [each for each in self.asked if not each.is_right]

    def violations(self) -> list[str]:
        """Whatever was lost, doubled, wrong or out of order."""
        found = list(self.faults)
        found += [str(each) for each in self.failed]
        for each in self.browsers:
            if each.lost:
                found.append(f"{each} lost {each.lost} of {each.sent} frames")
            if each.posts and each.posts != list(range(each.posts[0], each.posts[-1] + 1)):
                found.append(f"{each} heard the posts {each.posts}")
        return found + self.disorder()

    def disorder(self, repeats: bool = False) -> list[str]:
        """What came twice or out of order.

        ``repeats``: frames may come twice, as events do whose worker died before it had acknowledged them.
        """
        found = []
        for each in self.browsers:
            if (list(dict.fromkeys(each.came)) if repeats else each.came) != sorted(set(each.came)):
                found.append(f"{each} got its frames out of order: {each.came}")
            if each.posts != sorted(set(each.posts)):
                found.append(f"{each} got posts out of order: {each.posts}")
        return found

    def summary(self) -> str:
        sent, came = sum(each.sent for each in self.browsers), sum(len(each.came) for each in self.browsers)
        heard = sum(len(each.posts) for each in self.browsers)
        return (
            f"{len(self.asked)} requests checked, {len(self.failed)} failed; {len(self.browsers)} sockets, "
            f"{came} of {sent} frames came back, {heard} posts heard"
        )


class Asker:
    """One connection that asks again and again, and is never closed by the server unless it says so."""

    def __init__(self, load: Load, kind: str, number: int):
        self.load = load
        self.kind = kind
        self.number = number

    def __str__(self) -> str:
        return f"client {self.number} of {self.kind}"

    async def run(self) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        count = 0
        while not self.load.is_over:
            count += 1
            asked = Asked(self, time.monotonic(), is_stream=count % 8 == STREAM)
            try:
                streams = streams or await asyncio.open_connection("127.0.0.1", self.load.port)
                await asyncio.wait_for(self._ask(count, asked, *streams), 2 * PATIENCE)
            except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
                asked.status, asked.error = 0, repr(error)
            asked.ended = time.monotonic()
            self.load.asked.append(asked)
            if streams and (asked.status == 0 or (asked.fields or {}).get("connection") == "close"):
                streams[1].close()
                streams = None
            await asyncio.sleep(self.load.pace)
        if streams:
            streams[1].close()

    async def _ask(self, count: int, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = f"{self.kind} {self.number} {count}".encode()
        query = ""
        if asked.is_stream:
            query = "?pieces=5"
        elif count % 8 == UPLOAD:
            said = said.ljust(LARGE, b".")
        head = f"POST /{self.kind}{query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(said)}\r\n\r\n"
        writer.write(head.encode() + said)
        asked.status, asked.fields, content = await read_answer(reader)
        asked.is_right = asked.status == 200 and content == said
        if asked.status == 200 and not asked.is_right:
            self.load.faults.append(f"{self.kind}: another answer than asked for: {content[:80]!r}")


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """The next answer of a connection, whole."""
    status = int((await reader.readuntil(b"\r\n")).split(b" ")[1])
    fields: dict[str, str] = {}
    while line := (await reader.readuntil(b"\r\n"))[:-2]:
        name, _, value = line.decode().partition(":")
        fields[name.lower()] = value.strip().lower()
    content = b""
    if "transfer-encoding" in fields:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            content += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    else:
        content = await reader.readexactly(int(fields.get("content-length", 0)))
    return status, fields, content


class Browser:
    """One WebSocket."""

    def __init__(self, load: Load, kind: str, number: int):
        self.load = load
        self.kind = kind
        self.number = number
        self.is_open = False
        self.sent = 0
        #: Up to this one frames are not waited for any more.
        self._given_up = 0
        self.came: list[int] = []
        #: Of the group, in the order in which they came.
        self.posts: list[int] = []
        self._times: list[float] = []
        self.code: int | None = None
        self._news = asyncio.Event()

    def __str__(self) -> str:
        return f"socket {self.number} of {self.kind} ({self.sent} sent, the last that came was {self.came[-1:]})"

    @property
    def lost(self) -> int:
        return self.sent - len(set(self.came))

    def came_after(self, moment: float) -> int:
        """How many frames have come back since then."""
        return sum(each > moment for each in self._times)

    async def run(self) -> None:
        uri = f"ws://127.0.0.1:{self.load.port}/{self.kind}"
        async with connect(uri, open_timeout=4 * PATIENCE, ping_interval=None, compression=None) as connection:
            self.is_open = True
            reading = asyncio.create_task(self._read(connection))
            with contextlib.suppress(ConnectionClosed):
                await self._talk(connection)
            # What nobody waits for any more would look like a socket that is closed too early.
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _talk(self, connection: ClientConnection) -> None:
        while not self.load.is_over and self.code is None:
            if not await self._room(WINDOW, PATIENCE):
                # Whatever is under way is lost: more is said all the same.
                self._given_up = self.sent
                continue
            self.sent += 1
            said = self._frame(self.sent)
            await connection.send(said)
            await asyncio.sleep(self.load.pace)
        await self._room(1, PATIENCE / 2)

    def _frame(self, number: int) -> str | bytes:
        said = f"{self.kind} {self.number} {number}"
        return said if self.number % 2 else said.encode()

    async def _room(self, window: int, patience: float) -> bool:
        """Waits until fewer frames are under way; false when it takes too long, or all is over."""
        end = time.monotonic() + patience
        while self.sent - max([self._given_up, *self.came[-1:]]) >= window:
            left = end - time.monotonic()
            if left <= 0 or self.code is not None:
                return False
            self._news.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(left, 1.0))
        return True

    async def _read(self, connection: ClientConnection) -> None:
        try:
            async for said in connection:
                self._take(said)
                self._news.set()
        except ConnectionClosed:
            pass
        self.code = connection.close_code
        self._news.set()
        self.load.faults.append(f"{self} was closed with {self.code}")

    def _take(self, said: str | bytes) -> None:
        if post := re.fullmatch(r"post (\d+)", said if isinstance(said, str) else ""):
            self.posts.append(int(post[1]))
            return
        number = int(said.split()[-1])
        if said != self._frame(number) or number > self.sent:
            self.load.faults.append(f"{self} got {said[:80]!r}")
        self.came.append(number)
        self._times.append(time.monotonic())


class Wrk:
    """As many requests as there can be, counted by wrk."""

    def __init__(self, house, port: int, kind: str, connections: int = 2):
        self.kind = kind
        url = f"http://127.0.0.1:{port}/{kind}"
        self._program: Program = house.start(["wrk", "-t1", f"-c{connections}", "-d1h", "--timeout", "30s", url])
        self._said = ""

    def stop(self) -> None:
        self._program.process.send_signal(signal.SIGINT)
        self._program.process.wait(PATIENCE)
        self._said = self._program.output()

    @property
    def requests(self) -> int:
        found = re.search(r"(\d+) requests in", self._said)
        return int(found[1]) if found else 0

    def violations(self) -> list[str]:
        found = re.findall(r"Non-2xx.*|Socket errors.*", self._said)
        if not self.requests:
            found.append(f"no requests: {self._said}")
        return [f"wrk, {self.kind}: {line.strip()}" for line in found]
