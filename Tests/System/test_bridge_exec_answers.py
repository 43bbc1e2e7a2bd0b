"""`seaway bridge exec` and programs whose answers are of no use: whoever waits is told at once."""

from __future__ import annotations

import http.client
import json
import sys
import time

import pytest

from bridges import bridge, says, send, summary, taking
from harness import get, until

AT_ONCE = 10.0
GOOD = 'print(\'{"status":200,"content":"fine"}\')'


def python(code: str) -> list[str]:
    return ["--", sys.executable, "-c", "import sys; line = sys.stdin.readline()\n" + code]


@pytest.fixture
def site(house, ports):
    house.broker(ports[1])
    house.server(ports[0], ports[1], "--http-timeout", "60s")
    return ports


#: Programs for a request, and what is told of them.
BAD = {
    "too long": (
        "print('{\"status\":200,\"content\":\"' + 'x' * 3_000_000 + '\"}')",
        "a line of more than 2097152 bytes",
    ),
    "too long, no line": ("sys.stdout.write('x' * 3_000_000)", "a line of more than 2097152 bytes"),
    "no JSON": ("print('hello')", "a line that is no JSON map: hello"),
    "no map": ("print('[1]')", "a line that is no JSON map: [1]"),
    "cut off": ("sys.stdout.write('{\"status\":200')", "a line that is no JSON map"),
    "nothing": ("", "it has answered nothing"),
    "empty lines": ("print('\\n\\n')", "it has answered nothing"),
    "killed": ("import os; os.kill(os.getpid(), 9)", "killed by signal 9"),
    "code": ("sys.exit(7)", "exit code 7"),
    "both": ("print('no'); sys.exit(7)", "exit code 7"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_of_no_use_is_500_at_once(house, site, name):
    code, told = BAD[name]
    program = bridge(house, "exec", site[1], "--from-channel", "http.request", *python(code))
    start = time.monotonic()
    answer = get(site[0], "/moon?x=1")
    assert answer.status == 500 and time.monotonic() - start < AT_ONCE
    says(program, "a program failed", told, "method=GET", "path=/moon")
    assert program.terminate() == 0
    assert "dropped-failed=1" in summary(program.output())


def test_a_program_that_cannot_be_started_is_500_at_once(house, site):
    program = bridge(house, "exec", site[1], "--from-channel", "http.request", "--", "/no/such/program")
    assert get(site[0], "/moon").status == 500
    says(program, "a program failed", "/no/such/program", "path=/moon")


def test_lines_that_are_no_message_do_not_spoil_an_answer_that_is_one(house, site):
    program = bridge(house, "exec", site[1], "--from-channel", "http.request", *python("print('debug')\n" + GOOD))
    answer = get(site[0], "/")
    assert (answer.status, answer.body) == (200, b"fine")
    says(program, "wrote what is of no use", "a line that is no JSON map: debug", "path=/")
    assert program.terminate() == 0
    assert "dropped-payload=1 handed-on=1" in summary(program.output())


def test_a_second_answer_is_told_and_the_first_stands(house, site):
    program = bridge(house, "exec", site[1], "--from-channel", "http.request", *python(f"{GOOD}\n{GOOD}"))
    answer = get(site[0], "/")
    assert (answer.status, answer.body) == (200, b"fine")
    says(program, "wrote what is of no use", "a second answer; the first was complete", "path=/")
    assert program.terminate() == 0
    assert "dropped-payload=1 handed-on=1" in summary(program.output())


@pytest.mark.parametrize(
    "rest, told",
    [
        ("", "its answer is not complete"),
        ("print('x' * 3_000_000); print('{\"content\":\"end\"}')", "a line of more than 2097152 bytes"),
        (GOOD, "a second answer; the first was not complete"),
    ],
)
def test_a_stream_with_a_hole_is_broken_off(house, site, rest, told):
    code = f'print(\'{{"status":200,"content":"begin","more_content":true}}\')\n{rest}'
    program = bridge(house, "exec", site[1], "--from-channel", "http.request", *python(code))
    assert is_broken(site[0])
    says(program, "a program failed", told)


def is_broken(port: int) -> bool:
    """Whether the client is told that the answer is none: by its status, or by the end of the connection."""
    try:
        return get(port, "/").status >= 500
    except (OSError, http.client.HTTPException):
        return True


@pytest.mark.parametrize("code", ["", "print('hello')", "sys.exit(3)"])
def test_a_websocket_that_a_program_does_not_answer_is_refused_with_500(house, ports, code):
    house.broker(ports[0])
    with taking(ports[0], "websocket.send.s!1") as taker:
        program = bridge(house, "exec", ports[0], "--from-channel", "websocket.connect", *python(code))
        send(ports[0], "websocket.connect", {
            "type": "websocket.connect", "reply_channel": "websocket.send.s!1", "path": "/live",
        })  # fmt: skip
        assert taker.wait(1) == [{"accept": False, "status": 500, "content": "The program failed.\n"}]
    says(program, "a program failed", "type=websocket.connect", "path=/live")


def test_who_has_no_reply_channel_is_only_told_of_in_the_log(house, ports):
    house.broker(ports[0])
    program = bridge(house, "exec", ports[0], "--from-channel", "jobs", *python("print('{\"n\":1}'); sys.exit(3)"))
    send(ports[0], "jobs", {"n": 1})
    says(program, "a program failed", "exit code 3", "no reply channel")
    assert program.terminate() == 0
    assert "dropped-failed=1 dropped-name=1" in summary(program.output()) and "sent=0" in summary(program.output())


def test_events_that_are_waited_for_are_done_with_behind_their_answers(house, ports):
    """And an accept asks for that, unless it says something else."""
    house.broker(ports[0])
    code = "m = __import__('json').loads(line)\nprint('{\"accept\":true}' if m['order'] == 0 else '{\"text\":\"hi\"}')"
    with taking(ports[0], "websocket.send.s!1") as sent, taking(ports[0], "websocket.control.s!1") as control:
        bridge(house, "exec", ports[0], "--from-channel", "socket", *python(code))
        event = {"reply_channel": "websocket.send.s!1", "control_channel": "websocket.control.s!1", "path": "/"}
        send(
            ports[0], "socket", {**event, "type": "websocket.connect", "order": 0},
            {**event, "type": "websocket.receive", "order": 1, "serial": True, "text": "a"},
            {**event, "type": "websocket.receive", "order": 2, "text": "b"},
            {**event, "type": "websocket.disconnect", "order": 3, "serial": True},
        )  # fmt: skip
        assert control.wait(2) == [{"done": 1}, {"done": 3}]
        assert sent.wait(4)[0] == {"accept": True, "serial": True}


def test_other_bridges_are_done_with_what_they_have_handed_on(house, ports):
    house.broker(ports[0])
    with taking(ports[0], "websocket.control.s!1") as control:
        bridge(house, "stdin", ports[0], "--from-channel", "websocket.receive")
        send(ports[0], "websocket.receive", {
            "control_channel": "websocket.control.s!1", "order": 7, "serial": True, "text": "a",
        })  # fmt: skip
        assert control.wait(1) == [{"done": 7}]


def test_what_a_program_writes_to_its_standard_error_is_bounded_in_the_log(house, ports):
    house.broker(ports[0])
    code = "for n in range(1000): sys.stderr.write(f'line {n}\\n')\nsys.exit(3)"
    program = bridge(house, "exec", ports[0], "--from-channel", "jobs", *python(code))
    send(ports[0], "jobs", {"n": 1})
    says(program, "line 999")
    assert "line 980" in program.output() and "line 979" not in program.output()
    until(lambda: len(program.output()) < 10_000, "a short log")


def test_json_is_taken_as_it_is(house, ports):
    house.broker(ports[0])
    with taking(ports[0], "reply!1") as taker:
        bridge(house, "exec", ports[0], "--from-channel", "jobs", *python("print(line, end='')"))
        message = {"n": 1, "reply_channel": "reply!1", "text": "ü\n"}
        send(ports[0], "jobs", json.loads(json.dumps(message)))
        assert taker.wait(1) == [message]
