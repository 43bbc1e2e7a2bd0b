"""`wsbench` must measure what is right and name what is wrong."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest

from tiny_server import TinyServer

HERE = pathlib.Path(__file__).resolve().parent
WSBENCH = HERE.parent / ".build" / "bench" / "wsbench"
BRIEF = ["-t", "0.2", "-u", "0.05", "-q", "0.5"]


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    subprocess.run(["make", "-s", "-C", str(HERE)], check=True)


def wsbench(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(WSBENCH), *map(str, arguments)], capture_output=True, text=True, timeout=30)


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    return [dict(word.split("=", 1) for word in line.split()) for line in done.stdout.splitlines()]


def fanout(server: TinyServer, *arguments: object) -> subprocess.CompletedProcess[str]:
    url, wire = f"ws://127.0.0.1:{server.ports[0]}/live", f"127.0.0.1:{server.ports[1]}"
    return wsbench("fanout", url, "--publish", wire, "-n", 5, "-w", 4, *BRIEF, *arguments)


def echo(server: TinyServer, *arguments: object) -> subprocess.CompletedProcess[str]:
    return wsbench("echo", f"ws://localhost:{server.ports[0]}/echo", "-n", 3, *BRIEF, *arguments)


def test_a_fanout_reaches_everybody_at_full_and_at_half_rate() -> None:
    with TinyServer() as server:
        done = fanout(server)
    assert done.returncode == 0, done.stderr
    full, half = lines(done)
    assert (full["phase"], half["phase"]) == ("full", "half")
    assert full["share"] == half["share"] == "1.00000"
    assert int(full["ops"]) > 0 and float(full["p99_ms"]) >= float(full["p50_ms"]) > 0
    # Open loop: the second rate is half of the first, whatever the first was.
    assert float(half["rate"]) == pytest.approx(float(full["rate"]) / 2, rel=0.25)
    assert full["closed"] == full["disorder"] == full["duplicates"] == "0"
    assert server.codes == [1000] * 5


@pytest.mark.parametrize("size", [40, 100, 200, 255, 256, 30000])
def test_messages_of_every_length_form_are_taken(size: int) -> None:
    with TinyServer() as server:
        done = fanout(server, "-s", size, "-r", 50)
        assert done.returncode == 0, done.stderr
        assert lines(done)[0]["share"] == "1.00000"
        assert echo(server, "-s", size).returncode == 0


def test_a_flood_is_as_fast_as_the_answers() -> None:
    with TinyServer() as server:
        done = fanout(server, "--flood")
    assert done.returncode == 0, done.stderr
    assert [line["phase"] for line in lines(done)] == ["flood"]


def test_a_message_in_pieces_is_a_message_and_a_ping_among_them_is_answered() -> None:
    with TinyServer("fragmented") as server:
        done = fanout(server)
    assert done.returncode == 0, done.stderr
    assert lines(done)[0]["share"] == "1.00000"
    # One for the socket, one for the publisher.
    assert server.pongs == 2


def test_a_hole_is_counted_and_does_not_stop_the_window() -> None:
    with TinyServer("hole") as server:
        done = fanout(server)
    assert done.returncode == 0, done.stderr
    full = lines(done)[0]
    published = int(full["published"])
    assert published > 5
    assert float(full["share"]) == pytest.approx(1 - 1 / (5 * published), abs=1e-5)
    assert int(full["full"]) == published


@pytest.mark.parametrize(("fault", "count"), [("swapped", "disorder"), ("twice", "duplicates")])
def test_disorder_and_duplicates_fail(fault: str, count: str) -> None:
    with TinyServer(fault) as server:
        done = fanout(server)
    assert done.returncode == 3
    assert lines(done)[-1][count] == "1"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("spoilt", "a text that was not sent"),
        ("short", "a text that was not sent"),
        ("binary", "bytes instead of text"),
        ("masked", "a masked frame"),
        ("reserved bit", "a reserved bit"),
        ("reserved opcode", "a reserved opcode"),
        ("long length", "not in its shortest form"),
        ("large ping", "cut or too long"),
        ("cut ping", "cut or too long"),
        ("lonely continuation", "a continuation without a beginning"),
        ("interrupted", "inside a fragmented one"),
        ("illegal close", "a code that may not be sent"),
    ],
)
def test_what_must_not_come_is_named(fault: str, words: str) -> None:
    with TinyServer(fault) as server:
        done = echo(server)
    assert done.returncode == 3, done.stderr
    assert words in done.stderr


@pytest.mark.parametrize(("fault", "code"), [("close", "1008"), ("vanish", "1006")])
def test_a_socket_that_the_server_ends_is_told_with_its_code(fault: str, code: str) -> None:
    with TinyServer(fault) as server:
        done = fanout(server)
    assert done.returncode == 4, done.stderr
    assert lines(done)[-1]["codes"] == f"{code}:1"
    assert float(lines(done)[0]["share"]) < 1
    if fault == "close":
        assert 1008 in server.codes


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refused", "HTTP/1.1 403 Forbidden"),
        ("wrong accept", "wrong Sec-WebSocket-Accept"),
        ("extension", "an extension that was not offered"),
        ("no upgrade", "no `Upgrade: websocket`"),
        ("closing", "ERR closing"),
    ],
)
def test_what_cannot_be_measured_is_told(fault: str, words: str) -> None:
    with TinyServer(fault) as server:
        done = fanout(server)
    assert done.returncode == 1
    assert words in done.stderr


def test_idle_sockets_tell_the_memory_of_each_process() -> None:
    with TinyServer() as server:
        url = f"ws://127.0.0.1:{server.ports[0]}/echo"
        done = wsbench("idle", url, "-n", 200, "-b", f"server={os.getpid()}", *BRIEF)
    assert done.returncode == 0, done.stderr
    (found,) = lines(done)
    assert found["sockets"] == "300"
    assert float(found["server_pss"]) > 500 and float(found["server_private"]) > 500
    assert found["unanswered_closes"] == "0"


def test_nobody_listens() -> None:
    done = wsbench("echo", "ws://127.0.0.1:9/echo")
    assert done.returncode == 1
    assert "refused" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["echo"],
        ["dance", "ws://127.0.0.1:9/"],
        ["echo", "http://127.0.0.1:9/"],
        ["echo", "ws://no.such.host/"],
        ["echo", "ws://127.0.0.1:99999/"],
        ["echo", "ws://127.0.0.1:9/", "-n", "0"],
        ["echo", "ws://127.0.0.1:9/", "-s", "39"],
        ["echo", "ws://127.0.0.1:9/", "-t", "soon"],
        ["echo", "ws://127.0.0.1:9/", "-b", "server"],
        ["echo", "ws://127.0.0.1:9/", "--loud"],
        ["fanout", "ws://127.0.0.1:9/"],
        ["fanout", "ws://127.0.0.1:9/", "-p", "127.0.0.1"],
    ],
)
def test_a_wrong_command_says_what_is_wrong(arguments: list[str]) -> None:
    done = wsbench(*arguments)
    assert done.returncode == 64
    assert done.stderr.count("\n") == 1


def test_help_tells_every_load_and_every_exit_code() -> None:
    done = wsbench("--help")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("fanout", "echo", "idle", "--publish", "Exit code"))
