"""What the README says is true."""

from __future__ import annotations

import hashlib
import os
import pathlib
import re
import sys
import types
from typing import Any, Dict, List

import pytest
from support.broker import TESTS, Broker, Ends, Program, until
from support.server import Server

from seaway import Layer

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
        (6, "Sent(sent=2, full=0, gone=0)\nweb.me!1 web.me!2\nto one"),
        (7, "nobody listens"),
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
    assert len(EXAMPLES) >= 9
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


def test_the_readme_reads_a_body_in_pieces(own_broker: Broker, programs: List[Ends], tmp_path: pathlib.Path) -> None:
    (tmp_path / "digest.py").write_text(EXAMPLES[3] + "\n\nworker.run()\n", "utf-8")
    program = run(own_broker, programs, str(tmp_path / "digest.py"))
    server = Server(own_broker.address)
    programs.append(server)
    reply_channel = server.ask("/digest", "POST", body_channel="http.request.body?test.1")
    wanted = server.next(reply_channel)["body_wanted"]
    assert wanted >= 65_536
    for offset, content in ((0, b"one "), (4, b"two")):
        piece = {"offset": offset, "content": content, "more_content": offset == 0}
        server.layer.send("http.request.body?test.1", piece, if_heard=True)
    (answer,) = server.answer(reply_channel)
    assert answer["content"].decode().strip() == hashlib.sha256(b"one two").hexdigest()
    assert program.terminate() == 0


def test_the_requests_that_the_readme_hands_on_are_answered(
    own_broker: Broker, programs: List[Ends], tmp_path: pathlib.Path
) -> None:
    (tmp_path / "slow.py").write_text(EXAMPLES[4], "utf-8")
    program = run(own_broker, programs, str(tmp_path / "slow.py"))
    server = Server(own_broker.address)
    programs.append(server)
    assert server.whole("/slow")["content"] == b"done\n"
    assert server.whole("/later")["content"] == b"later\n"
    waiting = [server.ask("/news") for _ in range(2)]
    until(lambda: server.layer.members("news.next") == waiting, "the requests to wait for news")
    server.layer.send_group("news.next", {"status": 200, "content": b"news"})
    assert [server.next(channel)["content"] for channel in waiting] == [b"news", b"news"]
    assert program.terminate() == 0
    assert "ended without an answer" not in program.output


def test_the_readme_tests_its_classes_by_the_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    (classes,) = (example for example in EXAMPLES if "WebSocketDemultiplexer" in example)
    (tests,) = (example for example in EXAMPLES if "FakeServer" in example)
    shop, found = types.ModuleType("shop"), types.ModuleType("tests")
    exec(classes + "\n\n@worker.on('http.request', path='/')\ndef page(message): ...\n", vars(shop))
    monkeypatch.setitem(sys.modules, "shop", shop)
    exec(tests, vars(found))
    found.test_the_feed_counts_likes()


def test_what_the_readme_sends_to_a_group_can_go_to_a_socket() -> None:
    sends = re.findall(r"Group\(.*?\)\.send\((.*?)\)", "\n".join(EXAMPLES))
    assert len(sends) >= 3
    # The last one's is made above it.
    assert all(re.match(r'\{"(text|bytes)": ', sent) or sent == "message" for sent in sends)
    assert 'message = {"text": instance.title}' in EXAMPLES[8]


BLOG = """
import logging

import django
from django.conf import settings

logging.basicConfig(format="%(name)s %(message)s")
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
django.setup()

import blog.models
import example
from django.db import connection, transaction

with connection.schema_editor() as editor:
    editor.create_model(blog.models.Post)
with transaction.atomic():
    blog.models.Post.objects.create(title="Goal!")
    print("not said before it is committed")
blog.models.Post.objects.create(title="Kanäle")
print("saved", blog.models.Post.objects.count())
"""
MODELS = """
from django.db import models


class Post(models.Model):
    title = models.CharField(max_length=100)

    class Meta:
        app_label = "blog"
"""


@pytest.fixture
def blog(tmp_path: pathlib.Path) -> pathlib.Path:
    """A Django application with what the README shows."""
    pytest.importorskip("django")
    (tmp_path / "blog").mkdir()
    (tmp_path / "blog" / "__init__.py").touch()
    (tmp_path / "blog" / "models.py").write_text(MODELS, "utf-8")
    (tmp_path / "example.py").write_text(EXAMPLES[8], "utf-8")
    (tmp_path / "save.py").write_text(BLOG, "utf-8")
    return tmp_path / "save.py"


def test_a_model_that_is_saved_tells_the_group(own_broker: Broker, programs: List[Ends], blog: pathlib.Path) -> None:
    with Layer(own_broker.address) as layer, layer.listen("socket!") as listening:
        layer.join("liveblog", "socket!1")
        program = run(own_broker, programs, str(blog))
        texts = [message["text"] for message in (listening.receive(20), listening.receive(20)) if message]
    assert texts == ["Goal!", "Kanäle"]
    assert program.wait() == 0, program.output
    assert "saved 2" in program.output


def test_a_model_is_saved_though_the_broker_is_away(
    own_broker: Broker, programs: List[Ends], blog: pathlib.Path
) -> None:
    own_broker.kill()
    program = run(own_broker, programs, str(blog))
    assert program.wait() == 0, program.output
    assert "saved 2" in program.output
    assert program.output.count("seaway._errors.Unreachable: unreachable: no broker at") == 2


def test_the_sockets_of_the_readme_work(own_broker: Broker, programs: List[Ends], tmp_path: pathlib.Path) -> None:
    (tmp_path / "chat.py").write_text(EXAMPLES[5], "utf-8")
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
    from seaway import testing

    classes = {"Channel", "JsonWebSocketConsumer", "WebSocketDemultiplexer"}
    others = {"Pending", "SystemExit", *classes, *testing.__all__}
    named = set(re.findall(r"`([A-Z][a-z][a-zA-Z]+)`", README)) - others
    assert {"Refused", "Unknown", "Lost", "Ended"} <= named
    assert all(issubclass(getattr(seaway, name), seaway.SeawayError) for name in named)
