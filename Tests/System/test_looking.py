"""Several brokers, what `seaway peek|members|stats` show of them, and what is told about limits and addresses."""

import json
import os
import subprocess
import time

import pytest

from console import leave, members
from harness import PATIENCE, SEAWAY, Wire, free_port, until


def tailing(wire: Wire) -> int:
    return wire.look("STATS")["tails"]


# ---- several brokers


def test_several_brokers_are_one(house, console, wire):
    other = free_port()
    second = house.broker(other)
    both = ("--broker", f"127.0.0.1:{other}")
    with Wire(other) as elsewhere:
        tail = console.start("tail", "jobs", *both)
        copies = console.start("join", "room", *both)
        until(lambda: tailing(wire) + tailing(elsewhere) == 2, "it looks on at both")
        until(lambda: members(wire, "room") and members(elsewhere, "room"), "it has joined at both")
        for port in (wire, elsewhere):
            assert port.ask("SEND :- jobs {}") == "OK"
            assert tail.stdout.readline() == "jobs {}\n"
        assert console.ok("gsend", "room", "{}", *both) == "sent=1 full=0 gone=0\n"
        assert copies.stdout.readline() == "room {}\n"
        assert console.ok("listen", "jobs", "--count", "2", *both) == "jobs {}\njobs {}\n"
        assert [leave(tail), leave(copies)] == [0, 0]
    second.kill()
    for _number in range(4):
        assert console.run("send", "jobs", "{}", "--timeout", "1s", *both).returncode == 0
    assert wire.look("PEEK jobs")["messages"] == 4


def test_a_broker_given_twice_is_told(console):
    done = console.run("send", "jobs", "{}", "--broker", f"127.0.0.1:{console.port}")
    assert done.returncode == 64 and "twice" in done.stderr


# ---- peek and stats


def test_looking_takes_nothing(console, wire):
    for number in range(3):
        wire.ask(f'SEND :- jobs {{"n":{number}}}')
    lines = console.ok("peek", "jobs").splitlines()
    assert lines[0] == "jobs: 3 messages, 21 bytes, 0 readers"
    assert lines[1].split() == ["AGE", "LEFT", "BYTES", "MESSAGE"]
    assert [line.split()[-2:] for line in lines[2:]] == [["7", f'{{"n":{number}}}'] for number in range(3)]
    assert [entry["message"]["n"] for entry in json.loads(console.ok("peek", "--json", "jobs"))["head"]] == [0, 1, 2]
    limited = json.loads(console.ok("peek", "--json", "--limit", "2", "jobs"))
    assert (len(limited["head"]), limited["next"]) == (2, "2")
    assert wire.look("PEEK jobs")["messages"] == 3


def test_long_lists_are_asked_for_in_pages(console, wire):
    for number in range(1_500):
        wire.write(f"SEND :- many.{number:04} {{}}\n")
    for _ in range(1_500):
        assert wire.read()[0] == "OK"
    stats = json.loads(console.ok("stats", "channels", "--json", "--limit", "5000"))
    assert [entry["name"] for entry in stats["channels"]] == [f"many.{number:04}" for number in range(1_500)]
    lines = console.ok("stats", "channels", "--limit", "2").splitlines()
    assert [line.split()[0] for line in lines] == ["NAME", "many.0000", "many.0001", "…"]


def test_stats_tell_what_the_broker_answers(console, wire):
    wire.ask("SEND :- jobs {}")
    wire.ask("JOIN room jobs")
    answer = json.loads(console.ok("stats", "--json"))
    assert set(answer) == set(wire.look("STATS"))
    assert (answer["sent"], answer["messages"], answer["memberships"]) == (1, 1, 1)
    lines = dict(line.split(maxsplit=1) for line in console.ok("stats").splitlines())
    assert (lines["sent"], lines["messages"], lines["epoch"]) == ("1", "1", answer["epoch"])
    assert console.ok("stats", "groups").splitlines()[1].split() == ["room", "1"]
    connections = json.loads(console.ok("stats", "connections", "--json"))["connections"]
    assert "seaway-stats" in [connection["client"] for connection in connections]


def test_several_brokers_are_shown_side_by_side(house, console, wire):
    other = free_port()
    house.broker(other)
    wire.ask("SEND :- jobs {}")
    lines = console.ok("stats", "--broker", f"127.0.0.1:{other}").splitlines()
    assert lines[0].split() == [f"127.0.0.1:{other}", f"127.0.0.1:{console.port}", "sum"]
    assert ["sent", "0", "1", "1"] in [line.split() for line in lines]
    answers = [
        json.loads(line) for line in console.ok("stats", "--json", "--broker", f"127.0.0.1:{other}").splitlines()
    ]
    assert [(answer["broker"], answer["sent"]) for answer in answers] == [
        (f"127.0.0.1:{other}", 0), (f"127.0.0.1:{console.port}", 1)
    ]  # fmt: skip


LOOKS = [["stats"], ["stats", "channels"], ["peek", "jobs"], ["members", "room"]]


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_of_several_brokers_those_in_reach_are_shown_and_the_others_are_told(house, console, wire, words):
    wire.ask("SEND :- jobs {}")
    wire.ask("JOIN room jobs")
    hanging, gone = free_port(), free_port()
    house.broker(hanging).freeze()
    others = ("--broker", f"127.0.0.1:{hanging}", "--broker", f"127.0.0.1:{gone}", "--timeout", "1s")
    begin = time.monotonic()
    done = console.run(*words, *others)
    assert time.monotonic() - begin < 10
    assert done.returncode == 69 and ("jobs" in done.stdout or (words == ["stats"] and "sent" in done.stdout))
    assert f"no connection to 127.0.0.1:{hanging}" in done.stderr
    assert f"no connection to 127.0.0.1:{gone}: Connection refused" in done.stderr
    first, second, third = [json.loads(line) for line in console.run(*words, "--json", *others).stdout.splitlines()]
    # --broker of this call comes first; the console's own behind it.
    answers = {answer["broker"]: answer for answer in (first, second, third)}
    assert "error" not in answers[f"127.0.0.1:{console.port}"]
    assert answers[f"127.0.0.1:{hanging}"]["error"] == answers[f"127.0.0.1:{gone}"]["error"] == "unreachable"
    assert "Connection refused" in answers[f"127.0.0.1:{gone}"]["reason"]


def test_the_environment_says_where_brokers_are(console, wire):
    environment = {**os.environ, "SEAWAY_BROKER": f"127.0.0.1:{console.port}"}

    def run(*words: str, **changes: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [SEAWAY, *words], capture_output=True, text=True, timeout=PATIENCE, env={**environment, **changes}
        )

    assert run("send", "jobs", '{"n":1}').returncode == 0
    assert wire.look("PEEK jobs")["messages"] == 1
    # An option wins.
    nobody = f"127.0.0.1:{free_port()}"
    assert run("send", "jobs", "{}", "--broker", nobody, "--timeout", "200ms").returncode == 69
    several = run("peek", "--json", "jobs", "--timeout", "2s", SEAWAY_BROKER=f"127.0.0.1:{console.port}, {nobody}")
    assert several.returncode == 69 and [json.loads(line)["broker"] for line in several.stdout.splitlines()] == [
        f"127.0.0.1:{console.port}", nobody
    ]  # fmt: skip
    wrong = run("send", "jobs", "{}", SEAWAY_BROKER="127.0.0.1")
    assert wrong.returncode == 64
    assert "SEAWAY_BROKER: 127.0.0.1 is no address, its port is missing" in wrong.stderr
    for command in ("send", "serve", "top"):
        assert "SEAWAY_BROKER" in run(command, "--help").stdout


def test_a_limit_says_its_value_and_what_was_given(console, wire):
    long = "a" * 256
    for words in (["send", long, "{}"], ["gsend", long, "{}"], ["gsend", "room", "{}", "--except", long],
                  ["listen", "a", long], ["join", "room", long], ["tail", long], ["peek", long]):  # fmt: skip
        done = console.run(*words)
        assert done.returncode == 64, done
        assert "this one has 256" in done.stderr and "1 to 255 bytes" in done.stderr
    assert wire.ask("PING") == "PONG"
    assert wire.ask(f"LISTEN {long}") == "ERR name a name has 1 to 255 bytes, this one has 256"
    done = console.run("send", "jobs", "-", input=json.dumps({"text": "x" * 3_000_000}))
    assert "a body has at most 2097152 bytes, this one has 3000" in done.stderr
    wire.ask("SEND :- small.a {}")
    assert wire.ask("SEND :- small.a {}") == "ERR full by=messages no room: the capacity in messages is 1"
    # More names than a broker's line holds.
    many = console.run("join", "room", *[f"{number}.{'b' * 60}" for number in range(100)])
    assert many.returncode == 1 and "a line has at most 4096 bytes" in many.stderr


def test_stats_go_on_until_told_to_leave(console, wire):
    watching = console.start("stats", "--json", "--watch", "100ms")
    first = json.loads(watching.stdout.readline())
    wire.ask("SEND :- jobs {}")
    until(lambda: json.loads(watching.stdout.readline() or "{}").get("sent") == first["sent"] + 1, "it counts on")
    assert leave(watching) == 0
