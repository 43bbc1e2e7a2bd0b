"""Starts the programs that are measured, on free loopback ports, and reads what they use from /proc."""

import os
import pathlib
import resource
import shutil
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
TICKS = os.sysconf("SC_CLK_TCK")


def raise_file_limit() -> int:
    """Allows this process and its children as many files as may be. Returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def find(name: str) -> str:
    """The path of a program, that of the private Python environment first."""
    private = BUILD / "python" / "bin" / name
    path = str(private) if private.exists() else shutil.which(name)
    if path is None:
        raise SystemExit(f"{name} is missing; `make bench` installs it.")
    return path


class Process:
    """One program under measurement, ended with the `with` block."""

    def __init__(self, command: list, log: str, port: int = 0, environment: dict = {}):
        self.command = [str(word) for word in command]
        self.port = port
        self.log = BUILD / "bench" / f"{log}.log"
        self.environment = {**os.environ, **environment}

    def __enter__(self) -> "Process":
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT, env=self.environment
            )
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.popen.terminate()
        try:
            self.popen.wait(15)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()

    @property
    def pid(self) -> int:
        return self.popen.pid

    def wait_until_it_listens(self) -> None:
        end = time.monotonic() + 15
        while self.port and time.monotonic() < end:
            if self.popen.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        if self.port:
            raise SystemExit(f"{self.command[0]} did not start:\n{self.log.read_text(errors='replace')}")

    def cpu_seconds(self) -> float:
        """User and system time of all its threads since its start."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
