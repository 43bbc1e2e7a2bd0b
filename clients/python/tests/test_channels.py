"""The channel layer for Django Channels: what its suite of tests (``make conformance``) does not ask."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import Any, List

import pytest
from support.broker import PATIENCE, Broker, until
from support.channel_layers import Make, run

import seaway

pytest.importorskip("channels")

from channels.exceptions import ChannelFull

from seaway._inbox import MOST_HELD
from seaway.channels import SeawayChannelLayer

# Names and messages


@pytest.mark.parametrize("hosts", [["127.0.0.1:1"], [("127.0.0.1", 1)], [{"address": ("127.0.0.1", 1)}]])
def test_hosts_are_written_as_people_do(hosts: List[Any]) -> None:
    with pytest.raises(seaway.Unreachable, match=r"127\.0\.0\.1:1"):
        run(SeawayChannelLayer(hosts=hosts, patience=0.2).send("a", {}))


def test_what_is_no_name_is_a_type_error(channels: Make) -> None:
    layer = channels()
    for name in ["", "a b", "a!", "ü", "a" * 100, "a?b", "٣"]:
        with pytest.raises(TypeError):
            run(layer.send(name, {}))
    with pytest.raises(TypeError):
        run(layer.group_add("a!b", "c"))


def test_each_receiver_has_a_message_of_its_own(channels: Make) -> None:
    async def main() -> None:
        layer = channels()
        names = [await layer.new_channel() for _ in range(3)]
        for name in names:
            await layer.group_add("room", name)
        await layer.group_send("room", {"type": "t", "list": [1]})
        messages = [await layer.receive(name) for name in names]
        messages[0]["list"].append(2)
        assert messages[1] == messages[2] == {"type": "t", "list": [1]}

    run(main())


def test_a_prefix_keeps_sites_apart(channels: Make, plain: seaway.Layer) -> None:
    async def main() -> None:
        one, other = channels(prefix="one"), channels(prefix="other")
        await one.send("jobs", {"n": 1})
        await other.send("jobs", {"n": 2})
        assert plain.peek("one.jobs")["messages"] == 1
        await one.flush()
        assert plain.peek("one.jobs")["messages"] == 0
        assert await other.receive("jobs") == {"n": 2}
        name = await one.new_channel()
        await one.group_add("room", name)
        assert plain.members("one.room") == [f"one.{name}"]

    run(main())


def test_workers_in_any_language_send_to_its_groups(channels: Make, plain: seaway.Layer) -> None:
    async def main() -> None:
        layer = channels()
        name = await layer.new_channel()
        await layer.group_add("chat", name)
        waiting = asyncio.ensure_future(layer.receive(name))
        await asyncio.get_running_loop().run_in_executor(None, plain.send_group, "chat", {"type": "chat.message"})
        assert await waiting == {"type": "chat.message"}

    run(main())


def test_messages_are_encrypted_and_keys_change(channels: Make, plain: seaway.Layer) -> None:
    async def main() -> None:
        old = channels(symmetric_encryption_keys=["old"])
        both = channels(symmetric_encryption_keys=["new", b"old"])
        await old.send("secret", {"text": "hunter2"})
        assert "hunter2" not in str(plain.peek("secret"))
        assert await both.receive("secret") == {"text": "hunter2"}
        await both.send("secret", {"text": "again"})
        from cryptography.fernet import InvalidToken

        with pytest.raises(InvalidToken):
            await old.receive("secret")

    run(main())
    with pytest.raises(ValueError, match="list of keys"):
        channels(symmetric_encryption_keys="one")


# Bounds


def test_capacities_by_pattern_hold_for_sends_and_groups(channels: Make, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        layer = channels(capacity=3, channel_capacity={"tiny*": 1})
        await layer.send("tiny.1", {})
        with pytest.raises(ChannelFull):
            await layer.send("tiny.1", {})
        for _ in range(3):
            await layer.send("big", {})
        with pytest.raises(ChannelFull):
            await layer.send("big", {})
        await layer.group_add("room", "tiny.1")
        await layer.group_add("room", "tiny.2")
        with caplog.at_level("INFO", logger="seaway"):
            await layer.group_send("room", {})
        assert "1 of 2 channels over capacity in group room" in caplog.text

    run(main())


def test_a_message_expires_as_configured(channels: Make, plain: seaway.Layer) -> None:
    layer = channels(expiry=0.05)
    run(layer.send("soon", {}))
    until(lambda: plain.peek("soon")["messages"] == 0, "the message to expire")
    run(channels(expiry=80_000).send("late", {}))
    assert plain.peek("late")["head"][0]["left"] > 70_000_000


def test_a_slow_consumer_fills_its_own_channel_alone(channels: Make, plain: seaway.Layer) -> None:
    async def main() -> None:
        layer = channels(capacity=50)
        slow, quick = await layer.new_channel(), await layer.new_channel()
        for n in range(200):
            with_room = True
            try:
                await layer.send(slow, {"n": n})
            except ChannelFull:
                with_room = False
            await layer.send(quick, {"n": n})
            assert await layer.receive(quick) == {"n": n}
            if not with_room:
                break
        assert not with_room
        assert n <= 50 + MOST_HELD + 1
        for expected in range(n):
            assert await layer.receive(slow) == {"n": expected}

    run(main())


def test_a_channel_that_nobody_receives_on_leaves_its_groups(channels: Make, plain: seaway.Layer) -> None:
    async def main() -> None:
        layer = channels(group_expiry=0.01)
        await layer.group_add("room", await layer.new_channel())

        async def another() -> bool:
            await layer.group_add("other", await layer.new_channel())
            return plain.members("room") == []

        for _ in range(1_000):
            if await another():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the channel is in its group still")

    run(main())


# What goes wrong


def test_a_receive_that_is_cancelled_takes_no_message_with_it(channels: Make) -> None:
    async def main() -> None:
        layer = channels(capacity=1_000)
        for name in ["jobs", await layer.new_channel()]:
            got: List[int] = []
            for n in range(60):
                task = asyncio.ensure_future(layer.receive(name))
                for _ in range(n % 6):
                    await asyncio.sleep(0)
                sending = asyncio.ensure_future(layer.send(name, {"n": n}))
                for _ in range(n % 5):
                    await asyncio.sleep(0)
                task.cancel()
                await sending
                with contextlib.suppress(asyncio.CancelledError):
                    got.append((await task)["n"])
            while len(got) < 60:
                got.append((await asyncio.wait_for(layer.receive(name), PATIENCE))["n"])
            assert got == list(range(60))

    run(main())


def test_groups_are_there_again_after_a_broker_has_begun_anew(
    channels: Make, own_broker: Broker, plain: seaway.Layer
) -> None:
    def begin_anew() -> None:
        own_broker.kill()
        own_broker.start()
        with seaway.connect(own_broker.address) as plain:
            until(lambda: plain.members("room"), "the member to be back")

    async def main() -> None:
        layer = channels(patience=PATIENCE)
        name = await layer.new_channel()
        await layer.group_add("room", name)
        waiting = asyncio.ensure_future(layer.receive(name))
        # From outside: so it has come by the broker, which has told the layer what is a member.
        await asyncio.get_running_loop().run_in_executor(None, plain.send, name, {"n": 0})
        assert await waiting == {"n": 0}
        waiting = asyncio.ensure_future(layer.receive(name))
        await asyncio.get_running_loop().run_in_executor(None, begin_anew)
        await layer.group_send("room", {"n": 1})
        assert await waiting == {"n": 1}

    run(main())


def test_members_get_maps_of_their_own(channels: Make) -> None:
    async def main() -> None:
        layer = channels()
        names = [await layer.new_channel() for _ in range(3)]
        for name in names:
            await layer.group_add("room", name)
        waiting = [asyncio.ensure_future(layer.receive(name)) for name in names]
        await asyncio.sleep(0)
        for message in ({"type": "a", "n": 1}, {"type": "a", "list": [1]}):
            await layer.group_send("room", message)
            came = await asyncio.gather(*waiting)
            assert came == [message] * 3
            came[0]["n"] = 2
            came[0].setdefault("list", []).append(2)
            assert came[1:] == [message] * 2
            waiting = [asyncio.ensure_future(layer.receive(name)) for name in names]
        for one in waiting:
            one.cancel()

    run(main())


def test_many_members_lose_nothing(channels: Make) -> None:
    async def main() -> None:
        layer, other = channels(capacity=1_000), channels(capacity=1_000)
        names = [await layer.new_channel() for _ in range(1_000)]
        group = f"room-{secrets.token_hex(4)}"
        await asyncio.gather(*(layer.group_add(group, name) for name in names))

        async def read(name: str) -> List[int]:
            return [(await layer.receive(name))["n"] for _ in range(20)]

        reading = [asyncio.ensure_future(read(name)) for name in names]
        for n in range(20):
            await other.group_send(group, {"n": n})
        assert await asyncio.gather(*reading) == [list(range(20))] * 1_000

    run(main())
