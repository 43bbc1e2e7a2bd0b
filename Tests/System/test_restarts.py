"""A server is replaced while clients go on asking: nobody is refused, reset or left unanswered (I25, I69)."""

from __future__ import annotations

import contextlib
import http.client
import os
import pathlib
import shutil
import socket
import stat
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from harness import PATIENCE, SEAWAY, free_port, until
from pages import Mirror
from test_sockets import Acceptor

MIGRATION = pathlib.Path("/proc/sys/net/ipv4/tcp_migrate_req")


class Load:
    """Clients that ask without a pause, each with a new connection for each request, or with one as long as it may."""

    def __init__(self, port: int, clients: int = 6, keeps: bool = False):
        self.port = port
        self.keeps = keeps
        self.answers = 0
        self.faults: list[str] = []
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        connection = None
        while not self._is_over.is_set():
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            try:
                connection.request("GET", "/")
                response = connection.getresponse()
                fault = None if response.status == 200 and response.read() else f"status {response.status}"
                closes = response.will_close
            except (OSError, http.client.HTTPException) as error:
                fault, closes = repr(error), True
            with self._lock:
                self.answers += 1
                if fault:
                    self.faults.append(fault)
            if closes or not self.keeps:
                connection.close()
                connection = None
        if connection:
            connection.close()

    def more(self, count: int) -> None:
        before = self.answers
        until(lambda: self.answers >= before + count, f"{count} more answers")

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(PATIENCE)


@pytest.fixture
def broker(house):
    port = free_port()
    house.broker(port, "--capacity", "http.request=10000")
    mirror = Mirror(port)
    yield port
    mirror.close()


def serve(house, broker: int, *words: object, descriptors: tuple[int, ...] = ()):
    """An interface server that listens."""
    command = [SEAWAY, "serve", "--broker", f"127.0.0.1:{broker}", *words]
    program = house.start(command, descriptors=descriptors)
    until(lambda: "serving HTTP" in program.output() or not program.is_running, "it listens")
    assert program.is_running, program.output()
    return program


def replace(load: Load, old, begin) -> object:
    """Starts another while the old one works, then ends the old one."""
    load.more(100)
    new = begin()
    load.more(50)
    assert old.terminate() == 0, old.output()
    load.more(200)
    return new


@pytest.mark.parametrize("keeps", [False, True], ids=["new connections", "kept connections"])
def test_a_socket_that_is_handed_on_loses_nothing(house, broker, keeps):
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        number = listener.fileno()
        begin = lambda: serve(house, broker, "--http", f"fd:{number}", descriptors=(number,))  # noqa: E731
        server = begin()
        load = Load(listener.getsockname()[1], keeps=keeps)
        for _ in range(4):
            server = replace(load, server, begin)
        load.stop()
        assert load.faults == []


def test_a_socket_that_somebody_holds_loses_nothing_with_nobody_there(house, broker):
    """As systemd restarts a service: the old one ends before the new one begins."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        number = listener.fileno()
        server = serve(house, broker, "--http", f"fd:{number}", descriptors=(number,))
        load = Load(listener.getsockname()[1])
        for _ in range(3):
            load.more(100)
            assert server.terminate() == 0, server.output()
            server = serve(house, broker, "--http", f"fd:{number}", descriptors=(number,))
        load.more(100)
        load.stop()
        assert load.faults == []


@pytest.fixture
def migration():
    """Linux moves connections from a listener that closes to another of the same port."""
    try:
        before = MIGRATION.read_text()
        MIGRATION.write_text("1")
    except OSError as error:
        pytest.skip(f"tcp_migrate_req cannot be set here: {error}")
    yield
    MIGRATION.write_text(before)


def migrations() -> dict[str, int]:
    """What the system says of connections that it moved from one listener to another, or could not."""
    names, counts = pathlib.Path("/proc/net/netstat").read_text().splitlines()[:2]
    return {name: int(count) for name, count in zip(names.split()[1:], counts.split()[1:]) if "MigrateReq" in name}


@pytest.mark.parametrize("keeps", [False, True], ids=["new connections", "kept connections"])
def test_a_port_that_is_shared_loses_nothing_where_the_system_migrates(house, broker, migration, keeps):
    port = free_port()
    begin = lambda: serve(house, broker, "--http", f"127.0.0.1:{port}", "--reuse-port")  # noqa: E731
    server = begin()
    assert "tcp_migrate_req" not in server.output()
    load = Load(port, keeps=keeps)
    before = migrations()
    for _ in range(4):
        server = replace(load, server, begin)
    load.stop()
    after = migrations()
    assert load.faults == [], {name: count - before[name] for name, count in after.items()}


def test_a_port_is_shared_only_by_those_who_say_so_and_what_it_costs_is_said(house, broker):
    port = free_port()
    first = serve(house, broker, "--http", f"127.0.0.1:{port}", "--reuse-port")
    if MIGRATION.exists() and MIGRATION.read_text().strip() == "0":
        assert "sysctl net.ipv4.tcp_migrate_req=1" in first.output()
    other = house.start([SEAWAY, "serve", "--broker", f"127.0.0.1:{broker}", "--http", f"127.0.0.1:{port}"])
    assert other.process.wait(PATIENCE) == 69
    assert "ddress already in use" in other.output()


# ---- sockets of systemd, and others


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash hands the sockets over")
def test_systemds_sockets_are_taken_by_their_names(house, broker, tmp_path):
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(tmp_path / "socket"))
    unix.listen()
    with socket.create_server(("127.0.0.1", 0)) as tcp, unix:
        hand_over = 'LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:inner exec "$@" 3<&{} 4<&{}'
        hand_over = hand_over.format(tcp.fileno(), unix.fileno())

        def start(*places: str):
            words = [word for place in places for word in ("--http", place)]
            command = [SEAWAY, "serve", "--broker", f"127.0.0.1:{broker}", *words]
            return house.start(["bash", "-c", hand_over, "-", *command], descriptors=(tcp.fileno(), unix.fileno()))

        server = start("systemd")
        until(lambda: server.output().count("serving HTTP") == 2, "it listens at both")
        assert f"127.0.0.1:{tcp.getsockname()[1]}" in server.output() and f"unix:{tmp_path}" in server.output()
        assert ask_unix(tmp_path / "socket") == 200
        assert server.terminate() == 0
        # The file is whose who has made it.
        assert (tmp_path / "socket").exists()
        server = start("systemd:web")
        until(lambda: "serving HTTP" in server.output(), "it listens")
        assert server.output().count("serving HTTP") == 1
        assert server.terminate() == 0
        for place, told in [
            ("systemd:other", "no socket of this name, but inner, web"),
            ("fd:999", "no descriptor 999"),
        ]:
            server = start(place)
            assert server.process.wait(PATIENCE) == 69 and told in server.output(), server.output()
        server = start("systemd", "fd:3")
        assert server.process.wait(PATIENCE) == 69 and "the same socket" in server.output()
    server = house.start([SEAWAY, "serve", "--broker", f"127.0.0.1:{broker}", "--http", "systemd"])
    assert server.process.wait(PATIENCE) == 69 and "systemd has handed over no socket" in server.output()


def ask_unix(path: pathlib.Path) -> int:
    connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(PATIENCE)
    connection.sock.connect(str(path))
    connection.request("GET", "/")
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_server_listens_in_several_places_and_leaves_none_behind(house, broker, tmp_path):
    path, port, other = tmp_path / "http", free_port(), free_port()
    # One that was left behind.
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    places = [f"unix:{path}?mode=640", f"127.0.0.1:{port}", f"[::1]:{other}"]
    if not socket.has_ipv6 or not can_bind_six():
        places.pop()
    server = serve(house, broker, *(word for place in places for word in ("--http", place)))
    until(lambda: server.output().count("serving HTTP") == len(places), "it names them all")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert ask_unix(path) == 200
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/")
    assert connection.getresponse().status == 200
    connection.close()
    second = house.start([SEAWAY, "serve", "--broker", f"127.0.0.1:{broker}", "--http", f"unix:{path}"])
    assert second.process.wait(PATIENCE) == 69 and "already in use" in second.output()
    assert server.terminate() == 0
    assert not path.exists()


def can_bind_six() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


# ---- WebSockets


def test_browsers_are_sent_away_one_after_another(house):
    broker, port = free_port(), free_port()
    house.broker(broker)
    worker = Acceptor(broker)
    server = house.server(port, broker, "--grace", "4s")
    ends: list[tuple[float, int]] = []

    def wait(browser) -> None:
        try:
            browser.recv(PATIENCE)
        except ConnectionClosed as closed:
            ends.append((time.monotonic(), closed.rcvd.code if closed.rcvd else 0))

    with contextlib.ExitStack() as stack:
        browsers = [
            stack.enter_context(connect(f"ws://127.0.0.1:{port}/", open_timeout=PATIENCE, close_timeout=PATIENCE))
            for _ in range(40)
        ]
        threads = [threading.Thread(target=wait, args=[browser]) for browser in browsers]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        assert server.terminate() == 0, server.output()
        for thread in threads:
            thread.join(PATIENCE)
    worker.close()
    assert [code for _, code in ends] == [1001] * 40
    times = [at - began for at, _ in ends]
    # Over two seconds: in no quarter of them most of all.
    quarters = [sum(1 for at in times if part / 2 <= at < (part + 1) / 2) for part in range(4)]
    assert max(quarters) < 30 and max(times) > 1, times
    assert os.path.exists(f"/proc/{server.pid}") is False
