"""`seaway bridge stdin`: lines in, lines out."""

import json
import signal
import subprocess

import pytest

from bridges import bridge, members, piped, run, says, send, send_group, summary, taking
from harness import PATIENCE, SEAWAY, Wire, until


def test_a_thousand_lines_arrive_in_order(house, ports):
    house.broker(ports[0], "--capacity", "log=10")
    with taking(ports[0], "log") as taker:
        done = run("stdin", ports[0], "--to-channel", "log", text="".join(f"line {n}\n" for n in range(1_000)))
        assert done.returncode == 0, done.stderr
        assert taker.wait(1_000) == [{"text": f"line {n}"} for n in range(1_000)]
    assert "sent=1000" in summary(done.stderr)


def test_lines_go_to_every_member_of_a_group(house, ports):
    house.broker(ports[0])
    with taking(ports[0], "a!1", "log") as first, taking(ports[0], "b!1", "log") as second:
        done = run("stdin", ports[0], "--to-group", "log", "--json", text='{"n":1}\r\n\n{"n":2}')
        assert done.returncode == 0, done.stderr
        assert first.wait(2) == second.wait(2) == [{"n": 1}, {"n": 2}]
    assert "members=4" in summary(done.stderr)


def test_what_is_no_message_is_dropped_counted_and_told(house, ports):
    house.broker(ports[0])
    lines = ["[1]", '{"n":', "hello", '{"n":1}', '{"n":"' + "x" * 200 + '"}']
    with taking(ports[0], "log") as taker:
        options = ["--to-channel", "log", "--json", "--max-line", "100"]
        done = run("stdin", ports[0], *options, text="\n".join(lines) + "\n")
        assert taker.wait(1) == [{"n": 1}]
    assert done.returncode == 75
    assert "dropped-payload=3" in summary(done.stderr) and "dropped-size=1" in summary(done.stderr)


def test_bytes_that_are_no_text_arrive_as_they_are(house, ports):
    house.broker(ports[0])
    command = [SEAWAY, "bridge", "stdin", "--broker", f"127.0.0.1:{ports[0]}", "--to-channel", "log"]
    with taking(ports[0], "log") as taker:
        subprocess.run(command, input=b"\xff\xfe\n", check=True, timeout=PATIENCE, stderr=subprocess.DEVNULL)
        assert taker.wait(1) == [{"text": {"$bytes": "//4="}}]


def test_without_a_broker_it_says_so_and_waits(house, ports):
    program = piped(
        [SEAWAY, "bridge", "stdin", "--broker", f"127.0.0.1:{ports[0]}", "--to-channel", "log"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )  # fmt: skip
    try:
        program.stdin.write("hello\n")
        program.stdin.close()
        assert "the broker is away" in program.stderr.readline()
        house.broker(ports[0])
        with taking(ports[0], "log") as taker:
            assert taker.wait(1) == [{"text": "hello"}]
        assert program.wait(PATIENCE) == 0
    finally:
        program.kill()
        program.wait()
        program.stderr.close()


def test_a_broker_that_is_killed_and_comes_back_gets_the_rest(house, ports):
    broker = house.broker(ports[0])
    program = piped(
        [SEAWAY, "bridge", "stdin", "--broker", f"127.0.0.1:{ports[0]}", "--to-channel", "log", "--queue", "5"],
        stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=1,
    )  # fmt: skip
    try:
        with taking(ports[0], "log") as taker:
            program.stdin.write("one\n")
            assert taker.wait(1) == [{"text": "one"}]
        broker.kill()
        program.stdin.write("".join(f"{n}\n" for n in range(20)))
        house.broker(ports[0])
        with taking(ports[0], "log") as taker:
            program.stdin.close()
            assert program.wait(PATIENCE) in (0, 75)
            until(lambda: taker.messages[-1:] == [{"text": "19"}], "the last line has come")
            numbers = [int(message["text"]) for message in taker.messages]
        # At most the one that was on its way is unknown.
        assert numbers == sorted(numbers) and len(numbers) >= 19
    finally:
        program.kill()
        program.wait()


def test_where_there_is_no_room_it_may_drop(house, ports):
    house.broker(ports[0], "--capacity", "log=1")
    done = run("stdin", ports[0], "--to-channel", "log", "--overflow", "drop", text="a\nb\nc\n")
    assert done.returncode == 75
    assert "sent=1" in summary(done.stderr) and "dropped-full=2" in summary(done.stderr)


def test_told_to_leave_it_gives_up_what_it_cannot_send_in_time(house, ports):
    house.broker(ports[0], "--capacity", "log=1")
    program = piped(
        [SEAWAY, "bridge", "stdin", "--broker", f"127.0.0.1:{ports[0]}", "--to-channel", "log",
         "--drain", "200ms", "--queue", "2"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )  # fmt: skip
    try:
        program.stdin.write("a\nb\nc\nd\n")
        program.stdin.flush()
        until(lambda: is_full(ports[0]), "the channel is full")
        program.send_signal(signal.SIGTERM)
        output = program.communicate(timeout=PATIENCE)[1]
        assert program.returncode == 75
        assert "sent=1" in summary(output) and "dropped-shutdown=" in summary(output)
    finally:
        program.kill()
        program.wait()


def is_full(port: int) -> bool:
    with Wire(port) as wire:
        return wire.look("PEEK log")["messages"] == 1 and wire.look("STATS")["refused"].get("full", 0) > 0


@pytest.mark.parametrize("point", ["group", "channel"])
def test_what_comes_is_printed_a_line_each(house, ports, point):
    house.broker(ports[0])
    program = piped(
        [SEAWAY, "bridge", "stdin", "--broker", f"127.0.0.1:{ports[0]}", f"--from-{point}", "news"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )  # fmt: skip
    try:
        if point == "group":
            until(lambda: members(ports[0], "news") == 1, "the bridge has joined")
        (send_group if point == "group" else send)(ports[0], "news", *({"n": n, "text": "a\nb"} for n in range(100)))
        lines = [json.loads(program.stdout.readline()) for _ in range(100)]
        assert lines == [{"n": n, "text": "a\nb"} for n in range(100)]
        program.send_signal(signal.SIGTERM)
        assert program.wait(PATIENCE) == 0
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


def test_a_member_comes_back_with_its_broker(house, ports):
    broker = house.broker(ports[0])
    program = bridge(house, "stdin", ports[0], "--from-group", "news")
    until(lambda: members(ports[0], "news") == 1, "the bridge has joined")
    broker.kill()
    says(program, "the broker is away")
    house.broker(ports[0])
    until(lambda: members(ports[0], "news") == 1, "the bridge has joined again")
    send_group(ports[0], "news", {"n": 1})
    says(program, '{"n":1}')


@pytest.mark.parametrize(
    "options, told",
    [
        ([], "--to-group"),
        (["--to-group", "a b"], "legal name"),
        (["--to-group", "a!b"], "legal name"),
        (["--to-group", "{topic}"], "{name}"),
        (["--to-group", "{name}"], "no topics"),
        (["--to-group", "a", "--to-channel", "b"], "one of them"),
        (["--from-group", "a!b"], "legal name"),
        (["--to-group", "a", "--queue", "0"], "1 to"),
        (["--to-group", "a", "--overflow", "lose"], "wait"),
    ],
)
def test_a_bad_option_is_named(options, told):
    done = subprocess.run([SEAWAY, "bridge", "stdin", *options], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 64
    assert told in done.stderr
