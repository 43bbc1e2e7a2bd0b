"""Every case of torture_cases.py over a socket of its own, all at once, against one server."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from harness import PATIENCE, House, Wire, free_port, until
from ports import given_back
from torture_cases import LIMITS, LIVES, Case, cases

CASES = cases()

#: What a path may ask for.
STATUSES = {"200", "204", "205", "304", "404"}
#: Those whose answers have no content.
EMPTY = {100, 204, 304}


@dataclass
class Found:
    """What came back for one case."""

    statuses: list[int] = field(default_factory=list)
    last: bytes = b""
    lives: bool | None = None
    trouble: str = ""


class Client:
    """Knows of HTTP how an answer ends, and no more."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.input = self.socket.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_) -> None:
        self.input.close()
        self.socket.close()

    def answer(self, has_content: bool = True) -> tuple[int, bytes] | None:
        """The next one: its status and its content; nothing at the connection's end."""
        line = self.input.readline()
        if not line:
            return None
        assert line.startswith(b"HTTP/1.1 ") and line.endswith(b"\r\n"), line
        length = 0
        while (header := self.input.readline()) != b"\r\n":
            assert header.endswith(b"\r\n"), header
            name, value = header.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        status = int(line.split()[1])
        return status, self.input.read(length) if has_content and status not in EMPTY else b""


def try_out(case: Case, port: int) -> Found:
    found = Found()
    try:
        with Client(port) as client:
            # The server may be quicker to close.
            with contextlib.suppress(OSError):
                client.socket.sendall(case.request)
                if case.ends:
                    client.socket.shutdown(socket.SHUT_WR)
            for _ in case.answers:
                answer = client.answer(has_content=not case.request.startswith(b"HEAD"))
                if answer is None:
                    break
                found.statuses.append(answer[0])
                found.last = answer[1]
            if case.lives is LIVES:
                client.socket.sendall(b"GET /alive HTTP/1.1\r\nHost: a\r\n\r\n")
            after = client.answer()
            found.lives = after == (200, b"GET /alive ")
            if after and not found.lives:
                found.trouble = f"another answer came: {after}"
    except (OSError, AssertionError, ValueError) as error:
        found.trouble = repr(error)
    return found


def work(wire: Wire) -> None:
    """Says of every request what it has seen of it."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            asked = wire.take()
            seen = f"{asked['method']} {asked['path']} {asked['body']}"
            # `/204` asks for an answer with this status.
            status = int(asked["path"][1:]) if asked["path"][1:] in STATUSES else 200
            answer = json.dumps({"status": status, "content": seen})
            wire.write(f"SEND :- {asked['reply_channel']} {answer}\nREADY 1 http.request\n")


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[Case, Found]:
    house = House(tmp_path_factory.mktemp("torture"))
    with given_back():
        broker, port = free_port(), free_port()
        house.broker(broker)
        options = [word for pair in LIMITS.items() for word in pair]
        server = house.server(port, broker, *options)
        with Wire(broker) as wire:
            wire.listen("http.request", credit=1_000)
            worker = threading.Thread(target=work, args=(wire,), daemon=True)
            worker.start()
            until(lambda: try_out(CASES[0], port).statuses == [200], "the first case is answered")
            with ThreadPoolExecutor(32) as pool:
                found = list(pool.map(lambda case: try_out(case, port), CASES))
            assert server.is_running
        house.end()
    return dict(zip(CASES, found, strict=True))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_torture(results, case):
    found = results[case]
    assert (found.statuses, found.lives) == (list(case.answers), case.lives), f"{case.request!r}: {found}"
    if case.seen and case.seen != "HEAD":
        assert found.last.decode() == case.seen


def test_there_are_enough():
    assert len(CASES) >= 150
    assert len({str(case) for case in CASES}) == len(CASES)
