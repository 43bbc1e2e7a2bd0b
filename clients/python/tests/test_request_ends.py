"""Functions that learn that nobody waits for their answer any more: protocol/INTERFACE.md, I27."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pytest
from support.broker import PATIENCE
from support.fake import FakeBroker
from support.halves import AsyncioHalf, Half
from support.running import Running

from seaway import _values

MAILBOX = "http.disconnect."


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions are taken to work for long from the beginning."""
    monkeypatch.setattr("seaway._ends.AFTER", 0.0)


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """All functions are taken to be quick."""
    monkeypatch.setattr("seaway._ends.AFTER", 3_600.0)


@pytest.fixture
def loop() -> Iterator[AsyncioHalf]:
    half = AsyncioHalf()
    yield half
    half.close()


def announced(running: Running, sends: bytes = b"OK\n", is_first: bool = True) -> str:
    """The worker has told where it hears of the end of its request; returns the channel."""
    if is_first:
        name = running.connection.expect(f"LISTEN {MAILBOX}").args[0]
        assert name.endswith("!")
        assert len(name) > len(MAILBOX) + 8
        running.connection.say(b"OK\n")
    said = running.says("x!1", sends)
    if is_first:
        running.connection.expect("READY 64")
    assert list(said) == ["disconnect_channel"]
    return str(said["disconnect_channel"])


def disconnect(channel: str) -> bytes:
    """What the server says there."""
    body = _values.pack({"reply_channel": "x!1", "path": "/long", "reason": "left"})
    return b"MSG :%d %b\n%b\n" % (len(body), channel.encode(), body)


def leaves(running: Running, grants: int, mailbox: bool = True) -> None:
    """Credit has come back, and nothing was answered; then the worker leaves."""
    for _ in range(grants):
        running.connection.expect("READY 1")
    running.stop()
    if mailbox:
        running.connection.expect(f"UNLISTEN {MAILBOX}")
        running.connection.say(b"OK\n")
    running.connection.expect("UNLISTEN a")
    running.connection.say(b"OK\n")
    running.connection.expect("QUIT")
    running.connection.say(b"OK\n")
    running.connection.expect_end()
    running.ended()


class Long:
    """A coroutine function that waits until it is cancelled, or is told to go on."""

    def __init__(self, and_then: Optional[Callable[[], Any]] = None) -> None:
        self.was_cancelled = threading.Event()
        self.go_on: Callable[[], None]
        self._and_then = and_then

    async def __call__(self, message: Any) -> None:
        loop = asyncio.get_running_loop()
        may_go_on = asyncio.Event()
        self.go_on = lambda: [loop.call_soon_threadsafe(may_go_on.set)].clear()
        try:
            await may_go_on.wait()
        except asyncio.CancelledError:
            self.was_cancelled.set()
            if self._and_then is not None:
                self._and_then()
            raise
        await message.respond(content="done")


def test_a_task_is_cancelled_when_its_browser_has_left(
    at_once: None, loop: AsyncioHalf, fake: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "seaway")
    long = Long()
    running = Running(loop, fake, long, concurrency=1)
    running.connection.expect("READY 1 a")
    running.connection.say(running.request("/long"))
    running.connection.say(disconnect(announced(running)))
    assert long.was_cancelled.wait(PATIENCE)
    leaves(running, 2)
    assert "nobody waits for the answer to GET /long any more" in caplog.messages
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


def test_a_task_is_cancelled_when_the_server_cannot_be_told(at_once: None, loop: AsyncioHalf, fake: FakeBroker) -> None:
    long = Long()
    running = Running(loop, fake, long, concurrency=1)
    running.connection.expect("READY 1 a")
    running.connection.say(running.request("/long"))
    announced(running, sends=b"ERR gone\n")
    assert long.was_cancelled.wait(PATIENCE)
    leaves(running, 1)


def test_a_server_that_has_no_room_is_told_again(at_once: None, loop: AsyncioHalf, fake: FakeBroker) -> None:
    long = Long()
    running = Running(loop, fake, long, concurrency=1)
    running.connection.expect("READY 1 a")
    running.connection.say(running.request("/long"))
    first = announced(running, sends=b"ERR full by=messages\n")
    second = announced(running, sends=b"ERR full by=messages\n", is_first=False)
    third = announced(running, is_first=False)
    assert len({first, second, third}) == 3
    # What comes where it was not told is for nobody.
    running.connection.say(disconnect(first))
    running.connection.expect("READY 1")
    running.connection.say(disconnect(third))
    assert long.was_cancelled.wait(PATIENCE)
    leaves(running, 2)


def test_a_broker_that_denies_it_costs_that_alone(
    at_once: None, loop: AsyncioHalf, fake: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "seaway")
    long = Long()
    running = Running(loop, fake, long, concurrency=1)
    running.connection.expect("READY 1 a")
    for number in range(3):
        running.connection.say(running.request("/long"))
        if number == 0:
            running.connection.expect(f"LISTEN {MAILBOX}")
            running.connection.say(b"ERR denied\n")
            running.says("x!1")
            running.connection.expect("UNLISTEN")
            running.connection.say(b"OK\n")
        else:
            running.connection.say(b"PING\n")
            running.connection.expect("PONG")
        long.go_on()
        assert running.says("x!1")["content"] == b"done"
        running.connection.expect("READY 1 a")
    running.leaves()
    told = [record for record in caplog.records if "does not hear of the end" in record.message]
    assert [record.levelno for record in told] == [logging.INFO]


def test_a_function_that_fails_when_it_is_cancelled_is_told_of(
    at_once: None, loop: AsyncioHalf, fake: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("could not tidy up")

    running = Running(loop, fake, Long(fail), concurrency=1)
    running.connection.expect("READY 1 a")
    running.connection.say(running.request("/long"))
    running.connection.say(disconnect(announced(running)))
    leaves(running, 2)
    assert "a function failed on GET /long" in caplog.messages
    assert "could not tidy up" in caplog.text


def test_a_function_that_is_quick_costs_no_frame_more(never: None, half: Half, fake: FakeBroker) -> None:
    def answer(message: Any) -> Any:
        assert not message.is_gone
        return message.respond(content="quick")

    running = Running(half, fake, answer, concurrency=1)
    running.connection.expect("READY 1 a")
    running.connection.say(running.request("/quick"))
    assert running.says("x!1")["content"] == b"quick"
    running.connection.expect("READY")
    running.leaves()


async def _answer_and_wait(message: Any, answered: threading.Event) -> None:
    await message.respond(content="said")
    answered.set()
    await asyncio.get_running_loop().create_future()


def test_nobody_is_told_of_what_is_answered_or_is_no_request(
    at_once: None, loop: AsyncioHalf, fake: FakeBroker
) -> None:
    answered = threading.Event()

    async def work(message: Any) -> None:
        if message.is_request:
            await _answer_and_wait(message, answered)
        await asyncio.sleep(0)

    running = Running(loop, fake, work, concurrency=2, drain=0.01)
    running.connection.expect("READY 2 a")
    running.connection.say(running.request("/answered"))
    assert running.says("x!1")["content"] == b"said"
    assert answered.wait(PATIENCE)
    running.connection.say(running.message(2))
    running.connection.expect("READY 1 a")
    running.leaves()


@pytest.mark.parametrize("concurrency", [1, 2])
@pytest.mark.parametrize("sends", [b"OK\n", b"ERR gone\n"])
def test_a_synchronous_function_learns_it_when_it_asks(
    at_once: None, fake: FakeBroker, concurrency: int, sends: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    looks: List[bool] = []
    may_look = threading.Event()

    def work(message: Any) -> None:
        looks.append(message.is_gone)
        assert may_look.wait(PATIENCE)
        while not message.is_gone:
            pass

    options: Dict[str, Any] = {"prefetch": 0} if concurrency == 1 else {}
    running = Running(Half(), fake, work, concurrency=concurrency, **options)
    running.connection.expect(f"READY {concurrency} a")
    running.connection.say(running.request("/long"))
    channel = announced(running, sends=sends)
    if sends == b"OK\n":
        running.connection.say(disconnect(channel))
    may_look.set()
    leaves(running, 2 if sends == b"OK\n" else 1)
    # The first look waits for the answer to what it says.
    assert looks in ([False], [True]) if sends == b"OK\n" else looks == [True]
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


def test_a_stream_raises_where_nobody_reads(never: None, fake: FakeBroker) -> None:
    seen: List[Tuple[str, bool]] = []

    def work(message: Any) -> None:
        with message.stream() as stream:
            stream.write("one")
            try:
                stream.write("two")
            except Exception as error:
                seen.append((type(error).__name__, message.is_gone))
                raise

    running = Running(Half(), fake, work, prefetch=0)
    running.connection.expect("READY 1 a")
    running.connection.say(running.request("/stream"))
    running.says("x!1")
    running.says("x!1", b"ERR gone\n")
    running.connection.expect("READY 1 a")
    running.leaves()
    assert seen == [("Gone", True)]
