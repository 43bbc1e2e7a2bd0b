"""What the tests of all bridges share."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

from harness import PATIENCE, SEAWAY, House, Program, Wire, until


def bridge(house: House, kind: str, broker: int, *options: str) -> Program:
    """A bridge that runs, whether it has reached anybody or not."""
    return house.start([SEAWAY, "bridge", kind, "--broker", f"127.0.0.1:{broker}", *options])


def run(kind: str, broker: int, *options: str, text: str = "") -> subprocess.CompletedProcess:
    """A bridge that ends by itself."""
    command = [SEAWAY, "bridge", kind, "--broker", f"127.0.0.1:{broker}", *options]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=PATIENCE)


def piped(command: list, **streams) -> Any:
    """A process whose streams the test holds; they are text."""
    return subprocess.Popen(command, text=True, **streams)


class Taker:
    """Reads all messages of a channel, or of a group, in a thread."""

    def __init__(self, port: int, channel: str, group: str = ""):
        self.wire = Wire(port)
        self.messages: list[dict] = []
        self.wire.listen(channel, credit=1_000_000)
        if group:
            self.wire.write(f"JOIN {group} {channel}\n")
            while not self.wire.read()[0].startswith("OK"):
                pass
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self) -> None:
        with contextlib.suppress(OSError, ValueError, EOFError):
            while True:
                self.messages.append(self.wire.take())

    def wait(self, count: int, what: str = "messages") -> list[dict]:
        until(lambda: len(self.messages) >= count, f"{count} {what} have come, not {len(self.messages)}")
        return self.messages

    def close(self) -> None:
        self.wire.close()
        self.thread.join(PATIENCE)


@contextlib.contextmanager
def taking(port: int, channel: str, group: str = "") -> Iterator[Taker]:
    taker = Taker(port, channel, group)
    try:
        yield taker
    finally:
        taker.close()


def says(program: Program, *texts: str) -> None:
    """Waits until all of these stand in the log of a program that goes on running."""

    def question() -> bool:
        assert program.is_running, f"{program.command} has ended:\n{program.output()}"
        return all(text in program.output() for text in texts)

    until(question, f"{texts} in the log of {program.command}:\n{program.output()}")


def summary(output: str) -> str:
    """The line that a bridge leaves with."""
    lines = [line for line in output.splitlines() if "summary" in line]
    assert lines, output
    return lines[-1]


def send(port: int, channel: str, *messages: dict) -> None:
    with Wire(port) as wire:
        for message in messages:
            assert wire.ask(f"SEND :- {channel} {json.dumps(message)}") == "OK"


def send_group(port: int, group: str, *messages: dict) -> None:
    with Wire(port) as wire:
        for message in messages:
            assert wire.ask(f"GSEND :- {group} {json.dumps(message)}").startswith("OK sent=1")


def members(port: int, group: str) -> int:
    with Wire(port) as wire:
        return len(wire.look(f"MEMBERS {group}")["members"])
