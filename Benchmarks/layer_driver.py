"""What `channel_layers.py` runs: one process that uses a channel layer of Django Channels, as a server's consumers do.

    layer_driver.py PEER PORT pair SECONDS
    layer_driver.py PEER PORT group SECONDS MEMBERS
    layer_driver.py PEER PORT lost COUNT MEMBERS
    layer_driver.py PEER PORT hop SECONDS

It prints `key=value` words. `hop` has a second process answer, which it starts itself.
"""

from __future__ import annotations

import asyncio
import pathlib
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients" / "python" / "src"))
#: Messages that may wait in a channel where nothing is to be lost; the layers' own is 100.
ROOMY = 100_000
#: Seconds in which a message must come; and with none of them coming, after which no more come.
PATIENCE, QUIET = 20.0, 1.0
PAYLOAD = "x" * 100


def make_layer(peer: str, port: int, **options: Any) -> Any:
    """The layer as a project's settings make it."""
    if peer == "seaway":
        from seaway.channels import SeawayChannelLayer

        return SeawayChannelLayer(hosts=[f"127.0.0.1:{port}"], **options)
    from channels_redis.core import RedisChannelLayer
    from channels_redis.pubsub import RedisPubSubChannelLayer

    kind = RedisChannelLayer if peer == "channels_redis" else RedisPubSubChannelLayer
    return kind(hosts=[("127.0.0.1", port)], **options)


def tell(**found: float) -> None:
    print(*(f"{key}={value:g}" for key, value in found.items()))


def at(share: float, values: list[float]) -> float:
    """The value below which that share of all is."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def pair(layer: Any, seconds: float) -> None:
    """Sends a message to a channel of its own and receives it, one after the other."""
    channel = await layer.new_channel()
    took: list[float] = []

    async def once() -> None:
        started = time.perf_counter()
        await layer.send(channel, {"type": "a", "text": PAYLOAD})
        await layer.receive(channel)
        took.append(time.perf_counter() - started)

    await again(once, 0.3)
    took.clear()
    used = time.process_time()
    elapsed = await again(once, seconds)
    tell(
        messages=len(took),
        rate=len(took) / elapsed,
        cpu_us=cost(used, len(took)),
        p50_ms=at(0.5, took) * 1e3,
        p99_ms=at(0.99, took) * 1e3,
    )


def cost(started: float, messages: int) -> float:
    """Microseconds of this process's CPU for each message since then."""
    return (time.process_time() - started) * 1e6 / messages


async def again(work: Callable[[], Awaitable[None]], seconds: float) -> float:
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        await work()
    return time.perf_counter() - started


class Members:
    """Channels in one group, each with a task that receives, as a consumer has."""

    def __init__(self, layer: Any):
        self.layer = layer
        self.count = 0
        self.wanted = 0
        self.all_came = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def open(self, count: int) -> None:
        for _ in range(count):
            channel = await self.layer.new_channel()
            await self.layer.group_add("room", channel)
            self.tasks.append(asyncio.create_task(self.receive(channel)))
        # Until each listens, what is sent may have nowhere to go.
        await asyncio.sleep(0.5)

    async def receive(self, channel: str) -> None:
        while True:
            await self.layer.receive(channel)
            self.count += 1
            if self.count >= self.wanted:
                self.all_came.set()

    def want(self, more: int) -> None:
        self.wanted = self.count + more
        self.all_came.clear()


async def group(layer: Any, seconds: float, members: int) -> None:
    """Sends to a group and waits until every member has it, one message after the other."""
    room = Members(layer)
    await room.open(members)
    took: list[float] = []

    async def once() -> None:
        started = time.perf_counter()
        room.want(members)
        await layer.group_send("room", {"type": "a", "text": PAYLOAD})
        await asyncio.wait_for(room.all_came.wait(), PATIENCE)
        took.append(time.perf_counter() - started)

    await once()
    took.clear()
    used = time.process_time()
    elapsed = await again(once, seconds)
    messages = len(took) * members
    tell(
        messages=messages,
        rate=messages / elapsed,
        cpu_us=cost(used, messages),
        p50_ms=at(0.5, took) * 1e3,
        p99_ms=at(0.99, took) * 1e3,
    )


async def lost(layer: Any, count: int, members: int) -> None:
    """Sends to a group all at once, as many handlers do, with the usual bounds; counts what has come in the end.

    No channel has to hold more than it may: fewer messages are sent than its capacity of 100.
    """
    room = Members(layer)
    await room.open(members)
    room.want(1 << 40)
    await asyncio.gather(*(layer.group_send("room", {"type": "a", "text": PAYLOAD}) for _ in range(count)))
    before = -1
    while before != room.count:
        before = room.count
        await asyncio.sleep(QUIET)
    tell(sent=count * members, came=room.count)


async def hop(layer: Any, seconds: float, peer: str, port: int) -> None:
    """Has another process answer, and takes half of the time that both ways take."""
    channel = await layer.new_channel()
    other = await asyncio.create_subprocess_exec(sys.executable, __file__, peer, str(port), "answer", channel)
    try:
        theirs = (await asyncio.wait_for(layer.receive(channel), PATIENCE))["channel"]
        took: list[float] = []

        async def once() -> None:
            started = time.perf_counter()
            await layer.send(theirs, {"type": "a", "text": PAYLOAD})
            await layer.receive(channel)
            took.append((time.perf_counter() - started) / 2)

        await again(once, 0.3)
        took.clear()
        used = time.process_time()
        elapsed = await again(once, seconds)
        hops = 2 * len(took)
        tell(
            messages=hops,
            rate=hops / elapsed,
            cpu_us=cost(used, hops),
            p50_ms=at(0.5, took) * 1e3,
            p99_ms=at(0.99, took) * 1e3,
        )
    finally:
        other.terminate()
        await other.wait()


async def answer(layer: Any, to: str) -> None:
    channel = await layer.new_channel()
    await layer.send(to, {"type": "a", "channel": channel})
    while True:
        message = await layer.receive(channel)
        await layer.send(to, message)


async def main() -> None:
    peer, port, what, *rest = sys.argv[1:]
    options = {} if what == "lost" or peer == "channels_redis pubsub" else {"capacity": ROOMY}
    layer = make_layer(peer, int(port), **options)
    if what == "pair":
        await pair(layer, float(rest[0]))
    elif what == "group":
        await group(layer, float(rest[0]), int(rest[1]))
    elif what == "lost":
        await lost(layer, int(rest[0]), int(rest[1]))
    elif what == "hop":
        await hop(layer, float(rest[0]), peer, int(port))
    else:
        await answer(layer, rest[0])
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
