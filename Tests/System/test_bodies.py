"""Bodies of any size, both ways, through all processes: protocol/INTERFACE.md, section 2.1.

SEAWAY_BODY_MIB is how large they are (64); SEAWAY_BODY_RATE prints the throughput.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import pytest

from access import ECHO_WORKER
from harness import PATIENCE, ROOT, SEAWAY, House, Program, free_port, get, until

MIB = int(os.environ.get("SEAWAY_BODY_MIB", "64"))
SIZE = MIB << 20
BLOCK = bytes(range(256)) * 256
#: What each process may take, however large a body is.
MOST_MEMORY = 64 << 20
#: What curl ends with when its `--max-time` is over.
CURL_TIME_IS_OVER = 28
#: Seconds for one body.
LONG = 60 + MIB / 4


def peak(program: Program) -> int:
    """The most resident bytes that a process has had."""
    status = pathlib.Path(f"/proc/{program.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


KINDS = ["up", "apart", "two brokers"]


class Site:
    """A broker and an interface server (in one process, or in two, or with a second broker) and a worker."""

    def __init__(
        self,
        house: House,
        ports: tuple[int, int],
        folder: pathlib.Path,
        kind: str = "up",
        language: str = "python",
        options: tuple[str, ...] = (),
    ):
        broker, self.port = ports
        brokers = [broker]
        if kind == "up":
            command = [SEAWAY, "up", "--listen", f"127.0.0.1:{broker}", "--http", f"127.0.0.1:{self.port}"]
            self.programs = [house.listening(house.start([*command, *options]), self.port)]
        elif kind == "apart":
            self.programs = [house.broker(broker), house.server(self.port, broker)]
        else:
            brokers.append(free_port())
            server = house.server(self.port, broker, "--broker", f"127.0.0.1:{brokers[1]}")
            self.programs = [house.broker(broker), house.broker(brokers[1]), server]
        addresses = [f"127.0.0.1:{port}" for port in brokers]
        self.worker = house.start(*body_worker(language, addresses, folder))
        self.programs.append(self.worker)
        for port in brokers:
            until(lambda port=port: house.readers(port, "http.request") > 0, "the worker listens")

    def check_memory(self) -> None:
        """However large a body is."""
        for program in self.programs:
            assert peak(program) < MOST_MEMORY, program.command

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        connection.settimeout(LONG)
        return connection

    def send(self, path: str, size: int, head: str = "") -> tuple[int, bytes]:
        """Sends a body of so many bytes; returns status and content."""
        with self.connect() as connection:
            begin(connection, path, size, head)
            for start in range(0, size, len(BLOCK)):
                connection.sendall(BLOCK[: size - start])
            return read_answer(connection)


def body_worker(language: str, brokers: list[str], folder: pathlib.Path) -> tuple[list, dict | None]:
    """The command of a worker for bodies, and its environment; the one in Python can do the most."""
    if language == "python":
        source = pathlib.Path(__file__).with_name("body_worker.py")
        environment = {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
        return [sys.executable, source, ",".join(brokers), folder], environment
    if language == "go":
        source = pathlib.Path(__file__).parent / "go" / "bodies"
        return [House.go_program(source, "bodies-worker"), *brokers], None
    given = [word for broker in brokers for word in ("--broker", broker)]
    return [ECHO_WORKER, "--bodies", *given], None


def begin(connection: socket.socket, path: str, size: int, head: str = "") -> None:
    connection.sendall(f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n{head}\r\n".encode())


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65_536)
        assert received, data
        data += received
    head, content = data.split(b"\r\n\r\n", 1)
    fields = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:])
    while len(content) < int(fields.get("content-length", 0)):
        content += connection.recv(65_536)
    return int(head.split()[1]), content


def note(what: str, seconds: float) -> None:
    if os.environ.get("SEAWAY_BODY_RATE"):
        print(f"\n{what}: {MIB / seconds:.0f} MiB/s", file=sys.stderr)


@pytest.mark.parametrize("language", ["python", "go", "swift"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_body_of_any_size_goes_both_ways_in_little_memory(house, ports, tmp_path, kind, language):
    site = Site(house, ports, tmp_path, kind, language)
    start = time.monotonic()
    assert site.send("/count", SIZE) == (200, str(SIZE).encode())
    note(f"up, {kind}, {language}", time.monotonic() - start)
    start = time.monotonic()
    with site.connect() as connection:
        connection.sendall(f"GET /down/{SIZE // len(BLOCK)} HTTP/1.0\r\n\r\n".encode())
        came = 0
        while received := connection.recv(1 << 18):
            came += len(received)
    note(f"down, {kind}, {language}", time.monotonic() - start)
    assert SIZE < came < SIZE + 1_000
    site.check_memory()


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_body_is_what_was_sent(house, ports, tmp_path, kind):
    site = Site(house, ports, tmp_path, kind)
    status, content = site.send("/up", SIZE)
    found = hashlib.sha256()
    for _ in range(SIZE // len(BLOCK)):
        found.update(BLOCK)
    assert status == 200
    assert json.loads(content) == {"size": SIZE, "sha256": found.hexdigest()}
    site.check_memory()


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_without_end_costs_no_memory_while_its_reader_is_slow(house, ports, tmp_path, kind):
    site = Site(house, ports, tmp_path, kind)
    command = ["curl", "--silent", "--limit-rate", "10M", "--max-time", "3", "--output", "/dev/null"]
    command += ["--write-out", "%{http_code} %{size_download}", f"http://127.0.0.1:{site.port}/endless"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == CURL_TIME_IS_OVER, done
    status, came = done.stdout.split()
    assert status == "200"
    until((tmp_path / "endless-over").exists, "the worker hears that nobody reads any more")
    # What is on its way to a slow reader is bounded too.
    written = int((tmp_path / "endless-over").read_text())
    assert int(came) <= written < int(came) + MOST_MEMORY
    site.check_memory()


def test_a_body_of_every_size_is_whole(house, ports, tmp_path):
    site = Site(house, ports, tmp_path)
    for size in [0, 1, 65_535, 65_536, 65_537, 131_072, 524_288, 524_289, 1_048_576, 3_000_001]:
        body = (BLOCK * (size // len(BLOCK) + 1))[:size]
        answer = get(site.port, "/whole", "POST", body)
        assert (answer.status, answer.body.decode()) == (200, hashlib.sha256(body).hexdigest()), size
    # More than a function reads without being told to.
    assert site.send("/whole", 17 << 20)[0] == 413


@pytest.mark.parametrize("language", ["swift", "python", "go"])
def test_workers_of_every_language_read_a_large_body(house, ports, language):
    broker, port = ports
    house.broker(broker)
    house.server(port, broker, "--route", f"/{language}=http.request.{language}")
    house.worker(language, broker)
    for size in [10, 65_537, 500_000]:
        answer = get(port, f"/{language}", "POST", b"x" * size)
        assert (answer.status, answer.body[:9]) == (200, b"posted by"), size


def test_a_worker_that_refuses_does_not_read_the_rest(house, ports, tmp_path):
    site = Site(house, ports, tmp_path)
    with site.connect() as connection:
        begin(connection, "/refused", 1 << 30, "expect: 100-continue\r\n")
        assert read_answer(connection) == (401, b"who are you?\n")
    with site.connect() as connection:
        begin(connection, "/refused", 1 << 30)
        connection.sendall(BLOCK)
        assert read_answer(connection) == (401, b"who are you?\n")
    with site.connect() as connection:
        begin(connection, "/whole", 1 << 20, "expect: 100-continue\r\n")
        assert read_answer(connection) == (100, b"")
        connection.sendall(BLOCK * 16)
        assert read_answer(connection)[0] == 200


def test_a_client_that_leaves_is_told_to_the_worker_that_reads(house, ports, tmp_path):
    site = Site(house, ports, tmp_path)
    with site.connect() as connection:
        begin(connection, "/up", 1 << 30)
        for _ in range(20):
            connection.sendall(BLOCK)
    broken = tmp_path / "broken"
    until(lambda: broken.exists() and broken.read_text(), "the worker hears of it")
    size, is_left = broken.read_text().split()
    assert (int(size) <= 20 * len(BLOCK), is_left) == (True, "True")
    assert get(site.port, "/whole", "POST", b"one").status == 200
    assert "Traceback" not in site.worker.output()


@pytest.mark.parametrize("kind", KINDS)
def test_the_client_is_not_read_faster_than_the_worker_takes(house, ports, tmp_path, kind):
    site = Site(house, ports, tmp_path, kind)
    with site.connect() as connection:
        begin(connection, "/slow", SIZE)
        until((tmp_path / "slow").exists, "the worker has it")
        connection.setblocking(False)
        sent, full = 0, 0
        # What the system's own buffers take is not much beside the whole.
        while full < 50:
            try:
                sent += connection.send(BLOCK[sent % len(BLOCK) :])
                full = 0
            except BlockingIOError:
                full += 1
                time.sleep(0.01)
        assert sent < min(SIZE, 24 << 20)
        (tmp_path / "go-on").touch()
        connection.settimeout(LONG)
        while sent < SIZE:
            sent += connection.send(BLOCK[sent % len(BLOCK) :][: SIZE - sent])
        assert read_answer(connection) == (200, str(SIZE).encode())
    site.check_memory()


def test_events_come_as_they_happen_until_the_browser_leaves(house, ports, tmp_path):
    site = Site(house, ports, tmp_path)
    with site.connect() as connection:
        connection.sendall(b"GET /events HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n\r\n")
        came = b""
        for number in range(3):
            (tmp_path / f"event-{number}").touch()
            while b"data: event %d\n\n" % number not in came:
                received = connection.recv(65_536)
                assert received
                came += received
            assert b"data: event %d" % (number + 1) not in came
        assert b"content-type: text/event-stream" in came
        assert not (tmp_path / "events-over").exists()
    until((tmp_path / "events-over").exists, "the worker hears that the browser has left")
