"""Functions that end on an event of a socket: what is said for them, and what is not (protocol/INTERFACE.md, W16)."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from support.fake import FakeBroker
from support.halves import Half
from support.running import steps

from seaway import SeawayError


def test_an_accept_is_in_order_unless_it_says_otherwise(start: Any) -> None:
    replies = [
        {"accept": True},
        {"text": "welcome"},
        {"accept": True, "serial": False},
        {"accept": True, "serial": True},
        {"accept": False},
        {"close": True},
    ]
    running = start(steps(lambda m: m.reply(replies[m["n"]])))
    said = []
    for number in range(len(replies)):
        running.connection.say(running.event("connect", order=0, n=number))
        said.append(running.says("s!1"))
        running.connection.expect("READY 1 a")
    running.leaves()
    assert said == [{"accept": True, "serial": True}, {"text": "welcome", "serial": True}, *replies[2:]]


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([lambda m: m.reply({"text": "hi"})], [("s!1", {"text": "hi"})], id="reply"),
        pytest.param([lambda m: sys.exit()], [("s!1", {"close": 1011})], id="failure"),
    ],
)
def test_an_event_that_is_waited_for_is_done_when_its_function_has_ended(calls: Any, said: Any, start: Any) -> None:
    running = start(steps(*calls))
    running.connection.say(running.event("receive", text="hi", order=7, serial=True))
    for channel, message in said:
        assert running.says(channel) == message
    assert running.says("c!1") == {"done": 7}
    running.connection.expect("READY 1 a")
    running.leaves()


def test_a_message_that_may_be_lost_with_its_broker_closes_no_socket(
    start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    running = start(lambda socket, content: socket.send(content), serves_sockets=True)
    running.connection.say(running.event("receive", text="hi", order=7, serial=True))
    running.connection.expect("SEND s!1")
    running.connection.close()
    running.listens()
    assert running.says_behind_credit("c!1") == {"done": 7}
    running.takes_more()
    running.connection.say(running.event("receive", text="there", order=8, serial=True))
    assert running.says_behind_credit("s!1") == {"text": "there"}
    assert running.says_behind_credit("c!1") == {"done": 8}
    assert "may be lost" in caplog.text
    assert "ERROR" not in caplog.text


def test_a_close_that_may_be_lost_with_its_broker_is_said_again(start: Any) -> None:
    running = start(lambda socket, content: socket.close(4000), serves_sockets=True)
    running.connection.say(running.event("receive", text="hi", order=7))
    running.connection.expect("SEND s!1")
    running.connection.close()
    running.listens()
    assert running.says_behind_credit("s!1") == {"close": 4000}


def test_a_reply_to_an_event_that_may_be_lost_closes_no_socket(start: Any) -> None:
    running = start(steps(lambda m: m.reply({"text": "hi"})))
    running.connection.say(running.event("receive", text="hi", order=7, serial=True))
    running.connection.expect("SEND s!1")
    running.connection.close()
    running.listens()
    assert running.says_behind_credit("c!1") == {"done": 7}


@pytest.mark.parametrize(
    ("fields", "calls", "said"),
    [
        pytest.param({"serial": False}, [], [], id="not in order"),
        pytest.param({}, [], [], id="not said"),
        pytest.param({"serial": True}, [lambda m: m.answer_later()], [], id="later"),
        pytest.param(
            {"serial": True}, [lambda m: m.layer.send("c!1", {"done": 7})], [("c!1", {"done": 7})], id="said before"
        ),
    ],
)
def test_no_done_is_said_that_nobody_wants_from_here(fields: Any, calls: Any, said: Any, start: Any) -> None:
    running = start(steps(*calls))
    running.connection.say(running.event("receive", text="hi", order=7, **fields))
    for channel, message in said:
        assert running.says(channel) == message
    running.connection.expect("READY 1 a")
    running.leaves()


def test_a_connect_that_only_joins_a_group_is_refused_too(start: Any) -> None:
    running = start(steps(lambda m: m.layer.join("room", m["reply_channel"])))
    running.connection.say(running.event("connect", order=0))
    running.connection.expect("JOIN room s!1")
    running.connection.say(b"OK\n")
    assert running.says("s!1") == {"accept": False, "status": 500}
    running.connection.expect("READY 1 a")
    running.leaves()


@pytest.mark.parametrize("calls", [[], [lambda m: sys.exit()]])
def test_a_connect_that_nobody_decides_is_refused_at_once(calls: Any, start: Any) -> None:
    running = start(steps(*calls))
    running.connection.say(running.event("connect", order=0))
    assert running.says("s!1") == {"accept": False, "status": 500}
    running.connection.expect("READY 1 a")
    running.connection.say(running.event("disconnect", order=1, code=1006))
    running.connection.expect("READY 1 a")
    running.leaves()


def test_outside_a_worker_nothing_is_added(half: Half, fake: FakeBroker) -> None:
    message = half.module.Message("a", None, b"", None)
    message._data = {"type": "websocket.connect", "reply_channel": "s!1"}
    assert message.in_order({"accept": True}) == {"accept": True}
    with pytest.raises(SeawayError):
        half.module.Message("a", None, b"\x80", None)._channel()
