"""Where an attack takes place: the program, whoever attacks it, and the innocent, who are measured beside."""

from __future__ import annotations

import collections
import contextlib
import io
import json
import os
import pathlib
import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from attacks.figures import MB, Bound, Delays, Findings, Own
from harness import SEAWAY, House, Program, Wire, free_port, get

#: Seconds for which an attacker waits for an answer, and in which the innocent must have ended.
PATIENCE = 90.0
#: Seconds for which the innocent are measured, at least, where floods last longer: a percentile is one of many then.
LEAST = 1.0
#: Seconds between two looks at memory.
LOOK = 0.1
#: What answers a request of an attacker.
ANSWERS = ("OK", "ERR", "DATA", "PONG", "HELLO")


class Attacker(Wire):
    """A client of the broker that passes over what is pushed to it, and says much at once."""

    def __init__(self, port: int, receive: int = 0):
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if receive:
            # What it does not read fills little of the system's own room.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.connect(("127.0.0.1", port))
        self.input = cast("io.BufferedReader", self.socket.makefile("rb", 1 << 18))

    def answer(self) -> str:
        while True:
            line, _ = self.read()
            if line.split(" ", 1)[0] in ANSWERS:
                return line

    def ask(self, line: str) -> str:
        self.write(line + "\n")
        return self.answer()

    def tell(self, text: str | bytes, count: int) -> collections.Counter[str]:
        """Says so many requests at once and reads their answers meanwhile. Returns how many there were of each kind."""
        data = text.encode() if isinstance(text, str) else text
        teller = threading.Thread(target=self.pour, args=(data,), daemon=True)
        teller.start()
        answers = collections.Counter(" ".join(self.answer().split(" ")[:2]) for _ in range(count))
        teller.join(PATIENCE)
        return answers

    def pour(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self.socket.sendall(data)

    def join_many(self, count: int, group: str = "g", prefix: str = "m.", length: int = 0) -> None:
        """Has so many channels join, with names padded to this length."""
        names = [f"{prefix}{number}.".ljust(length, "a") for number in range(count)]
        per = 4_000 // (len(names[-1]) + 1)
        lines = [f"JOIN {group} {' '.join(names[at : at + per])}\n" for at in range(0, count, per)]
        answers = self.tell("".join(lines), len(lines))
        assert set(answers) == {"OK"}, answers


def taken(connection: socket.socket, data: bytes) -> int:
    """How many bytes can be written without waiting; none where the connection is closed."""
    connection.setblocking(False)
    try:
        return connection.send(data)
    except OSError:
        return 0


class Innocent:
    """One of them, at work."""

    def __init__(self, words: Sequence[object], patience: float):
        command = [sys.executable, pathlib.Path(__file__).with_name("innocent.py"), *words]
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "INNOCENT_PATIENCE": str(patience)},
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == "ready\n", f"the innocent could not begin: {line!r}"

    def end(self) -> tuple[list[float], int, list[str]]:
        """Its delays in seconds, how often it was refused, and what was said then."""
        try:
            output, _ = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            return [], 1, ["not answered to the end"]
        if not output:
            return [], 1, ["lost everything"]
        found = json.loads(output)
        return found["delays"], found["refused"], found["said"]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class MemoryWatch:
    """Looks at what a program holds and at what it says that it holds, until it is ended."""

    def __init__(self, program: Program, bound: Bound, account: Callable[[], float | None], findings: Findings):
        self.program, self.bound, self.account, self.findings = program, bound, account, findings
        self.worst = float("-inf")
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.look_until_the_end, daemon=True)
        self.thread.start()

    def look_until_the_end(self) -> None:
        while not self.ending.wait(LOOK):
            self.look()

    def look(self) -> None:
        try:
            before = self.program.memory()
            account = self.account()
            # Whatever it held both before and after it was asked, it held when it answered.
            resident = min(before, self.program.memory()) / MB
        except (OSError, EOFError, ValueError, IndexError):
            return
        # Where there is no bound, the most that was held is told.
        over = resident - (self.bound.memory(account) or 0.0)
        if over > self.worst:
            self.worst = over
            self.findings.resident, self.findings.account = resident, account

    def end(self) -> None:
        self.ending.set()
        self.thread.join(PATIENCE)
        self.look()


class Target:
    """A broker, and where it is asked for an interface server, for one attack."""

    def __init__(self, house: House, bound: Bound, full: bool, seconds: float):
        self.house = house
        self.bound = bound
        self.full = full
        #: How long that goes on which could go on for ever.
        self.seconds = seconds
        self.findings = Findings()
        self.broker_port, self.http_port, self.metrics_port = free_port(), free_port(), free_port()
        self.held: list[socket.socket | Attacker] = []
        #: How the innocent, and whoever asks for the account, log in where there are tokens.
        self.hello = self.admin = ""
        #: Whose memory is looked at; that of an interface server, where there is one.
        self.watched: Program | None = None
        self.asker: Attacker | None = None
        self.account: Callable[[], float | None] = self.account_of_broker
        self.innocents: list[Sequence[object]] = []
        #: Seconds after which the innocent give an answer up.
        self.patience = 60.0

    def many(self, full: int, short: int) -> int:
        """A size of the attack: that which the issue names, or what takes no more than a second or two."""
        return full if self.full else short

    # ---- what is attacked

    def broker(self, *options: str) -> Program:
        if "--max-channels" not in options:
            # One connection has a share of them, and some attacks are by one that has a hundred thousand.
            options = (*options, "--max-channels", "200000")
        broker = self.house.broker(self.broker_port, *options)
        if not self.watched:
            self.watch_broker(broker)
        return broker

    def watch_broker(self, broker: Program) -> None:
        self.watched, self.account = broker, self.account_of_broker
        self.innocents = [("wire", self.broker_port, self.hello)]

    def serving(self, *options: str) -> list[str]:
        """The command of an interface server."""
        return [
            SEAWAY, "serve", "--broker", f"127.0.0.1:{self.broker_port}", "--http", f"127.0.0.1:{self.http_port}",
            "--route", "/innocent=http.request.innocent", "--metrics", f"127.0.0.1:{self.metrics_port}", *options,
        ]  # fmt: skip

    def server(self, *options: str) -> Program:
        server = self.house.listening(self.house.start(self.serving(*options)), self.http_port)
        self.watch_server(server)
        return server

    def watch_server(self, server: Program) -> None:
        self.watched, self.account = server, self.account_of_server
        self.innocents = [("pages", self.http_port, self.broker_port, self.hello)]

    def watch_peer(self, program: Program, port: int, kind: str, account: Callable[[], float | None]) -> None:
        """Another program in the place of ours, what the innocent speaks with it, and the account that it gives."""
        self.watched, self.account = program, account
        self.innocents = [(kind, port)]

    def account_of_broker(self) -> float | None:
        """MB, as it says itself."""
        if not self.asker:
            self.asker = self.attacker()
            if self.admin:
                self.asker.ask(self.admin)
        return self.asker.look("STATS")["memory"] / MB

    def account_of_server(self) -> float | None:
        page = get(self.metrics_port, "/metrics", patience=PATIENCE).body.decode()
        parts = re.findall(r'^seaway_memory_bytes\{part="\w+"\} (\d+)$', page, re.MULTILINE)
        return sum(map(int, parts)) / MB if parts else None

    # ---- who attacks

    def attacker(self, receive: int = 0) -> Attacker:
        """A connection to the broker, open until the attack is over."""
        attacker = Attacker(self.broker_port, receive)
        self.held.append(attacker)
        return attacker

    def stranger(self, port: int | None = None, receive: int = 0) -> socket.socket:
        """A connection to the interface server, open until the attack is over; it never blocks for writing."""
        stranger = socket.socket()
        if receive:
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        stranger.settimeout(PATIENCE)
        stranger.connect(("127.0.0.1", self.http_port if port is None else port))
        self.held.append(stranger)
        return stranger

    # ---- what is found

    @contextlib.contextmanager
    def measured(self, memory: bool = True) -> Iterator[None]:
        """What happens in the block is done to the innocent."""
        innocents = [Innocent(words, self.patience) for words in self.innocents]
        watch = None
        try:
            if memory and self.watched:
                self.account()
                watch = MemoryWatch(self.watched, self.bound, self.account, self.findings)
            begun = time.monotonic()
            yield
            time.sleep(max(0.0, begun + min(LEAST, self.seconds) - time.monotonic()))
            if watch:
                watch.end()
            ended = [innocent.end() for innocent in innocents]
        finally:
            for innocent in innocents:
                innocent.kill()
        delays = [delay for found, _, _ in ended for delay in found]
        self.findings.delays = Delays.of(delays)
        self.findings.refused += sum(refused for _, refused, _ in ended)
        self.findings.refusals += [line for _, _, said in ended for line in said]

    def own(self, what: str, value: float, least: float = float("-inf"), most: float = float("inf")) -> None:
        self.findings.own.append(Own(what, value, least, most))

    def for_a_while(self) -> Iterator[int]:
        """Counts from 0, for as long as attacks that could go on for ever do."""
        end = time.monotonic() + self.seconds
        number = 0
        while time.monotonic() < end:
            yield number
            number += 1

    def flood(self, port: int, connections: int, data: bytes) -> int:
        """The same, as fast as it goes, on each of the connections. Returns how many bytes were taken."""
        sockets = [self.stranger(port) for _ in range(connections)]
        for connection in sockets:
            connection.setblocking(False)
        at = dict.fromkeys(sockets, 0)
        for _ in self.for_a_while():
            readable, writable, _ = select.select(sockets, sockets, [], 0.1)
            for connection in readable:
                connection.recv(1 << 20)
            for connection in writable:
                # What may be written by now need not have room for all of it.
                with contextlib.suppress(BlockingIOError):
                    at[connection] += connection.send(data[at[connection] % len(data) :])
        return sum(at.values())

    def offer(self, sockets: Sequence[socket.socket], data: bytes, again: bool = True) -> int:
        """Writes this to each of them, as it is taken, from its beginning again or once. Returns how much was taken."""
        at = dict.fromkeys(sockets, 0)
        for _ in self.for_a_while():
            for connection in sockets:
                at[connection] += taken(connection, data[at[connection] % len(data) if again else at[connection] :])
            time.sleep(0.05)
        return sum(at.values())

    def end(self) -> None:
        for held in self.held:
            held.close()
        self.house.end()
