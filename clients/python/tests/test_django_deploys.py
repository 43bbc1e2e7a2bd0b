"""`seaway django` under load: views on threads and sockets beside them, in processes that are replaced."""

from __future__ import annotations

import json
import pathlib
import shutil
import signal
from typing import List

import pytest
from support.broker import TESTS, Ends
from support.house import House, Supervisor
from support.load import Load, Wrk
from support.socket_browser import SocketBrowser

pytest.importorskip("channels")

#: The chat of the tutorial of Channels.
CHAT = TESTS.parents[2] / "Tests" / "Browser" / "chat_site"
PAGE = "/chat/lobby/"
SOCKETS = 50


def chat(house: House, *options: str) -> Supervisor:
    """Runs the project, as it is."""
    return house.serve("django", "--settings", "mysite.settings", *options, folder=CHAT, SEAWAY_BROKER=house.broker)


@pytest.mark.skipif(shutil.which("wrk") is None, reason="there is no wrk")
def test_views_and_sockets_outlive_that_all_processes_are_replaced(
    programs: List[Ends], tmp_path: pathlib.Path
) -> None:
    house = House(programs)
    host = chat(house, "--processes", "2", "--threads", "2", "--sockets", "resume")
    host.line("process 2 is ready")
    browsers = [SocketBrowser(house.host, house.port, "/ws/chat/lobby/") for _ in range(SOCKETS)]
    programs.extend(browsers)
    assert {browser.status for browser in browsers} == {101}
    wrk = Wrk(programs, house, PAGE, 4, tmp_path)
    host.signal(signal.SIGHUP)
    for left in (1, 2):
        host.line(f"process {left + 2} is ready")
        host.line(f"process {left} has left")
    wrk.stop()
    assert wrk.failures == []
    assert {what[:4] for what in wrk.answers} == {"200 "}
    browsers[0].send(json.dumps({"message": "still here"}))
    assert {json.loads(browser.text())["message"] for browser in browsers} == {"still here"}
    assert host.terminate() == 0
    assert "ERROR" not in host.output


def test_a_process_is_replaced_after_so_many_requests(programs: List[Ends]) -> None:
    house = House(programs)
    host = chat(house, "--max-requests", "100")
    load = Load(house, PAGE, 2)
    load.during(lambda: host.line("process 1 has left") and None)
    assert load.failures == []
    host.line(r"process 1 has served 1\d\d requests: it is replaced")


def test_a_process_with_too_much_memory_is_replaced(programs: List[Ends]) -> None:
    house = House(programs)
    # Each has that.
    host = chat(house, "--max-memory", "1M")
    assert house.ask(PAGE)[0] == 200
    host.line(r"process 1 has \d+ MiB of memory: it is replaced")
    host.line("process 1 has left")
    assert house.ask(PAGE)[0] == 200
