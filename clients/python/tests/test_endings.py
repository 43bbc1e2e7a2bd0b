"""Functions that end in any way at all: somebody is answered, the worker goes on, and no credit is lost."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any, Callable

import pytest
from support.running import steps


class Own(BaseException):
    """Of a kind that nobody catches."""


class Unreadable(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


def deeper(number: int) -> int:
    return deeper(number + 1)


def raises(error: BaseException) -> Callable[[], Any]:
    def call() -> Any:
        raise error

    return call


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda: None, id="return"),
        pytest.param(lambda: {"status": 200}, id="return a value"),
        pytest.param(lambda: (number for number in range(3)), id="return a generator"),
        pytest.param(lambda: sys.exit(3), id="sys.exit"),
        pytest.param(raises(SystemExit()), id="SystemExit"),
        pytest.param(raises(KeyboardInterrupt()), id="KeyboardInterrupt"),
        pytest.param(raises(GeneratorExit()), id="GeneratorExit"),
        pytest.param(raises(asyncio.CancelledError()), id="CancelledError"),
        pytest.param(raises(StopIteration()), id="StopIteration"),
        pytest.param(raises(StopAsyncIteration()), id="StopAsyncIteration"),
        pytest.param(raises(MemoryError()), id="MemoryError"),
        pytest.param(raises(Own()), id="BaseException"),
        pytest.param(raises(Unreadable()), id="unreadable"),
        pytest.param(lambda: deeper(0), id="RecursionError"),
    ],
)
def test_however_a_function_ends_a_request_is_answered_and_the_worker_goes_on(
    end: Callable[[], Any], start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    running = start(lambda message: message.respond(content="here") if message.path == "/well" else end())
    for number in range(1, 12):
        running.connection.say(running.request("/end\n", number))
        assert running.says(f"x!{number}")["status"] == 500
        running.connection.expect("READY 1 a")
    told = [text for text in caplog.messages if text.startswith("a function")]
    assert len(told) == 11
    assert all(text.endswith(r"GET /end\n") for text in told)
    running.connection.say(running.request("/well", 12))
    assert running.says("x!12")["content"] == b"here"
    running.connection.expect("READY 1 a")
    running.leaves()


def test_what_is_no_request_may_end_without_an_answer(start: Any, caplog: pytest.LogCaptureFixture) -> None:
    running = start(lambda message: None)
    running.connection.say(running.message(1))
    running.connection.expect("READY 1 a")
    running.leaves()
    assert "without an answer" not in caplog.text


def test_a_failure_after_the_answer_is_only_told(start: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def later(message: Any) -> None:
        await message.respond(content="said")
        raise SystemExit

    def fail(message: Any) -> Any:
        if asyncio.iscoroutinefunction(message.respond):
            return later(message)
        message.respond(content="said")
        raise SystemExit

    running = start(fail)
    running.connection.say(running.request("/"))
    assert running.says("x!1")["content"] == b"said"
    running.connection.expect("READY 1 a")
    running.leaves()
    assert "a function failed on GET /" in caplog.messages


# A request that is answered later, or by somebody else


@pytest.mark.parametrize(
    ("call", "said"),
    [
        pytest.param(lambda m: m.answer_later(), "", id="answer_later"),
        pytest.param(lambda m: m.layer.send("work", {"to": {"reply": m["reply_channel"]}}), "SEND work", id="sent on"),
        pytest.param(lambda m: m.layer.send("work", m.data), "SEND work", id="sent on whole"),
        pytest.param(lambda m: m.layer.send("work", {"n": [m["reply_channel"], 48]}), "SEND work", id="in a list"),
        pytest.param(lambda m: m.layer.send_group("all", {"to": m["reply_channel"]}), "GSEND all", id="to a group"),
        pytest.param(lambda m: m.layer.join("room", m["reply_channel"]), "JOIN room x!1", id="joined"),
        pytest.param(lambda m: m.layer.send(m["reply_channel"], {"status": 200}), "SEND x!1", id="answered as it is"),
    ],
)
def test_a_request_that_was_handed_on_is_not_answered_here(call: Any, said: str, start: Any) -> None:
    running = start(steps(call))
    running.connection.say(running.request("/"))
    if said:
        running.connection.expect(said)
        running.connection.say(b"OK\n")
    running.connection.expect("READY 1 a")
    running.leaves()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda m: m.layer.send("work", {"n": 1}), "SEND work"),
        # The name of another request that begins like this one's.
        (lambda m: m.layer.send("work", {"to": m["reply_channel"] + "1"}), "SEND work"),
        (lambda m: m.layer.join("room", "other!1"), "JOIN room other!1"),
    ],
)
def test_a_request_of_which_nobody_was_told_is_answered_with_500(call: Any, said: str, start: Any) -> None:
    running = start(steps(call))
    running.connection.say(running.request("/"))
    running.connection.expect(said)
    running.connection.say(b"OK\n")
    assert running.says("x!1")["status"] == 500
    running.connection.expect("READY 1 a")
    running.leaves()


# Twice


@pytest.mark.parametrize(
    ("calls", "first"),
    [
        ([lambda m: m.respond(content="one"), lambda m: m.respond(content="two")], {"content": b"one"}),
        ([lambda m: m.respond(201), lambda m: m.reply({"status": 202})], {"status": 201}),
        ([lambda m: m.reply({"status": 201}), lambda m: m.respond(202)], {"status": 201}),
        ([lambda m: m.reply({"status": 201}), lambda m: m.reply({"content": b"more"})], {"status": 201}),
        ([lambda m: m.respond(201), lambda m: m.stream()], {"status": 201}),
    ],
)
def test_a_second_answer_is_an_error_and_the_first_stands(
    calls: Any, first: Any, start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    running = start(steps(*calls))
    running.connection.say(running.request("/twice"))
    said = running.says("x!1")
    assert {key: said[key] for key in first} == first
    running.connection.expect("READY 1 a")
    running.leaves()
    assert "a function failed on GET /twice" in caplog.messages
    assert "SeawayError: the request was answered before: what was sent first stands" in caplog.text


def test_what_is_no_part_of_an_answer_may_be_said_at_any_time(start: Any) -> None:
    calls = [
        lambda m: m.reply({"disconnect_channel": "http.disconnect.me!1"}),
        lambda m: m.reply({"status": 200, "more_content": True}),
        lambda m: m.reply({"disconnect_channel": "http.disconnect.me!2"}),
        lambda m: m.reply({"content": b"end"}),
    ]
    running = start(steps(*calls))
    running.connection.say(running.request("/"))
    said = [running.says("x!1") for _ in calls]
    assert said[3] == {"content": b"end"}
    running.connection.expect("READY 1 a")
    running.leaves()


def test_what_is_no_request_may_be_replied_to_often(start: Any) -> None:
    running = start(steps(*[lambda m: m.reply({"status": 1})] * 3))
    running.connection.say(running.message(1))
    assert [running.says("x!1") for _ in range(3)] == [{"status": 1}] * 3
    running.connection.expect("READY 1 a")
    running.leaves()


# Answers in pieces


def written(message: Any) -> Any:
    stream = message.stream()
    message.parameters["stream"] = stream
    return stream.write("half")


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        pytest.param([written], "ended in the middle of its answer to GET /half", id="return"),
        pytest.param([written, lambda m: sys.exit()], "a function failed on GET /half", id="exit"),
        pytest.param(
            [lambda m: m.reply({"status": 200, "content": b"half", "more_content": True})],
            "ended in the middle of its answer to GET /half",
            id="reply",
        ),
    ],
)
def test_an_answer_that_is_left_without_its_end_is_broken_off(
    calls: Any, told: str, start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    running = start(steps(*calls))
    running.connection.say(running.request("/half"))
    assert running.says("x!1")["more_content"] is True
    # Tried again while there is no room.
    assert running.says("x!1", b"ERR full by=messages\n")["offset"] > 4
    assert running.says("x!1")["offset"] > 4
    running.connection.expect("READY 1 a")
    running.leaves()
    assert told in caplog.text


def test_a_stream_that_goes_on_elsewhere_is_left_open(start: Any) -> None:
    running = start(steps(written, lambda m: m.layer.join("news", m["reply_channel"])))
    running.connection.say(running.request("/news"))
    running.says("x!1")
    running.connection.expect("JOIN news")
    running.connection.say(b"OK\n")
    running.connection.expect("READY 1 a")
    running.leaves()


def test_a_stream_that_was_never_begun_is_no_answer(start: Any) -> None:
    running = start(steps(lambda m: (m.stream(), None)[1]))
    running.connection.say(running.request("/"))
    assert running.says("x!1")["status"] == 500
    running.connection.expect("READY 1 a")
    running.leaves()


def test_an_answer_for_which_nobody_waits_is_no_failure(start: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "seaway")
    running = start(steps(lambda m: written(m)))
    running.connection.say(running.request("/left"))
    running.says("x!1", b"ERR gone\n")
    running.connection.expect("READY 1 a")
    running.leaves()
    assert "nobody waits for the answer to GET /left any more" in caplog.messages
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
