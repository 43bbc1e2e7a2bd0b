"""Brokers that leave, die or hang while requests are under way: nobody waits for what cannot come (PROTOCOL.md, X2, X3;
SHARDING.md, B21; INTERFACE.md, I33)."""

from __future__ import annotations

import contextlib
import signal
import threading
import time

import pytest

from deploys import Site
from harness import PATIENCE, SEAWAY, Answer, Wire, free_port, get, until

FAILOVER = 1.0
#: How much later than the failover time an answer may be, on a machine that does other things too.
MARGIN = 3.0
#: None of these times is to be what ends a request here.
LONG = ["--http-timeout", "60s", "--websocket-connect-timeout", "60s", "--connect-patience", "60s"]
UPGRADE = {
    "connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip


class Asked(threading.Thread):
    """A request under way, and when it was answered."""

    def __init__(self, port: int, path: str, fields: dict | None = None, body: bytes | None = None):
        super().__init__(daemon=True)
        self.arguments = (port, path)
        self.fields = fields
        self.body = body
        self.answer: Answer | None = None
        self.at = 0.0
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError):
            method = "GET" if self.body is None else "POST"
            self.answer = get(*self.arguments, method, self.body, 2 * PATIENCE, self.fields)
        self.at = time.monotonic()

    def status(self) -> int:
        self.join(2 * PATIENCE)
        assert self.answer is not None, f"{self.arguments} has no answer"
        return self.answer.status


def asked(port: int, count: int) -> list[Asked]:
    return [Asked(port, f"/{number}") for number in range(count)]


def answer_to(worker: Wire, channel: str) -> None:
    assert worker.ask(f'SEND :- {channel} {{"status":200}}') == "OK"


def are_told(requests: list[Asked], since: float) -> None:
    """All were answered by the server in time, because their broker was lost."""
    for each in requests:
        assert each.status() == 503, each.answer
        assert each.answer is not None and each.answer.headers["retry-after"] == "1"
        assert each.answer.body == b"The connection to the workers broke.\n"
        assert each.at - since < FAILOVER + MARGIN, f"{each.arguments} was told after {each.at - since:.1f} s"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", ["kill", "freeze"])
def test_what_a_broker_takes_with_it_is_told_within_the_failover_time(house, ports, way):
    broker_port, port = ports
    broker = house.broker(broker_port)
    house.server(port, broker_port, "--failover", f"{FAILOVER}s", *LONG)
    with Wire(broker_port) as worker:
        # One that takes them, and never answers; and one request that nobody has taken.
        worker.listen("http.request", 3)
        worker.listen("websocket.connect", 1)
        requests = [*asked(port, 4), Asked(port, "/live", UPGRADE)]
        for _ in range(4):
            worker.take()
        until(lambda: house.readers(broker_port, "http.request") == 1, "the worker listens")
        until(lambda: len(waiting(broker_port)) == 1, "the last request waits at the broker")
        began = time.monotonic()
        getattr(broker, way)()
        are_told(requests, began)


def waiting(port: int) -> list:
    with Wire(port) as wire:
        return wire.look("PEEK http.request")["head"]


@pytest.mark.timeout(120)
def test_a_request_that_comes_while_the_only_broker_hangs_is_told_too(house, ports):
    broker_port, port = ports
    broker = house.broker(broker_port)
    house.server(port, broker_port, "--failover", f"{FAILOVER}s", "--loops", "1", *LONG)
    # Each loop has a connection of its own, and one that has not been greeted yet waits for as long as
    # --connect-patience: that a request is answered tells that the only one has been.
    with Wire(broker_port) as worker:
        worker.listen("http.request", 1)
        first = Asked(port, "/first")
        answer_to(worker, worker.take()["reply_channel"])
        assert first.status() == 200
    broker.freeze()
    began = time.monotonic()
    are_told(asked(port, 2), began)


def listens_on_all_loops(port: int, loops: int) -> bool:
    """Whether a server reads its mailboxes there: one on each event loop, and two of sockets."""
    with Wire(port) as wire:
        return wire.look("STATS")["mailboxes"] == loops + 2


@pytest.mark.timeout(120)
def test_an_answer_that_comes_over_the_next_connection_is_passed_on(house, ports):
    broker_port, port = ports
    broker = house.broker(broker_port)
    house.server(port, broker_port, "--failover", "30s", "--loops", "1", *LONG)
    with Wire(broker_port) as worker:
        worker.listen("http.request", 2)
        requests = asked(port, 1)
        channel = worker.take()["reply_channel"]
        # That one is answered tells that the server knows of the broker's answers to all before it.
        other = Asked(port, "/other")
        answer_to(worker, worker.take()["reply_channel"])
        assert other.status() == 200
        broker.kill()
    house.broker(broker_port)
    with Wire(broker_port) as worker:
        until(lambda: house.readers(broker_port, channel) == 1, "the server listens again")
        answer_to(worker, channel)
    assert requests[0].status() == 200


@pytest.mark.timeout(120)
def test_of_several_brokers_only_what_went_to_the_lost_one_is_given_up(house):
    brokers, port = [free_port(), free_port()], free_port()
    programs = [house.broker(each, "--warm", "0") for each in brokers]
    words = [word for each in brokers for word in ("--broker", f"127.0.0.1:{each}")]
    command = [SEAWAY, "serve", *words, "--http", f"127.0.0.1:{port}", "--failover", f"{FAILOVER}s", "--loops", "1"]
    house.listening(house.start([*command, *LONG]), port)
    with Wire(brokers[0]) as lost, Wire(brokers[1]) as other:
        for wire in (lost, other):
            wire.listen("http.request", 8)
        for each in brokers:
            until(lambda each=each: listens_on_all_loops(each, 1), "the server listens at both")
        requests = asked(port, 8)
        # In turn, so that each has half of them (B7).
        paths = {lost: [lost.take()["path"] for _ in range(4)], other: []}
        channels = []
        for _ in range(4):
            message = other.take()
            paths[other].append(message["path"])
            channels.append(message["reply_channel"])
        began = time.monotonic()
        programs[0].kill()
        are_told([each for each in requests if each.arguments[1] in paths[lost]], began)
        for channel in channels:
            answer_to(other, channel)
        assert {each.status() for each in requests if each.arguments[1] in paths[other]} == {200}


@pytest.mark.timeout(120)
def test_a_broker_that_leaves_takes_the_answers_to_what_it_has_delivered(house, ports):
    broker_port, port = ports
    broker = house.broker(broker_port, "--drain", "60s")
    house.server(port, broker_port, *LONG)
    with Wire(broker_port) as worker, Wire(broker_port) as idle:
        worker.listen("http.request", 2)
        # One that has nothing in hand is not waited for.
        idle.listen("jobs", 10)
        requests = asked(port, 3)
        taken = [worker.take(), worker.take()]
        until(lambda: len(waiting(broker_port)) == 1, "the last request waits at the broker")
        broker.process.send_signal(signal.SIGTERM)
        assert worker.read()[0].startswith("BYE shutdown in=60000")
        refused = Asked(port, "/late")
        assert refused.status() == 503
        for message in taken:
            answer_to(worker, message["reply_channel"])
        worker.write("READY 1 http.request\n")
        answer_to(worker, worker.take()["reply_channel"])
        assert [each.status() for each in requests] == [200, 200, 200]
        assert broker.is_running
        worker.write("READY 2 http.request\n")
        assert broker.process.wait(PATIENCE) == 0


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["swift", "python", "python-threads", "python-aio", "go"])
def test_a_broker_that_is_restarted_costs_no_request_that_it_had_taken(house, kind):
    site = Site(house, [kind], "--failover", "30s", *LONG, pause=100, broker=("--drain", "60s"))
    requests = [Asked(site.port, f"/{kind}") for _ in range(20)]
    # Asked is not enough: what comes behind SIGTERM is refused, and its browser told.
    until(lambda: taken(site, f"http.request.{kind}") == len(requests), "the broker has all")
    began = time.monotonic()
    assert site.broker.terminate() == 0
    # Twenty times 100 ms at most, and no wait for the end of the drain.
    assert time.monotonic() - began < PATIENCE
    site.restart_broker()
    assert [each.status() for each in requests] == [200] * len(requests)
    site.wait_for_readers(kind, 1)
    assert Asked(site.port, f"/{kind}").status() == 200
    assert "closing" not in site.workers[kind].output()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["swift", "python", "python-threads", "python-aio", "go"])
def test_a_whole_answer_of_unknown_fate_is_sent_again(house, kind):
    """Its broker hangs when it is sent, and then dies: the next one gets it, and the browser too (I11)."""
    site = Site(house, [kind], "--failover", "30s", *LONG, pause=800)
    content = b"x" * 10_000
    request = Asked(site.port, f"/{kind}", body=content)
    with Wire(site.broker_port) as wire:
        until(lambda: wire.look("STATS")["delivered"] == 1, "the worker has it")
    site.broker.freeze()
    # What the worker says now waits in the kernel, for a broker that will never read it.
    until(lambda: unread(site.broker_port) > len(content), "the worker has answered")
    site.broker.kill()
    site.restart_broker()
    assert request.status() == 200
    assert request.answer is not None and request.answer.body == content


def taken(site: Site, channel: str) -> int:
    """Messages that a broker has taken for a channel."""
    return sum(row["in"] for row in site.look("STATS channels limit=1000")["channels"] if row["name"] == channel)


def unread(port: int) -> int:
    """Bytes that have come to a broker's connections and that it has not read."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    return sum(int(row[4].split(":")[1], 16) for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01")
