"""Real programs on free loopback ports."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Callable, List, Optional, Protocol

ROOT = pathlib.Path(__file__).resolve().parents[4]
SEAWAY = os.environ.get("SEAWAY_BIN") or str(ROOT / ".build" / "release" / "seaway")
TESTS = pathlib.Path(__file__).resolve().parents[1]
#: Seconds after which a test gives up waiting; nothing takes nearly as long.
PATIENCE = 20.0


def until(question: Callable[[], Any], what: str) -> Any:
    """Asks a broker or a program until the answer is true, and returns it."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not in {PATIENCE:g} s: {what} (last: {answer!r})")


class Ends(Protocol):
    """What a test starts and has to end."""

    def kill(self) -> None:
        """Ends it without any warning."""


class Program:
    """A process whose lines are read as they come."""

    def __init__(self, *command: str, **environment: str):
        self.lines: List[str] = []
        self._is_over = False
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    @property
    def output(self) -> str:
        """All that was printed."""
        with self._changed:
            return "\n".join(self.lines)

    def line(self, pattern: str) -> re.Match[str]:
        """Waits for a line that matches."""

        def find() -> Optional[re.Match[str]]:
            return next((match for match in map(re.compile(pattern).search, self.lines) if match), None)

        with self._changed:
            found = self._changed.wait_for(lambda: find() or self._is_over, PATIENCE)
            match = find()
        assert match is not None, f"no line {pattern!r} ({found=}) in:\n{self.output}"
        return match

    def until_it_drains(self) -> None:
        """Waits until SIGTERM does not just end the process: a broker listens a moment before it takes signals."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status")
        if status.exists():
            until(lambda: _takes(status.read_text(), signal.SIGTERM), "SIGTERM to be taken")

    def signal(self, number: int) -> None:
        """Sends a signal."""
        self.process.send_signal(number)

    def freeze(self) -> None:
        """Stops it where it is, and waits until it stands still."""
        self.signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def wait(self) -> int:
        """Waits for the end and returns the exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def terminate(self) -> int:
        """Tells it to leave, as an operator or a supervisor does, and waits."""
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """Ends it without any warning."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.wait()


def _takes(status: str, number: int) -> bool:
    masks = re.findall(r"^Sig(?:Blk|Ign|Cgt):\s*(\w+)", status, re.M)
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


class Broker:
    """A broker that may be killed and come back at its address."""

    def __init__(self, *options: str, address: str = "127.0.0.1:0"):
        self._options = options
        self.address = address
        self.start()

    def start(self) -> None:
        """Starts it, again where it was."""
        self.program = Program(SEAWAY, "broker", "--listen", self.address, *self._options)
        self.address = self.program.line(r"address=(\S+:\d+) .*listening")[1]

    def kill(self) -> None:
        """Ends it without any warning."""
        self.program.kill()

    def terminate(self) -> int:
        """Tells it to leave and waits."""
        self.leave()
        return self.program.wait()

    def leave(self) -> None:
        """Tells it to leave."""
        self.program.until_it_drains()
        self.program.signal(signal.SIGTERM)


def worker(place: str, address: str, *options: str, **environment: str) -> Program:
    """Starts a worker of ``tests/support`` in a process of its own; the caller waits for its readers.

    Without an address the environment says where the broker is.
    """
    paths = [str(TESTS.parent / "src"), str(TESTS), os.environ.get("PYTHONPATH", "")]
    environment = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", **environment}
    at = ("--broker", address) if address else ()
    return Program(sys.executable, "-m", "seaway", "worker", place, *at, *options, **environment)
