"""What waits in a process, of the channel layer for Django Channels: without a broker."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, List

import pytest
from support.broker import PATIENCE
from support.channel_layers import run
from support.fake import FakeBroker

import seaway
import seaway.aio
from seaway import _inbox, _values
from seaway._asyncio import Link
from seaway._frames import Frame
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
    assert not own.messages


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


def test_a_connection_is_given_up_when_its_loop_ends_while_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        layer, loop = seaway.aio.Layer("127.0.0.1:1", patience=60), asyncio.get_running_loop()
        link = layer.link
        assert isinstance(link, Link)

        async def refuse(*_: Any, **__: Any) -> None:
            # What keeps the connection hears of it when this has ended, and has not run since.
            assert link._keeping is not None
            loop.call_soon(link._keeping.cancel)
            raise ConnectionRefusedError

        monkeypatch.setattr(loop, "create_connection", refuse)
        link.start()
        assert link._keeping is not None
        await asyncio.wait((link._keeping,), timeout=PATIENCE)
        assert link._keeping.cancelled()

    run(main())


def test_who_was_cancelled_keeps_nothing_from_those_who_wait() -> None:
    inbox = Inbox()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        waiters: List[asyncio.Future[bytes]] = [loop.create_future() for _ in range(2)]
        for waiter in waiters:
            inbox.wait("a", waiter)
        # Whoever waited has not run since, and gives up later.
        waiters[0].cancel()
        inbox.fail("a", seaway.Denied("no"))
        with pytest.raises(seaway.Denied):
            await waiters[1]
        inbox.give_up("a", waiters[0])
        assert inbox.waiting("a") == 0

    run(main())


def test_one_message_is_asked_for_ahead_and_no_more(fake: FakeBroker) -> None:
    said: List[str] = []

    def speak() -> None:
        connection = fake.accept()

        def hear() -> Frame:
            frame = connection.hear()
            said.append(" ".join([frame.verb, *frame.args[: 1 if frame.verb == "READY" else 0]]))
            return frame

        def deliver(channel: str) -> None:
            body = _values.pack({"type": "a"})
            connection.say(b"MSG :%d %b\n%b\n" % (len(body), channel.encode(), body))

        mailbox = hear().args[0]
        connection.say(b"OK\n")
        hear()
        deliver(f"{mailbox}1")
        # Ahead, and with it what the receiver says.
        assert [hear().verb, hear().verb] == ["SEND", "READY"]
        # Nobody receives there: no other is asked for until somebody does.
        deliver(f"{mailbox}2")
        connection.say(b"OK\n")
        assert hear().verb == "SEND"
        connection.say(b"OK\n")
        hear()
        deliver(f"{mailbox}3")
        connection.expect_end()

    async def main() -> None:
        layer = SeawayChannelLayer(hosts=[fake.address])
        front = f"specific.{layer.client_prefix}!"
        assert await layer.receive(f"{front}1") == {"type": "a"}
        await layer.send("other", {})
        await layer.send("other", {})
        assert await layer.receive(f"{front}2") == {"type": "a"}
        assert await layer.receive(f"{front}3") == {"type": "a"}
        await layer.close()

    broker = threading.Thread(target=speak)
    broker.start()
    run(main())
    broker.join(PATIENCE)
    assert said == ["LISTEN", "READY 1", "SEND", "READY 1", "SEND", "READY 1"]


def test_a_channel_in_a_group_is_idle_from_the_end_of_its_last_receive_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    inbox = Inbox()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        names = ["x!came", "x!gave-up", "x!waits", "x!never"]
        for name in (*names, "x!left"):
            inbox.touch(name)
        inbox.forget("x!left")
        waiters = [inbox.take_or_wait(name, loop)[2] for name in names[:3]]
        now[0] += 10
        assert inbox.deliver(names[:1], b"m") == []
        assert waiters[1] is not None
        waiters[1].cancel()
        inbox.give_up(names[1], waiters[1])
        now[0] += 5
        assert inbox.idle(10) == ["x!never"]
        now[0] += 5
        assert inbox.idle(10) == ["x!came", "x!gave-up"]
        assert inbox.idle(10) == []

    asyncio.run(main())


def test_what_was_held_for_too_long_is_received_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    inbox = Inbox(5)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert inbox.deliver(["x!1", "x!2"], b"m") == []
        assert inbox.is_holding
        now[0] += 5
        assert inbox.take_or_wait("x!1", loop)[0] == b"m"
        now[0] += 1
        body, _, waiter, place = inbox.take_or_wait("x!2", loop)
        assert body is None and waiter is not None
        assert (place.name, place.count, inbox.is_holding) == ("x!", 1, False)

    asyncio.run(main())
