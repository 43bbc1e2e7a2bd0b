"""Answers and their doubts, at a broker by script."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from typing import Any, Callable, List

import pytest
from support.broker import PATIENCE, Broker
from support.fake import Connection, FakeBroker
from support.halves import AsyncioHalf, Half
from support.running import Running
from support.threads import in_thread

import seaway
from seaway import Full, Gone, Message, SeawayError, Unknown, _values, aio
from seaway._core import Core


class Asked:
    """A request in hand, and the broker that its answer goes to."""

    def __init__(self, half: Half, fake: FakeBroker):
        self.layer = half.layer(fake.address, patience=PATIENCE)
        pinged = in_thread(self.layer.ping)
        self.connection = fake.accept()
        self.connection.expect("PING")
        self.connection.say(b"PONG\n")
        pinged()
        self._half = half
        self.message = self.another()

    def another(self) -> Any:
        """The same request, not answered yet."""
        body = _values.pack({"reply_channel": "http.response.x!1", "method": "GET", "path": "/"})
        layer = getattr(self.layer, "_inner", self.layer)
        return self._half.wrap(self._half.module.Message("http.request", None, body, layer))

    def takes(self, connection: Connection, wire: bytes) -> Any:
        """The broker hears an answer and says something; returns the message."""
        frame = connection.expect("SEND http.response.x!1")
        connection.say(wire)
        return _values.unpack(frame.body or b"")


def test_an_answer_is_stored_or_refused_or_unknown(half: Half, fake: FakeBroker) -> None:
    asked = Asked(half, fake)
    # What was refused was not said: it may be tried again.
    for wire, error in [(b"ERR full by=mailbox\n", Full), (b"ERR gone\n", Gone), (b"OK\n", None)]:
        answered = in_thread(lambda: asked.message.respond(content="hi"))
        assert asked.takes(asked.connection, wire)["content"] == b"hi"
        if error is None:
            answered()
        else:
            with pytest.raises(error):
                answered()
            assert not asked.message.answered
    assert asked.message.answered
    other = asked.another()
    answered = in_thread(lambda: other.reply({"status": 200}))
    asked.connection.expect("SEND")
    asked.connection.close()
    with pytest.raises(Unknown):
        answered()
    # It may have come, so nothing else is said.
    with pytest.raises(SeawayError, match="answered before"):
        other.respond()


def test_a_message_without_a_reply_channel_cannot_be_answered(half: Half, fake: FakeBroker) -> None:
    message = half.wrap(half.module.Message("jobs", None, b"\x80", half.layer(fake.address)))
    answers: List[Callable[[], Any]] = [message.respond, functools.partial(message.reply, {}), message.stream]
    for answer in answers:
        with pytest.raises(SeawayError, match="no reply channel"):
            answer()


def test_a_piece_waits_for_room_and_no_later_one_overtakes_it(half: Half, fake: FakeBroker) -> None:
    asked = Asked(half, fake)

    def write() -> None:
        with asked.message.stream(201) as stream:
            stream.write("one")

    written = in_thread(write)
    for _ in range(3):
        assert asked.takes(asked.connection, b"ERR full by=messages\n")["status"] == 201
    assert asked.takes(asked.connection, b"OK\n")["content"] == b"one"
    assert asked.takes(asked.connection, b"ERR full by=messages\n") == {"content": b"", "offset": 3}
    assert asked.takes(asked.connection, b"OK\n") == {"content": b"", "offset": 3}
    written()


def test_a_further_piece_of_unknown_fate_is_sent_again(half: Half, fake: FakeBroker) -> None:
    asked = Asked(half, fake)

    def write() -> None:
        with asked.message.stream() as stream:
            stream.write("one")
            stream.write("two")

    written = in_thread(write)
    asked.takes(asked.connection, b"OK\n")
    asked.connection.expect("SEND")
    asked.connection.close()
    connection = fake.accept()
    piece = {"content": b"two", "offset": 3, "more_content": True}
    assert asked.takes(connection, b"OK\n") == piece
    assert asked.takes(connection, b"OK\n") == {"content": b"", "offset": 6}
    written()


def test_a_first_piece_of_unknown_fate_is_not_sent_again(half: Half, fake: FakeBroker) -> None:
    asked = Asked(half, fake)

    def write() -> None:
        with asked.message.stream() as stream:
            stream.write("one")

    written = in_thread(write)
    asked.connection.expect("SEND")
    asked.connection.close()
    with pytest.raises(Unknown):
        written()
    assert asked.message.answered


def test_a_stream_that_nobody_reads_stops(half: Half, fake: FakeBroker) -> None:
    asked = Asked(half, fake)

    def write() -> None:
        with asked.message.stream() as stream:
            for _ in range(100):
                stream.write("piece")

    written = in_thread(write)
    asked.takes(asked.connection, b"OK\n")
    asked.takes(asked.connection, b"ERR gone\n")
    with pytest.raises(Gone):
        written()
    assert asked.message.is_gone
    # Nobody is there for whom it would be broken off.
    pinged = in_thread(asked.layer.ping)
    asked.connection.expect("PING")
    asked.connection.say(b"PONG\n")
    pinged()


def test_a_stream_that_never_gets_room_gives_up(half: Half, fake: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seaway._stream.STREAM_PATIENCE", -1.0)
    asked = Asked(half, fake)

    def write() -> None:
        with asked.message.stream() as stream:
            stream.write("one")

    written = in_thread(write)
    asked.takes(asked.connection, b"ERR full by=messages\n")
    with pytest.raises(Full):
        written()


# What a worker writes, and when


class WideWindow:
    """Knows all functions to be quick."""

    size = 65

    def __init__(self, prefetch: int): ...

    def worked(self, messages: int, seconds: float) -> None: ...


def test_answers_to_what_came_together_leave_together(fake: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seaway._sync_run.Window", WideWindow)
    writes: List[int] = []
    take_output = Core.take_output

    def counted(core: Any) -> bytes:
        output = take_output(core)
        if b"SEND" in output:
            writes.append(output.count(b"SEND"))
        return output

    monkeypatch.setattr(Core, "take_output", counted)
    running = Running(Half(), fake, lambda message: message.respond(content="hi"))
    running.connection.expect("READY 65 a")
    for size in (1, 20, 1):
        running.connection.say(b"".join(map(running.message, range(size))))
        for number in range(size):
            running.connection.expect(f"SEND x!{number}")
        running.connection.say(b"OK\n" * size)
    running.leaves()
    assert writes == [1, 20, 1]


def test_an_answer_leaves_before_its_function_ends(fake: FakeBroker) -> None:
    may_end = threading.Event()

    def answer_and_work(message: Message) -> None:
        message.respond(content="hi")
        assert may_end.wait(PATIENCE)

    running = Running(Half(), fake, answer_and_work)
    running.connection.expect("READY 1 a")
    running.connection.say(running.message(1))
    running.connection.expect("SEND x!1")
    running.connection.say(b"OK\n")
    may_end.set()
    running.connection.expect("READY 1 a")
    running.leaves()


def test_a_refused_answer_is_logged_and_can_be_waited_for(fake: FakeBroker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "seaway")
    waited: List[BaseException] = []

    def answer(message: Message) -> None:
        pending = message.respond(content="hi")
        if message["n"] == 2:
            try:
                assert pending is not None
                pending.wait()
            except SeawayError as error:
                waited.append(error)

    running = Running(Half(), fake, answer, prefetch=0)
    for number, wire in [(1, b"ERR full by=memory\n"), (2, b"ERR full by=memory\n"), (3, b"ERR gone\n")]:
        running.connection.expect("READY 1 a")
        running.connection.say(running.message(number))
        running.connection.expect(f"SEND x!{number}")
        running.connection.say(wire)
    running.connection.expect("READY 1 a")
    running.leaves()
    assert [type(error) for error in waited] == [Full]
    refused = [record for record in caplog.records if "was refused" in record.message]
    assert [(record.levelno, record.args) for record in refused] == [
        (logging.WARNING, ("x!1", "full")),
        (logging.WARNING, ("x!2", "full")),
        (logging.DEBUG, ("x!3", "gone")),
    ]


def test_a_drain_has_its_limit(half: Half, fake: FakeBroker, caplog: pytest.LogCaptureFixture) -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def work(message: Any) -> Any:
        has_begun.set()
        if isinstance(half, AsyncioHalf):
            return asyncio.get_running_loop().create_future()
        return may_end.wait(PATIENCE)

    running = Running(half, fake, work, concurrency=2, drain=0.01)
    running.connection.expect("READY 2 a")
    running.connection.say(running.message(1))
    assert has_begun.wait(PATIENCE)
    # Who waits for its answer does not wait in vain.
    running.leaves("x!1")
    assert "functions had not finished in time" in caplog.text
    may_end.set()


def test_what_a_worker_holds_when_it_is_told_to_leave_is_finished(half: Half, fake: FakeBroker) -> None:
    done: List[int] = []
    running = Running(half, fake, lambda message: done.append(message["n"]), concurrency=2)
    running.connection.expect("READY 2 a")
    running.stop()
    running.connection.expect("UNLISTEN a")
    # Was on its way.
    running.connection.say(running.message(1) + running.message(2) + b"OK\n")
    running.connection.expect("QUIT")
    running.connection.say(b"OK\n")
    running.ended()
    assert sorted(done) == [1, 2]


def test_a_function_whose_wait_was_cancelled_has_failed(fake: FakeBroker, caplog: pytest.LogCaptureFixture) -> None:
    half = AsyncioHalf()

    def cancelled(message: Any) -> Any:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        return future

    running = Running(half, fake, cancelled, concurrency=1)
    running.connection.expect("READY 1 a")
    running.connection.say(running.message(1))
    assert _values.unpack(running.connection.expect("SEND x!1").body or b"")["status"] == 500
    running.connection.say(b"OK\n")
    running.connection.expect("READY 1 a")
    running.leaves()
    assert "CancelledError" in caplog.text
    half.close()


def test_a_worker_task_that_is_cancelled_cancels_its_functions(broker: Broker, name: str) -> None:
    async def scenario() -> None:
        begun, ended = asyncio.Event(), asyncio.Event()
        worker = aio.Worker(layer=aio.Layer(broker.address))

        @worker.on(name)
        async def wait(message: aio.Message) -> None:
            begun.set()
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.set()

        running = asyncio.ensure_future(worker.run())
        async with aio.Layer(broker.address) as layer:
            await layer.send(name, {})
            await begun.wait()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert ended.is_set()
        assert worker._layer is not None
        # The caller's layer is still in use, and listens on nothing.
        assert (await worker._layer.peek(name))["readers"] == 0
        await worker._layer.quit()

    asyncio.run(scenario())


def test_a_worker_that_may_not_listen_ends_with_the_reason(half: Half, fake: FakeBroker) -> None:
    running = Running(half, fake, lambda message: None)
    running.connection.close()
    connection = fake.accept()
    connection.expect("LISTEN a")
    connection.say(b"ERR denied\n")
    while (frame := connection.hear()).verb != "QUIT":
        if frame.verb == "UNLISTEN":
            connection.say(b"OK\n")
    connection.say(b"OK\n")
    with pytest.raises(seaway.Denied):
        running.ended()


def test_a_broker_that_leaves_hears_what_a_worker_has_finished(
    fake: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it waits no longer than it must for answers (PROTOCOL.md, X3)."""
    monkeypatch.setattr("seaway._sync_run.Window", WideWindow)
    running = Running(Half(), fake, lambda message: message.respond(content="hi"))
    running.connection.expect("READY 65 a")
    for number in range(3):
        running.connection.say(running.request("/", number))
        assert running.says(f"x!{number}")["status"] == 200
    running.connection.say(b"BYE shutdown in=5000\n")
    running.connection.expect("READY 3 a")
    # What comes then is made good at once, behind its answer.
    running.connection.say(running.request("/", 4))
    assert running.says("x!4")["status"] == 200
    running.connection.expect("READY 1 a")
    running.leaves()
