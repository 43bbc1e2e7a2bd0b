"""Bridges whose service, broker or reader says nothing more: told to leave, they are gone in time."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from bridges import bridge, piped, says, send, summary, taking
from harness import PATIENCE, SEAWAY, Program, Wire, until
from test_bridge_mqtt import MOSQUITTO
from test_bridge_postgres import BINARIES

#: Seconds. The time to drain in these tests is 200 ms; a program has 2 s between SIGTERM and SIGKILL.
IN_TIME = 5.0


class Silent:
    """Takes connections, reads what comes, and never says a word."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections: list[socket.socket] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.connections.append(self.listener.accept()[0])

    def close(self) -> None:
        for each in [self.listener, *self.connections]:
            each.close()


@pytest.fixture
def silent():
    server = Silent()
    yield server
    server.close()


#: What a bridge is told, with PORT for that of the service.
FORMS = {
    "redis-subscribe": "--redis 127.0.0.1:PORT --subscribe a --to-channel log",
    "redis-stream": "--redis 127.0.0.1:PORT --stream a --to-channel log",
    "redis-publish": "--redis 127.0.0.1:PORT --from-channel jobs --publish a",
    "redis-append": "--redis 127.0.0.1:PORT --from-channel jobs --append a",
    "http-post": "--post http://127.0.0.1:PORT/ --from-channel jobs",
}
# What is installed is built in.
if BINARIES:
    FORMS["postgres-listen"] = "--postgres postgresql://127.0.0.1:PORT/ --listen a --to-channel log"
    FORMS["postgres-notify"] = "--postgres postgresql://127.0.0.1:PORT/ --from-channel jobs --notify a"
if MOSQUITTO:
    FORMS["mqtt-subscribe"] = "--mqtt 127.0.0.1:PORT --subscribe a --to-channel log"
    FORMS["mqtt-publish"] = "--mqtt 127.0.0.1:PORT --from-channel jobs --publish a"


def formed(house, form: str, broker: int, port: int, *options: str) -> Program:
    return bridge(house, form.split("-")[0], broker, *FORMS[form].replace("PORT", str(port)).split(), *options)


def leaves(program: Program) -> float:
    """Tells it to leave, and returns how long that took."""
    start = time.monotonic()
    program.process.send_signal(signal.SIGTERM)
    program.process.wait(PATIENCE)
    return time.monotonic() - start


@pytest.mark.parametrize("form", FORMS)
def test_a_service_that_says_nothing_does_not_hold_a_bridge(house, ports, silent, form):
    house.broker(ports[0])
    send(ports[0], "jobs", {"n": 1})
    program = formed(house, form, ports[0], silent.port, "--drain", "200ms")
    until(lambda: silent.connections, "a connection")
    assert leaves(program) < IN_TIME, program.output()
    assert "summary" in program.output()


@pytest.mark.parametrize("form", [form for form in FORMS if form != "http-post"])
def test_a_service_that_says_nothing_is_told_and_tried_again(house, ports, silent, form):
    house.broker(ports[0])
    send(ports[0], "jobs", {"n": 1}, {"n": 2})
    times = ["--service-timeout", "200ms", "--service-check", "200ms", "--drain", "200ms"]
    program = formed(house, form, ports[0], silent.port, *times)
    until(lambda: len(silent.connections) > 1, "another connection")
    says(program, "no answer within")
    assert program.terminate() == 0


def test_a_receiver_that_cannot_be_reached_does_not_hold_a_bridge(house, ports):
    """Its kernel drops the packets: its queue is full."""
    house.broker(ports[0])
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as clients:
        for _ in range(3):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        send(ports[0], "jobs", {"n": 1})
        program = formed(house, "http-post", ports[0], full.getsockname()[1], "--drain", "200ms")
        until(lambda: not waiting(ports[0], "jobs"), "the message is taken")
        assert leaves(program) < IN_TIME, program.output()
    assert "dropped-shutdown=1" in summary(program.output())


def waiting(port: int, channel: str) -> int:
    with Wire(port) as wire:
        return wire.look(f"PEEK {channel}")["messages"]


def test_a_broker_that_hangs_does_not_hold_a_bridge(house, ports):
    broker = house.broker(ports[0])
    lines = piped(
        [SEAWAY, "bridge", "stdin", "--broker", f"127.0.0.1:{ports[0]}", "--to-channel", "log", "--drain", "200ms"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    reader = bridge(house, "stdin", ports[0], "--from-channel", "jobs", "--drain", "200ms")
    try:
        with taking(ports[0], "log") as taker:
            print("one", file=lines.stdin, flush=True)
            assert taker.wait(1) == [{"text": "one"}]
        until(lambda: house.readers(ports[0], "jobs"), "the bridge listens")
        broker.freeze()
        print("two", file=lines.stdin, flush=True)
        start = time.monotonic()
        for program in (lines, reader.process):
            program.send_signal(signal.SIGTERM)
        lines.wait(PATIENCE)
        reader.process.wait(PATIENCE)
        assert time.monotonic() - start < IN_TIME
    finally:
        os.kill(broker.pid, signal.SIGCONT)
        lines.kill()
        lines.communicate()


def test_a_reader_that_reads_nothing_does_not_hold_a_bridge(house, ports):
    """More than a pipe holds, and nobody at its other end."""
    house.broker(ports[0], "--capacity", "news=1000,64M")
    program = piped(
        [SEAWAY, "bridge", "stdin", "--broker", f"127.0.0.1:{ports[0]}", "--from-channel", "news", "--drain", "200ms"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        send(ports[0], "news", *({"text": "x" * 20_000} for _ in range(100)))
        until(lambda: 0 < waiting(ports[0], "news") < 99, "the bridge is stuck")
        start = time.monotonic()
        program.send_signal(signal.SIGTERM)
        program.wait(PATIENCE)
        assert time.monotonic() - start < IN_TIME
        assert "dropped-shutdown=" in summary(program.communicate()[1])
    finally:
        program.kill()
        program.communicate()


def test_a_program_that_does_not_heed_sigterm_does_not_hold_a_bridge(house, ports, tmp_path):
    house.broker(ports[0])
    begun = tmp_path / "begun"
    code = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    code += f"open({str(begun)!r}, 'w'); time.sleep(60)"
    command = ["--from-channel", "jobs", "--drain", "200ms", "--", sys.executable, "-c", code]
    program = bridge(house, "exec", ports[0], *command)
    send(ports[0], "jobs", {"n": 1})
    until(begun.exists, "the program runs")
    assert leaves(program) < IN_TIME, program.output()


def test_a_second_sigterm_ends_a_bridge_and_its_programs_at_once(house, ports, tmp_path):
    house.broker(ports[0])
    begun = tmp_path / "begun"
    code = f"import os, pathlib, time; pathlib.Path({str(begun)!r}).write_text(str(os.getpid())); time.sleep(60)"
    command = ["--from-channel", "jobs", "--drain", "60s", "--time-limit", "60s", "--", sys.executable, "-c", code]
    program = bridge(house, "exec", ports[0], *command)
    send(ports[0], "jobs", {"n": 1})
    until(lambda: begun.exists() and begun.read_text(), "the program runs")
    program.process.send_signal(signal.SIGTERM)
    until(lambda: not house.readers(ports[0], "jobs"), "it takes no more")
    assert program.is_running
    program.process.send_signal(signal.SIGTERM)
    assert program.process.wait(IN_TIME) == 128 + signal.SIGTERM
    assert "a second time" in program.output() and "summary" in program.output()
    until(lambda: not is_alive(int(begun.read_text())), "its program has ended")


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        with contextlib.suppress(OSError):
            os.kill(pid, 0)
            return not os.path.isdir("/proc")
        return False
