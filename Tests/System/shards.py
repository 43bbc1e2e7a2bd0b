"""A site over several brokers, under load, with faults in it; and the check of what must hold whatever happens.

Three brokers, one interface server, two workers that answer requests, two that have WebSockets, and one that answers in
pieces. A poster sends numbered posts to the group that every socket is in; sockets have what they say sent back, and
clients get pages. What was under way while something was broken may be lost, told with an answer in bounded time;
nothing else may, nothing comes twice but echoes that a fault disturbs, and no answer in pieces has a hole.
"""

from __future__ import annotations

import contextlib
import pathlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness import ROOT, SEAWAY, House, Program, Wire, free_port, until
from packets import Packets
from relay import Relay
from shard_load import CONTENT, HTTP_TIMEOUT, SLOW, Clients, Try

FAILOVER = 1.0
WARM = 1.0
GROUP = "liveblog"

STREAMER = """
import asyncio, sys
from seaway import aio

failover, piece, content, *brokers = sys.argv[1:]
worker = aio.Worker(hosts=brokers, failover=float(failover))

@worker.on("http.request.stream")
async def stream(message):
    async with message.stream() as pieces:
        for start in range(0, len(content), int(piece)):
            await pieces.write(content[start:start + int(piece)])
            # So that faults find it under way.
            await asyncio.sleep(0.02)

asyncio.run(worker.run())
"""


@dataclass
class Shard:
    """A broker, and the way to it."""

    port: int
    relay: Relay | Packets
    program: Program | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.relay.port}"

    def members(self) -> int:
        with Wire(self.port) as wire:
            return int(wire.look(f"MEMBERS {GROUP}")["total"])


class Site:
    """Everything, and what can be done to it."""

    def __init__(
        self, house: House, sockets: int = 4, brokers: int = 3, absent: int = 0, way: type[Relay | Packets] = Relay
    ):
        """``absent``: brokers at the end of the list that are not there at the beginning."""
        self.house = house
        self.windows: list[tuple[str, float, float]] = []
        self.shards = [Shard(port := free_port(), way(port)) for _ in range(brokers)]
        for shard in self.shards[: brokers - absent]:
            self.begin(shard)
        self.port = free_port()
        given = [word for shard in self.shards for word in ("--broker", shard.address)]
        self.server = house.listening(
            house.start(
                [SEAWAY, "serve", "--http", f"127.0.0.1:{self.port}", *given, "--failover", f"{FAILOVER}s",
                 "--connect-patience", "1s", "--http-timeout", f"{HTTP_TIMEOUT}s",
                 "--route", "/swift=http.request.swift", "--route", "/stream=http.request.stream"]
            ), self.port,
        )  # fmt: skip
        programs = pathlib.Path(SEAWAY).parent
        self.given = [*given, "--failover", str(int(FAILOVER * 1000))]
        for _ in range(2):
            house.start([programs / "seaway-demo-worker", *self.given])
            house.start([programs / "seaway-echo-worker", "--group", GROUP, *self.given])
        addresses = [shard.address for shard in self.shards]
        paths = {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
        house.start([sys.executable, "-c", STREAMER, FAILOVER, 512, CONTENT, *addresses], paths)
        for shard in self.shards[: brokers - absent]:
            self._wait_for_workers(shard)
        self.clients = Clients(self.port, sockets)
        self.clients.start()
        self.recovered(time.monotonic())

    def _wait_for_workers(self, shard: Shard) -> None:
        expected = {"http.request.swift": 2, "websocket.connect": 2, "http.request.stream": 1}

        def question() -> bool:
            return all(self.house.readers(shard.port, channel) == count for channel, count in expected.items())

        until(question, "all workers listen")

    def begin(self, shard: Shard) -> None:
        port = str(shard.port)
        command = [SEAWAY, "broker", "--listen", f"127.0.0.1:{port}", "--warm", f"{WARM}s", "--drain", "3s"]
        shard.program = self.house.listening(self.house.start(command), shard.port)

    # Faults

    @contextlib.contextmanager
    def fault(self, name: str) -> Iterator[float]:
        """What is under way from its beginning until everything is as before may be lost."""
        began = time.monotonic()
        yield began
        # Brokers that are back are used once they are warm.
        self.windows.append((name, began, time.monotonic() + max(WARM, FAILOVER) + 0.5))

    def recovered(self, began: float, given_up_after: float = 0.0) -> float:
        """Waits until posts come through at every socket, and then posts and echoes made when the broker was given up.

        Returns how many seconds after the beginning the first post made since has reached all sockets.
        """
        until(lambda: self.clients.reached(began), "posts reach every socket again", patience=SLOW + FAILOVER)
        took = time.monotonic() - began
        after = began + given_up_after
        self._through(after, SLOW + FAILOVER)
        return took

    def _through(self, after: float, patience: float) -> None:
        def question() -> bool:
            return self.clients.reached(after) and self.clients.echoed(after)

        try:
            until(question, "posts and echoes reach every socket", patience)
        except AssertionError as late:
            raise AssertionError("\n".join([str(late), *self.clients.behind(after), *self._logs()])) from late

    def complete(self, shard: Shard) -> None:
        """Waits until a broker that is back has its members back."""
        until(lambda: shard.members() == len(self.clients.sockets), "members are back", patience=SLOW + FAILOVER)

    def quiet(self) -> None:
        """Waits until the last fault is over and something has come through since."""
        end = max(end for _, _, end in self.windows)
        self._through(end, SLOW + end - time.monotonic())

    def kill(self, shard: Shard) -> float:
        with self.fault("kill") as began:
            self._program(shard).kill()
            took = self.recovered(began, FAILOVER)
            self.begin(shard)
            self.complete(shard)
        return took

    def hang(self, shard: Shard, seconds: float = 0.0) -> float:
        with self.fault("hang") as began:
            self._program(shard).freeze()
            took = self.recovered(began, FAILOVER)
            until(lambda: time.monotonic() > began + seconds, "it has hung long enough", patience=SLOW + seconds)
            self._program(shard).process.send_signal(signal.SIGCONT)
            self.complete(shard)
        return took

    def cut(self, shard: Shard) -> float:
        with self.fault("cut") as began:
            shard.relay.cut()
            took = self.recovered(began, FAILOVER)
            shard.relay.mend()
            self.complete(shard)
        return took

    def drain(self, shard: Shard) -> float:
        """Nothing may be lost, but in the time in which members come back it may be late."""
        with self.fault("drain") as began:
            assert self._program(shard).terminate() == 0
            took = self.recovered(began)
            self.begin(shard)
            self.complete(shard)
        return took

    def restart(self, shard: Shard) -> float:
        """Comes back empty before anybody has given it up."""
        with self.fault("restart") as began:
            self._program(shard).kill()
            self.begin(shard)
            took = self.recovered(began, FAILOVER)
            self.complete(shard)
        return took

    def add(self, shard: Shard) -> float:
        with self.fault("add") as began:
            self.begin(shard)
            took = self.recovered(began)
            self.complete(shard)
        return took

    @staticmethod
    def _program(shard: Shard) -> Program:
        assert shard.program is not None
        return shard.program

    def _logs(self) -> Iterator[str]:
        for program in self.house.programs:
            yield f"--- {' '.join(program.command)}"
            yield program.output()

    # The end

    def close(self) -> None:
        self.clients.is_over.set()
        for each in self.clients.sockets:
            each.close()
        for shard in self.shards:
            shard.relay.close()

    def violations(self) -> list[str]:
        """What must hold and did not; to be asked once, at the end."""
        self.quiet()
        self.clients.stop()
        # What was answered last may still be on its way.
        with contextlib.suppress(AssertionError):
            until(lambda: not self._lost(), "everything has come", patience=2.0)
        found = list(self.clients.faults)
        found += self._lost() + self._twice() + self._disordered() + self._unanswered()
        if not self.server.is_running:
            found.append("the interface server has ended")
        return found

    def _is_disturbed(self, attempt: Try) -> bool:
        return any(began <= attempt.ended and attempt.began <= end for _, began, end in self.windows)

    def _lost(self) -> list[str]:
        lost = []
        for each in self.clients.sockets:
            came = set(each.posts)
            for number, post in self.clients.posts.items():
                if post.status == 200 and number not in came and not self._is_disturbed(post):
                    lost.append(f"socket {each.number} has not got post {number}")
            for number, echo in each.echoes.items():
                if echo.status and number not in each.came and not self._is_disturbed(echo):
                    lost.append(f"socket {each.number} has not got its echo {number}")
        return lost

    def _twice(self) -> list[str]:
        found = []
        for each in self.clients.sockets:
            if len(each.posts) != len(set(each.posts)):
                found.append(f"socket {each.number} got a post twice")
            # An event whose acknowledgement the fault has cut off is done again (D13).
            came = [number for number in each.came if not self._is_disturbed(each.echoes[number])]
            if len(came) != len(set(came)):
                found.append(f"socket {each.number} got an echo twice")
        return found

    def _disordered(self) -> list[str]:
        found = []
        for each in self.clients.sockets:
            posts = [number for number in each.posts if not self._is_disturbed(self.clients.posts[number])]
            if posts != sorted(posts):
                found.append(f"socket {each.number} got posts out of order")
        return found

    def _unanswered(self) -> list[str]:
        found = []
        asked = [("a post", attempt, 2 * HTTP_TIMEOUT) for attempt in self.clients.posts.values()]
        asked += [("a page", attempt, 2 * HTTP_TIMEOUT) for attempt in self.clients.pages]
        # The beginning is waited for, and then each piece.
        asked += [("a stream", attempt, 4 * HTTP_TIMEOUT) for attempt in self.clients.streams]
        for what, attempt, limit in asked:
            seconds = attempt.ended - attempt.began
            if seconds > limit:
                found.append(f"an answer took {seconds:.1f} s, {attempt.status} for {what}")
            if attempt.status != 200 and not self._is_disturbed(attempt):
                since = min((attempt.began - end for _, _, end in self.windows if end < attempt.began), default=-1)
                found.append(f"{attempt.status} for {what} outside of any fault, {since:.2f} s after the last")
            if attempt.status not in (0, 200, 500, 502, 503, 504):
                found.append(f"{attempt.status} for {what}")
        return found

    def summary(self) -> str:
        statuses: dict[int, int] = {}
        for attempt in [*self.clients.posts.values(), *self.clients.pages]:
            statuses[attempt.status] = statuses.get(attempt.status, 0) + 1
        echoes = sum(len(each.echoes) for each in self.clients.sockets)
        back = sum(len(each.came) for each in self.clients.sockets)
        came = sum(len(each.posts) for each in self.clients.sockets)
        whole = sum(each.status == 200 for each in self.clients.streams)
        told = ", ".join(f"{count} of {status}" for status, count in sorted(statuses.items()))
        return (
            f"{len(self.windows)} faults; answers: {told}; {self.clients.posted} posts, {came} of "
            f"{self.clients.posted * len(self.clients.sockets)} came; {back} of {echoes} echoes came; "
            f"{whole} of {len(self.clients.streams)} streams were whole"
        )


FAULTS: dict[str, Callable[[Site, Shard], float]] = {
    "kill": Site.kill, "hang": Site.hang, "cut": Site.cut, "drain": Site.drain, "restart": Site.restart,
}  # fmt: skip
