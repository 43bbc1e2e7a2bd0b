"""A Seaway, and the software of 2017 around it."""

from __future__ import annotations

import os
import pathlib
import subprocess

from harness import ROOT, House, Program, free_port, until

HERE = pathlib.Path(__file__).resolve().parent
#: Of the environment that .ci/asgi1.sh makes.
BIN = pathlib.Path(os.environ.get("ASGI1_HOME", ROOT / ".build" / "asgi1")) / "bin"


class Site:
    """A broker, and the software of 2017 around it."""

    def __init__(self, house: House):
        self.house = house
        self.broker = free_port()
        self.start_broker()

    def start_broker(self) -> Program:
        """Starts it, again where it was."""
        self.broker_program = self.house.broker(self.broker, "--drain", "0")
        return self.broker_program

    def _start(self, *command: object) -> Program:
        environment = {
            "SEAWAY_BROKER": f"127.0.0.1:{self.broker}",
            "PYTHONPATH": str(HERE / "site"),
            "DJANGO_SETTINGS_MODULE": "pages.settings",
            "PYTHONWARNINGS": "ignore",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return self.house.start(list(command), environment)

    def django_worker(self, *options: str) -> Program:
        """``manage.py runworker``, at work."""
        readers = self.readers("http.request")
        worker = self._start(BIN / "python", HERE / "site" / "manage.py", "runworker", *options)
        self._until_read("http.request", readers + 1, worker)
        return worker

    def go_worker(self) -> Program:
        """A worker in Go, at work."""
        path = ROOT / ".build" / "test" / "asgi1-worker"
        environment = {**os.environ, "GOPROXY": "off"}
        subprocess.run(["go", "build", "-o", str(path), "."], cwd=HERE / "go", env=environment, check=True)
        worker = self._start(path, f"127.0.0.1:{self.broker}")
        self._until_read("http.request", 1, worker)
        self._until_read("websocket.connect", 1, worker)
        return worker

    def daphne(self, *options: str) -> int:
        """Daphne 1.4; returns its port."""
        port = free_port()
        command = [BIN / "daphne", "-b", "127.0.0.1", "-p", str(port), *options, "pages.asgi:channel_layer"]
        self.house.listening(self._start(*command), port)
        return port

    def server(self) -> int:
        """Seaway's interface server; returns its port."""
        port = free_port()
        self.house.server(port, self.broker)
        return port

    def readers(self, channel: str) -> int:
        """How many connections listen there."""
        return self.house.readers(self.broker, channel)

    def _until_read(self, channel: str, count: int, worker: Program) -> None:
        def question() -> bool:
            assert worker.is_running, f"{worker.command} has ended:\n{worker.output()}"
            return self.readers(channel) >= count

        until(question, f"{worker.command} listens on {channel}")
