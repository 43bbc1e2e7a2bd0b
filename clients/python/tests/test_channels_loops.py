"""The channel layer for Django Channels on several loops, in threads and in processes."""

from __future__ import annotations

import asyncio
import gc
import os
import pathlib
import threading
from typing import Any, Dict, List

import pytest
from support.broker import PATIENCE, Broker, until
from support.channel_layers import Make, run

import seaway

pytest.importorskip("channels")

from asgiref.sync import async_to_sync


def connections(plain: seaway.Layer) -> List[Dict[str, Any]]:
    page = plain.stats("connections", limit=1_000)
    return [one for one in page["connections"] if one["client"] == "channels"]


def test_two_loops_receive_each_on_its_channels(channels: Make) -> None:
    layer, count = channels(capacity=1_000), 200
    names: Dict[int, str] = {}
    ready, results = threading.Barrier(3), []

    async def receive(number: int) -> None:
        names[number] = await layer.new_channel()
        first = asyncio.ensure_future(layer.receive(names[number]))
        await layer.send(names[number], {"n": -1})
        assert (await first)["n"] == -1
        await asyncio.get_running_loop().run_in_executor(None, ready.wait)
        results.append([(await layer.receive(names[number]))["n"] for _ in range(count)])

    threads = [threading.Thread(target=run, args=(receive(number),)) for number in range(2)]
    for thread in threads:
        thread.start()
    ready.wait(PATIENCE)
    for n in range(count):
        for number in range(2):
            async_to_sync(layer.send)(names[number], {"n": n})
    for thread in threads:
        thread.join(PATIENCE)
    assert results == [list(range(count))] * 2


def prefixes(layer: Any) -> List[str]:
    """What four threads find that look at the same moment."""
    together = threading.Barrier(4)
    found: List[str] = []

    def look() -> None:
        together.wait(PATIENCE)
        found.append(layer.client_prefix)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return found


def test_all_threads_call_the_channels_of_their_process_alike(channels: Make) -> None:
    for _ in range(50):
        found = prefixes(channels())
        assert len(found) == 4 and len(set(found)) == 1


def test_one_loop_receives_for_another_that_has_ended(channels: Make) -> None:
    layer = channels()
    name = async_to_sync(layer.new_channel)()
    for n in range(3):
        async_to_sync(layer.send)(name, {"n": n})
        assert async_to_sync(layer.receive)(name) == {"n": n}


class Left:
    """What this process and its broker hold."""

    def __init__(self, broker: Broker):
        gc.collect()
        self.threads = threading.active_count()
        # Tasks, futures, transports and sockets are among them.
        self.objects = len(gc.get_objects())
        self.files, self.pages = _files("self"), _pages("self")
        pid = str(broker.program.process.pid)
        self.files_of_broker, self.pages_of_broker = _files(pid), _pages(pid)


def _files(pid: str) -> int:
    folder = f"/proc/{pid}/fd"
    return len(os.listdir(folder)) if os.path.exists(folder) else 0


def _pages(pid: str) -> int:
    statm = pathlib.Path(f"/proc/{pid}/statm")
    return int(statm.read_text().split()[1]) if statm.exists() else 0


def send_on_short_loops(layer: Any, count: int) -> None:
    """Sends so many messages, each on a loop of its own that ends with it: every second one by ``async_to_sync``."""
    for n in range(0, count, 2):
        async_to_sync(layer.send)("jobs", {"n": n})
        loop = asyncio.new_event_loop()
        loop.run_until_complete(layer.send("jobs", {"n": n + 1}))
        loop.close()


@pytest.mark.timeout(240)
def test_ten_thousand_short_loops_leave_nothing_behind(channels: Make, own_broker: Broker, plain: seaway.Layer) -> None:
    layer = channels(capacity=10_000, expiry=600)
    threads = threading.active_count()
    # What is made once is there then.
    send_on_short_loops(layer, 1_000)
    before = Left(own_broker)
    send_on_short_loops(layer, 9_000)
    until(lambda: len(connections(plain)) == 0, "the connections to end")
    until(lambda: threading.active_count() <= threads, "the threads of async_to_sync to end")
    after = Left(own_broker)
    # One object of each loop that stayed would be 9,000 of them.
    assert after.objects < before.objects + 200
    assert (after.files, after.files_of_broker) == (before.files, before.files_of_broker)
    # 4 MiB: less than half a KiB of each loop. The broker holds 9,000 messages more.
    assert after.pages < before.pages + 1_024
    assert after.pages_of_broker < before.pages_of_broker + 2_048
    assert plain.peek("jobs")["messages"] == 10_000


def test_a_loop_has_one_connection(channels: Make, plain: seaway.Layer) -> None:
    async def main() -> None:
        layer = channels()
        await asyncio.gather(*(layer.send("a", {"n": n}) for n in range(50)))
        assert len(connections(plain)) == 1
        await layer.close()
        until(lambda: len(connections(plain)) == 0, "the connection to end")
        await layer.send("a", {})
        assert len(connections(plain)) == 1

    run(main())


def test_a_layer_is_closed_right_after_a_receive_was_cancelled(channels: Make, plain: seaway.Layer) -> None:
    async def main() -> None:
        layer = channels()
        name = await layer.new_channel()
        await layer.group_add("all", name)
        receiving = [asyncio.ensure_future(layer.receive(name)) for _ in range(2)]
        await layer.group_send("all", {"n": 1})
        done, waiting = await asyncio.wait(receiving, return_when=asyncio.FIRST_COMPLETED)
        assert [await one for one in done] == [{"n": 1}]
        for one in waiting:
            one.cancel()
        await layer.close()
        until(lambda: len(connections(plain)) == 0, "the connection to end")

    run(main())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_process_has_channels_of_its_own(channels: Make, plain: seaway.Layer) -> None:
    layer = channels()
    name = async_to_sync(layer.new_channel)()
    async_to_sync(layer.send)("warm", {})
    child = os.fork()
    if child == 0:
        code = 1
        try:
            own = async_to_sync(layer.new_channel)()
            async_to_sync(layer.send)(own, {"n": 1})
            assert async_to_sync(layer.receive)(own) == {"n": 1}
            assert own.partition("!")[0] != name.partition("!")[0]
            async_to_sync(layer.send)(name, {"from": "child"})
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert async_to_sync(layer.receive)(name) == {"from": "child"}
