"""A broker with an interface server in one process, and applications as workers in processes of their own."""

from __future__ import annotations

import contextlib
import http.client
import os
import pathlib
import re
import signal
import sys
from typing import Any, List, Optional, Tuple

from .broker import PATIENCE, SEAWAY, TESTS, Ends, Program


class Supervisor(Program):
    """A program with processes of its own, which are killed with it."""

    @property
    def pids(self) -> List[int]:
        """The processes that it has begun, whether they live or not."""
        return [int(pid) for pid in re.findall(r"begins \(pid (\d+)\)", self.output)]

    def kill(self) -> None:
        """Ends all without any warning."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        if self.process.wait(PATIENCE) < 0:
            for pid in self.pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.wait()


class House:
    """The whole, but for the applications."""

    def __init__(self, programs: List[Ends], *options: str):
        up = Program(SEAWAY, "up", "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--access-log", *options)
        programs.append(up)
        self._begin(programs, up.line(r"broker: address=(\S+:\d+) .*listening")[1], up)

    @classmethod
    def at(cls, programs: List[Ends], broker: str, server: Program) -> House:
        """One whose broker and interface server run already."""
        house = cls.__new__(cls)
        house._begin(programs, broker, server)
        return house

    def _begin(self, programs: List[Ends], broker: str, server: Program) -> None:
        self._programs = programs
        self.broker = broker
        self.host, port = server.line(r"server: address=(\S+):(\d+) .*serving").groups()
        self.port = int(port)

    def start(
        self, command: str, *arguments: str, folder: Optional[pathlib.Path] = None, **environment: str
    ) -> Supervisor:
        """Starts ``python -m seaway COMMAND``, where modules of the folder, else of these tests, are found."""
        paths = [str(TESTS.parent / "src"), *([str(folder)] if folder else []), str(TESTS)]
        paths.append(os.environ.get("PYTHONPATH", ""))
        environment = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", **environment}
        started = Supervisor(
            sys.executable, "-m", "seaway", command, *arguments, "--broker", self.broker, **environment
        )
        self._programs.append(started)
        return started

    def serve(self, command: str, *arguments: str, **rest: Any) -> Supervisor:
        """Starts it and waits until it is ready."""
        started = self.start(command, *arguments, **rest)
        started.line("process 1 is ready")
        return started

    def browser(self) -> contextlib.closing[http.client.HTTPConnection]:
        """A connection to the interface server."""
        return contextlib.closing(http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE))

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> Tuple[int, Any, bytes]:
        """Asks for something on a connection of its own: status, headers, content."""
        with self.browser() as browser:
            fields = {name.replace("_", "-"): value for name, value in headers.items()}
            browser.request(method, path, body, fields)
            answer = browser.getresponse()
            return answer.status, answer.headers, answer.read()
