"""Both halves of the client against a real broker, and against one that breaks the rules."""

from __future__ import annotations

import asyncio
import functools
import os
import pathlib
import socket
from typing import List

import pytest
from support.broker import PATIENCE, Broker, Ends, until
from support.fake import FakeBroker
from support.halves import AsyncioHalf, Half
from support.threads import in_thread

import seaway
from seaway import (
    Away,
    BadName,
    BadPayload,
    Closing,
    Ended,
    Full,
    Gone,
    LimitReached,
    Lost,
    NotReader,
    Refused,
    TooLarge,
    Unknown,
    Unreachable,
)

# Sending and listening


def test_a_message_goes_through_the_broker(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    layer.send(name, {"text": "hi ü", "bytes": b"\xff\0", "n": -1, "list": [None, True, 1.5]})
    listening = layer.listen(name)
    message = listening.receive()
    assert (message.channel, message.group) == (name, None)
    assert message.data == {"text": "hi ü", "bytes": b"\xff\0", "n": -1, "list": [None, True, 1.5]}
    assert listening.receive(timeout=0) is None
    assert listening.receive(timeout=0.001) is None


def test_messages_come_in_their_order_whatever_the_credit(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    for number in range(50):
        layer.send(name, {"n": number})
    with layer.listen(name, credit=3) as listening:
        assert [message["n"] for _, message in zip(range(50), listening)] == list(range(50))
    assert layer.peek(name)["readers"] == 0


def test_a_listening_that_is_stopped_still_gives_what_had_come(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    listening = layer.listen(name, credit=2)
    for number in range(3):
        layer.send(name, {"n": number})
    listening.stop()
    assert [message["n"] for message in listening] == [0, 1]
    assert listening.receive() is None
    assert layer.peek(name)["messages"] == 1
    # And the name can be listened on again.
    assert layer.listen(name).receive()["n"] == 2


def test_several_names_are_one_listening(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    listening = layer.listen(f"{name}.a", f"{name}.b", credit=4)
    own = layer.listen(f"{name}.c", credit=1)
    for suffix in "abcabc":
        layer.send(f"{name}.{suffix}", {"on": suffix})
    assert sorted(listening.receive()["on"] for _ in range(4)) == ["a", "a", "b", "b"]
    assert [own.receive()["on"] for _ in range(2)] == ["c", "c"]


def test_large_and_binary_bodies_arrive_whole(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    body = bytes(range(256)) * 10_000
    listening = layer.listen(name)
    layer.send(name, {"body": body, "line": "a\nb" * 50_000})
    message = listening.receive()
    assert message["body"] == body
    assert message["line"] == "a\nb" * 50_000


def test_a_size_beyond_the_brokers_is_refused_here(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    with pytest.raises(TooLarge, match="3145728"):
        layer.send(name, {"body": b"x" * 3_200_000})
    # What only this broker takes is taken, the first frame on the connection included.
    half.layer(broker.address).send(name, {"body": b"x" * 3_000_000})
    assert layer.flush(name) == (1, 0)


def test_bad_input_never_reaches_the_wire(broker: Broker, half: Half) -> None:
    layer = half.layer(broker.address)
    with pytest.raises(BadName):
        layer.send("a b", {})
    with pytest.raises(BadName):
        layer.send("mailbox!", {})
    with pytest.raises(BadName):
        layer.join("no!group", "a")
    with pytest.raises(BadPayload):
        layer.send("a", {"a": float("nan")})
    with pytest.raises(BadPayload):
        layer.send_group("a", [1])
    with pytest.raises(ValueError, match="at least one"):
        layer.listen()
    with pytest.raises(ValueError, match="credit"):
        layer.listen("a", credit=0)
    with pytest.raises(TypeError, match="quit"):
        layer.close()
    layer.ping()


# Refusals


def test_a_full_channel_refuses_and_says_which(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    channel = f"tiny.{name}"
    layer.send(channel, {"n": 1})
    layer.send(channel, {"n": 2})
    with pytest.raises(Full) as full:
        layer.send(channel, {"n": 3})
    assert (full.value.code, full.value.name, full.value.options) == ("full", channel, {"by": "messages"})
    assert layer.peek(channel)["messages"] == 2


def test_a_message_for_nobody_is_away_if_it_must_be_heard(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    with pytest.raises(Away) as away:
        layer.send(name, {}, if_heard=True)
    assert away.value.name == name
    layer.listen(name)
    layer.send(name, {}, if_heard=True)


def test_a_closed_channel_is_gone(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    layer.listen(f"{name}!")
    layer.close(f"{name}!1", f"{name}!2")
    with pytest.raises(Gone) as gone:
        layer.send(f"{name}!1", {})
    assert gone.value.name == f"{name}!1"
    with pytest.raises(Gone):
        layer.join("room", f"{name}!2")
    layer.send(f"{name}!3", {})


def test_only_the_reader_pauses_and_then_its_senders_meet_full(broker: Broker, half: Half, name: str) -> None:
    reader, other = half.layer(broker.address), half.layer(broker.address)
    channel = f"tiny.{name}!1"
    listening = reader.listen(f"tiny.{name}!")
    with pytest.raises(NotReader):
        other.pause(channel)
    reader.pause(channel)
    other.send(channel, {"n": 1})
    other.send(channel, {"n": 2})
    with pytest.raises(Full):
        other.send(channel, {"n": 3})
    assert listening.receive(timeout=0) is None
    reader.resume(channel)
    assert [listening.receive()["n"] for _ in range(2)] == [1, 2]


def test_a_limit_that_is_used_up_is_said_and_nothing_is_left_behind(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    names = [f"{name}.{number}" for number in range(1_025)]
    with pytest.raises(LimitReached) as reached:
        layer.listen(*names)
    assert reached.value.options == {"of": "names"}
    layer.ping()
    assert layer.peek(names[0])["readers"] == 0
    assert layer.listen(*names[:3]).receive(timeout=0) is None


# Groups and mailboxes


def test_a_group_send_reaches_all_members_but_one(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    listening = layer.listen(f"{name}!")
    layer.join("room." + name, f"{name}!1", f"{name}!2", f"{name}!3", f"tiny.{name}")
    assert layer.members("room." + name) == sorted([f"{name}!1", f"{name}!2", f"{name}!3", f"tiny.{name}"])
    for _ in range(2):
        assert layer.send_group("room." + name, {"text": "all"}) == (4, 0, 0)
    sent = layer.send_group("room." + name, {"text": "some"}, except_=f"{name}!1")
    assert (sent.sent, sent.full, sent.gone) == (2, 1, 0)
    came = sorted((listening.receive().channel, message_group) for message_group in ["room." + name] * 8)
    assert [channel for channel, _ in came].count(f"{name}!1") == 2
    assert listening.receive(timeout=0) is None
    layer.leave("room." + name, f"{name}!1", f"{name}!2", f"{name}!3")
    assert layer.members("room." + name) == [f"tiny.{name}"]


def test_a_message_knows_its_group(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    layer.join(f"room.{name}", f"{name}!7")
    listening = layer.listen(f"{name}!")
    layer.send_group(f"room.{name}", {})
    message = listening.receive()
    assert (message.channel, message.group) == (f"{name}!7", f"room.{name}")


def test_a_group_without_members_is_no_error(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    assert layer.send_group(name, {}) == (0, 0, 0)
    assert layer.members(name) == []


def test_a_large_group_is_read_in_pages(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    members = sorted(f"{name}.{number}" for number in range(2_500))
    layer.join(f"room.{name}", *members)
    assert layer.members(f"room.{name}") == members
    assert layer.flush(f"room.{name}") == (0, 2_500)


def test_a_mailbox_that_is_taken_over_is_lost(broker: Broker, half: Half, name: str) -> None:
    first, second = half.layer(broker.address), half.layer(broker.address)
    listening = first.listen(f"{name}!")
    taken = second.listen(f"{name}!")
    with pytest.raises(Lost) as lost:
        listening.receive()
    assert lost.value.name == f"{name}!"
    first.send(f"{name}!1", {})
    assert taken.receive().channel == f"{name}!1"
    # It must not be taken back by itself, but it may be on purpose.
    first.listen(f"{name}!")
    with pytest.raises(Lost):
        taken.receive()


# Looking


def test_the_broker_can_be_looked_at(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address, client=f"me-{half.name}")
    layer.send(name, {"bytes": b"\xff", "text": "t"})
    page = layer.peek(name)
    assert page["head"][0]["message"] == {"bytes": b"\xff", "text": "t"}
    assert layer.stats()["connections"] >= 1
    assert f"me-{half.name}" in [one["client"] for one in layer.stats("connections", limit=1_000)["connections"]]
    assert layer.stats("channels", limit=1)["next"]
    with pytest.raises(Refused):
        layer.stats("nonsense")
    assert layer.flush(name) == (1, 0)


def test_a_unix_socket_is_an_address(half: Half, tmp_path: pathlib.Path, programs: List[Ends]) -> None:
    own = Broker("--unix-socket", str(tmp_path / "s"))
    programs.append(own)
    half.layer(f"unix:{tmp_path}/s").send("a", {"n": 1})
    assert half.layer(own.address).listen("a").receive()["n"] == 1


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


def test_without_a_broker_nothing_was_sent(half: Half) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    layer = half.layer(f"127.0.0.1:{port}", patience=0.05)
    with pytest.raises(Unreachable, match=f"no broker at 127.0.0.1:{port}: .*([Rr]efused|[Ff]ailed)"):
        layer.send("a", {})
    with pytest.raises(Unreachable):
        layer.listen("a")
    with pytest.raises(Refused):
        half.wrap(half.module).connect(f"127.0.0.1:{port}", patience=0.05)


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


# Presence


def test_a_channel_is_told_who_joins_and_leaves(broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(broker.address)
    listening = layer.listen(name)
    layer.join(f"{name}.group", f"{name}.a")
    layer.watch(f"{name}.group", name)
    whole = listening.receive()
    assert (whole["group"], whole["count"], whole["members"]) == (f"{name}.group", 1, [f"{name}.a"])
    layer.leave(f"{name}.group", f"{name}.a")
    change = listening.receive()
    assert (change["count"], change["joined"], change["left"]) == (0, [], [f"{name}.a"])
    layer.unwatch(f"{name}.group", name)
    layer.join(f"{name}.group", f"{name}.b")
    layer.send(name, {"last": True})
    assert listening.receive()["last"] is True


def test_what_is_watched_is_told_whole_on_the_next_connection(own_broker: Broker, half: Half, name: str) -> None:
    layer = half.layer(own_broker.address)
    listening = layer.listen(name)
    layer.watch(f"{name}.group", name)
    assert listening.receive()["members"] == []
    own_broker.kill()
    own_broker.start()
    assert listening.receive()["members"] == []
