"""How many requests a worker on an event loop begins before what it has answered leaves."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any, Callable, List, Union

import pytest
from support.broker import PATIENCE
from support.fake import FakeBroker

from seaway import _values
from seaway._asyncio import Link
from seaway.aio import Layer, Message, Worker, _turns
from seaway.aio._turns import AT_A_TIME, LONG
from seaway.hosting.asgi import Host

COUNT = 3 * AT_A_TIME + 1
Serving = Union[Host, Worker]


def request(number: int) -> bytes:
    body = _values.pack({"method": "GET", "path": "/", "reply_channel": f"http.response.server!{number}"})
    return b"MSG :%d http.request\n%b\n" % (len(body), body)


def application(layer: Layer, on_begin: Callable[[], None]) -> Serving:
    """An ASGI application as a worker."""

    async def hello(scope: Any, receive: Any, send: Any) -> None:
        on_begin()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"hello"})

    return Host(hello, layer, websocket_channel=None, lifespan="off", hold=0)


def worker(layer: Layer, on_begin: Callable[[], None]) -> Serving:
    """A worker with a function."""
    made = Worker(layer=layer, concurrency=128)

    async def hello(message: Message) -> None:
        on_begin()
        await message.respond(content="hello")

    made.on("http.request", ack=False)(hello)
    return made


Make = Callable[[Layer, Callable[[], None]], Serving]
both = pytest.mark.parametrize("make", [application, worker])


def serve_many_that_come_at_once(
    fake: FakeBroker, make: Make, on_begin: Callable[[Serving], None], watch: Callable[[Layer], None]
) -> int:
    """Returns how many requests have begun, all of which were answered in order."""
    begun = 0
    answered: List[str] = []

    async def main() -> None:
        loop, all_answered = asyncio.get_running_loop(), asyncio.Event()
        layer = Layer(fake.address)
        watch(layer)

        def begins() -> None:
            nonlocal begun
            begun += 1
            on_begin(serving)

        def speak() -> None:
            connection = fake.accept()
            assert connection.hear().verb == "LISTEN"
            connection.say(b"OK\n")
            connection.expect("READY 128 http.request")
            connection.say(b"".join(map(request, range(COUNT))))
            while (frame := connection.hear()).verb != "QUIT":
                if frame.verb != "READY":
                    connection.say(b"OK\n")
                if frame.verb == "SEND":
                    answered.append(frame.args[0])
                    if len(answered) == COUNT:
                        loop.call_soon_threadsafe(all_answered.set)
            connection.say(b"OK\n")

        broker = threading.Thread(target=speak)
        broker.start()
        serving = make(layer, begins)
        running = asyncio.ensure_future(serving.run())
        await all_answered.wait()
        serving.stop()
        await running
        await layer.quit()
        broker.join(PATIENCE)

    asyncio.run(asyncio.wait_for(main(), PATIENCE))
    assert answered == [f"http.response.server!{number}" for number in range(COUNT)]
    return begun


@both
@pytest.mark.parametrize("takes", [0.0, 0.001, 0.01])
def test_answers_leave_before_all_that_came_at_once_has_begun(
    fake: FakeBroker, monkeypatch: pytest.MonkeyPatch, make: Make, takes: float
) -> None:
    begun, now = 0, time.monotonic()
    #: As many had begun when an answer left.
    left_after: List[int] = []

    def on_begin(_: Serving) -> None:
        nonlocal begun, now
        begun += 1
        now += takes

    def watch(layer: Layer) -> None:
        monkeypatch.setattr(_turns, "time", Clock)
        assert isinstance(layer.link, Link)
        take = layer.link.core.take_output

        def noting() -> bytes:
            output = take()
            if b"SEND " in output:
                left_after.append(begun)
            return output

        monkeypatch.setattr(layer.link.core, "take_output", noting)

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now

    assert serve_many_that_come_at_once(fake, make, on_begin, watch) == COUNT
    # The bytes may have come in several pieces.
    turns = [later - sooner for sooner, later in zip([0, *left_after], left_after)]
    assert sum(turns) == COUNT and max(turns) <= AT_A_TIME
    # Where each takes long, each answer leaves by itself in the end.
    assert takes == 0 or max(turns[-3:]) <= (2 if takes < LONG else 1)


@both
def test_what_has_come_and_not_begun_is_served_by_a_worker_that_leaves(fake: FakeBroker, make: Make) -> None:
    assert serve_many_that_come_at_once(fake, make, lambda serving: serving.stop(), lambda layer: None) == COUNT
