"""Attacks on whoever waits: brokers that leave, die or hang under requests, and a log that nobody reads."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
import time

from attacks.attack import attack
from attacks.figures import Bound
from attacks.target import Attacker, Target
from harness import SEAWAY, Program, until

GET = b"GET /work HTTP/1.1\r\nHost: a\r\n\r\n"
#: Seconds in which every request is answered, whatever becomes of the broker: --failover, and some for the machine.
ANSWERED = 8.0
COUNT = 40


def requests(target: Target, count: int) -> list[socket.socket]:
    """So many browsers, each with a request that has reached the broker."""
    with Attacker(target.broker_port) as looking:
        before = looking.look("STATS")["sent"]
        browsers = [target.stranger() for _ in range(count)]
        for browser in browsers:
            browser.sendall(GET)
        until(lambda: looking.look("STATS")["sent"] - before == count, "all requests have come")
    return browsers


def working(target: Target) -> Attacker:
    """A worker that takes none yet."""
    worker = target.attacker()
    worker.ask("LISTEN http.request.work")
    return worker


def answers(browsers: list[socket.socket], seconds: float) -> dict[int, int]:
    """How many have each status after so long; 0 of those that were cut off."""
    end = time.monotonic() + seconds
    found: dict[int, int] = {}
    waiting = set(browsers)
    while waiting and time.monotonic() < end:
        for browser in select.select(list(waiting), [], [], 0.1)[0]:
            waiting.discard(browser)
            try:
                words = browser.recv(4_096).split(b" ", 2)
            except OSError:
                words = []
            status = int(words[1]) if len(words) > 1 else 0
            found[status] = found.get(status, 0) + 1
    return found


def told(found: dict[int, int], count: int) -> str:
    said = [f"{number} got {status or 'cut off'}" for status, number in sorted(found.items())]
    waiting = count - sum(found.values())
    return ", ".join([*said, *([f"{waiting} wait still"] if waiting else [])])


@attack("answers")
def broker_told_to_leave(target: Target) -> str:
    """SIGTERM for a broker with forty requests, which it goes on to deliver, and a new one in its place"""
    broker = target.broker()
    target.server("--route", "/work=http.request.work")
    worker = working(target)
    browsers = requests(target, COUNT)
    refused: list[str] = []

    def work() -> None:
        """One after the other."""
        with contextlib.suppress(OSError, EOFError):
            while True:
                worker.write("READY 1\n")
                reply = worker.take()["reply_channel"]
                answer = worker.ask(f'SEND :- {reply} {{"status":200,"content":"done"}}')
                refused.extend([answer] if answer != "OK" else [])

    # It is told to before any is taken, so all answers come while it leaves.
    broker.process.send_signal(signal.SIGTERM)
    until(lambda: worker.read()[0].startswith("BYE shutdown"), "it leaves")
    at_work = threading.Thread(target=work, daemon=True)
    at_work.start()
    broker.process.wait()
    target.broker()
    found = answers(browsers, ANSWERED)
    target.own("answered with 200", found.get(200, 0), least=COUNT)
    answered = f"{len(refused)} of its worker's answers refused" if refused else "no answer of its worker refused"
    return f"{COUNT} requests at SIGTERM: {told(found, COUNT)}; {answered}"


@attack("answers")
def broker_killed(target: Target) -> str:
    """SIGKILL for a broker with forty requests under way, and a new one in its place"""
    broker = target.broker()
    target.server("--route", "/work=http.request.work")
    worker = working(target)
    browsers = requests(target, COUNT)
    worker.write("READY 4\n")
    worker.take()
    broker.kill()
    target.broker()
    found = answers(browsers, ANSWERED)
    target.own(f"answered in {ANSWERED:g} s", sum(found.get(status, 0) for status in (502, 503)), least=COUNT)
    return f"{COUNT} requests at SIGKILL: {told(found, COUNT)}"


@attack("answers")
def broker_hangs(target: Target) -> str:
    """The only broker stands still, under requests and before others"""
    broker = target.broker()
    target.server("--route", "/work=http.request.work")
    browsers = requests(target, COUNT // 2)
    broker.freeze()
    for _ in range(COUNT // 2):
        browsers.append(target.stranger())
        browsers[-1].sendall(GET)
    found = answers(browsers, ANSWERED)
    broker.process.send_signal(signal.SIGCONT)
    target.own(f"answered in {ANSWERED:g} s", sum(found.get(status, 0) for status in (502, 503)), least=COUNT)
    return f"{COUNT // 2} requests at SIGSTOP, and as many behind it: {told(found, COUNT)}"


class Pipe:
    """A pipe that nobody reads."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()

    def fill(self) -> None:
        """To its last byte, by a way of our own: whoever else writes into it waits, as ever."""
        own = os.open(f"/proc/self/fd/{self.writing}", os.O_WRONLY | os.O_NONBLOCK)
        for size in (4_096, 1):
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(own, b"\n" * size)
        os.close(own)

    def start(self, target: Target, port: int, *command: object) -> Program:
        """A program that logs into it, which listens."""
        # Not every shell knows descriptors of two digits.
        words = ["sh", "-c", f'exec "$@" >/proc/self/fd/{self.writing} 2>&1', "sh", *command]
        return target.house.listening(target.house.start(words, descriptors=(self.writing,)), port)

    def close(self) -> None:
        os.close(self.reading)
        os.close(self.writing)


@attack("answers", Bound(resident=160.0))
def server_log_unread(target: Target) -> str:
    """The interface server logs every request into a pipe that is full"""
    target.broker()
    pipe = Pipe()
    target.watch_server(pipe.start(target, target.http_port, *target.serving("--access-log")))
    target.patience = 3.0
    with target.measured(memory=False):
        pipe.fill()
        for _ in target.for_a_while():
            time.sleep(0.05)
    pipe.close()
    return "every request is logged, and nobody reads the log"


@attack("answers")
def broker_log_unread(target: Target) -> str:
    """The broker logs every connection into a pipe that is full"""
    pipe = Pipe()
    command = [SEAWAY, "broker", "--listen", f"127.0.0.1:{target.broker_port}", "--log-level", "debug"]
    target.watch_broker(pipe.start(target, target.broker_port, *command))
    target.patience = 3.0
    with target.measured(memory=False):
        pipe.fill()
        for _ in target.for_a_while():
            with socket.create_connection(("127.0.0.1", target.broker_port)):
                time.sleep(0.05)
    pipe.close()
    return "every connection is logged, and nobody reads the log"
