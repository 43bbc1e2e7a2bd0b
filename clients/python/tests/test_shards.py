"""Several brokers: the rules of protocol/SHARDING.md, and layers over real brokers that die."""

from __future__ import annotations

import functools
import signal
import threading
import time
from typing import Any, Callable, Iterator, List

import pytest
from support import vectors
from support.broker import Broker, until
from support.halves import Half
from support.vectors import Vector

import seaway
from seaway import aio
from seaway._shard_core import ShardCore
from seaway._shard_credit import ShardCredit
from seaway._shard_map import ShardMap, order, score
from seaway._shard_members import Saying, ShardMembers

ALL = vectors.load("shards")


def kind(vector: Vector) -> str:
    """What of a client a vector is about."""
    if "orders" in vector:
        return "orders"
    return "members" if any({"listened", "joined", "came"} & set(step) for step in vector["steps"]) else "routes"


def of(*kinds: str) -> List[Any]:
    """The vectors of these kinds."""
    return [parameter for parameter in ALL if kind(parameter.values[0]) in kinds]


# Vectors


@pytest.mark.parametrize("vector", of("orders"))
def test_brokers_are_ranked_by_their_scores(vector: Vector) -> None:
    for name, expected in vector["orders"].items():
        assert order(name, vector["brokers"]) == expected, vector["why"]
    for name, scores in vector.get("scores", {}).items():
        assert {broker: f"{score(name, broker):016x}" for broker in vector["brokers"]} == scores, vector["why"]


@pytest.mark.parametrize("vector", of("routes"))
def test_sends_go_where_they_should(vector: Vector) -> None:
    shards = ShardMap(vector.get("failover", 2_000))
    now = 0
    for step in vector["steps"]:
        now += step.get("advance", 0)
        without, stream = step.get("without", []), step.get("stream")
        if "up" in step:
            shards.up(step["up"], now=now, warm=step.get("warm", 0))
        elif "down" in step:
            shards.down(step["down"])
        elif "leaving" in step:
            shards.leaving(step["leaving"])
        elif "counts" in step:
            choose = functools.partial(shards.for_channel, step["send"], now=now, without=without, stream=stream)
            places = [choose() for _ in range(step["times"])]
            assert {place: places.count(place) for place in places} == step["counts"], vector["why"]
        elif "send" in step:
            place = shards.for_channel(step["send"], now=now, without=without, stream=stream)
            assert place == step["to"], vector["why"]
        elif "group" in step:
            assert shards.for_group(step["group"], now=now, without=without) == step["to"], vector["why"]


@pytest.mark.parametrize("vector", of("members"))
def test_readers_keep_memberships_alike(vector: Vector) -> None:
    members = ShardMembers(2_000)
    now = 0
    for step in vector["steps"]:
        says: Any = None
        [(what, value)] = [(key, step[key]) for key in step if key not in ("says", "state")]
        words = value.split(" ") if isinstance(value, str) else []
        if what == "listened":
            says = members.listened(words[0], words[1], is_kept=step["state"] == "kept", now=now)
        elif what == "advance":
            now += value
            says = members.check(now=now)
        elif what == "came":
            says = members.came(value)
        elif what in ("joined", "left"):
            getattr(members, what)(words[0], words[1], words[2:], now=now)
        elif what in ("ok", "refused"):
            members.answered(Saying(*words), is_refused=what == "refused")
        elif what == "down":
            members.down(value, now=now)
        elif what in ("closed", "stopped"):
            getattr(members, what)(value)
        else:
            (members.own if what == "join" else members.disown)(words[0], words[1:])
        if "says" in step:
            assert sorted(" ".join(saying) for saying in says) == step["says"], vector["why"]


def test_there_are_vectors_of_every_kind() -> None:
    assert min(len(of(kind)) for kind in ("orders", "routes", "members")) >= 15


# Credit


def test_credit_is_shared_and_what_a_lost_broker_had_goes_to_the_others() -> None:
    credit = ShardCredit()
    credit.grant(9)
    for broker in range(3):
        credit.came(broker)
    assert dict(credit.balance()) == {0: 3, 1: 3, 2: 3}
    credit.went(1)
    assert sorted(credit.balance()) == [(0, 2), (2, 1)]


def test_one_credit_is_offered_to_all_and_withdrawn_once_used() -> None:
    credit = ShardCredit()
    for broker in range(3):
        credit.came(broker)
    credit.grant(1)
    assert dict(credit.balance()) == {0: 1, 1: 1, 2: 1}
    credit.arrived(2)
    assert credit.use()
    assert dict(credit.balance()) == {0: 0, 1: 0}
    assert not credit.use()


def test_who_has_none_gets_some_of_the_richest_ones() -> None:
    credit = ShardCredit()
    credit.came(0)
    credit.grant(8)
    assert list(credit.balance()) == [(0, 8)]
    credit.came(1)
    assert list(credit.balance()) == [(0, 0), (0, 4), (1, 4)]


# Real brokers


@pytest.fixture
def brokers() -> Iterator[List[Broker]]:
    """Three brokers that a test may kill."""
    running = [Broker("--warm", "0s") for _ in range(3)]
    yield running
    for broker in running:
        broker.kill()


Make = Callable[..., Any]


@pytest.fixture
def layer(half: Half, brokers: List[Broker]) -> Make:
    """Makes layers over the three brokers."""

    def make(failover: float = 10.0) -> Any:
        # Long, so that a busy machine takes no broker for dead; to be short where one is.
        hosts = [broker.address for broker in brokers]
        return half.layer(None, hosts=hosts, failover=failover, patience=2.0)

    return make


def live(one: Any) -> int:
    """How many brokers a layer has reached."""
    inner = getattr(one, "_inner", one)
    return len(inner.link.core._places)


def test_a_normal_channel_is_spread_and_heard_at_every_broker(layer: Make, brokers: List[Broker], half: Half) -> None:
    sender = layer()
    sender.ping()
    until(lambda: live(sender) == 3, "all brokers are reached")
    for number in range(9):
        sender.send("work", {"n": number})
    for broker in brokers:
        assert half.layer(broker.address).peek("work")["messages"] == 3
    listening = layer().listen("work", credit=2)
    came = [listening.receive(5)["n"] for _ in range(9)]
    assert sorted(came) == list(range(9))
    listening.stop()


def test_a_stream_of_messages_goes_through_one_broker_in_order(layer: Make, brokers: List[Broker], half: Half) -> None:
    sender = layer()
    sender.ping()
    until(lambda: live(sender) == 3, "all brokers are reached")
    for number in range(6):
        sender.send("events", {"n": number}, stream="socket!1")
    held = [half.layer(broker.address).peek("events")["messages"] for broker in brokers]
    assert sorted(held) == [0, 0, 6]
    listening = layer().listen("events", credit=2)
    assert [listening.receive(5)["n"] for _ in range(6)] == list(range(6))
    listening.stop()
    with pytest.raises(seaway.BadName, match="no name of a stream"):
        sender.send("events", {}, stream="events")


def test_groups_and_reply_channels_go_on_when_a_broker_dies(layer: Make, brokers: List[Broker]) -> None:
    reader, sender = layer(), layer()
    listening = reader.listen("x!")
    sender.ping()
    until(lambda: live(sender) == 3 and live(reader) == 3, "all brokers are reached")
    sender.join("room", "x!1", "x!2")
    brokers[0].kill()
    until(lambda: live(sender) == 2, "the death is noticed")
    assert sender.send_group("room", {"n": 1}).sent == 2
    sender.send("x!1", {"n": 2})
    came = sorted((message.channel, message["n"]) for message in (listening.receive(5) for _ in range(3)))
    assert came == [("x!1", 1), ("x!1", 2), ("x!2", 1)]
    brokers[1].kill()
    until(lambda: live(sender) == 1, "the death is noticed")
    assert sender.send_group("room", {"n": 3}).sent == 2
    assert sorted(listening.receive(5).channel for _ in range(2)) == ["x!1", "x!2"]


def test_a_broker_that_hangs_is_given_up(layer: Make, brokers: List[Broker]) -> None:
    sender = layer(failover=1.0)
    sender.ping()
    until(lambda: live(sender) == 3, "all brokers are reached")
    brokers[2].program.freeze()
    began = time.monotonic()
    for number in range(30):
        try:
            sender.send(f"x!{number}", {"n": number})
            sender.send("work", {"n": number})
        except seaway.Unknown:
            pass
    assert time.monotonic() - began < 8
    assert live(sender) == 2
    brokers[2].program.signal(signal.SIGCONT)
    until(lambda: live(sender) == 3, "it is back")


def test_without_any_broker_a_send_is_unreachable(layer: Make, brokers: List[Broker]) -> None:
    sender = layer()
    sender.ping()
    for broker in brokers:
        broker.kill()
    until(lambda: live(sender) == 0, "the deaths are noticed")
    with pytest.raises(seaway.Unreachable):
        sender.send("work", {})


def test_a_worker_works_over_several_brokers(brokers: List[Broker]) -> None:
    hosts = [broker.address for broker in brokers]
    worker = seaway.Worker(hosts=hosts)
    done: List[int] = []

    @worker.on("work")
    def work(message: seaway.Message) -> None:
        done.append(message["n"])
        message.reply({"back": message["n"]})

    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        with seaway.connect(hosts=hosts) as layer:
            listening = layer.listen("back.k!")
            for number in range(20):
                layer.send("work", {"n": number, "reply_channel": "back.k!1"})
            backs = [listening.receive(5) for _ in range(20)]
            assert sorted(message["back"] for message in backs if message) == list(range(20))
            listening.stop()
    finally:
        worker.stop()
        thread.join(20)
    assert not thread.is_alive()
    assert sorted(done) == list(range(20))


@pytest.mark.parametrize(
    ("failover", "given", "words"),
    [(2.0, 20.0, ["heartbeat=1233"]), (0.5, 20.0, ["heartbeat=233"]), (9.9, 5.0, ["heartbeat=5000"]), (2.0, 0.0, [])],
)
def test_a_broker_gives_a_client_up_before_it_gets_sends_again(failover: float, given: float, words: List[str]) -> None:
    core = ShardCore(["a:1", "b:1"], "test", None, given, 10.0, failover, lambda: 0.0)
    for part in core.parts:
        part.connected(0.0)
        hello = part.take_output().decode().split()
        assert [word for word in hello if word.startswith("heartbeat")] == words


@pytest.mark.parametrize("hosts", [[], "a:1", ["a:1", "b:1", "a:1"], ["a:x", "b:1"]])
def test_lists_of_brokers_that_cannot_be_used_are_refused(hosts: Any) -> None:
    for module in (seaway, aio):
        with pytest.raises(ValueError):
            module.Layer(hosts=hosts)
        with pytest.raises(ValueError):
            module.Layer("a:1", hosts=["b:1", "c:1"])
        with pytest.raises(ValueError):
            module.Layer(hosts=["b:1", "c:1"], failover=0.1)
