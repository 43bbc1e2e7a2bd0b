"""The command line's client commands, told where their broker is."""

from __future__ import annotations

import pathlib
import signal
import subprocess

from harness import PATIENCE, SEAWAY, Wire


class Console:
    """The program, told where the broker is."""

    def __init__(self, port: int, folder: pathlib.Path):
        self.port = port
        self.folder = folder
        self.running: list[subprocess.Popen] = []

    def run(self, command: str, *words: str, input: str = "") -> subprocess.CompletedProcess:
        """Bytes of the input that are not UTF-8 are lone surrogates here."""
        return subprocess.run(
            [SEAWAY, command, *words, "--broker", f"127.0.0.1:{self.port}"], capture_output=True, timeout=PATIENCE,
            text=True, errors="surrogateescape", input=input, check=False,
        )  # fmt: skip

    def ok(self, command: str, *words: str, input: str = "") -> str:
        """What it prints; fails when it fails."""
        done = self.run(command, *words, input=input)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def start(self, command: str, *words: str) -> subprocess.Popen:
        """One that goes on; its lines are read from `stdout`."""
        with open(self.folder / f"{len(self.running)}.err", "wb") as errors:
            program = subprocess.Popen(
                [SEAWAY, command, *words, "--broker", f"127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
        self.running.append(program)
        return program

    def end(self) -> None:
        for program in self.running:
            program.kill()
            program.wait()
            if program.stdout:
                program.stdout.close()


def leave(program: subprocess.Popen, ending: signal.Signals = signal.SIGTERM) -> int:
    program.send_signal(ending)
    return program.wait(PATIENCE)


def members(wire: Wire, group: str) -> list:
    return wire.look(f"MEMBERS {group}")["members"]
