"""A log that nobody reads holds nobody up (INTERFACE.md, I32)."""

from __future__ import annotations

import os
import re

import pytest

from harness import SEAWAY, free_port, get, metric


@pytest.fixture
def pipe():
    """One as a supervisor reads from, when it reads: 64 KiB fit in it."""
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


def test_requests_are_answered_though_nobody_reads_the_log(house, ports, pipe):
    broker, port = ports
    metrics = free_port()
    house.broker(broker)
    house.worker("swift", broker)
    reader, writer = pipe
    command = [SEAWAY, "serve", "--broker", f"127.0.0.1:{broker}", "--http", f"127.0.0.1:{port}", "--access-log"]
    command += ["--metrics", f"127.0.0.1:{metrics}", "--route", "/swift=http.request.swift", "--log-buffer", "16K"]
    server = house.start(command, output=writer)
    house.listening(server, port)
    path = "/swift/" + "x" * 1_000
    count = 300
    for _ in range(count):
        # It is a worker who knows no such page.
        assert get(port, path).status == 404
    dropped = metric(metrics, "seaway_log_lines_dropped_total")
    # A pipe and the buffer hold 80 lines of a thousand bytes.
    assert count - 100 < dropped < count

    # Whoever reads again is told how many are missing, and the process leaves in order.
    told, text = 0, ""
    while told < dropped:
        text += os.read(reader, 65_536).decode()
        told = sum(int(lines) for lines in re.findall(r" warning seaway\.log: lines=(\d+) .*\n", text))
    assert told == dropped
    assert server.terminate() == 0
    assert os.read(reader, 65_536).decode().endswith(" left\n")


def test_a_process_ends_though_nobody_reads_what_it_says_last(house, ports, pipe):
    broker, _ = ports
    _, writer = pipe
    program = house.start([SEAWAY, "broker", "--listen", f"127.0.0.1:{broker}"], output=writer)
    house.listening(program, broker)
    os.set_blocking(writer, False)
    # No room is left, to the last byte.
    for size in (4_096, 1):
        try:
            while True:
                os.write(writer, b"x" * size)
        except BlockingIOError:
            pass
    os.set_blocking(writer, True)
    assert program.terminate() == 0
