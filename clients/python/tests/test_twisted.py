"""Programs of Twisted: a worker inside one, and one that receives as Daphne does."""

from __future__ import annotations

import os
import pathlib
import signal
import socket
import sys
from typing import Any, List

import pytest
from support.broker import PATIENCE, TESTS, Broker, Program, until
from support.server import Server

import seaway

pytest.importorskip("twisted")


def program(path: pathlib.Path, *arguments: str) -> Program:
    paths = os.pathsep.join([str(TESTS.parent / "src"), os.environ.get("PYTHONPATH", "")])
    return Program(sys.executable, str(path), *arguments, PYTHONPATH=paths, PYTHONUNBUFFERED="1")


def test_a_worker_in_a_program_of_twisted_answers_sends_and_leaves(own_broker: Broker, programs: List[Any]) -> None:
    server = Server(own_broker.address)
    programs.append(server)
    example = program(TESTS.parent / "examples" / "twisted_worker.py", own_broker.address, "0")
    programs.append(example)
    port = int(example.line(r"port (\d+)")[1])
    with seaway.Layer(own_broker.address) as layer, layer.listen("hears") as hears:
        layer.join("lines", "hears")
        until(lambda: layer.peek("http.request")["readers"], "the worker to listen")
        assert server.whole("/lines")["content"] == b"0\n"
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as typist:
            typist.sendall("hi\nyou é\n".encode())
            heard: List[Any] = [hears.receive(PATIENCE) for _ in range(2)]
            assert [message["text"] for message in heard] == ["hi", "you é"]
            assert typist.makefile("rb").readline() == b"told 1\n"
        assert server.whole("/lines")["content"] == b"2\n"
        # What was handed to it before it was told to leave is answered.
        slow = server.ask("/slow")
        example.signal(signal.SIGTERM)
        assert example.wait() == 0
        assert server.next(slow)["content"] == b"slow\n"
        assert not layer.peek("http.request")["readers"]
    assert "Traceback" not in example.output


def test_what_twisted_receives_is_lost_with_no_deferred(own_broker: Broker, programs: List[Any]) -> None:
    reader = program(TESTS / "support" / "twisted_reader.py", own_broker.address)
    programs.append(reader)
    reader.line("cancelled CancelledError")
    with seaway.Layer(own_broker.address) as layer:
        layer.send("reader.b", {"n": 1})
        reader.line(r"reader.b \{'n': 1\}")
        layer.send("reader!1", {"n": 2})
        layer.send("reader!1", {"n": 3, "last": True})
    assert reader.wait() == 0
    assert [line for line in reader.lines if line.startswith("reader!1")] == [
        "reader!1 {'n': 2}", "reader!1 {'n': 3, 'last': True}",
    ]  # fmt: skip
    reader.line("refused name: 'no name' is no name of a channel or mailbox")
