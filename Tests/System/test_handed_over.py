"""A broker that listens at sockets of whoever has started it (PROTOCOL.md, section 9; as I61 says of servers)."""

from __future__ import annotations

import shutil
import socket

import pytest

from access import Authority
from harness import PATIENCE, SEAWAY, Wire, free_port, until

HAND_OVER = 'LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=broker:inner exec "$@" 3<&{} 4<&{}'


@pytest.fixture
def tcp():
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener


@pytest.fixture
def unix(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        yield listener


def heard(program, count: int = 1):
    until(lambda: program.output().count("listening") >= count, "it listens")
    return program


def test_a_socket_that_is_handed_on_refuses_nobody_while_brokers_change(house, tcp):
    number, port = tcp.fileno(), tcp.getsockname()[1]

    def begin():
        # The message that waits is not waited for.
        command = [SEAWAY, "broker", "--listen", f"fd:{number}", "--drain", "0"]
        return heard(house.start(command, descriptors=(number,)))

    broker = begin()
    assert f"address=127.0.0.1:{port}" in broker.output()
    with Wire(port) as wire:
        assert wire.ask('SEND :- jobs {"n":1}') == "OK"
    assert broker.terminate() == 0, broker.output()
    # Nobody is there, and nobody is refused: this waits for the next.
    with Wire(port) as early:
        broker = begin()
        assert early.ask('SEND :- jobs {"n":2}') == "OK"
    assert broker.terminate() == 0, broker.output()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash hands the sockets over")
def test_systemds_sockets_are_taken_by_their_names(house, tcp, unix, tmp_path):
    hand_over = HAND_OVER.format(tcp.fileno(), unix.fileno())

    def start(*words: str):
        command = ["bash", "-c", hand_over, "-", SEAWAY, *words]
        return house.start(command, descriptors=(tcp.fileno(), unix.fileno()))

    broker = heard(start("broker", "--listen", "systemd"), 2)
    assert f"address=127.0.0.1:{tcp.getsockname()[1]}" in broker.output()
    assert f"address=unix:{tmp_path}" in broker.output()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "socket"))
        client.sendall(b"PING\n")
        assert client.recv(64) == b"PONG\n"
    assert broker.terminate() == 0
    # The file is whose who has made it.
    assert (tmp_path / "socket").exists()
    broker = heard(start("broker", "--listen", "systemd:broker", "--listen", f"127.0.0.1:{free_port()}"), 2)
    assert "unix:" not in broker.output()
    assert broker.terminate() == 0
    both = ["--http", "systemd:inner", "--listen", "systemd:broker"]
    up = start("up", *both)
    until(lambda: "serving HTTP" in up.output(), "it serves")
    assert up.terminate() == 0
    for words, told in [
        (["broker", "--listen", "systemd:other"], "no socket of this name, but broker, inner"),
        (["broker", "--listen", "fd:999"], "no descriptor 999"),
        (["broker", "--listen", "systemd", "--listen", "fd:3"], "the same socket"),
        (["up", "--http", "systemd", "--listen", "systemd:inner"], "the same socket"),
    ]:
        program = start(*words)
        assert program.process.wait(PATIENCE) == 69 and told in program.output(), program.output()
    program = house.start([SEAWAY, "broker", "--listen", "systemd"])
    assert program.process.wait(PATIENCE) == 69 and "systemd has handed over no socket" in program.output()


def test_without_tokens_no_socket_is_taken_that_others_reach(house, tmp_path):
    with socket.create_server(("0.0.0.0", 0)) as listener:
        number = listener.fileno()
        command = [SEAWAY, "broker", "--listen", f"fd:{number}"]
        broker = house.start(command, descriptors=(number,))
        assert broker.process.wait(PATIENCE) == 69
        assert "reached from other machines" in broker.output() and broker.output().count("\n") == 1
        tokens = tmp_path / "tokens"
        tokens.touch(mode=0o600)
        heard(house.start([*command, "--tokens", tokens], descriptors=(number,)))


def test_a_socket_that_is_handed_over_may_speak_tls(house, tcp, tmp_path):
    authority = Authority(tmp_path, "authority")
    identity = authority.issue("broker", "DNS:localhost,IP:127.0.0.1")
    number, port = tcp.fileno(), tcp.getsockname()[1]
    files = ["--tls-certificate", identity[0], "--tls-key", identity[1]]
    command = [SEAWAY, "broker", "--listen", f"tls://fd:{number}"]
    broker = heard(house.start([*command, *files], descriptors=(number,)))
    assert f"address=tls://127.0.0.1:{port}" in broker.output()
    send = [SEAWAY, "send", "a", "{}", "--broker", f"tls://localhost:{port}", "--tls-ca", authority.certificate]
    client = house.start(send)
    assert client.process.wait(PATIENCE) == 0, client.output()
    without = house.start(command, descriptors=(number,))
    assert without.process.wait(PATIENCE) == 64 and "give --tls-certificate" in without.output()
