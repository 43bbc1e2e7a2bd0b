"""`seaway worker --processes`: several processes, replaced without losing a request."""

from __future__ import annotations

import pathlib
import signal
from typing import List

import pytest
from support.broker import Ends
from support.house import House
from support.load import Load
from support.source import Source

WORKERS = pytest.mark.parametrize("worker", ["worker", "async_worker"])
CODE = """
import seaway

worker = seaway.Worker()

@worker.on("http.request")
def version(message):
    message.respond(content="version {version}")
"""


@WORKERS
def test_no_request_is_lost_when_all_are_replaced_under_load(programs: List[Ends], worker: str) -> None:
    house = House(programs)
    program = house.serve("worker", f"support.pid_site:{worker}", "--processes", "2")
    program.line("process 2 is ready")
    load = Load(house, "/pid", 4)

    def deploy() -> None:
        program.signal(signal.SIGHUP)
        program.line("process 4 is ready")
        program.line("process 2 has left")

    load.during(deploy)
    assert load.failures == []
    assert {int(pid) for pid in load.answers} == set(program.pids)
    assert program.output.count("ready by itself") == 4
    assert program.terminate() == 0
    assert "ERROR" not in program.output


@WORKERS
def test_a_process_is_replaced_after_so_many_messages(programs: List[Ends], worker: str) -> None:
    house = House(programs)
    program = house.serve("worker", f"support.pid_site:{worker}", "--processes", "1", "--max-requests", "100")
    load = Load(house, "/pid", 4)
    load.during(lambda: program.line("process 2 is ready") and None)
    assert load.failures == []
    program.line(r"process 1 has served 1\d\d requests: it is replaced")
    program.line("process 1 has left")


def test_a_change_of_the_code_is_served(programs: List[Ends], tmp_path: pathlib.Path) -> None:
    source = Source(tmp_path / "reloaded.py")
    source.write(CODE.format(version=1))
    house = House(programs)
    program = house.serve("worker", "reloaded:worker", "--processes", "1", "--reload", folder=tmp_path)
    assert house.ask("/")[2] == b"version 1"
    source.write(CODE.format(version=2))
    program.line("reloaded.py has changed: all processes are replaced")
    program.line("process 1 has left")
    assert house.ask("/")[2] == b"version 2"


@WORKERS
@pytest.mark.parametrize(
    ("options", "drain"),
    [((), b"5"), (("--drain", "7"), b"7"), (("--processes", "1"), b"30"), (("--processes", "1", "--drain", "7"), b"7")],
)
def test_the_drain_is_what_was_said(programs: List[Ends], worker: str, options: List[str], drain: bytes) -> None:
    house = House(programs)
    program = house.start("worker", f"support.pid_site:{worker}", *options)
    program.line("ready by itself")
    assert house.ask("/drain")[2] == drain
    assert program.terminate() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mailbox_worker", "--processes", "2"), "letters! is a mailbox, which one process alone can read"),
        (("empty_worker", "--processes", "2"), "the worker has no functions"),
        (("nobody", "--processes", "1"), "support.pid_site:nobody cannot be loaded"),
        (("worker", "--max-requests", "10"), "need a process that is supervised: --processes 1"),
    ],
)
def test_what_cannot_run_in_processes_ends_the_program(programs: List[Ends], arguments: List[str], said: str) -> None:
    program = House(programs).start("worker", f"support.pid_site:{arguments[0]}", *arguments[1:])
    assert program.wait() == 64
    assert said in program.output


def test_a_mailbox_is_read_by_the_next_process_when_one_is_replaced(programs: List[Ends]) -> None:
    house = House(programs)
    program = house.serve("worker", "support.pid_site:mailbox_worker", "--processes", "1")
    program.signal(signal.SIGHUP)
    program.line("process 2 is ready")
    program.line("process 1 (has|was) ")
    assert program.terminate() == 0
