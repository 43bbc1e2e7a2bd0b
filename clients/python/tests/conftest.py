"""Fixtures: brokers, and the two halves of the client."""

from __future__ import annotations

import itertools
import os
from typing import Any, Callable, Iterator, List

import pytest
from support import vectors
from support.broker import SEAWAY, Broker, Ends
from support.channel_layers import Make
from support.fake import FakeBroker
from support.halves import AsyncioHalf, Half
from support.running import Running
from support.talk import Talk

import seaway
from seaway._core import Core

_numbers = itertools.count(1)


def pytest_report_header() -> str:
    """Says how to run the same cuts again."""
    return f"random cuts: SEED={vectors.SEED}; broker: {SEAWAY}"


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Without a broker the tests that need one are skipped by name."""
    if os.access(SEAWAY, os.X_OK):
        return
    skip = pytest.mark.skip(reason=f"there is no broker: {SEAWAY}")
    for item in items:
        if {"broker", "own_broker", "site", "programs"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """A broker for all tests that leave it as it was; each uses names of its own."""
    running = Broker("--capacity", "tiny.*=2", "--max-body", "3M")
    yield running
    running.kill()


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """A broker that a test may kill."""
    running = Broker()
    yield running
    running.kill()


@pytest.fixture
def plain(own_broker: Broker) -> Iterator[seaway.Layer]:
    """A layer at that broker."""
    with seaway.connect(own_broker.address) as layer:
        yield layer


@pytest.fixture
def channels(own_broker: Broker) -> Make:
    """Makes layers for Django Channels at that broker."""
    from seaway.channels import SeawayChannelLayer

    return lambda **config: SeawayChannelLayer(hosts=[own_broker.address], **config)


@pytest.fixture
def fake() -> Iterator[FakeBroker]:
    """A broker by script."""
    scripted = FakeBroker()
    yield scripted
    scripted.close()


@pytest.fixture(params=[Half, AsyncioHalf], ids=lambda half: half.name)
def half(request: Any) -> Iterator[Half]:
    """The synchronous and the asyncio half, one after the other."""
    one = request.param()
    yield one
    one.close()


#: A worker that works alone, one with threads, and one for asyncio.
_KINDS: List[Any] = [
    pytest.param((Half, 1), id="alone"),
    pytest.param((Half, 8), id="threads"),
    pytest.param((AsyncioHalf, 1), id="asyncio"),
]


@pytest.fixture(params=_KINDS)
def start(request: pytest.FixtureRequest, fake: FakeBroker) -> Any:
    """Starts a worker of each kind with a function; says how it is granted credit."""
    make, concurrency = request.param
    half = make()

    def run(function: Callable[..., Any], **options: Any) -> Running:
        if type(half) is Half:
            options["prefetch"] = 0
        running = Running(half, fake, function, concurrency=concurrency, **options)
        # The credit of several channels names none.
        running.connection.expect(f"READY {concurrency}" if options.get("serves_sockets") else f"READY {concurrency} a")
        return running

    yield run
    half.close()


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"test.{next(_numbers)}"


@pytest.fixture
def programs() -> Iterator[List[Ends]]:
    """Programs and servers that end with the test, however it ends."""
    started: List[Ends] = []
    yield started
    for one in started:
        one.kill()


@pytest.fixture
def talk() -> Talk:
    """A connection without a socket, that nobody has greeted yet."""
    return Talk(Core("test", heartbeat=20, timeout=10))


@pytest.fixture
def open_talk(talk: Talk) -> Talk:
    """One that was greeted."""
    assert talk.connect() == []
    return talk


@pytest.fixture(params=["sync_site", "aio_site"])
def place(request: pytest.FixtureRequest) -> str:
    """A worker of the synchronous and of the asyncio half, one after the other."""
    return f"support.{request.param}:worker"
