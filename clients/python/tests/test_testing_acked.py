"""The test kit has acknowledged channels: what a function raises decides, on a clock that stands still."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

import pytest
from support import ack_site

import seaway
from seaway import Message
from seaway._reading import Reading
from seaway._routes import Routes
from seaway._sync_consumer import Consumer
from seaway._ticket import Ticket
from seaway.testing import FakeBroker, FakeLayer, FakeServer

WORKERS: Dict[str, Any] = {"sync": ack_site.worker, "asyncio": ack_site.async_worker}


@pytest.fixture(params=list(WORKERS))
def site(request: pytest.FixtureRequest) -> Iterator[FakeServer]:
    with FakeServer(WORKERS[request.param], FakeBroker(tries={"asked": 2})) as one:
        yield one


def done(site: FakeServer) -> List[Tuple[int, int]]:
    return [(message["n"], message["times"]) for message in site.take("done")]


def test_a_function_that_returns_is_done(site: FakeServer) -> None:
    site.send("jobs", {"n": 1})
    assert done(site) == [(1, 1)]
    site.advance(3_600)
    assert done(site) == []


def test_a_function_that_raises_has_it_again_in_time(site: FakeServer) -> None:
    site.send("jobs", {"n": 1, "how": "fail"})
    site.send("jobs", {"n": 2, "how": "retry"})
    assert done(site) == []
    site.advance(0.01)
    assert done(site) == [(2, 2)]
    site.advance(0.98)
    assert done(site) == []
    site.advance(0.01)
    assert done(site) == [(1, 2)]


def test_what_is_given_up_can_be_looked_at(site: FakeServer) -> None:
    site.send("jobs", {"n": 1, "how": "dead"})
    letter = FakeLayer(site.broker).listen("jobs.dead").receive(0)
    assert letter is not None and letter.dead is not None
    assert (letter["n"], letter.dead.why, letter.dead.reason) == (1, "nak", "no such user")
    assert site.take("jobs.dead") == [] == done(site)


def test_a_request_comes_again_by_retry_alone(site: FakeServer) -> None:
    exchange = site.request("GET", "/", channel="asked")
    assert exchange.answer().text == "answer 1"
    site.advance(3_600)
    assert site.broker.messages("asked") == [] == site.broker.messages("asked.dead")


def test_what_a_worker_gives_back_does_not_come_to_it_again() -> None:
    layer = FakeLayer()
    reading = Reading(["jobs"], ["jobs"])
    core = layer.link.core
    with layer.link.lock:
        layer.link.open()
        core.readings.listen(reading)
        core.readings.grant(reading, 3)
    for number in range(2):
        layer.send("jobs", {"n": number})
    taken: List[int] = []
    routes: Routes[Message, None] = Routes()
    routes.add("jobs", None, None, lambda message: taken.append(message["n"]))
    consumer = Consumer(layer, routes)
    consumer.consume(reading.queue.popleft(), 0)
    consumer.is_leaving = True
    consumer.consume(reading.queue.popleft(), 0)
    layer.ping()
    # It has credit still, and would get it.
    assert (taken, len(reading.queue), layer.broker.messages("jobs")) == ([0], 0, [])
    with layer.link.lock:
        core.readings.unlisten(reading, Ticket())
        consumer.left()
    layer.ping()
    # Nobody has begun with it, so that it was no try (D11).
    assert (len(reading.queue), [one.times for one in layer.broker.messages("jobs")]) == (0, [0])


def test_a_layer_acknowledges_sends_later_and_once() -> None:
    layer = FakeLayer()
    listening = layer.listen("q", ack=True)
    layer.send("q", {"n": 1}, once="k")
    layer.send("q", {"n": 2}, once="k")
    layer.send("q", {"n": 3}, delay=5)
    first = listening.receive(0)
    assert first is not None and (first["n"], first.times) == (1, 1)
    first.nak(in_=10)
    later = listening.receive(6)
    assert later is not None and later["n"] == 3
    later.ack()
    again = listening.receive(6)
    assert again is not None and (again["n"], again.times) == (1, 2)
    # Nobody says that it is still worked on.
    layer.broker.clock.advance(600)
    third = listening.receive(0)
    assert third is not None and third.times == 3
    again.ack()
    layer.broker.clock.advance(3_600)
    assert listening.receive(0) is None


@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_a_request_of_any_worker_comes_again_by_retry_alone(kind: str) -> None:
    """Nobody has asked for it to be acknowledged: it is of browsers."""
    seen: List[Tuple[str, int]] = []

    def ends(message: Any) -> Dict[str, Any]:
        seen.append((message.path, message.times))
        if message.path == "/fails":
            raise ValueError("failed")
        if message.times == 1:
            raise seaway.Retry("later", in_=5)
        return {"content": f"times {message.times}"}

    def answer(message: Any) -> None:
        message.respond(**ends(message))

    async def async_answer(message: Any) -> None:
        await message.respond(**ends(message))

    worker: Any = seaway.Worker() if kind == "sync" else seaway.aio.Worker()
    worker.on("http.request")(answer if kind == "sync" else async_answer)
    with FakeServer(worker) as site:
        assert site.get("/fails").status == 500
        exchange = site.request("GET", "/later")
        site.advance(5)
        assert exchange.answer().text == "times 2"
        site.advance(3_600)
    assert seen == [("/fails", 1), ("/later", 1), ("/later", 2)]
