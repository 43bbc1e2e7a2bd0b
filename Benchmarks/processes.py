"""Starts the programs that are measured, on free loopback ports, and reads what they use from /proc."""

from __future__ import annotations

import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Tests" / "System"))
from ports import free_port as free_port  # for those who start what is measured

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
LOGS = BUILD / "bench"
TICKS = os.sysconf("SC_CLK_TCK")
#: Seconds in which a program must listen, and in which it must end.
PATIENCE = 20.0


class Missing(Exception):
    """A program is not there; the loads that need it are left out."""


class Unable(Exception):
    """A program is there and cannot do this (yet); this load is left out for it, and others go on."""


def raise_file_limit() -> int:
    """Allows this process and its children as many files as may be. Returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return int(hard)


def seaway() -> str:
    """The release build, or what SEAWAY_BIN names."""
    return built(os.environ.get("SEAWAY_BIN") or BUILD / "release" / "seaway")


def built(path: str | pathlib.Path) -> str:
    """Something that `make bench` builds; raises `Missing`."""
    if not os.access(path, os.X_OK):
        raise Missing(f"{path} is not built; `make bench` builds it")
    return str(path)


def find(name: str, environment: str = "python") -> str:
    """The path of a program: that of a private Python environment, else the system's; raises `Missing`."""
    private = BUILD / environment / "bin" / name
    path = str(private) if os.access(private, os.X_OK) else shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if path is None:
        raise Missing(f"{name} is not installed; `make bench` installs it")
    return path


def tool(name: str) -> str:
    """A program that only some loads need; raises `Unable`."""
    try:
        return find(name)
    except Missing as missing:
        raise Unable(str(missing)) from None


class Process:
    """One program under measurement, ended with the `with` block."""

    def __init__(
        self,
        command: Sequence[object],
        log: str,
        port: int = 0,
        environment: Mapping[str, str] | None = None,
        directory: pathlib.Path = ROOT,
    ):
        self.command = [str(word) for word in command]
        self.port = port
        self.log = LOGS / f"{log}.log"
        self.environment = {**os.environ, **(environment or {})}
        self.directory = directory

    def __enter__(self) -> Process:
        LOGS.mkdir(parents=True, exist_ok=True)
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.directory, env=self.environment
            )
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """SIGTERM; SIGKILL when that does not help or somebody is impatient."""
        self.popen.terminate()
        try:
            self.popen.wait(PATIENCE)
        except BaseException as error:
            self.popen.kill()
            self.popen.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise

    @property
    def pid(self) -> int:
        return self.popen.pid

    def wait_until_it_listens(self) -> None:
        end = time.monotonic() + PATIENCE
        while self.port and time.monotonic() < end:
            if self.popen.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        if self.port:
            last = self.log.read_text(errors="replace").strip().splitlines()[-5:]
            raise RuntimeError(" | ".join([f"{self.command[0]} did not start", *last]))

    def cpu_seconds(self) -> float:
        """User and system time of all its threads since its start."""
        return cpu_seconds(self.pid)

    def memory(self) -> float:
        """The proportional set size, in bytes."""
        return self.kibibytes("smaps_rollup", "Pss") * 1024

    def peak_memory(self) -> float:
        """The most resident bytes that it has had."""
        return self.kibibytes("status", "VmHWM") * 1024

    def kibibytes(self, file: str, field: str) -> float:
        text = pathlib.Path(f"/proc/{self.pid}/{file}").read_text()
        return float(text.partition(f"\n{field}:")[2].split()[0])


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def output(command: Sequence[object], timeout: float) -> tuple[int, str, str]:
    """Runs a load to its end: exit code, output, complaints."""
    words = [str(word) for word in command]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=timeout)
    return done.returncode, done.stdout, done.stderr


def complaint(name: str, out: str, err: str) -> RuntimeError:
    """An error of one line, of what a load has said."""
    said = (err.strip() or out.strip() or "no output").splitlines()
    return RuntimeError(f"{name}: {said[-1][:300]}")


def words(line: str) -> dict[str, str]:
    """`rate=12 p99_us=3`, as the load generators print it."""
    return dict(word.split("=", 1) for word in line.split() if "=" in word)
