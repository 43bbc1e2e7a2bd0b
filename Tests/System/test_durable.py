"""Channels that outlive their broker: brokers in front of real NATS servers, which are killed."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

import nats
from harness import PATIENCE, SEAWAY, House, Program, Wire, free_port, until


class Place:
    """A broker in front of an engine."""

    def __init__(self, house: House, servers: list[nats.Server], *options: object):
        self.port = free_port()
        replicas = 3 if len(servers) > 1 else 1
        store = ",".join(server.url.removeprefix("nats://") for server in servers)
        words = ["--store", store, "--store-replicas", replicas, "--durable", "jobs.*", "--drain", 0, *options]
        self.program: Program = house.broker(self.port, *(str(word) for word in words))

    def wire(self) -> Worker:
        return Worker(self.port)


@pytest.fixture
def engine(house):
    return nats.Server(house, more="max_payload: 4MB")


@pytest.fixture
def engines(house):
    servers = nats.cluster(house)
    # Until they have found one another nothing can be made there.
    until(lambda: nats.leader_of_all(servers), "the servers lead one another", 60)
    return servers


class Worker(Wire):
    """A client whose answers and messages come in any order."""

    def __init__(self, port: int):
        super().__init__(port)
        self.kept: list[tuple[str, bytes | None]] = []

    def __enter__(self) -> Worker:
        return self

    def ask(self, line: str) -> str:
        self.write(line + "\n")
        while True:
            answer, body = self.read()
            if not answer.startswith("MSG "):
                return answer
            self.kept.append((answer, body))

    def take_up(self, channel: str, credit: int = 1) -> None:
        assert self.ask(f"LISTEN {channel} Ack=1").startswith("OK")
        self.write(f"READY {credit} {channel}\n")

    def next(self) -> tuple[str, int, dict, str]:
        """ID, times, message and line of the next one."""
        while True:
            line, body = self.kept.pop(0) if self.kept else self.read()
            if line.startswith("MSG "):
                found = re.search(r" ack=(\S+)", line)
                times = re.search(r" times=(\d+)", line)
                assert found, line
                return found[1], int(times[1]) if times else 1, json.loads(body or b""), line


def send(wire: Wire, channel: str, number: object, terms: str = "") -> str:
    return wire.ask(f'SEND :- {channel}{terms} {{"n":{json.dumps(number)}}}')


def test_two_brokers_in_front_of_one_engine_are_one_queue(house, engine):
    one, other = Place(house, [engine]), Place(house, [engine])
    with one.wire() as producer, other.wire() as worker, one.wire() as second:
        for number in range(3):
            assert send(producer, "jobs.mail", number) == "OK"
        worker.take_up("jobs.mail")
        ident, times, message, _ = worker.next()
        assert (times, message) == (1, {"n": 0})
        assert worker.ask(f"ACK jobs.mail {ident}") == "OK"
        second.take_up("jobs.mail", 2)
        idents = []
        for number in (1, 2):
            ident, times, message, _ = second.next()
            assert (times, message) == (1, {"n": number})
            idents.append(ident)
        # Done at the broker that has not delivered it.
        assert worker.ask(f"ACK jobs.mail {idents[0]}") == "OK"
        assert second.ask(f"ACK jobs.mail {idents[1]}") == "OK"
    with one.wire() as wire:
        assert wire.look("PEEK jobs.mail")["messages"] == 0


def test_messages_outlive_all_brokers(house, engine):
    one = Place(house, [engine])
    with one.wire() as wire:
        assert send(wire, "jobs.mail", 1) == "OK"
        assert wire.ask('SEND :- chat.log {"n":1}') == "OK"
    one.program.kill()
    with Place(house, [engine]).wire() as wire:
        wire.take_up("jobs.mail")
        ident, times, message, _ = wire.next()
        assert (times, message) == (1, {"n": 1})
        assert wire.ask(f"ACK jobs.mail {ident}") == "OK"


def test_what_a_killed_broker_had_in_hand_comes_again_within_16_seconds(house, engine):
    one, other = Place(house, [engine]), Place(house, [engine])
    with one.wire() as worker, other.wire() as waiting:
        worker.take_up("jobs.mail")
        with other.wire() as producer:
            assert send(producer, "jobs.mail", 1) == "OK"
        assert worker.next()[2] == {"n": 1}
        waiting.take_up("jobs.mail")
        one.program.kill()
        killed = time.monotonic()
        ident, times, message, _ = waiting.next()
        assert (times, message) == (2, {"n": 1})
        assert time.monotonic() - killed < 16
        assert waiting.ask(f"ACK jobs.mail {ident}") == "OK"


def test_what_a_broker_had_in_hand_that_leaves_comes_at_once(house, engine):
    one, other = Place(house, [engine]), Place(house, [engine])
    with one.wire() as worker, other.wire() as waiting:
        worker.take_up("jobs.mail")
        with other.wire() as producer:
            assert send(producer, "jobs.mail", 1) == "OK"
        worker.next()
        waiting.take_up("jobs.mail")
        one.program.terminate()
        left = time.monotonic()
        ident, times, _, _ = waiting.next()
        assert times == 2 and time.monotonic() - left < 5
        assert waiting.ask(f"ACK jobs.mail {ident}") == "OK"


def test_a_channel_is_full_exactly_whoever_sends(house, engine):
    places = [Place(house, [engine], "--capacity", "jobs.*=10") for _ in range(2)]
    with places[0].wire() as one, places[1].wire() as other:
        answers = [send((one, other)[number % 2], "jobs.small", number) for number in range(14)]
        assert answers.count("OK") == 10
        assert all(answer.startswith("ERR full") for answer in answers[10:]), answers
        # What is in hand counts; what is done does not.
        with places[0].wire() as worker:
            worker.take_up("jobs.small")
            ident = worker.next()[0]
            assert send(one, "jobs.small", 14).startswith("ERR full")
            assert worker.ask(f"ACK jobs.small {ident}") == "OK"
            assert send(other, "jobs.small", 14) == "OK"


def test_it_is_looked_at_counted_and_emptied_over_any_broker(house, engine):
    one, other = Place(house, [engine]), Place(house, [engine])
    with one.wire() as wire, other.wire() as second:
        for number in range(5):
            assert send(wire, "jobs.a", number) == "OK"
        assert send(wire, "jobs.b", 9) == "OK"
        peeked = second.look("PEEK jobs.a")
        assert peeked["messages"] == 5
        assert [head["message"]["n"] for head in peeked["head"]][:2] == [0, 1]
        assert second.ask("FLUSH jobs.a").startswith("OK")
        assert until(lambda: wire.look("PEEK jobs.a")["messages"] == 0, "it is empty")
        assert wire.look("PEEK jobs.b")["messages"] == 1


def test_dead_letters_are_there_once_with_their_reason(house, engine):
    place = Place(house, [engine], "--tries", "jobs.*=2")
    with place.wire() as wire, place.wire() as producer:
        wire.take_up("jobs.mail", 10)
        assert send(producer, "jobs.mail", "poison") == "OK"
        assert send(producer, "jobs.mail", "refused") == "OK"
        seen = {}
        for _ in range(2):
            ident, _, message, _ = wire.next()
            seen[message["n"]] = ident
        assert wire.ask(f"NAK jobs.mail {seen['refused']} Dead=1 Why=bad%20address") == "OK"
        assert wire.ask(f"NAK jobs.mail {seen['poison']} In=0") == "OK"
        ident, times, message, _ = wire.next()
        assert (times, message) == (2, {"n": "poison"})
        assert wire.ask(f"NAK jobs.mail {ident} In=0") == "OK"
    with place.wire() as reader:
        reader.take_up("jobs.mail.dead", 10)
        letters = {}
        for _ in range(2):
            ident, _, message, line = reader.next()
            letters[message["n"]] = line
            assert reader.ask(f"ACK jobs.mail.dead {ident}") == "OK"
        assert " dead=nak " in letters["refused"] and "why=bad%20address" in letters["refused"]
        assert " dead=tries " in letters["poison"] and " tries=2" in letters["poison"]
    with place.wire() as wire:
        assert wire.look("PEEK jobs.mail")["messages"] == 0
        assert wire.look("PEEK jobs.mail.dead")["messages"] == 0


def test_later_and_once(house, engine):
    one, other = Place(house, [engine]), Place(house, [engine])
    with one.wire() as producer, other.wire() as worker, other.wire() as second:
        worker.take_up("jobs.mail", 10)
        begin = time.monotonic()
        assert send(producer, "jobs.mail", "later", " In=700 Once=a") == "OK"
        assert send(producer, "jobs.mail", "now", " Once=b") == "OK"
        assert send(second, "jobs.mail", "again", " Once=b") == "OK once=1"
        assert worker.next()[2] == {"n": "now"}
        assert worker.next()[2] == {"n": "later"}
        assert 0.69 < time.monotonic() - begin < 1.5


class Sender(threading.Thread):
    """Sends one message after the other until it is told to stop, each by a number that nobody else has."""

    def __init__(self, place: Place, numbers: Iterator[int], over: threading.Event):
        super().__init__(daemon=True)
        self.place, self.numbers, self.over = place, numbers, over
        #: By number: when it was sent, when it was answered, and the answer.
        self.answers: dict[int, tuple[float, float, str]] = {}
        self.start()

    def run(self) -> None:
        with self.place.wire() as wire:
            while not self.over.is_set():
                number, begin = next(self.numbers), time.monotonic()
                answer = send(wire, "jobs.mail", number)
                self.answers[number] = (begin, time.monotonic(), answer)


@pytest.mark.timeout(120)
def test_a_killed_leader_has_each_send_answered_truthfully(house, engines):
    one, other = (Place(house, engines, "--capacity", "jobs.*=100000") for _ in range(2))
    over, numbers = threading.Event(), itertools.count(1)
    with one.wire() as producer, other.wire() as worker:
        assert send(producer, "jobs.mail", 0) == "OK"
        worker.take_up("jobs.mail", 1_000)
        ident, _, _, _ = worker.next()
        assert worker.ask(f"ACK jobs.mail {ident}") == "OK"
        name = until(lambda: nats.leader_of(engines, "sw-jobs_2e_2a"), "somebody leads the stream")
        victim = next(server for server in engines if server.name == name)
        # Several, at both brokers: of one alone the next send waits until the one before is given up.
        senders = [Sender(place, numbers, over) for place in (one, other) for _ in range(4)]
        until(lambda: all(len(each.answers) > 25 for each in senders), "messages are sent")
        victim.program.kill()
        killed = time.monotonic()

        taken: list[tuple[int, int]] = []

        def take() -> int:
            ident, times, message, _ = worker.next()
            until(lambda: worker_acknowledges(worker, ident), "it is acknowledged")
            worker.write("READY 1 jobs.mail\n")
            taken.append((message["n"], times))
            return int(message["n"])

        def begin(number: int) -> float:
            found = [each.answers[number][0] for each in senders if number in each.answers]
            # What is not answered yet may have been on its way before.
            return found[0] if found else 0.0

        while begin(take()) < killed:
            assert time.monotonic() - killed < 30
        read_on = time.monotonic() - killed
        over.set()
        for each in senders:
            each.join(PATIENCE)
        answers = {number: answer for each in senders for number, answer in each.answers.items()}
        stored = {number for number, (_, _, answer) in answers.items() if answer == "OK"}
        doubtful = {number for number, (_, _, answer) in answers.items() if answer.startswith("ERR maybe")}
        refused = {number for number, (_, _, answer) in answers.items() if answer.startswith("ERR store")}
        assert len(answers) == len(stored) + len(doubtful) + len(refused)
        assert max(end - begin for begin, end, _ in answers.values()) < 2.5
        while stored - {number for number, _ in taken}:
            take()
        seen = set[int]()
        for number, times in taken:
            assert number not in refused
            assert number not in seen or times > 1 or number in doubtful
            seen.add(number)
        went_on = min(answers[number][1] for number in stored if answers[number][0] > killed) - killed
        print(
            f"went on after {went_on:.1f} s, was read after {read_on:.1f} s, "
            f"{len(doubtful)} in doubt, {len(refused)} refused"
        )


def worker_acknowledges(worker: Wire, ident: str) -> bool:
    return worker.ask(f"ACK jobs.mail {ident}") == "OK"


def test_memory_channels_notice_nothing_while_the_engine_is_away(house, engine):
    place = Place(house, [engine])
    with place.wire() as wire:
        assert send(wire, "jobs.mail", 1) == "OK"
        engine.program.kill()
        until(lambda: "the store is away" in place.program.output(), "the log says so")
        begin = time.monotonic()
        assert send(wire, "jobs.mail", 2).startswith("ERR store")
        assert wire.ask('SEND :- chat.log {"n":1}') == "OK"
        assert time.monotonic() - begin < 2.5


# MARK: Beginning


def start(*options: object) -> tuple[int, str]:
    command = [SEAWAY, "broker", "--listen", f"127.0.0.1:{free_port()}", *(str(word) for word in options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    return done.returncode, done.stderr


def test_what_is_not_as_it_has_to_be_is_said_at_start(house, engine):
    store = ("--store", engine.url, "--store-replicas", 1)
    Place(house, [engine]).program.terminate()
    code, text = start(*store, "--durable", "jobs.*", "--capacity", "jobs.*=7")
    assert code == 69 and "max_msgs_per_subject is 100, wanted is 7" in text, text
    code, text = start("--store", engine.url, "--durable", "jobs.*")
    assert code == 69 and "replicas" in text, text
    code, text = start("--store", f"127.0.0.1:{free_port()}", "--durable", "jobs.*", "--store-wait", "300ms")
    assert code == 69 and "cannot be reached" in text, text
    code, text = start(*store)
    assert code == 64 and "--durable" in text, text
    code, text = start("--durable", "jobs.*")
    assert code == 64 and "--store" in text, text
    code, text = start(*store, "--durable", "jobs.*", "--capacity", "jobs.mail=7")
    assert code == 64 and "have one capacity" in text, text
