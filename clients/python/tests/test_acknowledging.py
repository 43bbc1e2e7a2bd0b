"""Acknowledged channels of both halves at a real broker: nothing is lost with who works on it."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List

import pytest
from support.broker import PATIENCE, Broker, Ends, Program, until, worker
from support.halves import Half

import seaway
from seaway import BadOption, Late, Layer, Unsupported
from seaway._errors import SeawayError

PLACES = [
    pytest.param(("support.ack_site:worker",), id="alone"),
    pytest.param(("support.ack_site:worker", "--concurrency", "4"), id="threads"),
    pytest.param(("support.ack_site:async_worker", "--concurrency", "4"), id="asyncio"),
]


@pytest.fixture(params=PLACES)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def quick() -> Iterator[Broker]:
    """A broker that soon delivers again what is held, in a test's time."""
    running = Broker("--hold", "1500ms", "--return", "50ms", "--capacity", "*=10000", "--tries", "*=100")
    yield running
    running.kill()


class Work:
    """Jobs, and what workers tell of them."""

    def __init__(self, broker: Broker, programs: List[Ends]):
        self.broker = broker
        self.programs = programs
        self.layer = Layer(broker.address)
        self.begun, self.done = self.layer.listen("begun", credit=1_000), self.layer.listen("done", credit=1_000)

    def start(self, kind: Any, **environment: str) -> Program:
        program = worker(kind[0], self.broker.address, *kind[1:], **environment)
        self.programs.append(program)
        program.line("connected to the broker")
        return program

    def next(self, listening: seaway.Listening) -> Dict[str, Any]:
        message = listening.receive(PATIENCE)
        assert message is not None
        return message.data

    def stat(self, name: str) -> int:
        return int(self.layer.stats()[name])


@pytest.fixture
def work(quick: Broker, programs: List[Ends]) -> Iterator[Work]:
    one = Work(quick, programs)
    yield one
    one.layer.quit()


def test_a_job_of_a_killed_worker_is_done_by_another(kind: Any, work: Work) -> None:
    first = work.start(kind, HOLD="1.5")
    work.layer.send("jobs", {"n": 1, "how": "wait"})
    assert work.next(work.begun)["process"] == first.process.pid
    second = work.start(kind)
    first.kill()
    assert work.next(work.done) == {"n": 1, "times": 2, "process": second.process.pid}
    until(lambda: work.stat("acknowledged") == 1, "it to be acknowledged")
    assert work.stat("held") == 0


def test_what_a_function_raises_decides(kind: Any, work: Work) -> None:
    work.start(kind)
    for number, how in enumerate(["retry", "dead", "fail", "none"]):
        work.layer.send("jobs", {"n": number, "how": how})
    assert sorted((done["n"], done["times"]) for done in (work.next(work.done) for _ in range(3))) == [
        (0, 2), (2, 2), (3, 1),
    ]  # fmt: skip
    letter = work.layer.listen("jobs.dead").receive(PATIENCE)
    assert letter is not None and letter.dead is not None and letter["n"] == 1
    assert (letter.dead.why, letter.dead.tries, letter.dead.reason) == ("nak", 1, "no such user")
    until(lambda: work.stat("acknowledged") == 3, "them to be acknowledged")


def test_what_is_given_back_comes_again_within_10_ms_of_its_time(work: Work) -> None:
    work.start(PLACES[0].values[0])
    work.layer.send("jobs", {"n": 1}, delay=0.29)
    work.layer.send("jobs", {"n": 2, "how": "retry", "in": 0.3})
    assert work.next(work.begun)["n"] == 2
    until(lambda: work.stat("held") == 0, "it to be given back")
    work.layer.send("jobs", {"n": 3}, delay=0.31)
    # By the broker's clock, whatever else this machine does: the order is that of the times.
    assert [work.next(work.done)["n"] for _ in range(3)] == [1, 2, 3]


def test_a_long_function_keeps_what_it_has(kind: Any, work: Work) -> None:
    work.start(kind, HOLD="1.5")
    work.start(kind, HOLD="1.5")
    work.layer.send("jobs", {"n": 1, "how": "wait", "seconds": 2})
    assert work.next(work.done)["times"] == 1
    assert work.stat("returned") == 0


def test_what_is_held_without_a_word_is_given_to_another(kind: Any, work: Work) -> None:
    work.start(kind, HOLD="3600")
    work.start(kind, HOLD="3600")
    work.layer.send("jobs", {"n": 1, "how": "wait"})
    assert work.next(work.done)["times"] == 2


def test_no_job_is_lost_however_many_workers_are_killed(kind: Any, work: Work) -> None:
    numbers = set(range(400))
    workers = [work.start(kind) for _ in range(3)]
    for number in numbers:
        work.layer.send("jobs", {"n": number})
    done: List[int] = []
    for kill in range(4):
        done += [work.next(work.done)["n"] for _ in range(20)]
        workers[kill % 3].kill()
        workers[kill % 3] = work.start(kind)
    while set(done) != numbers:
        done.append(work.next(work.done)["n"])
    until(lambda: work.layer.peek("jobs")["messages"] == work.stat("held") == 0, "nothing to be left")
    assert work.layer.peek("jobs.dead")["messages"] == 0


def test_a_worker_that_leaves_finishes_and_gives_the_rest_back(kind: Any, work: Work) -> None:
    first = work.start(kind, HOLD="1.5")
    work.layer.send("jobs", {"n": 0, "how": "wait", "seconds": 1})
    assert work.next(work.begun)["n"] == 0
    first.signal(15)
    assert first.wait() == 0
    assert work.next(work.done)["times"] == 1
    assert (work.stat("acknowledged"), work.stat("held")) == (1, 0)


def test_a_request_is_acknowledged_by_its_answer(kind: Any, work: Work) -> None:
    work.start(kind)
    answers = work.layer.listen("answers!")
    for number, how in enumerate(["none", "retry", "fail", "dead"]):
        request = {"method": "GET", "path": "/", "reply_channel": f"answers!{number}", "how": how}
        work.layer.send("asked", request)
    said = {message.channel: message for message in (answers.receive(PATIENCE) for _ in range(4)) if message}
    found = [(said[f"answers!{n}"]["status"], said[f"answers!{n}"].get("content")) for n in range(4)]
    assert found[:2] == [(200, b"answer 1"), (200, b"answer 2")]
    assert [status for status, _ in found[2:]] == [500, 500]
    until(lambda: work.stat("held") == 0, "nothing to be held")
    assert (work.stat("acknowledged"), work.stat("returned")) == (3, 2)
    assert work.layer.peek("asked.dead")["messages"] == 1


# Layers


def test_what_is_listened_for_is_acknowledged_by_hand(quick: Broker, half: Half) -> None:
    layer = half.layer(quick.address)
    for number in range(4):
        layer.send("q", {"n": number})
    listening = layer.listen("q", ack=True)
    first, second, third, fourth = (listening.receive(PATIENCE) for _ in range(4))
    layer.ack(*bare(first, second))
    third.hold()
    third.nak(in_=0)
    again = listening.receive(PATIENCE)
    assert (again["n"], again.times, first.times, again.dead) == (2, 2, 1, None)
    again.ack()
    # It may be said twice, but nothing else.
    again.ack()
    with pytest.raises(Late):
        again.hold()
    fourth.nak(dead="spoilt")
    with pytest.raises(Late):
        fourth.nak()
    letter = layer.listen("q.dead", ack=True).receive(PATIENCE)
    assert (letter["n"], letter.dead.reason) == (3, "spoilt")
    letter.ack()
    assert layer.stats()["held"] == 0
    assert layer.stats()["acknowledged"] == 4


def test_what_is_not_to_be_acknowledged_cannot_be(quick: Broker, half: Half) -> None:
    layer = half.layer(quick.address)
    layer.send("q", {})
    message = layer.listen("q").receive(PATIENCE)
    with pytest.raises(SeawayError, match="ack=True"):
        message.ack()
    with pytest.raises(ValueError, match="normal channel"):
        layer.listen("x!", ack=True)


def test_it_is_acknowledged_after_a_lost_connection_too(quick: Broker, half: Half, programs: List[Ends]) -> None:
    other = Layer(quick.address)
    programs.append(_Leaving(other))
    layer = half.layer(quick.address)
    layer.send("q", {"n": 1})
    message = layer.listen("q", ack=True).receive(PATIENCE)
    cut(layer)
    layer.ping()
    message.ack()
    with pytest.raises(Late):
        message.hold()
    until(lambda: other.stats()["acknowledged"] == 1, "it to be acknowledged")
    assert other.peek("q")["messages"] == 0


def bare(*messages: Any) -> List[Any]:
    """Without what makes them usable without a loop."""
    return [getattr(message, "_inner", message) for message in messages]


def cut(layer: Any) -> None:
    """Has its connection end as one that breaks."""
    link = getattr(layer, "_inner", layer)._link
    connection = getattr(link, "_socket", None)
    if connection is None:
        link._loop.call_soon_threadsafe(link._abort)
    else:
        connection.shutdown(2)


class _Leaving:
    def __init__(self, layer: Layer):
        self._layer = layer

    def kill(self) -> None:
        self._layer.quit()


def test_a_message_for_later_and_one_of_several(quick: Broker, half: Half) -> None:
    layer = half.layer(quick.address)
    listening = layer.listen("q")
    layer.send("q", {"n": 1}, delay=0.2)
    layer.send("q", {"n": 2}, once="k")
    layer.send("q", {"n": 3}, once="k")
    assert [listening.receive(PATIENCE)["n"] for _ in range(2)] == [2, 1]
    assert layer.stats()["repeated"] == 1


def test_a_channel_sends_for_later_and_one_of_several_too(quick: Broker, half: Half) -> None:
    layer = half.layer(quick.address)
    listening = layer.listen("q")
    channel = half.wrap(half.module.Channel("q", layer=bare(layer)[0]))
    channel.send({"n": 1}, delay=0.2)
    channel.send({"n": 2}, once="k")
    channel.send({"n": 3}, once="k")
    assert [listening.receive(PATIENCE)["n"] for _ in range(2)] == [2, 1]
    assert layer.stats()["repeated"] == 1
    for options in ({"delay": 0}, {"delay": 86_401}, {"once": ""}, {"once": "k" * 65}):
        with pytest.raises(BadOption):
            channel.send({}, **options)


def test_several_brokers_are_each_told_of_their_own(half: Half, programs: List[Ends]) -> None:
    brokers = [Broker("--warm", "0s") for _ in range(2)]
    programs.extend(brokers)
    layer = half.layer(None, hosts=[broker.address for broker in brokers])
    listening = layer.listen("q", ack=True)
    singles = [Layer(broker.address) for broker in brokers]
    programs.extend(_Leaving(single) for single in singles)
    for single in singles:
        until(lambda single=single: single.peek("q")["readers"], "it to listen")  # type: ignore[misc]
        single.send("q", {"n": 1})
    messages = [listening.receive(PATIENCE) for _ in singles]
    layer.ack(*bare(*messages))
    assert [single.stats()["acknowledged"] for single in singles] == [1, 1]
    for _ in range(4):
        layer.send("q", {"n": 2}, once="k")
    assert sum(int(single.stats()["repeated"]) for single in singles) == 3


def test_a_broker_that_knows_less_is_not_sent_what_it_would_not_keep(fake: Any, half: Half) -> None:
    from support.threads import in_thread

    layer = half.layer(fake.address)
    for options in ({"delay": 1}, {"once": "k"}):
        sent = in_thread(lambda options=options: layer.send("q", {}, **options))  # type: ignore[misc]
        if "delay" in options:
            connection = fake.accept()
        with pytest.raises(Unsupported, match="feature"):
            sent()
    layer_sent = in_thread(lambda: layer.send("q", {}))
    connection.expect("SEND q")
    connection.say(b"OK\n")
    layer_sent()
