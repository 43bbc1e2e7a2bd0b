"""The channel layer of ASGI 1 at a real broker."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import threading
from typing import Any, Callable, Iterator, List

import pytest
from support.broker import TESTS, Broker, until
from support.threads import in_thread

import seaway
from seaway import _values, asgi1
from seaway.asgi1 import ChannelLayer

Make = Callable[..., ChannelLayer]


@pytest.fixture
def layer() -> Iterator[Make]:
    """Makes layers that end with the test."""
    layers: List[ChannelLayer] = []

    def make(*brokers: Broker, **options: Any) -> ChannelLayer:
        layers.append(ChannelLayer([broker.address for broker in brokers], **options))
        return layers[-1]

    yield make
    for one in layers:
        one.close()


def test_the_broker_is_told_of_memberships_that_are_too_old(
    layer: Make, broker: Broker, name: str, monkeypatch: Any
) -> None:
    now = [0.0]
    one = layer(broker, group_expiry=100)
    one._ages._clock = lambda: now[0]
    one.group_add(name, f"{name}.a")
    now[0] = 60
    one.group_add(name, f"{name}.b")
    now[0] = 100
    assert one.group_channels(name) == [f"{name}.b"]


# At a broker


def test_a_process_that_is_busy_keeps_nothing_from_the_others(layer: Make, broker: Broker, name: str) -> None:
    busy, idle = layer(broker), layer(broker)
    names = [f"{name}.a", f"{name}.b"]
    for channel in names:
        busy.send(channel, {"on": channel})
        busy.send(channel, {"on": channel})
    first = busy.receive(names, block=True)
    assert first[0] in names
    others = [idle.receive(names) for _ in range(3)]
    assert None not in [channel for channel, _ in others]
    assert idle.receive(names) == busy.receive(names) == (None, None)


def test_who_has_stopped_waiting_takes_nothing(layer: Make, broker: Broker, name: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(asgi1, "BLOCK", 0.01)
    waited, other = layer(broker), layer(broker)
    assert waited.receive([name], block=True) == (None, None)
    assert waited.receive([name, f"{name}.b"], block=True) == (None, None)
    other.send(name, {"n": 1})
    assert other.receive([name]) == (name, {"n": 1})


def test_each_of_several_threads_gets_another_message(layer: Make, broker: Broker, name: str) -> None:
    one = layer(broker)
    names = [f"{name}.a", f"{name}.b"]
    waiting = [in_thread(lambda: one.receive(names, block=True)) for _ in range(4)]
    for number in range(4):
        one.send(names[number % 2], {"n": number})
    assert sorted(wait()[1]["n"] for wait in waiting) == [0, 1, 2, 3]


def test_a_signal_ends_a_wait_and_takes_nothing_with_it(layer: Make, broker: Broker, name: str) -> None:
    one, other = layer(broker), layer(broker)
    watch = seaway.Layer(broker.address)

    def leave(*_: Any) -> None:
        raise SystemExit(3)

    def tell() -> None:
        until(lambda: watch.peek(name)["readers"], "the layer to listen")
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, leave)
    try:
        told = in_thread(tell)
        with pytest.raises(SystemExit):
            one.receive([name], block=True)
        told()
    finally:
        signal.signal(signal.SIGUSR1, before)
    other.send(name, {"n": 1})
    assert other.receive([name]) == (name, {"n": 1})
    watch.quit()


def test_a_message_to_a_group_reaches_every_channel_of_a_process_however_many(
    layer: Make, broker: Broker, name: str
) -> None:
    one = layer(broker, capacity=5)
    assert one.receive([f"{name}!"]) == (None, None)
    channels = [f"{name}!{number}" for number in range(300)]
    for channel in channels:
        one.group_add(name, channel)
    one.send_group(name, {"n": 1})
    found = [one.receive([f"{name}!"]) for _ in channels]
    assert sorted(channel or "" for channel, _ in found) == sorted(channels)
    assert one.receive([f"{name}!"]) == (None, None)


def test_channels_of_one_process_have_one_capacity_together(layer: Make, broker: Broker, name: str) -> None:
    one = layer(broker, capacity=3)
    for number in range(3):
        one.send(f"{name}!{number}", {})
    with pytest.raises(one.ChannelFull):
        one.send(f"{name}!3", {})
    one.send(f"{name}.other!3", {})


def test_a_name_of_one_reader_is_read_by_whoever_asked_last(layer: Make, broker: Broker, name: str) -> None:
    one, other = layer(broker), layer(broker)
    channel = one.new_channel(f"{name}?")
    assert one.receive([channel]) == other.receive([channel]) == (None, None)
    one.send(channel, {"n": 1})
    one.send(channel, {"n": 2})
    assert one.receive([channel]) == (channel, {"n": 1})
    assert other.receive([channel]) == (channel, {"n": 2})


@pytest.mark.parametrize("bad", ["", "a b", "a\n", "a!é", "a!b!c", "a?", "é"])
def test_a_name_that_is_none_is_an_error_of_type(layer: Make, broker: Broker, bad: str) -> None:
    one = layer(broker)
    with pytest.raises(TypeError):
        one.send(bad, {})
    with pytest.raises(TypeError):
        one.group_add(bad, "a")
    with pytest.raises(TypeError):
        one.receive([bad])
    with pytest.raises(TypeError):
        one.receive(["a!b"])
    with pytest.raises(ValueError, match="at least"):
        one.receive([])


def test_what_is_too_large_and_what_is_no_message_is_refused(layer: Make, broker: Broker, name: str) -> None:
    one = layer(broker)
    with pytest.raises(one.MessageTooLarge):
        one.send(name, {"body": b"x" * (4 << 20)})
    with pytest.raises(one.MessageTooLarge):
        one.send(name, {"body": b"x" * (70 << 20)})
    with pytest.raises(seaway.BadPayload):
        one.send(name, {"body": object()})
    assert one.receive([name]) == (None, None)


def test_a_message_for_somebody_who_has_left_is_dropped(layer: Make, broker: Broker, name: str) -> None:
    one = layer(broker)
    with seaway.Layer(broker.address) as reader, reader.listen(f"{name}!"):
        reader.close(f"{name}!1")
        one.send(f"{name}!1", {"status": 200})
        one.group_add(name, f"{name}!1")
    assert one.group_channels(name) == []


def test_that_a_client_has_left_is_told_to_listeners_alone(layer: Make, own_broker: Broker) -> None:
    one = layer(own_broker)
    one.send("http.disconnect", {"reply_channel": "a!b", "path": "/"})
    assert one.receive(["http.disconnect"]) == (None, None)
    one.send("http.disconnect", {"reply_channel": "a!b", "path": "/"})
    assert one.receive(["http.disconnect"])[0] == "http.disconnect"


def test_a_prefix_keeps_two_sites_apart_and_what_is_flushed_too(layer: Make, broker: Broker, name: str) -> None:
    here, there = layer(broker, prefix=f"{name}.here"), layer(broker, prefix=f"{name}.there")
    for one in (here, there):
        one.send("a", {"from": repr(one)})
        one.group_add("g", "x!1")
    here.flush()
    assert here.receive(["a"]) == (None, None)
    assert here.group_channels("g") == []
    assert there.receive(["a"])[0] == "a"
    assert there.group_channels("g") == ["x!1"]
    there.send_group("g", {"n": 1})
    assert there.receive(["x!"]) == ("x!1", {"n": 1})


def test_what_came_ahead_is_flushed_too(layer: Make, own_broker: Broker) -> None:
    one = layer(own_broker)
    assert one.receive(["x!"]) == (None, None)
    for number in range(3):
        one.send("x!1", {"n": number})
    assert one.receive(["x!"]) == ("x!1", {"n": 0})
    one.flush()
    assert one.receive(["x!"]) == (None, None)


def test_messages_are_read_with_any_key_and_dropped_without(layer: Make, broker: Broker, name: str) -> None:
    old, new = (layer(broker, symmetric_encryption_keys=keys) for keys in (["old"], ["new", "old"]))
    old.send(name, {"n": 1})
    with seaway.Layer(broker.address) as bare:
        assert b"\xa1n" not in _values.pack(bare.peek(name)["head"][0]["message"])
    assert new.receive([name]) == (name, {"n": 1})
    new.send(name, {"n": 2})
    new.send(name, {"n": 3})
    assert old.receive([name]) == (None, None)


def test_statistics_say_what_waits_and_what_was_refused(layer: Make, own_broker: Broker) -> None:
    one = layer(own_broker, capacity=2)
    one.send("a", {})
    one.send("a", {})
    with pytest.raises(one.ChannelFull):
        one.send("a", {})
    found = one.global_statistics()
    assert (found["messages_count"], found["messages_pending"], found["channel_full_count"]) == (2, 2, 1)
    assert found["messages_count_per_second"] > 0
    assert one.channel_statistics("a")["messages_pending"] == 2
    assert one.channel_statistics("b") == {"messages_pending": 0, "messages_max_age": 0.0}


def test_without_a_broker_a_send_is_refused_and_a_wait_brings_nothing(
    layer: Make, own_broker: Broker, monkeypatch: Any
) -> None:
    one = layer(own_broker, patience=0.05)
    one.send("a", {"n": 1})
    own_broker.kill()
    with pytest.raises(one.ChannelFull, match="no broker"):
        one.send("b", {})
    with pytest.raises(seaway.Unreachable):
        one.receive(["a"])
    monkeypatch.setattr(asgi1, "BLOCK", 0.01)
    assert one.receive(["a", "b"], block=True) == (None, None)


def test_a_wait_goes_on_when_its_broker_is_back(layer: Make, own_broker: Broker) -> None:
    one, other = layer(own_broker), layer(own_broker, patience=20)
    waiting = in_thread(lambda: one.receive(["a", "b"], block=True))
    with seaway.Layer(own_broker.address) as watch:
        until(lambda: watch.peek("a")["readers"], "the layer to listen")
    own_broker.kill()
    own_broker.start()
    other.send("a", {"n": 1})
    assert waiting() == ("a", {"n": 1})


def _is_connected(broker: Broker) -> bool:
    with seaway.Layer(broker.address) as watch:
        return any(one["client"] == "asgi1" for one in watch.stats("connections")["connections"])


def test_over_several_brokers_it_is_the_same(layer: Make, name: str, programs: List[Any]) -> None:
    brokers = [Broker("--warm", "0s") for _ in range(2)]
    programs.extend(brokers)
    one = layer(*brokers, patience=20)
    one.global_statistics()
    until(lambda: all(map(_is_connected, brokers)), "the layer to be connected to both")
    names = [f"{name}.a", f"{name}.b"]
    one.group_add(name, f"{name}!1")
    for number in range(4):
        one.send(names[number % 2], {"n": number})
    assert sorted((one.receive(names, block=True)[1] or {})["n"] for _ in range(4)) == [0, 1, 2, 3]
    one.send_group(name, {"n": 5})
    assert one.receive([f"{name}!"], block=True) == (f"{name}!1", {"n": 5})
    assert one.receive(names) == (None, None)


def test_a_child_process_connects_anew_and_keeps_nothing_of_its_parent(layer: Make, broker: Broker, name: str) -> None:
    one = layer(broker)
    assert one.receive([f"{name}!"]) == (None, None)
    one.send(f"{name}!1", {"n": 1})
    one.send(f"{name}!1", {"n": 2})
    assert one.receive([f"{name}!"]) == (f"{name}!1", {"n": 1})
    child = os.fork()
    if child == 0:
        try:
            one.send(name, {"from": "child"})
            os._exit(0 if one.receive([f"{name}.b", f"{name}.c"]) == (None, None) else 3)
        finally:
            os._exit(4)
    assert os.waitpid(child, 0)[1] == 0
    assert one.receive([name]) == (name, {"from": "child"})
    assert one.receive([f"{name}!"]) == (f"{name}!1", {"n": 2})


# Old Pythons

OLD = sorted(
    pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")).glob("versions/3.[678].*/bin/python")
)
PROGRAM = """
import sys, types

fake = types.ModuleType("msgpack")
fake.version, fake.packb, fake.unpackb = (1, 0, 5), repr, repr
sys.modules["msgpack"] = fake
import seaway.asgi1

seaway.asgi1.ChannelLayer(["127.0.0.1:1"])
for statement in ("from seaway import Layer", "import seaway.aio", "seaway.Worker"):
    try:
        exec(statement)
    except ImportError as error:
        assert "needs Python 3.9" in str(error), error
    else:
        raise AssertionError(statement)
try:
    seaway.asgi1.ChannelLayer(["127.0.0.1:1", "127.0.0.1:2"])
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("python", OLD, ids=lambda path: path.parent.parent.name)
def test_an_old_python_has_this_layer_and_says_so_of_everything_else(python: pathlib.Path) -> None:
    done = subprocess.run(
        [str(python), "-B", "-c", PROGRAM],
        env={"PYTHONPATH": str(TESTS.parent / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "several brokers need Python 3.9 or later\n")
