"""Both halves of the client and brokers that go, come back, or break the rules."""

from __future__ import annotations

import asyncio
import functools
import os
import socket
from typing import Any

import pytest
from support.broker import PATIENCE, Broker, until
from support.fake import FakeBroker
from support.halves import AsyncioHalf, Half
from support.threads import in_thread

import seaway
from seaway import (
    Away,
    BadPayload,
    Closing,
    Ended,
    Refused,
    Unknown,
    Unreachable,
)

# A broker that goes and comes back


def test_listening_goes_on_after_the_broker_was_killed(own_broker: Broker, half: Half) -> None:
    reader, sender = half.layer(own_broker.address, patience=PATIENCE), half.layer(own_broker.address)
    listening = reader.listen("a")
    received = in_thread(listening.receive)
    own_broker.kill()
    own_broker.start()
    until(lambda: half.layer(own_broker.address).peek("a")["readers"] == 1, "a reader")
    sender.send("a", {"n": 1})
    assert received()["n"] == 1


def test_memberships_are_made_again_at_a_broker_that_has_lost_them(own_broker: Broker, half: Half) -> None:
    reader = half.layer(own_broker.address, patience=PATIENCE)
    mailbox, plain = reader.listen("web.me!"), reader.listen("plain")
    reader.join("room", "web.me!1", "web.me!2", "plain")
    reader.join("other", "web.me!1")
    reader.leave("other", "web.me!1")
    own_broker.kill()
    own_broker.start()
    reader.ping()
    other = half.layer(own_broker.address)
    until(lambda: other.members("room") == ["plain", "web.me!1", "web.me!2"], "the members of old")
    assert other.members("other") == []
    assert other.send_group("room", {}) == (3, 0, 0)
    assert {mailbox.receive().channel, mailbox.receive().channel} == {"web.me!1", "web.me!2"}
    assert plain.receive().group == "room"


class Interrupted:
    """A socket whose next call is interrupted when it has done its work, as by Ctrl-C."""

    def __init__(self, inner: socket.socket, method: str):
        self._inner = inner
        self._method = method

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name != self._method:
            return found

        def call(*arguments: Any) -> Any:
            found(*arguments)
            raise KeyboardInterrupt

        return call


@pytest.mark.parametrize("method", ["send", "recv"])
def test_what_was_interrupted_is_not_said_twice(fake: FakeBroker, method: str) -> None:
    layer = Half().layer(fake.address, patience=PATIENCE)
    pinged = in_thread(layer.ping)
    connection = fake.accept()
    connection.expect("PING")
    connection.say(b"PONG\n")
    pinged()
    inner = layer.link._socket
    layer.link._socket = Interrupted(inner, method)
    sent = in_thread(lambda: layer.send("a", {"n": 1}))
    if method == "recv":
        connection.expect("SEND a")
        connection.say(b"OK\n")
    with pytest.raises(KeyboardInterrupt):
        sent()
    connection.expect_end()
    pinged = in_thread(layer.ping)
    second = fake.accept()
    second.expect("PING")
    second.say(b"PONG\n")
    pinged()
    left = in_thread(layer.quit)
    second.expect("QUIT")
    second.say(b"OK\n")
    left()


def test_without_a_broker_nothing_was_sent(half: Half) -> None:
    # Nobody listens there, and nobody else gets the port meanwhile.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        layer = half.layer(f"127.0.0.1:{port}", patience=0.3)
        with pytest.raises(Unreachable, match=f"no broker at 127.0.0.1:{port}: .*([Rr]efused|[Ff]ailed)"):
            layer.send("a", {})
        with pytest.raises(Unreachable):
            layer.listen("a")
        with pytest.raises(Refused):
            half.wrap(half.module).connect(f"127.0.0.1:{port}", patience=0.3)


def test_a_request_waits_for_a_broker_that_comes_in_time(own_broker: Broker, half: Half) -> None:
    layer = half.layer(own_broker.address, patience=PATIENCE)
    own_broker.kill()
    sent = in_thread(lambda: layer.send("a", {"n": 1}))
    own_broker.start()
    sent()
    assert layer.peek("a")["messages"] == 1


def test_what_a_broker_that_hangs_and_dies_did_is_unknown(own_broker: Broker, half: Half) -> None:
    layer = half.layer(own_broker.address)
    layer.ping()
    own_broker.program.freeze()
    sent = in_thread(lambda: layer.send("a", {}))
    until(lambda: layer.link.core.unanswered, "a request that waits")
    own_broker.kill()
    with pytest.raises(Unknown, match="before the answer"):
        sent()


def test_a_broker_that_leaves_refuses_but_delivers_what_it_holds(own_broker: Broker, half: Half) -> None:
    layer = half.layer(own_broker.address)
    layer.send("a", {"n": 1})
    # Somebody has yet to take a message, so the broker stays.
    own_broker.leave()

    def is_closing() -> bool:
        try:
            layer.send("b", {}, if_heard=True)
        except Away:
            return False
        except Closing:
            return True
        return False

    until(is_closing, "a broker that leaves")
    with pytest.raises(Closing):
        layer.send("a", {"n": 2})
    assert layer.listen("a").receive()["n"] == 1
    assert own_broker.program.wait() == 0


def test_leaving_ends_listening_and_everything_after_it(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    listening = layer.listen(f"{name}!")
    layer.join(f"room.{name}", f"{name}!1")
    waiting = in_thread(listening.receive)
    layer.quit()
    with pytest.raises(Ended):
        waiting()
    with pytest.raises(Ended):
        layer.ping()
    layer.quit()
    # The memberships of its mailbox end with it, at once.
    assert half.layer(broker.address).members(f"room.{name}") == []


# A broker that breaks the rules


@pytest.mark.parametrize(
    "wire",
    [
        b"OK\nOK\n",
        b"PONG\n",
        b"\n",
        b"OK " + b"x" * 5_000,
        b"MSG :99999999999 a\n",
        b"\x16\x03\x01\x02\n",
        b"MSG :2 a\n{}x",
        b"MSG :1 a\n\x80\nMSG :1 a\n\x80\nMSG :1 a\n\x80\n",
    ],
)
def test_a_broker_that_breaks_the_protocol_is_left_and_tried_again(half: Half, fake: FakeBroker, wire: bytes) -> None:
    layer = half.layer(fake.address, patience=PATIENCE)
    listening = in_thread(lambda: layer.listen("a", credit=2))
    connection = fake.accept()
    connection.expect("LISTEN a")
    connection.say(b"OK\n")
    assert listening() is not None
    sent = in_thread(lambda: layer.send("b", {}))
    connection.expect("READY 2 a")
    connection.expect("SEND b")
    connection.say(wire)
    if wire == b"OK\nOK\n":
        sent()
    else:
        with pytest.raises(Unknown, match="fault"):
            sent()
    connection.expect_end()
    again = in_thread(layer.ping)
    connection = fake.accept()
    connection.expect("LISTEN a")
    connection.say(b"OK\n")
    while connection.hear().verb != "PING":
        pass
    connection.say(b"PONG\n")
    again()


def test_what_never_greets_is_unreachable(half: Half, fake: FakeBroker) -> None:
    layer = half.layer(fake.address, patience=0.2)
    asked = in_thread(layer.ping)
    fake.accept(greeting=b"")
    with pytest.raises(Unreachable):
        asked()


def test_what_is_no_broker_is_said(half: Half, fake: FakeBroker) -> None:
    layer = half.layer(fake.address, patience=0.2)
    asked = in_thread(layer.ping)
    fake.accept(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n").close()
    with pytest.raises(Unreachable, match="fault"):
        asked()


def test_a_token_that_is_not_known_ends_the_layer(half: Half, fake: FakeBroker) -> None:
    layer = half.layer(fake.address, token="wrong")
    asked = in_thread(layer.ping)
    fake.accept(greeting=b"ERR auth not known\nBYE auth\n")
    with pytest.raises(seaway.NotAuthenticated):
        asked()
    with pytest.raises(seaway.NotAuthenticated):
        layer.ping()


def test_pings_are_answered_and_pushes_of_the_future_passed_over(half: Half, fake: FakeBroker) -> None:
    layer = half.layer(fake.address)
    asked = in_thread(layer.ping)
    connection = fake.accept()
    connection.expect("PING")
    connection.say(b"SHINY :3 new=1\n\n\n\n\nPING\nPONG\n")
    asked()
    connection.expect("PONG")


def test_a_body_that_is_no_message_is_an_error_of_its_reader_alone(half: Half, fake: FakeBroker) -> None:
    layer = half.layer(fake.address)
    listened = in_thread(lambda: layer.listen("a"))
    connection = fake.accept()
    connection.expect("LISTEN a")
    connection.say(b"OK\nMSG :3 a\n\xc1\xc1\xc1\nMSG :4 a\n\x81\xa1n\x01\n")
    listening = listened()
    poison = listening.receive()
    with pytest.raises(BadPayload):
        _ = poison.data
    assert listening.receive()["n"] == 1


def test_many_threads_share_one_connection(broker: Broker, name: str) -> None:
    layer = seaway.Layer(broker.address)

    def send(n: int) -> None:
        for m in range(10):
            layer.send(name, {"n": n, "m": m})

    calls = [in_thread(functools.partial(send, n)) for n in range(10)]
    messages = [message for _, message in zip(range(100), layer.listen(name, credit=100))]
    for call in calls:
        call()
    for n in range(10):
        assert [message["m"] for message in messages if message["n"] == n] == list(range(10))
    assert layer.stats()["sent"] >= 100
    layer.quit()


def test_a_task_that_is_cancelled_leaves_the_connection_whole(broker: Broker, name: str) -> None:
    half = AsyncioHalf()
    layer = half.layer(broker.address)
    layer.ping()

    async def cancelled() -> None:
        task = asyncio.ensure_future(layer._inner.send(name, {}))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    half.run(cancelled)
    layer.ping()
    layer.send(name, {})
    assert layer.peek(name)["messages"] in (1, 2)
    half.close()


def test_a_child_process_makes_a_connection_of_its_own(broker: Broker, name: str) -> None:
    layer = seaway.Layer(broker.address)
    layer.ping()
    child = os.fork()
    if child == 0:
        try:
            layer.send(name, {"from": "child"})
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    layer.send(name, {"from": "parent"})
    assert [message["from"] for _, message in zip(range(2), layer.listen(name))] == ["child", "parent"]
    layer.quit()


def test_an_idle_layer_still_answers_heartbeats(fake: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seaway._sync._TICK", 0.01)
    layer = seaway.Layer(fake.address)
    asked = in_thread(layer.ping)
    connection = fake.accept()
    connection.expect("PING")
    connection.say(b"PONG\n")
    asked()
    connection.say(b"PING\n")
    connection.expect("PONG")
    # And it notices that the broker has gone, without being asked.
    connection.close()
    until(lambda: not layer.link.core.is_open, "the end of the connection")
    layer.quit()
