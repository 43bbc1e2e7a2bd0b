"""What the README says is true."""

from __future__ import annotations

import os
import pathlib
import re
import sys
from typing import Any, Dict, List

import pytest
from support.broker import TESTS, Broker, Ends, Program
from support.server import Server

README = (TESTS.parent / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)


def run(broker: Broker, programs: List[Ends], *arguments: str) -> Program:
    """Runs Python as a user does."""
    paths = os.pathsep.join([str(TESTS.parent / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {"PYTHONPATH": paths, "SEAWAY_BROKER": broker.address, "PYTHONUNBUFFERED": "1"}
    program = Program(sys.executable, *arguments, **environment)
    programs.append(program)
    return program


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (0, "chat.log hi"),
        (1, "chat.log hi"),
        (4, "Sent(sent=2, full=0, gone=0)\nweb.me!1 web.me!2\nto one"),
        (5, "nobody listens"),
    ],
)
def test_an_example_does_what_it_says(
    number: int, printed: str, own_broker: Broker, programs: List[Ends], tmp_path: pathlib.Path
) -> None:
    (tmp_path / "example.py").write_text(EXAMPLES[number], "utf-8")
    program = run(own_broker, programs, str(tmp_path / "example.py"))
    assert program.wait() == 0, program.output
    assert program.output == printed


def test_the_worker_of_the_readme_works(own_broker: Broker, programs: List[Ends], tmp_path: pathlib.Path) -> None:
    assert len(EXAMPLES) == 6
    (tmp_path / "shop.py").write_text(EXAMPLES[2], "utf-8")
    program = run(own_broker, programs, str(tmp_path / "shop.py"))
    server = Server(own_broker.address)
    programs.append(server)
    assert server.whole("/hello/moon")["content"] == b"hello moon\n"
    pieces = server.answer(server.ask("/numbers"))
    assert b"".join(piece["content"] for piece in pieces) == b"0\n1\n2\n"
    server.layer.send("mail.outgoing", {"to": "a@example.org"})
    program.line("to a@example.org")
    assert program.terminate() == 0


def test_the_sockets_of_the_readme_work(own_broker: Broker, programs: List[Ends], tmp_path: pathlib.Path) -> None:
    (tmp_path / "chat.py").write_text(EXAMPLES[3], "utf-8")
    program = run(own_broker, programs, str(tmp_path / "chat.py"))
    server = Server(own_broker.address, "websocket.send.test!")
    programs.append(server)

    def event(kind: str, number: int, **fields: Any) -> None:
        message: Dict[str, Any] = {"type": f"websocket.{kind}", "path": "/chat/blue"}
        message["reply_channel"] = f"websocket.send.test!{number}"
        message["control_channel"] = "websocket.control.test!1"
        server.layer.send(f"websocket.{kind}", {**message, **fields})

    event("connect", 1)
    assert server.next("websocket.send.test!1").data == {"accept": True, "serial": True, "text": "welcome"}
    event("connect", 2, headers=[[b"origin", b"https://evil.example"]])
    assert server.next("websocket.send.test!2").data == {"accept": False, "status": 403}
    event("receive", 1, text="hi")
    assert server.next("websocket.send.test!1").data == {"text": "somebody: 'hi'"}
    event("disconnect", 1, code=1001)
    program.line("left with 1001")
    assert program.terminate() == 0


def test_every_error_that_the_readme_names_is_there() -> None:
    import seaway

    named = set(re.findall(r"`([A-Z][a-zA-Z]+)`", README)) - {"Pending"}
    assert {"Refused", "Unknown", "Lost", "Ended"} <= named
    assert all(issubclass(getattr(seaway, name), seaway.SeawayError) for name in named)
