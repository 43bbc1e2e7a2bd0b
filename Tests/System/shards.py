"""A site over several brokers, under load, with faults in it; and the check of what must hold whatever happens.

Three brokers, one interface server, two workers that answer requests and two that have WebSockets. A poster sends numbered posts to the
group that every socket is in; sockets have what they say sent back; a client gets pages. What was under way while something was broken may be lost, told
with an answer in bounded time; nothing else may, and nothing comes twice.
"""

from __future__ import annotations

import contextlib
import http.client
import pathlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness import SEAWAY, House, Program, Wire, free_port, until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

FAILOVER = 1.0
WARM = 1.0
HTTP_TIMEOUT = 4.0
GROUP = "liveblog"
PACE = 0.02
"""Seconds between two messages of one client: the load is to be there, not to be the fault."""
SLOW = 10.0
"""More than any step of the failover takes, on a machine that does much else."""


class Relay:
    """Stands before a broker and can swallow whatever comes: a cable that is cut, with no word to either end."""

    def __init__(self, target: int):
        self.target = target
        self.port = free_port()
        self._is_cut = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._sockets: set[socket.socket] = {self._listener}
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._is_cut.set()

    def mend(self) -> None:
        """Ends what was swallowed from: bytes are missing there."""
        self._is_cut.clear()
        for each in self._sockets - {self._listener}:
            self._end(each)

    def close(self) -> None:
        for each in list(self._sockets):
            self._end(each)

    def _end(self, each: socket.socket) -> None:
        self._sockets.discard(each)
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.add(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            broker = socket.create_connection(("127.0.0.1", self.target), 5)
        except OSError:
            if not self._is_cut.is_set():
                self._end(client)
            return
        broker.settimeout(None)
        self._sockets.add(broker)
        threading.Thread(target=self._move, args=(broker, client), daemon=True).start()
        self._move(client, broker)

    def _move(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65_536):
                if not self._is_cut.is_set():
                    other.sendall(data)
        if not self._is_cut.is_set():
            self._end(one)
            self._end(other)


@dataclass
class Shard:
    """A broker, and the way to it."""

    port: int
    relay: Relay
    program: Program | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.relay.port}"

    def members(self) -> int:
        with Wire(self.port) as wire:
            return int(wire.look(f"MEMBERS {GROUP}")["total"])


@dataclass
class Try:
    """Something that was sent, and what became of it."""

    began: float
    ended: float = 0.0
    status: int = 0


class Clients:
    """The load; everything that comes is noted."""

    def __init__(self, port: int, sockets: int):
        self.port = port
        self.is_over = threading.Event()
        self.posts: dict[int, Try] = {}
        self.pages: list[Try] = []
        self.faults: list[str] = []
        self.sockets = [Browser(port, number, self) for number in range(sockets)]
        self.threads = [threading.Thread(target=self._post, daemon=True), threading.Thread(target=self._get, daemon=True)]

    def start(self) -> None:
        for each in self.sockets:
            each.start()
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join(HTTP_TIMEOUT + SLOW)
            if thread.is_alive():
                self.faults.append("a request hangs")

    def _post(self) -> None:
        number = 0
        while not self.is_over.wait(PACE):
            number += 1
            self.posts[number] = attempt = Try(time.monotonic())
            self._ask("POST", str(number).encode(), attempt)

    def _get(self) -> None:
        while not self.is_over.wait(PACE):
            attempt = Try(time.monotonic())
            self._ask("GET", None, attempt)
            self.pages.append(attempt)

    def _ask(self, method: str, body: bytes | None, attempt: Try) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HTTP_TIMEOUT + SLOW)
        try:
            connection.request(method, "/swift", body=body)
            response = connection.getresponse()
            response.read()
            attempt.status = response.status
        except (OSError, http.client.HTTPException) as error:
            self.faults.append(f"no answer to a {method}: {error!r}")
        finally:
            attempt.ended = time.monotonic()
            connection.close()

    @property
    def posted(self) -> int:
        return len(self.posts)

    def reached(self, after: float) -> bool:
        """Whether some post made after that has come to every socket."""
        return all(each.last_post_began > after for each in self.sockets)

    def echoed(self, after: float) -> bool:
        """Whether each socket has got back something that it has said after that."""
        return all(each.last_echo_began > after for each in self.sockets)


class Browser:
    """One WebSocket: says something, waits until it comes back, says the next; and notes the posts that come."""

    PATIENCE = 3.0

    def __init__(self, port: int, number: int, clients: Clients):
        self.number = number
        self.clients = clients
        self.port = port
        self.posts: list[int] = []
        self.echoes: dict[int, Try] = {}
        self.last_echo = 0
        self.came: list[int] = []
        self.last_post_began = 0.0
        self.last_echo_began = 0.0
        self._back = threading.Event()
        self._end = contextlib.ExitStack()

    def start(self) -> None:
        opening = connect(f"ws://127.0.0.1:{self.port}/", open_timeout=SLOW, ping_interval=None)
        connection = self._end.enter_context(opening)
        self.clients.threads.append(threading.Thread(target=self._say, args=(connection,), daemon=True))
        threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def close(self) -> None:
        self._end.close()

    def _say(self, connection: ClientConnection) -> None:
        number = 0
        while not self.clients.is_over.wait(PACE * 2):
            number += 1
            self._back.clear()
            self.echoes[number] = attempt = Try(time.monotonic())
            self.last_echo = number
            try:
                connection.send(f"echo {number}")
            except ConnectionClosed:
                return
            attempt.status = 200 if self._back.wait(self.PATIENCE) else 504
            attempt.ended = time.monotonic()

    def _read(self, connection: ClientConnection) -> None:
        try:
            for text in connection:
                kind, _, digits = str(text).partition(" ")
                if kind == "Swift:":
                    self.posts.append(int(digits))
                    self.last_post_began = self.clients.posts[int(digits)].began
                elif kind == "echo":
                    self.came.append(int(digits))
                    self.last_echo_began = self.echoes[int(digits)].began
                    if int(digits) == self.last_echo:
                        self._back.set()
                else:
                    self.clients.faults.append(f"socket {self.number} got {text!r}")
        except ConnectionClosed as closed:
            self.clients.faults.append(f"socket {self.number} was closed: {closed}")
        if not self.clients.is_over.is_set():
            self.clients.faults.append(f"socket {self.number} has ended")


class Site:
    """Everything, and what can be done to it."""

    def __init__(self, house: House, sockets: int = 4, brokers: int = 3, absent: int = 0):
        """``absent``: brokers at the end of the list that are not there at the beginning."""
        self.house = house
        self.windows: list[tuple[str, float, float]] = []
        self.shards = [Shard(port := free_port(), Relay(port)) for _ in range(brokers)]
        for shard in self.shards[: brokers - absent]:
            self.begin(shard)
        self.port = free_port()
        given = [word for shard in self.shards for word in ("--broker", shard.address)]
        self.server = house.listening(
            house.start(
                [SEAWAY, "serve", "--http", f"127.0.0.1:{self.port}", *given, "--failover", f"{FAILOVER}s",
                 "--connect-patience", "1s", "--http-timeout", f"{HTTP_TIMEOUT}s", "--route", "/swift=http.request.swift"]
            ), self.port,
        )  # fmt: skip
        programs = pathlib.Path(SEAWAY).parent
        self.given = [*given, "--failover", str(int(FAILOVER * 1000))]
        for _ in range(2):
            house.start([programs / "seaway-demo-worker", *self.given])
            house.start([programs / "seaway-echo-worker", "--group", GROUP, *self.given])
        for shard in self.shards[: brokers - absent]:
            until(lambda: self._has_workers(shard), "all workers listen")  # noqa: B023
        self.clients = Clients(self.port, sockets)
        self.clients.start()
        self.recovered(time.monotonic())

    def _has_workers(self, shard: Shard) -> bool:
        return all(self.house.readers(shard.port, channel) == 2 for channel in ("http.request.swift", "websocket.connect"))

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

        until(question, "posts and echoes reach every socket", patience)

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
            self._program(shard).process.send_signal(signal.SIGSTOP)
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
            self.complete(shard)
            took = self.recovered(began, FAILOVER)
        return took

    def add(self, shard: Shard) -> float:
        with self.fault("add") as began:
            self.begin(shard)
            self.complete(shard)
            took = self.recovered(began)
        return took

    @staticmethod
    def _program(shard: Shard) -> Program:
        assert shard.program is not None
        return shard.program

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
        found += [f"{each.command} has ended" for each in self.house.programs if each.command[1] == "serve" and not each.is_running]
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
        return [
            f"socket {each.number} got something twice"
            for each in self.clients.sockets
            if len(each.posts) != len(set(each.posts)) or len(each.came) != len(set(each.came))
        ]

    def _disordered(self) -> list[str]:
        found = []
        for each in self.clients.sockets:
            posts = [number for number in each.posts if not self._is_disturbed(self.clients.posts[number])]
            if posts != sorted(posts):
                found.append(f"socket {each.number} got posts out of order")
        return found

    def _unanswered(self) -> list[str]:
        found = []
        for attempt in [*self.clients.posts.values(), *self.clients.pages]:
            seconds = attempt.ended - attempt.began
            if seconds > HTTP_TIMEOUT + 2:
                found.append(f"an answer took {seconds:.1f} s")
            if attempt.status != 200 and not self._is_disturbed(attempt):
                found.append(f"{attempt.status} outside of any fault")
            if attempt.status not in (200, 500, 503, 504):
                found.append(f"{attempt.status} for an answer")
        return found

    def summary(self) -> str:
        statuses: dict[int, int] = {}
        for attempt in [*self.clients.posts.values(), *self.clients.pages]:
            statuses[attempt.status] = statuses.get(attempt.status, 0) + 1
        echoes = sum(len(each.echoes) for each in self.clients.sockets)
        back = sum(len(each.came) for each in self.clients.sockets)
        came = sum(len(each.posts) for each in self.clients.sockets)
        told = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
        return (
            f"{len(self.windows)} faults; answers: {told}; {self.clients.posted} posts, {came} of "
            f"{self.clients.posted * len(self.clients.sockets)} came; {back} of {echoes} echoes came"
        )


FAULTS: dict[str, Callable[[Site, Shard], float]] = {
    "kill": Site.kill, "hang": Site.hang, "cut": Site.cut, "drain": Site.drain, "restart": Site.restart,
}  # fmt: skip
