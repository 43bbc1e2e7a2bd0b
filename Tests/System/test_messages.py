"""`seaway send|gsend|listen|tail|join|leave` against real brokers."""

import json
import os
import signal
import subprocess

import pytest

from console import leave, members
from harness import PATIENCE, SEAWAY, Wire, free_port, until

# ---- send and gsend


def test_a_message_is_sent_from_the_argument_or_from_standard_input(console, wire):
    assert console.ok("send", "jobs", '{"n":1}') == ""
    assert console.ok("send", "jobs", "-", input='{"n":2}\n') == ""
    assert console.ok("send", "jobs", input='{"n":3}') == ""
    head = wire.look("PEEK jobs")["head"]
    assert [entry["message"] for entry in head] == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_a_body_may_be_text_or_bytes(console, wire):
    console.ok("send", "jobs", "--text", "it's {not} JSON")
    console.ok("send", "jobs", "--text", input="piped\n")
    console.ok("send", "jobs", "--bytes", input="\udcff\n")
    head = wire.look("PEEK jobs")["head"]
    assert [entry["message"] for entry in head] == [
        {"text": "it's {not} JSON"},
        {"text": "piped"},
        {"bytes": {"$bytes": "/wo="}},
    ]


@pytest.mark.parametrize("body", ["", "[1]", '{"n":1', "text", '{"n":1}{"n":2}'])
def test_what_is_no_message_is_told_before_anything_is_sent(console, wire, body):
    done = console.run("send", "jobs", input=body)
    assert done.returncode == 65
    assert "not one JSON map" in done.stderr and done.stderr.count("\n") == 1
    assert wire.look("PEEK jobs")["messages"] == 0


@pytest.mark.parametrize(
    "words, code, word",
    [
        (["small.a", '{"n":2}'], 75, "full"),
        (["nobody", "--here", '{"n":1}'], 75, "away"),
        (["jobs", json.dumps({"text": "x" * 3_000_000})], 1, "size"),
    ],
    ids=["full", "away", "size"],
)
def test_a_refusal_is_told_with_its_code(console, words, code, word, wire):
    console.ok("send", "small.a", '{"n":1}')
    # A long body does not fit on a command line.
    done = console.run("send", words[0], *words[1:-1], "-", input=words[-1])
    assert done.returncode == code
    assert f"seaway: {words[0]}: {word}" in done.stderr and done.stderr.count("\n") == 1


def test_a_closed_channel_and_a_broker_that_leaves_are_told(console, wire):
    assert wire.ask("LISTEN web.a!") == "OK state=fresh"
    assert wire.ask("CLOSE web.a!1") == "OK"
    done = console.run("send", "web.a!1", "{}")
    assert (done.returncode, "gone" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ["send", "a b", "{}"], ["send", "box!", "{}"], ["send", "", "{}"], ["gsend", "room!1", "{}"], ["peek", "box!"],
        ["send", "jobs", "{}", "--timeout", "0"], ["listen", "a", "--count", "0"], ["listen"], ["stats", "everything"],
        ["send", "jobs", "{}", "--text", "--bytes"], ["stats", "--watch", "1ms"], ["tail", "a$"],
        ["peek", "a", "--limit", "0"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_is_asked_wrongly_is_told_without_asking_a_broker(words):
    done = subprocess.run([SEAWAY, *words, "--broker", "127.0.0.1:1"], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (64, "")


@pytest.mark.parametrize("command", ["send", "gsend", "listen", "tail", "join", "leave", "peek", "members", "stats"])
def test_without_a_broker_each_command_says_so(command):
    words = {"send": ["a", "{}"], "gsend": ["a", "{}"], "leave": ["a", "b"], "stats": []}.get(command, ["a"])
    address = f"127.0.0.1:{free_port()}"
    done = subprocess.run(
        [SEAWAY, command, *words, "--broker", address, "--timeout", "300ms"], capture_output=True, text=True,
        timeout=PATIENCE,
    )  # fmt: skip
    *before, last = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (69, "")
    assert last.startswith(f"seaway: no connection to {address}") and "SingleConnectionFailure" not in done.stderr
    # Commands that go on tell from the first try on; the others say why in their one line.
    away = f"seaway: the broker is away; trying again and again: {address}: Connection refused"
    goes_on = command in ("listen", "tail", "join")
    assert before == ([away] if goes_on else [])
    assert goes_on or last.endswith(": Connection refused")


def test_a_broker_that_hangs_is_given_up(house, console):
    broker = house.programs[0]
    broker.freeze()
    try:
        done = console.run("send", "jobs", "{}", "--timeout", "1s")
        assert (done.returncode, done.stderr.count("\n")) == (69, 1)
    finally:
        os.kill(broker.pid, signal.SIGCONT)


def test_a_group_send_tells_what_became_of_it(console, wire):
    assert console.ok("gsend", "room", "{}") == "sent=0 full=0 gone=0\n"
    assert wire.ask("JOIN room a.1 small.1 a.3") == "OK"
    assert wire.ask("SEND :- small.1 {}") == "OK"
    assert console.ok("gsend", "room", '{"n":1}', "--except", "a.3") == "sent=1 full=1 gone=0\n"
    assert json.loads(console.ok("gsend", "room", "--json", "{}")) == {"sent": 2, "full": 1, "gone": 0}


# ---- listen


def test_as_many_messages_as_asked_for_are_taken(console, wire):
    for number in range(5):
        wire.ask(f'SEND :- jobs {{"n":{number}}}')
    assert console.ok("listen", "--count", "2", "jobs") == 'jobs {"n":0}\njobs {"n":1}\n'
    assert json.loads(console.ok("listen", "--json", "--count", "1", "jobs")) == {
        "channels": ["jobs"],
        "message": {"n": 2},
    }
    assert wire.look("PEEK jobs")["messages"] == 2


def test_more_messages_than_are_on_the_way_at_a_time_come_in_order(console, wire):
    for number in range(300):
        wire.write(f'SEND :- jobs.{number % 3} {{"n":{number}}}\n')
    for _ in range(300):
        assert wire.read()[0] == "OK"
    lines = console.ok("listen", "--count", "300", "jobs.0", "jobs.1", "jobs.2").splitlines()
    for rest in range(3):
        numbers = [json.loads(line.split(" ", 1)[1])["n"] for line in lines if line.startswith(f"jobs.{rest} ")]
        assert numbers == list(range(rest, 300, 3))


def test_a_message_of_a_group_names_it(console, wire):
    listener = console.start("listen", "a.1", "a.2")
    until(
        lambda: [each["credit"] > 0 for each in wire.look("STATS channels")["channels"]] == [True, True],
        "it has credit",
    )
    assert wire.ask("JOIN room a.1 a.2") == "OK"
    assert wire.ask('GSEND :- room {"n":1}').startswith("OK sent=2")
    assert listener.stdout.readline() == 'a.1 a.2 group=room {"n":1}\n'
    assert leave(listener) == 0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_listener_that_is_told_to_leave_takes_nothing_more(console, wire, ending):
    listener = console.start("listen", "jobs")
    wire.ask('SEND :- jobs {"n":1}')
    assert listener.stdout.readline() == 'jobs {"n":1}\n'
    assert leave(listener, ending) == 0
    wire.ask('SEND :- jobs {"n":2}')
    assert wire.look("PEEK jobs") | {"head": []} == {
        "channel": "jobs", "messages": 1, "bytes": 7, "readers": 0, "paused": False, "head": []
    }  # fmt: skip
    assert listener.stdout.read() == ""


def test_too_few_messages_in_the_time_are_told(console):
    done = console.run("listen", "--count", "1", "--for", "200ms", "silent")
    assert (done.returncode, done.stdout, done.stderr) == (75, "", "seaway: 0 of 1 messages came\n")
    assert console.run("listen", "--for", "200ms", "silent").returncode == 0


def test_a_slow_reader_of_the_output_leaves_messages_to_the_broker(console, wire):
    listener = console.start("listen", "jobs")
    until(lambda: wire.look("PEEK jobs")["readers"] == 1, "it listens")
    filler = "x" * 4_000
    for number in range(500):
        answer = wire.ask(f'SEND :- jobs {{"n":{number},"x":"{filler}"}}')
        if answer != "OK":
            break
    assert answer.startswith("ERR full")
    for expected in range(number):
        assert json.loads(listener.stdout.readline().split(" ", 1)[1])["n"] == expected
    assert leave(listener) == 0


def test_output_that_nobody_reads_ends_a_listener(console, wire):
    listener = console.start("listen", "jobs")
    listener.stdout.close()
    wire.ask("SEND :- jobs {}")
    assert listener.wait(PATIENCE) == 74
    until(lambda: wire.look("PEEK jobs")["readers"] == 0, "it has stopped listening")


def test_a_mailbox_that_is_taken_over_ends_its_listener(console, wire):
    listener = console.start("listen", "web.a!")
    until(lambda: wire.look("PEEK web.a!1")["readers"] == 1, "it listens")
    assert wire.ask("LISTEN web.a!").startswith("OK")
    assert listener.wait(PATIENCE) == 1
    assert "web.a!: lost" in (console.folder / "0.err").read_text()


def test_a_listener_survives_its_broker(house, console):
    listener = console.start("listen", "jobs")
    with Wire(console.port) as wire:
        until(lambda: wire.look("PEEK jobs")["readers"] == 1, "it listens")
    house.programs[0].kill()
    said = console.folder / "0.err"
    until(lambda: "the broker is away" in said.read_text(), "it tells that the broker is away")
    house.broker(console.port)
    until(lambda: "connected again" in said.read_text(), "it tells that it is back")
    console.ok("send", "jobs", '{"n":1}')
    assert listener.stdout.readline() == 'jobs {"n":1}\n'
    assert "connecting again" in (console.folder / "0.err").read_text()


# ---- tail


def tailing(wire: Wire) -> int:
    return wire.look("STATS")["tails"]


def test_copies_pass_without_being_taken(console, wire):
    tail = console.start("tail", "jobs.*", "a.*")
    until(lambda: tailing(wire) == 2, "it looks on")
    assert wire.ask('SEND :- jobs.mail {"n":1}') == "OK"
    assert wire.ask('SEND :- other {"n":2}') == "OK"
    assert wire.ask("JOIN room a.1 a.2 other") == "OK"
    assert wire.ask('GSEND :- room {"n":3}').startswith("OK sent=3")
    assert tail.stdout.readline() == 'jobs.mail {"n":1}\n'
    assert tail.stdout.readline() == 'a.1 a.2 group=room {"n":3}\n'
    assert wire.look("PEEK jobs.mail")["messages"] == 1
    assert leave(tail) == 0
    until(lambda: tailing(wire) == 0, "it looks on no more")


def test_as_many_copies_as_asked_for_are_printed(console, wire):
    tail = console.start("tail", "--json", "--count", "2", "jobs")
    until(lambda: tailing(wire) == 1, "it looks on")
    for number in range(3):
        wire.ask(f'SEND :- jobs {{"n":{number}}}')
    assert tail.wait(PATIENCE) == 0
    assert [json.loads(line)["message"]["n"] for line in tail.stdout] == [0, 1]
    assert console.run("tail", "--count", "1", "--for", "200ms", "silent").returncode == 75


def test_a_slow_tail_is_told_what_it_missed_and_holds_up_nobody(house, wire, console):
    tail = console.start("tail", "--json", "busy")
    until(lambda: tailing(wire) == 1, "it looks on")
    filler = "x" * 50_000
    with Wire(console.port) as reader:
        reader.listen("busy", 1_000)
        for number in range(500):
            assert wire.ask(f'SEND :- busy {{"n":{number},"x":"{filler}"}}') == "OK"
            assert reader.take()["n"] == number
    # Nobody has read the output until now.
    seen, missed, last = 0, 0, -1
    while seen + missed < 500:
        line = json.loads(tail.stdout.readline())
        if "missed" in line:
            missed += line["missed"]
        else:
            number = line["message"]["n"]
            assert number == seen + missed and number > last
            seen, last = seen + 1, number
    assert missed > 0 and seen > 0
    assert leave(tail) == 0


def test_a_tail_survives_its_broker(house, console):
    tail = console.start("tail", "jobs")
    with Wire(console.port) as wire:
        until(lambda: tailing(wire) == 1, "it looks on")
    house.programs[0].kill()
    house.broker(console.port)
    with Wire(console.port) as wire:
        until(lambda: tailing(wire) == 1, "it looks on again")
    console.ok("send", "jobs", '{"n":1}')
    assert tail.stdout.readline() == 'jobs {"n":1}\n'
    assert leave(tail, signal.SIGINT) == 0


# ---- join


@pytest.mark.parametrize("words, line", [([], 'room {"n":1}\n'), (["--json"], '{"group":"room","message":{"n":1}}\n')])
def test_copies_of_a_group_are_printed_beside_those_of_others(console, wire, words, line):
    copies = [console.start("join", "room", *words) for _ in range(2)]
    until(lambda: len(members(wire, "room")) == 2, "they have joined")
    assert wire.ask('GSEND :- room {"n":1}') == "OK sent=2 full=0 gone=0"
    for copy in copies:
        assert copy.stdout.readline() == line
        assert leave(copy) == 0
    assert members(wire, "room") == []


def test_a_member_joins_again_when_its_broker_comes_back_empty(house, console):
    copy = console.start("join", "room")
    with Wire(console.port) as wire:
        until(lambda: members(wire, "room"), "it has joined")
    house.programs[0].kill()
    house.broker(console.port)
    with Wire(console.port) as wire:
        until(lambda: members(wire, "room"), "it has joined again")
        wire.ask("GSEND :- room {}")
        assert copy.stdout.readline() == "room {}\n"
    assert leave(copy) == 0


def test_channels_become_members_and_leave_again(console, wire):
    assert console.ok("join", "audit", "audit.log", "audit.copy") == ""
    assert members(wire, "audit") == ["audit.copy", "audit.log"]
    assert console.ok("members", "audit") == "audit.copy\naudit.log\n"
    assert json.loads(console.ok("members", "--json", "audit")) == {
        "group": "audit", "total": 2, "members": ["audit.copy", "audit.log"]
    }  # fmt: skip
    assert console.ok("leave", "audit", "audit.log", "other") == ""
    assert members(wire, "audit") == ["audit.copy"]
