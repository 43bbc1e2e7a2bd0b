"""`make demo-durable` from start to Ctrl-C: three NATS servers, two brokers, workers in four languages, two kills."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import signal
import sys

import pytest

from harness import ROOT, House, Program, until

DEMO = ROOT / "Sources" / "Examples" / "Demo" / "durable"
LANGUAGES = ("swift", "python", "go", "shell")


class Demo:
    """The site while it runs, as its reader sees it."""

    def __init__(self, house: House, folder: pathlib.Path):
        house.go_program(DEMO / "go", "go-jobs")
        words = ["--pause", 1, "--interval", 0.01, "--folder", folder]
        environment = {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
        self.folder = folder
        self.program: Program = house.start([sys.executable, DEMO / "site.py", *words], environment)

    def pid(self, name: str) -> int:
        """Of the program of that name that was started last."""
        started = rf"kill -9 (\d+) +# {name}$|^{name} is started again as (\d+)$"
        found = re.findall(started, self.program.output(), re.MULTILINE)
        return int("".join(found[-1])) if found else 0

    def count(self, what: str) -> int:
        """A number in the last line that counts."""
        assert self.program.is_running, self.program.output()
        found = re.findall(rf"{what} (\d+)", self.program.output())
        return int(found[-1]) if found else 0

    def kill(self, name: str) -> None:
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)
        until(lambda: self.pid(name) != before, f"{name} is started again")

    def leave(self) -> int:
        """Ctrl-C. Returns the exit code."""
        self.program.process.send_signal(signal.SIGINT)
        return self.program.process.wait(60)


@pytest.fixture
def demo(house, tmp_path):
    demo = Demo(house, tmp_path / "demo")
    yield demo
    # It ends what it has started, which nobody else knows; the second word is not to wait for jobs.
    if demo.program.is_running:
        demo.program.process.send_signal(signal.SIGINT)
        with contextlib.suppress(ProcessLookupError):
            demo.program.process.send_signal(signal.SIGINT)
        demo.program.process.wait(60)


def with_word(word: str) -> list[int]:
    """Processes that have it in their command."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if word in path.read_bytes().decode(errors="replace"):
                found.append(int(path.parent.name))
    return found


def test_jobs_of_four_languages_survive_the_kill_of_a_worker_and_of_a_broker(demo):
    for language in LANGUAGES:
        until(lambda language=language: demo.count(language) > 0, f"{language} has done jobs", 60)
    addresses = re.findall(r"--listen (\S+)", " ".join(command(demo.pid(f"broker-{n}")) for n in (1, 2)))
    assert len(addresses) == 2
    demo.kill("shell")
    demo.kill("broker-1")
    stored = demo.count("stored")
    until(lambda: demo.count("stored") > stored, "jobs are stored as before")
    assert demo.leave() == 0, demo.program.output()
    # Its last word, and no process of its own left behind.
    assert re.search(r"stored \d+, not done yet 0 .*\nlost: 0\n$", demo.program.output()), demo.program.output()
    for word in (str(demo.folder), *addresses):
        until(lambda word=word: not with_word(word), f"nothing with {word} is left")


def command(pid: int) -> str:
    return pathlib.Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
