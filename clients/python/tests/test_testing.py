"""The test kit: functions of both halves are asked without a socket, a broker or a wait."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Dict, Iterator

import pytest
from support import kit_site

import seaway
from seaway import aio
from seaway.testing import AsyncFakeLayer, Clock, FakeBroker, FakeLayer, FakeServer

WORKERS: Dict[str, Any] = {"sync": kit_site.worker, "asyncio": kit_site.async_worker}


@pytest.fixture(params=list(WORKERS))
def half(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(half: str) -> Iterator[FakeServer]:
    with FakeServer(WORKERS[half], FakeBroker(capacity={"small.*": 2})) as one:
        yield one


# Requests


def test_a_request_has_its_fields_and_its_answer_is_whole(site: FakeServer) -> None:
    answer = site.post("/skip", "ä", headers={"X-Type": "a"}, query="q=1")
    assert (answer.status, answer.header("X-Type"), answer.text) == (201, "a", "q=1")
    assert site.get("/nowhere").status == 404
    assert site.request("PUT", "/size").answer().status == 405


def test_a_body_comes_in_pieces_as_it_is_asked_for(site: FakeServer) -> None:
    assert site.post("/size", b"x" * 10).json() == {"bytes": 10}
    assert site.post("/size", b"x" * 3_000_000).json() == {"bytes": 3_000_000}
    assert site.post("/size", [b"a" * 70_000, b"b"]).json() == {"bytes": 70_001}
    # One that is not read is left where it is.
    assert site.post("/skip", b"x" * 3_000_000).status == 201


def test_a_function_waits_for_a_body_that_is_sent_later() -> None:
    with FakeServer(kit_site.async_worker) as site:
        exchange = site.request("POST", "/size", content=[])
        assert exchange.wanted == 524_288
        exchange.send_body(b"one ")
        assert not exchange.is_complete
        exchange.send_body(b"two", is_last=True)
        assert exchange.answer().json() == {"bytes": 7}


def test_a_body_that_does_not_come_to_its_end_is_no_body(half: str, caplog: pytest.LogCaptureFixture) -> None:
    if half == "asyncio":
        with FakeServer(kit_site.async_worker) as site:
            exchange = site.request("POST", "/size", content=[])
            exchange.send_body(b"one ")
            exchange.leave()
            assert "a function failed" not in caplog.text
            with pytest.raises(AssertionError, match="broken off: left"):
                exchange.answer()
    else:
        # Nothing else runs while it waits: the clock does, until the worker gives it up.
        with FakeServer(kit_site.worker) as site:
            exchange = site.request("POST", "/size", content=[])
            assert exchange.status == 504
            assert site.clock.now >= 1_120


def test_an_answer_that_is_broken_off_is_no_answer(site: FakeServer) -> None:
    exchange = site.request("GET", "/half")
    assert (exchange.status, exchange.content) == (200, b"half")
    with pytest.raises(AssertionError, match="broken off"):
        exchange.answer()


def test_what_the_protocol_has_not_is_noted(site: FakeServer) -> None:
    assert site.get("/bad").status == 502
    assert site.faults == ["/bad: the answer's status is no number of 200 to 599: 99"]


def test_many_requests_are_answered_by_one_message_to_a_group(site: FakeServer) -> None:
    waiting = [site.request("GET", "/waits") for _ in range(3)]
    with pytest.raises(AssertionError, match="no function has answered"):
        waiting[0].answer()
    assert len(site.members("waiting")) == 3
    assert site.send_group("waiting", {"status": 200, "content": b"news"}) == (3, 0, 0)
    assert [exchange.answer().content for exchange in waiting] == [b"news"] * 3


# Time


def test_time_passes_by_the_clock_alone(half: str, site: FakeServer) -> None:
    started = time.monotonic()
    exchange = site.request("GET", "/sleep")
    if half == "asyncio":
        assert not exchange.is_complete
        site.advance(0.4)
        assert not exchange.is_complete
        site.advance(0.1)
    assert exchange.answer().text == "awake"
    assert site.clock.now == pytest.approx(1_000.5)
    site.advance(3_600)
    assert time.monotonic() - started < 10


def test_a_request_that_nobody_answers_times_out(site: FakeServer) -> None:
    exchange = site.request("GET", "/waits")
    site.advance(119.9)
    assert not exchange.is_over
    site.advance(0.1)
    assert exchange.answer().status == 504
    # What comes then is for nobody.
    assert site.send_group("waiting", {"status": 200}) == (0, 0, 0)


def test_a_function_hears_that_the_browser_has_left() -> None:
    with FakeServer(kit_site.async_worker) as site:
        exchange = site.request("GET", "/sleep")
        site.advance(0.3)
        exchange.leave()
        assert site.take("cancelled") == [{"path": "/sleep"}]


def test_functions_in_threads_are_waited_for() -> None:
    with FakeServer(kit_site.async_worker) as site:
        assert site.get("/thread").text == "3"


def test_who_would_wait_finds_that_time_has_passed() -> None:
    with FakeServer(kit_site.worker) as site:
        assert site.get("/asks").text == "none"
        assert site.clock.now == pytest.approx(1_005, abs=0.1)
        assert site.take("questions") == [{"n": 1}]
        site.send("answers", {"text": "yes"})
        assert site.get("/asks").text == "yes"


# Messages


def test_messages_come_to_functions_and_what_they_send_is_there(site: FakeServer) -> None:
    site.send("jobs", {"n": 1})
    site.send("jobs", {"n": 2})
    assert site.take("done") == [{"n": 1}, {"n": 2}]
    assert site.take("done") == []


def test_a_full_channel_refuses(site: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    assert site.get("/full").status == 500
    assert "seaway._errors.Full" in caplog.text
    assert [message["n"] for message in site.take("small.jobs")] == [0, 1]
    with pytest.raises(seaway.Full):
        for _ in range(3):
            site.send("small.others", {})


def test_a_connect_that_nobody_answers_is_given_up() -> None:
    worker = aio.Worker()

    @worker.websocket("/")
    async def late(socket: aio.WebSocket, content: Any) -> None: ...

    @late.connect
    async def think(socket: aio.WebSocket) -> None:
        await asyncio.sleep(6)

    with FakeServer(worker) as site:
        socket = site.websocket("/")
        site.advance(4.9)
        assert socket.status == 0
        site.advance(0.2)
        assert (socket.status, socket.is_open) == (503, False)


def test_what_nobody_takes_in_time_is_gone(site: FakeServer) -> None:
    site.send("later", {"n": 1})
    site.advance(59.9)
    site.send("later", {"n": 2})
    site.advance(0.1)
    assert (site.take("later"), site.broker.expired) == ([{"n": 2}], 1)


# Sockets


def test_a_socket_is_accepted_talks_and_ends(site: FakeServer) -> None:
    socket = site.websocket("/echo", subprotocols=["a", "b"])
    assert (socket.status, socket.subprotocol, socket.headers) == (101, "a", [("x", "1")])
    socket.send("hi")
    socket.send(b"\xff")
    assert [socket.receive(), socket.receive()] == ["hi", b"\xff"]
    with pytest.raises(AssertionError, match="nothing has come"):
        socket.receive()
    socket.close()
    with pytest.raises(AssertionError, match="not open"):
        socket.send("late")
    assert site.websocket("/nowhere").status == 404


def test_a_slow_browser_holds_up_who_sends(half: str, site: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    socket = site.websocket("/echo")
    socket.pause()
    for number in range(101):
        socket.send(str(number))
    if half == "asyncio":
        assert socket.is_open
        site.advance(1)
    # It has waited for a second of the clock, and given up.
    assert "seaway._errors.Full" in caplog.text
    socket.resume()
    site.advance(1)
    assert socket.closed == (1011, "")


def test_the_next_event_waits_for_the_function_or_its_time(half: str, site: FakeServer) -> None:
    socket = site.websocket("/slow")
    socket.send("one")
    socket.send("two")
    if half == "asyncio":
        site.advance(40)
        assert list(socket.messages) == ["one"]
        # The second was sent when the first was 30 seconds old (W17).
        site.advance(30)
    assert list(socket.messages) == ["one", "two"]


def test_a_group_with_nothing_for_a_socket_is_noted(site: FakeServer) -> None:
    socket = site.websocket("/echo")
    site.broker.join("room", [socket.channel])
    site.send_group("room", {"title": "x"})
    assert len(site.faults) == 1 and "needs text or bytes" in site.faults[0]
    assert socket.is_open
    site.send_group("room", {"close": 4000})
    assert socket.closed == (4000, "")


# Layers alone


def test_two_layers_of_one_broker_see_each_other() -> None:
    broker = FakeBroker(Clock())
    one, other = FakeLayer(broker), FakeLayer(broker)
    listening = other.listen("web.me!")
    one.join("room", "web.me!1")
    assert one.send_group("room", {"n": 1}) == (1, 0, 0)
    message = listening.receive(0)
    assert message is not None and (message.channel, message["n"]) == ("web.me!1", 1)
    assert one.members("room") == ["web.me!1"]
    other.close("web.me!1")
    with pytest.raises(seaway.Gone):
        one.send("web.me!1", {})
    with pytest.raises(seaway.Away):
        one.send("nobody", {}, if_heard=True)
    assert listening.receive(7) is None
    assert broker.clock.now == pytest.approx(1_007, abs=0.1)
    with pytest.raises(seaway.SeawayError, match="would wait for ever"):
        listening.receive()
    assert one.peek("nobody")["messages"] == 0
    assert one.stats()["groups"] == 0
    other.quit()
    with pytest.raises(seaway.Ended):
        other.send("a", {})


def test_a_layer_for_asyncio_works_on_any_loop() -> None:
    async def talk() -> None:
        broker = FakeBroker()
        async with AsyncFakeLayer(broker) as one, AsyncFakeLayer(broker) as other:
            listening = await other.listen("chat.log")
            await one.send("chat.log", {"text": "hi"})
            message = await listening.receive()
            assert message is not None and message["text"] == "hi"
            with pytest.raises(seaway.Refused):
                await one.watch("g", "w")

    asyncio.run(talk())


def test_the_layer_of_the_process_is_the_servers_while_it_is_open() -> None:
    former = FakeLayer()
    seaway.set_default_layer(former)
    try:
        with FakeServer(kit_site.worker):
            assert seaway.default_layer() is not former
        assert seaway.default_layer() is former
    finally:
        seaway.set_default_layer(None)


def test_what_is_no_worker_is_refused() -> None:
    nobody: Any = object()
    with pytest.raises(TypeError, match=r"a worker is a seaway\.Worker"):
        FakeServer(nobody)
    with pytest.raises(ValueError, match="has no functions"):
        FakeServer(aio.Worker())
    with pytest.raises(ValueError, match="backwards"):
        Clock().advance(-1)
