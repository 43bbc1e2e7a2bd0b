"""The whole, with an interface server and browsers."""

from __future__ import annotations

import contextlib
import http.client
import time
from typing import List

import pytest
from support.broker import PATIENCE, SEAWAY, Ends, Program, worker
from support.socket_browser import SocketBrowser

KINDS = ["sync", "asyncio"]


class House:
    """A broker with an interface server in one process, and workers of one kind."""

    def __init__(self, kind: str, workers: int, programs: List[Ends]):
        self.up = Program(
            SEAWAY, "up", "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--access-log", "--websocket-route",
            "/raw=websocket.connect.raw",
        )  # fmt: skip
        programs.append(self.up)
        self.broker = self.up.line(r"broker: address=(\S+:\d+) .*listening")[1]
        self.host, port = self.up.line(r"server: address=(\S+):(\d+) .*serving").groups()
        self.port = int(port)
        self.workers = [worker("support.whole_site:worker", self.broker, KIND=kind) for _ in range(workers)]
        programs.extend(self.workers)
        for program in self.workers:
            program.line("connected to the broker")

    def browser(self) -> contextlib.closing[http.client.HTTPConnection]:
        return contextlib.closing(http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE))


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_learns_that_its_browser_has_left(kind: str, programs: List[Ends]) -> None:
    house = House(kind, 1, programs)
    with house.browser() as browser:
        browser.request("GET", "/long")
        house.workers[0].line("begun")
    house.workers[0].line("cancelled True")
    with house.browser() as browser:
        browser.request("GET", "/slow")
        assert browser.getresponse().read() == b"slow\n"
    assert house.workers[0].terminate() == 0
    assert "ERROR" not in house.workers[0].output


@pytest.mark.parametrize("path", ["/echo", "/raw"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_socket_is_answered_in_order_by_several_workers(kind: str, path: str, programs: List[Ends]) -> None:
    house = House(kind, 2, programs)
    browser = SocketBrowser(house.host, house.port, path)
    programs.append(browser)
    assert browser.status == 101
    texts = [str(number) for number in range(30)]
    began = time.monotonic()
    browser.send(*texts)
    assert [browser.receive() for _ in texts] == [(1, text.encode()) for text in texts]
    # Nobody has waited for a done that did not come.
    assert time.monotonic() - began < PATIENCE / 2
