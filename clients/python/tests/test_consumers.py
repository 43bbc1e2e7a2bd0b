"""Classes that serve sockets, streams over one socket, and sessions: the same in both halves."""

from __future__ import annotations

import json
import logging
from typing import Any, Callable, Iterator, List

import pytest
from support import consumers
from support.broker import PATIENCE, Broker, Ends
from support.broker import worker as start
from support.server import Server

import seaway
from seaway import _kept, _leaving, _websocket, aio
from seaway.testing import FakeServer, FakeSocket


@pytest.fixture(params=["sync", "asyncio"])
def site(request: pytest.FixtureRequest) -> Iterator[FakeServer]:
    with FakeServer(consumers.worker if request.param == "sync" else consumers.async_worker) as one:
        yield one
        assert one.faults == []


@pytest.fixture(params=["sync", "asyncio"])
def own(request: pytest.FixtureRequest) -> Iterator[FakeServer]:
    """A worker of the test's own, which may leave."""
    with FakeServer(consumers.sticky() if request.param == "sync" else consumers.async_sticky()) as one:
        yield one
        assert one.faults == []


def keep(kept: _kept.Kept, number: int) -> None:
    body = seaway.Message("x", None, b"", None)  # type: ignore[arg-type]
    body._data = {"reply_channel": f"s!{number}", "control_channel": f"c!{number}"}
    assert kept.keep(_websocket.SocketFields(body), "m!") is not None


def kept_sockets(count: int) -> _kept.Kept:
    """Returns so many, from 0 on."""
    kept = _kept.Kept()
    for number in range(count):
        keep(kept, number)
    return kept


def says(socket: FakeSocket, stream: str, payload: Any) -> None:
    socket.send_json({"stream": stream, "payload": payload})


# Classes


def test_a_socket_is_in_its_groups_and_hears_what_is_said_there(site: FakeServer) -> None:
    one, other, elsewhere = (site.websocket(path) for path in ("/chat/blue", "/chat/blue", "/chat/red"))
    assert one.is_open
    assert site.members("chat.blue") == sorted([one.channel, other.channel])
    assert len(site.members("everybody")) == 3
    one.send("hi")
    one.send(b"\xff")
    one.send("others")
    assert list(one.messages) == ["hi", b"\xff"]
    assert list(other.messages) == ["hi", b"\xff", "others"]
    assert not elsewhere.messages
    other.close(4001, "bye")
    assert site.members("chat.blue") == [one.channel]
    assert site.take("ended") == [{"code": 4001, "reason": "bye"}]


def test_a_consumer_rejects_closes_and_fails(site: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    rejected = site.websocket("/chat/closed")
    assert (rejected.status, rejected.content, rejected.is_open) == (401, b"log in", False)
    assert site.members("chat.closed") == []
    closed, failed = site.websocket("/chat/a"), site.websocket("/chat/a")
    closed.send("close")
    assert closed.closed == (4000, "enough")
    failed.send("fail")
    assert failed.closed == (1011, "")
    assert "RuntimeError: failed as told" in caplog.text


def test_a_path_that_makes_no_groups_name_is_not_found(site: FakeServer) -> None:
    assert site.websocket("/chat/two words").status == 404
    assert site.websocket("/chat/" + "x" * 300).status == 404


def test_what_is_no_json_closes_with_a_reason(site: FakeServer) -> None:
    for said, code in (("{", 1007), ("[" * 100_000, 1007), (b"{}", 1003)):
        socket = site.websocket("/count")
        socket.send(said)
        assert socket.closed is not None and socket.closed[0] == code
        assert "JSON" in socket.closed[1]


# Sessions


def test_a_session_lives_as_long_as_its_socket(site: FakeServer) -> None:
    one, other = site.websocket("/count"), site.websocket("/count")
    assert [one.receive(), other.receive()] == ["welcome", "welcome"]
    for number in (1, 2, 3):
        one.send_json("a")
        assert one.receive_json() == ["a", number]
    other.send_json("b")
    assert other.receive_json() == ["b", 1]
    one.close()
    other.close()
    assert site.take("ended") == [{"said": 3}, {"said": 1}]


def test_a_worker_that_leaves_closes_who_has_a_session_and_gives_back_who_has_none(own: FakeServer) -> None:
    one, other, third = own.websocket("/count"), own.websocket("/feed/a"), own.websocket("/count")
    one.send_json("a")
    assert other.receive_channel
    own.leave()
    assert one.closed == third.closed == (1012, "its worker leaves")
    # Their last event has found the session.
    assert sorted(message["said"] for message in own.take("ended")) == [0, 1]
    assert other.is_open
    assert not other.receive_channel


def test_a_socket_whose_session_is_not_here_is_closed_and_may_come_again(
    own: FakeServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_kept.Kept, "MOST", 1)
    one, other = own.websocket("/count"), own.websocket("/count")
    one.send_json("a")
    assert one.closed == (1012, "its worker has left")
    other.send_json("a")
    assert (other.receive(), other.receive_json()) == ("welcome", ["a", 1])
    assert f"the session of {one.channel} is not here" in caplog.text
    assert "Traceback" not in caplog.text
    # Nor does its end find it.
    assert own.take("ended") == []


def test_a_function_may_do_without_the_session_that_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kept.Kept, "MOST", 1)
    worker = seaway.Worker()

    @worker.websocket("/", sticky=True)
    def talk(socket: seaway.WebSocket, content: Any) -> None:
        try:
            socket.send(str(socket.session.setdefault("first", content)))
        except seaway.NoSession as error:
            assert isinstance(error, seaway.SeawayError)
            socket.send("nothing is known of you")

    with FakeServer(worker) as site:
        one = site.websocket("/")
        one.send("hi")
        site.websocket("/")
        one.send("again")
        assert list(one.messages) == ["hi", "nothing is known of you"]
        assert one.is_open


@pytest.mark.parametrize("make", [consumers.sticky, consumers.async_sticky])
def test_who_comes_to_a_worker_that_leaves_is_to_come_again(make: Callable[[], Any]) -> None:
    worker = make()
    worker._kept.leave()
    with FakeServer(worker) as site:
        socket = site.websocket("/count")
        assert (socket.status, dict(socket.headers)) == (503, {"retry-after": "1"})
        assert site.websocket("/feed/a").is_open


def test_who_leaves_closes_one_after_another_and_waits_for_the_ends() -> None:
    kept = kept_sockets(4)
    for channel in ("s!1", "s!2", "s!3"):
        kept.session(channel)
    leaving = _leaving.Leaving(kept, 0.012, 10.0)
    assert leaving.take(10.0) == [("c!0", _leaving.GIVE_BACK), ("c!1", _leaving.CLOSE)]
    assert leaving.take(10.0) == []
    assert leaving.next(10.0) == pytest.approx(10.002)
    assert leaving.take(10.0021) == [("c!2", _leaving.CLOSE)]
    assert not leaving.is_over(99.0)
    assert leaving.take(10.0041) == [("c!3", _leaving.CLOSE)]
    assert not leaving.is_over(10.0041)
    for channel in ("s!1", "s!2", "s!3"):
        kept.forget(channel)
    # What is on its way from the one that was given back.
    assert not leaving.is_over(10.2)
    assert leaving.next(10.2) == 10.25
    assert leaving.is_over(10.25)


def test_who_leaves_does_not_wait_for_ever() -> None:
    kept = kept_sockets(1)
    kept.session("s!0")
    leaving = _leaving.Leaving(kept, 100.0, 10.0)
    assert leaving.take(10.0) == [("c!0", _leaving.CLOSE)]
    assert 10.0 < leaving.next(10.0) < 10.1
    assert not leaving.is_over(15.0)
    assert leaving.is_over(15.01)
    assert _leaving.Leaving(kept_sockets(0), 100.0, 10.0).is_over(10.0)


def test_a_session_without_sticky_is_refused(site: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    socket = site.websocket("/stateless")
    socket.send("a")
    assert socket.closed == (1011, "")
    assert "a session needs a route with sticky=True" in caplog.text


def test_nothing_is_left_of_sockets_that_are_over() -> None:
    worker = seaway.Worker()

    @worker.websocket("/{how}", sticky=True)
    def talk(socket: seaway.WebSocket, content: Any) -> None: ...

    @talk.connect
    def join(socket: seaway.WebSocket) -> None:
        socket.session["a"] = 1
        if socket.parameters["how"] == "reject":
            socket.reject()
        if socket.parameters["how"] == "fail":
            raise RuntimeError

    kept = worker._kept
    with FakeServer(worker) as site:
        sockets = [site.websocket(path) for path in ("/reject", "/fail", "/stay", "/stay")]
        assert (len(kept), kept.tied) == (2, 2)
        sockets[2].close()
        assert (len(kept), kept.tied) == (1, 1)
    assert (len(kept), kept.tied) == (0, 0)


def test_sessions_are_bounded(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kept.Kept, "MOST", 2)
    caplog.set_level(logging.WARNING, "seaway")
    kept = kept_sockets(2)
    kept.session("s!0")["n"] = 0
    kept.session("s!1")["n"] = 1
    # Heard of last, so the other one has to go.
    assert kept.session("s!0") == {"n": 0}
    keep(kept, 2)
    assert (len(kept), kept.tied, kept.session("s!0")) == (2, 1, {"n": 0})
    with pytest.raises(seaway.NoSession, match="s!1"):
        kept.session("s!1")
    keep(kept, 3)
    assert caplog.messages == ["the session of s!1 is given up: more than 2 sockets are kept here"]


# Streams


def test_each_stream_has_its_consumer_its_groups_and_its_session(site: FakeServer) -> None:
    one, other = site.websocket("/feed/a"), site.websocket("/feed/b")
    assert [one.receive_json(), other.receive_json()] == [{"stream": "notes", "payload": "ready"}] * 2
    assert site.members("feed") == site.members("likes") == sorted([one.channel, other.channel])
    says(one, "likes", None)
    says(one, "likes", None)
    assert [other.receive_json() for _ in range(2)] == [
        {"stream": "likes", "payload": {"likes": 1}},
        {"stream": "likes", "payload": {"likes": 2}},
    ]
    one.messages.clear()
    says(one, "notes", ["x"])
    assert one.receive_json() == {"stream": "notes", "payload": {"note": ["x"], "session": {}}}
    assert not other.messages


def test_all_streams_hear_of_the_end_also_when_one_fails(site: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    site.websocket("/feed/a").close()
    assert site.take("ended") == [{"stream": "notes"}]
    assert "RuntimeError: failed as told" in caplog.text


def test_the_streams_of_a_rejected_socket_are_not_asked(site: FakeServer) -> None:
    socket = site.websocket("/feed/nobody")
    assert (socket.status, list(socket.messages)) == (403, [])


@pytest.mark.parametrize(
    "said",
    [
        {"stream": "none", "payload": 1},
        {"stream": "likes"},
        {"stream": 1, "payload": 1},
        [],
        1,
        {"stream": "é" * 500, "payload": 1},
    ],
)
def test_what_is_of_no_stream_closes_with_a_reason(site: FakeServer, said: Any) -> None:
    socket = site.websocket("/feed/a")
    socket.send_json(said)
    assert socket.closed is not None and socket.closed[0] == 1007
    assert "stream" in socket.closed[1]


# What cannot be served


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (["chat.{who}"], "which the path '/chat/{room}' does not name"),
        (["two words"], "is no name of a group"),
        ("chat", "not a string"),
        (["chat!{room}"], "is no name of a group"),
    ],
)
@pytest.mark.parametrize("half", [seaway, aio])
def test_groups_that_cannot_be_are_refused_at_once(half: Any, groups: Any, said: str) -> None:
    consumer = type("Consumer", (half.WebSocketConsumer,), {"groups": groups})
    with pytest.raises((ValueError, seaway.BadName), match=said):
        half.Worker().consumer("/chat/{room}")(consumer)


def test_what_is_no_consumer_is_refused_at_once() -> None:
    worker: Any = seaway.Worker()
    with pytest.raises(TypeError, match=r"is a seaway\.WebSocketConsumer"):
        worker.consumer("/")(aio.WebSocketConsumer)
    with pytest.raises(TypeError, match="is a coroutine function"):
        worker.consumer("/")(type("Mixed", (seaway.WebSocketConsumer,), {"receive": aio.WebSocketConsumer.receive}))
    with pytest.raises(TypeError, match="is no coroutine function"):
        mixed: Any = type("Mixed", (aio.WebSocketConsumer,), {"receive": seaway.WebSocketConsumer.receive})
        aio.Worker().consumer("/")(mixed)
    with pytest.raises(ValueError, match="give it some"):
        worker.consumer("/")(seaway.WebSocketDemultiplexer)
    with pytest.raises(TypeError, match="what serves the stream 'a' is a JsonWebSocketConsumer"):
        worker.consumer("/")(
            type("Feed", (seaway.WebSocketDemultiplexer,), {"streams": {"a": seaway.WebSocketConsumer}})
        )
    with pytest.raises(TypeError, match="not by another demultiplexer"):
        worker.consumer("/")(type("Feed", (seaway.WebSocketDemultiplexer,), {"streams": {"a": consumers.Feed}}))


# At a real broker


@pytest.mark.parametrize("place", ["worker", "async_worker"])
def test_consumers_serve_as_programs_at_a_real_broker(place: str, own_broker: Broker, programs: List[Ends]) -> None:
    program = start(f"support.consumers:{place}", own_broker.address, SEAWAY_BROKER=own_broker.address)
    server = Server(own_broker.address, "websocket.send.test!", "websocket.control.test!")
    programs.extend([server, program])
    event = {"reply_channel": "websocket.send.test!1", "control_channel": "websocket.control.test!1", "path": "/feed/a"}
    server.layer.send("websocket.connect", {**event, "type": "websocket.connect", "order": 0})
    accepted = server.next("websocket.send.test!1").data
    assert (accepted["accept"], accepted["serial"]) == (True, True)
    assert json.loads(accepted["text"]) == {"stream": "notes", "payload": "ready"}
    assert server.layer.members("likes") == ["websocket.send.test!1"]
    for order in (1, 2):
        said = {"type": "websocket.receive", "order": order, "serial": True, "text": '{"stream":"likes","payload":1}'}
        server.layer.send(accepted["receive_channel"], {**event, **said}, if_heard=True)
        heard = json.loads(server.next("websocket.send.test!1")["text"])
        assert heard == {"stream": "likes", "payload": {"likes": order}}
        assert server.next("websocket.control.test!1").data == {"done": order}
    server.layer.send(accepted["receive_channel"], {**event, "type": "websocket.disconnect", "order": 3})
    with server.layer.listen("ended") as ended:
        message = ended.receive(PATIENCE)
        assert message is not None and message.data == {"stream": "notes"}
    assert program.terminate() == 0
