"""Requests that outlive their processes: they stay with the broker until they are answered, in every way of serving."""

from __future__ import annotations

import os
import sys
from typing import Any, Iterator, List, Tuple

import pytest
from support.broker import PATIENCE, TESTS, Broker, Ends, until
from support.house import Supervisor

import seaway
from seaway import Layer

SITE = "support.held_site"
#: By name: the command, and the path that is asked for.
WAYS = {
    "worker": (("worker", f"{SITE}:worker"), "/"),
    "threads": (("worker", f"{SITE}:worker", "--concurrency", "4"), "/"),
    "asyncio": (("worker", f"{SITE}:async_worker"), "/"),
    "asgi": (("asgi", f"{SITE}:app"), "/"),
    "wsgi": (("wsgi", f"{SITE}:application"), "/"),
    "django": (("django", "--settings", SITE), "/now"),
    "django-async-path": (("django", "--settings", SITE, "--async-path", "/later"), "/later"),
    "django-asgi": (("django", "--settings", SITE, "--asgi"), "/later"),
}


class Asking:
    """A broker that soon delivers again what a dead connection held, and who asks there."""

    def __init__(self, programs: List[Ends]):
        self.broker = Broker("--return", "50ms")
        programs.append(self.broker)
        self.programs = programs
        self.layer = Layer(self.broker.address)
        self.answers = self.layer.listen("http.response.test!")

    def start(self, *command: str, count: int = 1) -> Supervisor:
        paths = [str(TESTS.parent / "src"), str(TESTS), os.environ.get("PYTHONPATH", "")]
        environment = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", "SEAWAY_BROKER": ""}
        environment["SEAWAY_BROKER"] = self.broker.address
        processes = () if command[0] == "worker" else ("--processes", "0")
        program = Supervisor(sys.executable, "-m", "seaway", *command, *processes, **environment)
        self.programs.append(program)
        until(lambda: self.readers("http.request") == count, "it to listen")
        return program

    def readers(self, channel: str) -> int:
        return int(self.layer.peek(channel)["readers"])

    def ask(self, path: str, channel: str = "http.request", **fields: Any) -> None:
        message = {"reply_channel": "http.response.test!1", "method": "GET", "path": path, "headers": [], **fields}
        self.layer.send(channel, message)

    def answer(self) -> seaway.Message:
        """The next that is part of an answer."""
        while True:
            answer = self.answers.receive(PATIENCE)
            assert answer is not None
            if "disconnect_channel" not in answer:
                return answer

    def stats(self, *names: str) -> List[int]:
        stats = self.layer.stats()
        return [int(stats[name]) for name in names]


@pytest.fixture
def asking(programs: List[Ends]) -> Iterator[Asking]:
    one = Asking(programs)
    yield one
    one.layer.quit()


@pytest.fixture(params=list(WAYS.values()), ids=list(WAYS))
def way(request: pytest.FixtureRequest) -> Tuple[Tuple[str, ...], str]:
    if request.param[0][0] == "django":
        pytest.importorskip("django")
    found: Tuple[Tuple[str, ...], str] = request.param
    return found


def test_a_request_of_a_killed_process_is_answered_by_another(asking: Asking, way: Tuple[Any, str]) -> None:
    command, path = way
    first = asking.start(*command)
    asking.ask(path)
    first.line("has it")
    second = asking.start(*command, count=2)
    first.kill()
    answer = asking.answer()
    assert (answer["status"], answer.get("content", b"")) == (200, f"2 {second.process.pid}".encode())
    until(lambda: asking.stats("acknowledged", "held", "dead") == [1, 0, 0], "it to be acknowledged")
    assert asking.stats("returned") == [1]


def test_a_connect_of_a_killed_process_is_decided_by_another(asking: Asking) -> None:
    first = asking.start("asgi", f"{SITE}:app")
    fields = {"type": "websocket.connect", "control_channel": "websocket.control.test!1"}
    asking.ask("/", "websocket.connect", **fields)
    first.line("has it")
    second = asking.start("asgi", f"{SITE}:app", count=2)
    first.kill()
    answer = asking.answer()
    assert (answer["accept"], answer["headers"]) == (True, [[b"told", f"2 {second.process.pid}".encode()]])
    until(lambda: asking.stats("acknowledged", "held") == [1, 0], "it to be acknowledged")


@pytest.mark.parametrize("way", [WAYS["asyncio"], WAYS["asgi"], WAYS["django-asgi"]], ids=["asyncio", "asgi", "django"])
def test_a_request_whose_client_has_gone_is_acknowledged(asking: Asking, way: Tuple[Any, str]) -> None:
    command, path = way
    if command[0] == "django":
        pytest.importorskip("django")
    process = asking.start(*command)
    asking.ask(path)
    process.line("has it")
    told = asking.answers.receive(PATIENCE)
    assert told is not None and asking.stats("held") == [1]
    over = {"reply_channel": "http.response.test!1", "path": "", "reason": "over"}
    asking.layer.send(told["disconnect_channel"], over)
    until(lambda: asking.stats("acknowledged", "held") == [1, 0], "it to be acknowledged")


def test_it_may_be_left_out(asking: Asking) -> None:
    first = asking.start("wsgi", f"{SITE}:application", "--no-ack")
    asking.ask("/")
    first.line("has it")
    assert asking.stats("held") == [0]
    first.kill()
    until(lambda: asking.stats("connections") == [1], "it to be gone")
    assert asking.layer.peek("http.request")["messages"] == 0
