"""Processes on one machine over the broker's Unix socket."""

from __future__ import annotations

import os
import stat
import sys

import pytest
from websockets.sync.client import connect

from access import ECHO_WORKER, seaway
from harness import PATIENCE, SEAWAY, free_port, get, until
from test_tokens import HELLO


@pytest.fixture
def local(house, tmp_path):
    """A broker that has nothing but a Unix socket: its path, and the process."""
    path = tmp_path / "socket"
    program = house.start([SEAWAY, "broker", "--unix-socket", path, "--log-level", "debug"])
    until(lambda: "listening" in program.output(), "the broker listens")
    return path, program


def test_a_site_runs_over_the_socket(house, local):
    path, program = local
    broker = ["--broker", f"unix:{path}"]
    port = free_port()
    house.start([SEAWAY, "serve", "--http", f"127.0.0.1:{port}", *broker])
    house.start([ECHO_WORKER, "--group", "room", *broker])
    worker = house.start(
        [SEAWAY, "bridge", "exec", "--from-channel", "http.request", *broker, "--", sys.executable, "-c", HELLO]
    )
    until(lambda: get(port, "/").body == b"hello\n", "a page comes")
    with connect(f"ws://127.0.0.1:{port}/", open_timeout=PATIENCE, close_timeout=PATIENCE) as browser:
        browser.send("one")
        assert browser.recv(PATIENCE) == "one"
        seaway("gsend", "room", "--text", "Goal!", *broker)
        assert browser.recv(PATIENCE) == "Goal!"
    seaway("send", "a", "{}", *broker)
    assert "a" in seaway("stats", "channels", *broker).stdout
    assert seaway("top", "--once", *broker).stdout
    assert f"pid={worker.pid}" in program.output()
    assert f"uid={os.getuid()}" in program.output() and f"gid={os.getgid()}" in program.output()


def test_the_socket_is_for_its_owner_unless_said_otherwise(house, local, tmp_path):
    path, _ = local
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    shared = tmp_path / "shared"
    program = house.start([SEAWAY, "broker", "--unix-socket", shared, "--unix-mode", "0660"])
    until(lambda: "listening" in program.output(), "the broker listens")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o660


@pytest.mark.parametrize("mode", ["rw", "8", "1777", "0o60", "-600", ""])
def test_what_is_no_mode_is_told(mode, tmp_path):
    told = seaway("broker", "--unix-socket", tmp_path / "socket", f"--unix-mode={mode}", code=64).stderr
    assert "--unix-mode" in told
