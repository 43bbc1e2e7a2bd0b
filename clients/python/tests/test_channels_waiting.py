"""What waits in a process, of the channel layer for Django Channels: without a broker."""

from __future__ import annotations

import asyncio

import pytest
from support.channel_layers import run

import seaway
from seaway import _inbox
from seaway._inbox import Inbox
from seaway._own import Own

pytest.importorskip("channels")

from channels.exceptions import ChannelFull

from seaway.channels import SeawayChannelLayer


def test_what_a_process_sends_to_itself_needs_no_broker_and_has_its_bounds() -> None:
    async def main() -> None:
        layer = SeawayChannelLayer(hosts=["127.0.0.1:1"], patience=0.1, capacity=3, expiry=30)
        name, other = await layer.new_channel(), await layer.new_channel()
        for n in range(3):
            await layer.send(name, {"n": n})
        with pytest.raises(ChannelFull):
            await layer.send(name, {"n": 3})
        await layer.send(other, {"type": "a", "list": [1]})
        assert [await layer.receive(name) for _ in range(3)] == [{"n": n} for n in range(3)]
        waiting = asyncio.ensure_future(layer.receive(name))
        await asyncio.sleep(0)
        await layer.send(name, {"n": 4})
        assert await waiting == {"n": 4}
        assert await layer.receive(other) == {"type": "a", "list": [1]}
        # That of another process does.
        with pytest.raises(seaway.Unreachable):
            await layer.send("specific.another!1", {})

    run(main())


def test_what_waits_for_this_process_expires_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    own = Own(2)
    assert [own.keep("a", b"1", 2, 5), own.keep("a", b"2", 2, 50), own.keep("a", b"3", 2, 50)] == [True, True, False]
    assert [own.keep("b", b"1", 2, 5), own.keep("c", b"1", 2, 5)] == [True, None]
    now[0] += 5
    assert (own.take("a"), own.take("a"), own.take("b")) == (b"2", None, None)
    assert own.keep("c", b"x" * 1_048_577, 9, 5) is True
    assert own.keep("c", b"x", 9, 5) is False
    own.flush("c")
    assert not own


def test_lines_without_anybody_in_them_are_dropped_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_inbox, "MOST_CHANNELS", 4)
    inbox = Inbox()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        inbox._most_lines = 4
        waiters = {f"x!{number}": loop.create_future() for number in range(20)}
        for number, (name, waiter) in enumerate(waiters.items()):
            assert inbox.wait(name, waiter) == (number + 1) // 2 + 1
            if number % 2:
                inbox.give_up(name, waiter)
        assert inbox.waiting("x!") == 10
        assert len(inbox._lines) < 20
        assert inbox.deliver(list(waiters), b"m") == []
        assert [waiter.done() for waiter in waiters.values()] == [True, False] * 10
        assert inbox.waiting("x!") == 0

    run(main())


def test_a_receiver_hears_that_it_may_not_listen() -> None:
    inbox = Inbox()

    async def main() -> None:
        waiter: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        inbox.wait("a", waiter)
        inbox.fail("a", seaway.Denied("no"))
        with pytest.raises(seaway.Denied):
            await waiter
        assert inbox.waiting("a") == 0

    run(main())
