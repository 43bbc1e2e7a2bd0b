"""Both halves of the client against a real broker."""

from __future__ import annotations

import pathlib
from typing import Any, Dict, List

import pytest
from support.broker import Broker, Ends, until
from support.halves import Half

from seaway import (
    Away,
    BadName,
    BadOption,
    BadPayload,
    Full,
    Gone,
    LimitReached,
    Lost,
    NotReader,
    Refused,
    TooLarge,
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
    layer.send(f"{name}.another", {})
    assert layer.stats("channels", limit=1)["next"]
    with pytest.raises(Refused):
        layer.stats("nonsense")
    assert layer.flush(name) == (1, 0)


def test_a_unix_socket_is_an_address(half: Half, tmp_path: pathlib.Path, programs: List[Ends]) -> None:
    own = Broker("--unix-socket", str(tmp_path / "s"))
    programs.append(own)
    half.layer(f"unix:{tmp_path}/s").send("a", {"n": 1})
    assert half.layer(own.address).listen("a").receive()["n"] == 1


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


def test_one_send_may_set_how_many_messages_wait_and_for_how_long(half: Half, broker: Broker, name: str) -> None:
    layer = half.layer(broker.address)
    channel = half.wrap(half.module.Channel(name, layer=getattr(layer, "_inner", layer)))
    channel.send({"n": 1}, expiry=0.001)
    until(lambda: not layer.peek(name)["messages"], "the message to expire")
    layer.send(name, {"n": 2}, expiry=86_400, capacity=1)
    assert 86_000_000 < layer.peek(name)["head"][0]["left"] <= 86_400_000
    with pytest.raises(Full):
        channel.send({"n": 3}, capacity=1)
    channel.send({"n": 3}, capacity=2)
    layer.join(name, name, f"{name}.other")
    group = half.wrap(half.module.Group(name, layer=getattr(layer, "_inner", layer)))
    assert group.send({"n": 4}, capacity=2, expiry=60) == (1, 1, 0)
    assert layer.send_group(name, {"n": 5}, capacity=1) == (0, 2, 0)


@pytest.mark.parametrize("bounds", [{"expiry": 0}, {"expiry": 86_401}, {"capacity": 0}, {"capacity": 1_000_001}])
def test_bounds_that_are_none_are_refused_before_anything_is_sent(
    half: Half, broker: Broker, name: str, bounds: Dict[str, Any]
) -> None:
    layer = half.layer(broker.address)
    for send in (layer.send, layer.send_group):
        with pytest.raises(BadOption):
            send(name, {}, **bounds)
    assert not layer.peek(name)["messages"]
