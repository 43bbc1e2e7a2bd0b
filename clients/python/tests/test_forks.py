"""Functions that fork: the child has its signals, and nothing of the connection; the worker goes on."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, Iterator, List

import pytest
from support.broker import TESTS, Broker, Program, until
from support.server import Server

from seaway import Layer

KINDS = ["sync", "threads", "asyncio"]


class Site:
    """One or several brokers, a worker that forks, and what asks it."""

    def __init__(self, kind: str, brokers: int = 1):
        self.brokers = [Broker("--warm", "0s") for _ in range(brokers)]
        addresses = ",".join(broker.address for broker in self.brokers)
        paths = os.pathsep.join([str(TESTS.parent / "src"), os.environ.get("PYTHONPATH", "")])
        self.worker = Program(
            sys.executable,
            str(TESTS / "support" / "forking.py"),
            kind,
            SEAWAY_BROKER=addresses,
            PYTHONPATH=paths,
            PYTHONUNBUFFERED="1",
        )
        self.server = Server(addresses)

    def ask(self, path: str, query: str = "") -> str:
        return str(self.server.whole(path, query=query)["content"].decode())

    def kill(self) -> None:
        self.server.kill()
        self.worker.kill()
        for broker in self.brokers:
            broker.kill()


@pytest.fixture(scope="module", params=KINDS)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    one = Site(request.param)
    yield one
    one.kill()


def test_a_child_that_is_terminated_ends_and_its_worker_does_not(site: Site) -> None:
    assert site.ask("/handlers") == "11"
    for _ in range(3):
        assert site.ask("/terminate") == "-15"
    assert site.worker.process.poll() is None


def test_a_layer_that_a_child_uses_connects_anew(site: Site) -> None:
    with site.server.layer.listen("from.child") as listening:
        assert site.ask("/sends") == "0"
        message: Any = listening.receive(20)
        assert message["text"] == "sent"
    assert site.ask("/terminate") == "-15"


def test_what_the_parent_listens_on_is_a_clear_error_in_a_child(site: Site) -> None:
    assert site.ask("/listens") == "7"


@pytest.mark.parametrize(("how", "code"), [("exit", "7"), ("raise", "1"), ("return", "0")])
def test_a_child_that_comes_out_of_its_function_ends_there(site: Site, how: str, code: str) -> None:
    assert site.ask("/falls_out", how) == code
    assert site.server.listening.receive(timeout=0) is None


def test_a_program_that_is_started_has_no_connection_of_the_worker(site: Site) -> None:
    assert site.ask("/starts") == "0"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("brokers", [1, 2])
def test_a_child_that_outlives_its_worker_holds_no_connection(kind: str, brokers: int, programs: List[Any]) -> None:
    site = Site(kind, brokers)
    programs.append(site)
    child = int(site.ask("/outlives"))
    try:
        site.worker.process.kill()
        for broker in site.brokers:
            with Layer(broker.address) as layer:
                until(lambda: not layer.peek("http.request")["readers"], "the broker to see the worker's end")
        os.kill(child, 0)
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("kind", KINDS)
def test_over_several_brokers_a_child_connects_anew_too(kind: str, programs: List[Any]) -> None:
    site = Site(kind, 2)
    programs.append(site)
    with Layer(hosts=[broker.address for broker in site.brokers]) as layer, layer.listen("from.child") as listening:
        assert site.ask("/sends") == "0"
        message: Any = listening.receive(20)
        assert message["text"] == "sent"
    assert site.ask("/listens") == "7"
    assert site.ask("/terminate") == "-15"
