"""What an answer says of who has made it (protocol/INTERFACE.md, I83)."""

from __future__ import annotations

import os
import re
import socket
from typing import Any, List

import pytest
from support.broker import Ends, Program, worker
from support.house import House
from support.running import steps

ID = {"request_id": "3f2a"}
NAME = re.compile(r"[!-~]{1,64}")


def is_told(answer: dict[str, Any]) -> bool:
    """Whether it names this process, and a time; who says one has to say both."""
    name, took = answer.pop("worker", None), answer.pop("took", None)
    if name is None and took is None:
        return False
    assert NAME.fullmatch(name) and name.endswith(f":{os.getpid()}") and name.startswith(socket.gethostname()[:48])
    assert type(took) is int and took >= 0
    return True


def test_a_whole_answer_tells_it_where_the_request_has_an_id(start: Any) -> None:
    run = start(lambda message: message.respond(201, content=b"a"))
    run.connection.say(run.request("/", **ID))
    answer = run.says("x!1")
    assert is_told(answer) and answer == {"status": 201, "headers": [], "content": b"a"}
    run.takes_more()
    run.connection.say(run.request("/", 2))
    assert not is_told(run.says_behind_credit("x!2"))


def test_the_first_piece_of_an_answer_tells_it_and_no_other(start: Any) -> None:
    def answer(message: Any) -> Any:
        stream = message.stream()
        return steps(lambda _: stream.write(b"a"), lambda _: stream.write(b"b"), lambda _: stream.end())(message)

    run = start(answer)
    run.connection.say(run.request("/", **ID))
    assert [is_told(run.says("x!1")) for _ in range(3)] == [True, False, False]


def test_a_failure_tells_it_too(start: Any) -> None:
    def fail(message: Any) -> Any:
        raise RuntimeError("failed as told")

    run = start(fail)
    run.connection.say(run.request("/", **ID))
    answer = run.says("x!1")
    assert is_told(answer) and answer["status"] == 500


KINDS = [
    ("asgi", "support.raw_asgi:app", ["/scope", "/chunks"]),
    ("wsgi", "support.wsgi_site:application", ["/show", "/stream", "/large?5000000"]),
    ("worker", "support.sync_site:worker", ["/hello/a", "/stream", "/large", "/fail", "/nowhere"]),
    ("worker", "support.aio_site:worker", ["/hello/a", "/stream", "/large", "/fail", "/nowhere"]),
]


@pytest.mark.parametrize("command, place, paths", KINDS, ids=[place for _, place, _ in KINDS])
def test_the_access_log_names_whoever_has_answered(
    programs: List[Ends], command: str, place: str, paths: List[str]
) -> None:
    house = House(programs)
    server = programs[0]
    assert isinstance(server, Program)
    if command == "worker":
        process = worker(place, house.broker)
        programs.append(process)
        numbers = [process.process.pid]
    else:
        numbers = house.serve(command, place, "--processes", "1").pids
    for path in paths:
        house.ask(path)
        line = server.line(rf" path={re.escape(path.partition('?')[0])} .*ms=\d").string
        found = re.search(r" worker=\S+:(\d+) worker_ms=(\d+\.\d+)", line)
        assert found is not None, line
        assert int(found[1]) in numbers
        assert 0 <= float(found[2]) <= float(re.search(r" ms=(\d+\.\d+)", line)[1])  # type: ignore[index]
