"""Processes are replaced without losing a request: at a limit, by SIGHUP, for new code, and after a death."""

from __future__ import annotations

import os
import pathlib
import signal
from typing import List

import pytest
from support.broker import Ends, until
from support.house import House, Supervisor
from support.load import Load
from support.source import Source

APP = """
import asyncio

async def app(scope, receive, send):
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": b"version {version}"}})
"""


def answered_by(house: House, pid: int) -> bool:
    return house.ask("/pid")[2] == str(pid).encode()


def test_no_request_is_lost_when_all_are_replaced_under_load(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--processes", "2")
    app.line("process 2 is ready")
    load = Load(house, "/pid", 8)

    def deploy() -> None:
        for last in (4, 6):
            app.signal(signal.SIGHUP)
            app.line(f"process {last} is ready")
            app.line(f"process {last - 2} has left")

    load.during(deploy)
    assert load.failures == []
    assert {int(pid) for pid in load.answers} == set(app.pids)
    assert "ERROR" not in app.output


def test_a_process_is_replaced_after_so_many_requests(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--max-requests", "100")
    load = Load(house, "/pid", 4)
    load.during(lambda: app.line("process 3 is ready") and None)
    assert load.failures == []
    app.line(r"process 1 has served 1\d\d requests: it is replaced")
    app.line("process 1 has left")
    assert {int(pid) for pid in load.answers} >= set(app.pids[:3])


def test_a_process_with_too_much_memory_is_replaced(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--max-memory", "100M")
    assert house.ask("/eat")[2] == b"eaten"
    app.line(r"process 1 has 1\d\d MiB of memory: it is replaced")
    app.line("process 1 has left")
    assert answered_by(house, app.pids[1])


def test_a_process_that_dies_is_replaced(programs: List[Ends]) -> None:
    house = House(programs, "--http-timeout", "2s")
    # Else what has killed it might come to the next one too.
    app = house.serve("asgi", "support.raw_asgi:app", "--no-ack")
    assert house.ask("/die")[0] == 504
    app.line("process 1 has ended with exit code 3: another one is started in 0.1 s")
    app.line("process 2 is ready")
    assert answered_by(house, app.pids[1])


@pytest.mark.parametrize("watcher", ["", "watchfiles"])
def test_a_change_of_the_code_is_served_without_losing_a_request(
    programs: List[Ends], tmp_path: pathlib.Path, watcher: str
) -> None:
    if watcher:
        pytest.importorskip(watcher)
    else:
        (tmp_path / "watchfiles.py").write_text("raise ImportError('not in this test')", "utf-8")
    source = Source(tmp_path / "reloaded.py")

    def write(version: object) -> None:
        source.write(APP.format(version=version))

    write(1)
    house = House(programs)
    app = house.serve("asgi", "reloaded:app", "--reload", "--no-websocket", folder=tmp_path)
    load = Load(house, "/", 4)

    def edit() -> None:
        write(2)
        app.line(r"reloaded.py has changed: all processes are replaced")
        app.line("process 1 has left")
        write("{this is no Python")
        source.file.write_text("def app(:", "utf-8")
        app.line("process 3 has ended with exit code 64 before it was ready: the one before goes on")
        assert house.ask("/")[2] == b"version 2"
        write(4)
        app.line("process 4 is ready")
        app.line("process 2 has left")

    load.during(edit)
    assert load.failures == []
    assert load.answers[0] == b"version 1" and load.answers[-1] == b"version 4"
    assert set(load.answers) == {b"version 1", b"version 2", b"version 4"}


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_second_signal_ends_all_at_once(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--drain", "60")
    with house.browser() as browser:
        browser.request("GET", "/slow")
        app.line("slow begins")
        app.signal(signal.SIGTERM)
        app.line("all processes leave, within 60 s")
        app.signal(signal.SIGINT)
        assert app.wait() == 0
    assert ended(app.pids[0])


def test_processes_leave_when_their_supervisor_is_killed(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app")
    app.process.kill()
    until(lambda: ended(app.pids[0]), "the end of the process")
    app.line("the process that supervises this one is no more: it leaves")


def test_what_needs_a_supervisor_is_refused_without_one(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.start("asgi", "support.raw_asgi:app", "--processes", "0", "--max-requests", "10")
    assert app.wait() == 64
    assert "need a process that is supervised" in app.output


def test_without_a_supervisor_the_application_runs_in_the_process_itself(programs: List[Ends]) -> None:
    house = House(programs)
    app: Supervisor = house.start("asgi", "support.raw_asgi:app", "--processes", "0")
    app.line("connected to the broker")
    assert house.ask("/pid")[2] == str(app.process.pid).encode()
    assert app.terminate() == 0
    assert "shut down" in app.output
