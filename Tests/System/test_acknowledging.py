"""`seaway listen --ack|--hold`, `ack`, `nak`, `dead`, `send --in|--once`, and a Swift worker that is killed."""

import contextlib
import json
import re
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from access import ECHO_WORKER
from console import leave
from harness import PATIENCE, Wire, get, until

# ---- listen, ack


def test_a_printed_message_is_acknowledged(console, wire):
    for number in (1, 2):
        console.ok("send", "jobs", json.dumps({"n": number}))
    lines = console.ok("listen", "--ack", "--count", "2", "jobs").splitlines()
    assert [re.sub(r"ack=\S+", "ack=ID", line) for line in lines] == [
        'jobs ack=ID times=1 {"n":1}', 'jobs ack=ID times=1 {"n":2}',
    ]  # fmt: skip
    until(lambda: wire.look("STATS")["acknowledged"] == 2, "both are acknowledged")
    assert wire.look("PEEK jobs")["messages"] == 0


def test_what_is_held_is_acknowledged_by_another_process_or_comes_back(console, wire):
    for number in (1, 2):
        console.ok("send", "jobs", json.dumps({"n": number}))
    program = console.start("listen", "--hold", "--json", "jobs")
    first, second = (json.loads(program.stdout.readline()) for _ in range(2))
    assert first["times"] == second["times"] == 1
    assert wire.look("STATS")["held"] == 2
    assert console.ok("ack", "jobs", first["ack"], "1234567") == ""
    assert wire.look("STATS")["held"] == 1
    assert leave(program) == 0
    head = wire.look("PEEK jobs")["head"]
    assert [(entry["message"], entry["times"]) for entry in head] == [({"n": 2}, 1)]


def test_what_was_printed_nowhere_comes_again(console, wire):
    console.ok("send", "jobs", '{"n":1}')
    program = console.start("listen", "--hold", "jobs")
    assert "times=1" in program.stdout.readline()
    program.send_signal(signal.SIGKILL)
    program.wait(PATIENCE)
    assert "times=2" in console.ok("listen", "--ack", "--count", "1", "jobs")


# ---- nak, dead


def test_a_message_that_waits_is_put_off_or_given_up(console, wire):
    for number in (1, 2):
        console.ok("send", "jobs", json.dumps({"n": number}))
    assert console.ok("nak", "jobs", "--dead", "--why", "no such address: 100 %") == "1 given up\n"
    assert console.ok("nak", "jobs", "--in", "1h") == "1 put off\n"
    assert wire.look("STATS")["delayed"] == 1
    done = console.run("nak", "jobs")
    assert (done.returncode, done.stdout) == (75, "0 put off\n")
    lines = console.ok("dead", "list", "jobs").splitlines()
    assert lines[0].split() == ["DEAD", "TRIES", "CAUSE", "WHY", "MESSAGE"]
    assert lines[1].split(maxsplit=1)[1] == '1  nak    no such address: 100 %  {"n":1}'
    assert json.loads(console.ok("dead", "list", "jobs", "--json"))["head"][0]["dead"] == "nak"
    assert console.ok("dead", "list", "jobs", "--older-than", "1h") == "no dead letters\n"


def test_dead_letters_are_sent_again_and_dropped(console, wire):
    for number in range(5):
        console.ok("send", "jobs", json.dumps({"n": number}))
    assert console.ok("nak", "jobs", "--dead", "--limit", "100") == "5 given up\n"
    assert console.ok("dead", "retry", "jobs", "--limit", "2") == "2 sent to jobs again\n"
    assert [entry["message"]["n"] for entry in wire.look("PEEK jobs")["head"]] == [0, 1]
    assert wire.look("PEEK jobs.dead")["messages"] == 3
    assert console.ok("dead", "drop", "jobs", "--all", "--older-than", "1h") == "0 dropped\n"
    assert wire.look("PEEK jobs.dead")["messages"] == 3
    assert console.ok("dead", "drop", "jobs", "--limit", "1") == "1 dropped\n"
    assert console.ok("dead", "retry", "jobs.dead", "--all") == "2 sent to jobs again\n"
    assert wire.look("PEEK jobs.dead")["messages"] == 0
    assert wire.look("STATS")["held"] == 0


def test_dead_letters_for_which_there_is_no_room_stay(console, wire):
    for number in range(2):
        console.ok("send", "jobs", json.dumps({"n": number}))
    assert console.ok("nak", "jobs", "--dead", "--limit", "2") == "2 given up\n"
    # One less than a channel holds.
    for _ in range(99):
        assert wire.ask("SEND :- jobs {}") == "OK"
    done = console.run("dead", "retry", "jobs", "--all")
    assert done.returncode == 75
    assert "full" in done.stderr and done.stderr.count("\n") == 1
    until(lambda: wire.look("PEEK jobs.dead")["messages"] == 1, "the second is where it was")
    assert wire.look("PEEK jobs")["messages"] == 100


@pytest.mark.parametrize(
    "words",
    [
        ["listen", "--ack", "--hold", "jobs"], ["dead", "drop", "jobs"],
        ["dead", "retry", "jobs", "--all", "--limit", "1"],
        ["nak", "jobs", "--in", "1s", "--dead"], ["nak", "jobs", "--why", "x"], ["nak", "jobs", "--in", "25h"],
        ["ack", "jobs", "a b"], ["ack", "jobs"], ["ack", "x!1", "1"], ["send", "jobs", "{}", "--in", "0s"],
        ["send", "jobs", "{}", "--in", "25h"], ["send", "jobs", "{}", "--once", "a b"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_makes_no_sense_is_told(console, words):
    assert console.run(*words).returncode == 64


# ---- send


def test_a_message_for_later_waits_and_one_said_twice_counts_once(console, wire):
    console.ok("send", "jobs", '{"n":1}', "--in", "1h")
    for _ in range(3):
        console.ok("send", "jobs", '{"n":2}', "--once", "order-17")
    assert [entry["message"] for entry in wire.look("PEEK jobs")["head"]] == [{"n": 2}]
    stats = wire.look("STATS")
    assert (stats["delayed"], stats["keys"], stats["repeated"]) == (1, 1, 2)


def test_a_message_for_later_comes_when_it_is_due(console, wire):
    console.ok("send", "jobs", '{"n":1}', "--in", "200ms")
    assert wire.look("PEEK jobs")["messages"] == 0
    assert console.ok("listen", "--count", "1", "jobs") == 'jobs {"n":1}\n'


# ---- workers in Swift


@contextlib.contextmanager
def in_hand(house, ports, pause):
    """A worker with a request in hand for so many ms: it, how it was started, the wire, and the answer to come."""
    house.server(ports[1], ports[0])
    words = [ECHO_WORKER, "--broker", f"127.0.0.1:{ports[0]}", "--http", "http.request", "--pause", pause]
    worker = house.start(words)
    until(lambda: house.readers(ports[0], "http.request") == 1, "it listens")
    with Wire(ports[0]) as wire, ThreadPoolExecutor(1) as client:
        answer = client.submit(get, ports[1], "/")
        until(lambda: wire.look("STATS")["held"] == 1, "it has it in hand")
        yield worker, words, wire, answer


def test_a_request_whose_worker_is_killed_is_answered_by_another(house, ports):
    house.broker(ports[0], "--return", "50ms")
    with in_hand(house, ports, "1000") as (first, words, wire, answer):
        house.start(words)
        until(lambda: house.readers(ports[0], "http.request") == 2, "the second listens")
        first.process.send_signal(signal.SIGKILL)
        assert answer.result(PATIENCE).status == 200
        until(lambda: wire.look("STATS")["held"] == 0, "its answer has acknowledged it")
        assert wire.look("STATS")["acknowledged"] == 1


def test_a_worker_that_leaves_acknowledges_what_it_has_in_hand(house, ports):
    house.broker(ports[0])
    with in_hand(house, ports, "500") as (worker, _, wire, answer):
        assert worker.terminate() == 0, worker.output()
        assert answer.result(PATIENCE).status == 200
        stats = wire.look("STATS")
        assert (stats["held"], stats["acknowledged"], stats.get("returned", 0)) == (0, 1, 0)
