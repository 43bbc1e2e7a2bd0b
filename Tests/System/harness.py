"""Real programs on free loopback ports, and the smallest clients that can talk to them.

Nothing here sleeps for a guessed time: `until` asks again and again until something is true or patience ends.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

from ports import free_port as free_port  # for those who start what is here

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEAWAY = os.environ.get("SEAWAY_BIN") or str(ROOT / ".build" / "release" / "seaway")
PATIENCE = 20.0
# Programs find brokers where a test says.
os.environ.pop("SEAWAY_BROKER", None)


# What runs in the background of a script is told to ignore it, and so would be all that is started here: a shell could
# not even catch it then. What is caught, as now, begins as usual in a program that is started.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def until(question, what: str, patience: float = PATIENCE, pause: float = 0.02):
    """Asks until the answer is true, and returns it; an error counts as no."""
    end = time.monotonic() + patience
    last: object = None
    while time.monotonic() < end:
        try:
            last = question()
            if last:
                return last
        except (OSError, http.client.HTTPException) as error:
            last = error
        time.sleep(pause)
    raise AssertionError(f"not in {patience:.0f} s: {what} (last: {last!r})")


class Program:
    """One process; what it writes is kept in a file, or goes to a descriptor of ours."""

    def __init__(
        self, command: list, log: pathlib.Path, environment: dict | None = None, descriptors: tuple[int, ...] = (),
        output: int | None = None,
    ):  # fmt: skip
        self.log = log
        self.command = [str(word) for word in command]
        with open(log, "ab") as file:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
                stdout=output or file, stderr=output or file, start_new_session=True, pass_fds=descriptors,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def terminate(self) -> int:
        """SIGTERM, as an operator or a supervisor sends it. Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """The end without any warning, of all that the process has started too."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def freeze(self) -> None:
        """Stops it where it is, and waits until all of it stands still: what comes before that is still answered."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)

    def memory(self) -> int:
        """Resident bytes."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def worker(self) -> str | None:
        """Which of the demo's workers has answered."""
        found = re.match(rb"hello from (\w+)", self.body)
        return found[1].decode() if found else None


def get(
    port: int, path: str, method: str = "GET", body: bytes | None = None, patience: float = PATIENCE,
    fields: dict | None = None, host: str = "127.0.0.1",
) -> Answer:  # fmt: skip
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=patience)
    try:
        connection.request(method, path, body=body, headers=fields or {})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def metric(port: int, name: str) -> int:
    """A counter of an interface server, as it is written there, with its reason if it has one."""
    found = re.search(rf"^{re.escape(name)} (\d+)$", get(port, "/metrics").body.decode(), re.MULTILINE)
    return int(found[1]) if found else 0


class Wire:
    """A client of the broker that can do nothing but write and read frames."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.input = self.socket.makefile("rb")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        # Wakes a thread that reads, which would hold up the close.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.input.close()
        self.socket.close()

    def write(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def read(self) -> tuple[str, bytes | None]:
        """The next frame: its line, and its body if it has one."""
        line = self.input.readline()
        if not line:
            raise EOFError("the broker has closed the connection")
        words = line.decode().rstrip("\n").split(" ")
        if len(words) < 2 or not words[1].startswith(":"):
            return " ".join(words), None
        body = self.input.read(int(words[1][1:]) + 1)
        return " ".join(words), body[:-1]

    def ask(self, line: str) -> str:
        """Writes a frame and returns the line of its answer; for connections that listen on nothing."""
        self.write(line + "\n")
        return self.read()[0]

    def look(self, line: str) -> dict:
        """`STATS`, `PEEK` or `MEMBERS`."""
        self.write(line + "\n")
        line, body = self.read()
        assert line.startswith("DATA "), line
        return json.loads(body or b"")

    def listen(self, channel: str, credit: int = 1) -> None:
        assert self.ask(f"LISTEN {channel}").startswith("OK")
        self.write(f"READY {credit} {channel}\n")

    def take(self) -> dict:
        """The next message."""
        while True:
            line, body = self.read()
            if line.startswith("MSG "):
                return json.loads(body or b"")

    def reset(self) -> None:
        """Ends the connection as a lost machine would be told of it: with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.input.close()
        self.socket.close()


class House:
    """Starts brokers, interface servers and workers, and ends all of them."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.programs: list[Program] = []

    def start(
        self, command: list, environment: dict | None = None, descriptors: tuple[int, ...] = (),
        output: int | None = None,
    ) -> Program:  # fmt: skip
        """Starts a program, which gets these of our descriptors under their numbers."""
        program = Program(command, self.folder / f"{len(self.programs)}.log", environment, descriptors, output)
        self.programs.append(program)
        return program

    def listening(self, program: Program, port: int, host: str = "127.0.0.1") -> Program:
        def question() -> bool:
            assert program.is_running, f"{program.command} has ended:\n{program.output()}"
            socket.create_connection((host, port), 1).close()
            return True

        until(question, f"{program.command} listens")
        return program

    def broker(self, port: int, *options: str) -> Program:
        return self.listening(self.start([SEAWAY, "broker", "--listen", f"127.0.0.1:{port}", *options]), port)

    def server(self, port: int, broker: int, *options: str) -> Program:
        command = [SEAWAY, "serve", "--broker", f"127.0.0.1:{broker}", "--http", f"127.0.0.1:{port}", *options]
        return self.listening(self.start(command), port)

    def worker(self, language: str, broker: int) -> Program:
        """The demo's worker of that language, at work."""
        address = f"127.0.0.1:{broker}"
        demo = ROOT / "Sources" / "Examples" / "Demo"
        commands = {
            "swift": [ROOT / ".build" / "release" / "seaway-demo-worker", "--broker", address],
            "python": [sys.executable, demo / "demo.py", address],
            "go": [self.go_worker(), address],
            "sh": [demo / "worker.sh", address],
        }
        environment = {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")} if language == "python" else None
        worker = self.start(commands[language], environment)

        def question() -> bool:
            assert worker.is_running, f"the {language} worker has ended:\n{worker.output()}"
            return self.readers(broker, f"http.request.{language}") > 0

        until(question, f"the {language} worker listens")
        return worker

    @classmethod
    def go_worker(cls) -> pathlib.Path:
        return cls.go_program(ROOT / "Sources" / "Examples" / "Demo" / "go", "go-worker")

    @staticmethod
    def go_program(folder: pathlib.Path, name: str) -> pathlib.Path:
        """Builds the Go program in a folder."""
        path = ROOT / ".build" / "demo" / name
        environment = {**os.environ, "GOPROXY": "off"}
        subprocess.run(["go", "build", "-o", str(path), "."], cwd=folder, env=environment, check=True)
        return path

    @staticmethod
    def readers(broker: int, channel: str) -> int:
        with Wire(broker) as wire:
            return wire.look(f"PEEK {channel}")["readers"]

    def end(self) -> None:
        for program in reversed(self.programs):
            program.kill()
