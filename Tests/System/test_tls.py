"""The wire inside TLS, with real processes (PROTOCOL.md: U7, U8, U9)."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import sys
import time

import pytest
from websockets.sync.client import connect

from access import ECHO_WORKER, Authority, TokenFile, seaway
from harness import PATIENCE, SEAWAY, Wire, free_port, get, until
from test_tokens import HELLO


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def identity(authority):
    """The broker's certificate and key."""
    return authority.issue("broker", "DNS:localhost,IP:127.0.0.1")


def secured(house, identity, *options, port: int | None = None):
    """A broker with TLS at one port and a plain one at another; returns both, and the process."""
    port, plain = port or free_port(), free_port()
    command = [SEAWAY, "broker", "--listen", f"tls://127.0.0.1:{port}", "--listen", f"127.0.0.1:{plain}"]
    certificate, key = identity
    program = house.start([*command, "--tls-certificate", certificate, "--tls-key", key, *options])
    house.listening(program, plain)
    return port, plain, program


class SecureWire(Wire):
    """A client of the broker inside TLS."""

    def __init__(self, port: int, authority: Authority, host: str = "localhost"):
        context = ssl.create_default_context(cafile=authority.certificate)
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket = context.wrap_socket(plain, server_hostname=host)
        self.input = self.socket.makefile("rb")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_commands_speak_tls_and_check_the_host(house, authority, identity, host):
    port, plain, _ = secured(house, identity)
    broker = ["--broker", f"tls://{host}:{port}", "--tls-ca", authority.certificate]
    seaway("send", "jobs", '{"n":1}', *broker)
    assert '{"n":1}' in seaway("listen", "--count", "1", "jobs", *broker).stdout
    big = '{"x":"' + "x" * 1_500_000 + '"}'
    with SecureWire(port, authority, host) as wire, Wire(plain) as other:
        assert other.ask("LISTEN jobs") == "OK"
        other.write("READY 1\n")
        wire.write(f"SEND :{len(big)} jobs\n{big}\n")
        assert wire.read()[0] == "OK"
        assert other.take() == {"x": "x" * 1_500_000}
        assert wire.ask("LISTEN jobs") == "OK"
        other.write(f"UNLISTEN jobs\nSEND :{len(big)} jobs\n{big}\n")
        wire.write("READY 1\n")
        assert wire.take() == {"x": "x" * 1_500_000}


def test_a_broker_of_another_authority_or_host_is_refused(house, authority, identity, tmp_path):
    port, plain, _ = secured(house, identity)
    other = Authority(tmp_path, "other")
    address = ["--broker", f"tls://localhost:{port}", "--timeout", "1s"]
    told = seaway("send", "a", "{}", *address, "--tls-ca", other.certificate, code=69).stderr
    assert "authority" in told and told.count("\n") == 1
    assert "authority" in seaway("send", "a", "{}", *address, code=69).stderr
    elsewhere = authority.issue("elsewhere", "DNS:elsewhere.example.org")
    port, _, _ = secured(house, elsewhere)
    address = ["--broker", f"tls://localhost:{port}", "--timeout", "1s", "--tls-ca", authority.certificate]
    told = seaway("send", "a", "{}", *address, code=69).stderr
    assert "another host" in told and told.count("\n") == 1
    address = ["--broker", f"tls://localhost:{plain}", "--timeout", "1s", "--tls-ca", authority.certificate]
    assert "no TLS at that address" in seaway("send", "a", "{}", *address, code=69).stderr


def test_a_client_without_a_certificate_is_refused_where_one_is_asked_for(house, authority, identity, tmp_path):
    clients = Authority(tmp_path, "clients")
    certificate, key = clients.issue("worker")
    stranger = Authority(tmp_path, "strangers").issue("stranger")
    port, plain, _ = secured(house, identity, "--tls-client-ca", clients.certificate)
    address = ["--broker", f"tls://localhost:{port}", "--timeout", "1s", "--tls-ca", authority.certificate]
    seaway("send", "a", "{}", *address, "--tls-certificate", certificate, "--tls-key", key)
    told = seaway("send", "a", "{}", *address, code=69).stderr
    assert "asks for a certificate" in told
    told = seaway(
        "send", "a", "{}", *address, "--tls-certificate", stranger[0], "--tls-key", stranger[1], code=69
    ).stderr
    assert "certificate of this client" in told
    with Wire(plain) as wire:
        assert wire.look("STATS")["failed-handshakes"] >= 2
        assert wire.look("PEEK a")["messages"] == 1
    optional = ["--tls-client-ca", clients.certificate, "--tls-client", "optional"]
    port, _, _ = secured(house, identity, *optional)
    address[1] = f"tls://localhost:{port}"
    seaway("send", "a", "{}", *address)
    seaway("send", "a", "{}", *address, "--tls-certificate", certificate, "--tls-key", key)
    seaway("send", "a", "{}", *address, "--tls-certificate", stranger[0], "--tls-key", stranger[1], code=69)


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PING\n"])
def test_a_handshake_that_does_not_end_is_ended(house, authority, identity, first):
    port, plain, _ = secured(house, identity, "--frame-timeout", "500ms")
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
        peer.sendall(first)
        began = time.monotonic()
        answer = b"".join(iter(lambda: peer.recv(4096), b""))
        assert not answer.startswith(b"PONG")
        assert time.monotonic() - began < PATIENCE / 2
    with Wire(plain) as wire:
        totals = until(lambda: wire.look("STATS"), "totals")
        if first == b"PING\n":
            assert totals["failed-handshakes"] == 1
        else:
            assert totals["bounds"]["frame-timeout"] == 1
    # Nobody else was harmed, and who has shaken hands may be silent for longer.
    with SecureWire(port, authority) as wire, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as later:
        # Its time is over behind that of the other, had that one no more.
        assert later.recv(1) == b""
        assert wire.ask("PING") == "PONG"


def test_an_end_inside_tls_is_an_end(house, authority, identity):
    port, _, _ = secured(house, identity)
    context = ssl.create_default_context(cafile=str(authority.certificate))

    def answers(frames: bytes, ends: bool) -> bytes:
        """What the broker says up to its own goodbye, without which reading fails."""
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain:
            wire = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
            wire.sendall(frames)
            if ends:
                # Without close_notify, as a program ends that was killed.
                with socket.socket(fileno=os.dup(wire.fileno())) as below:
                    below.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: wire.recv(65_536), b""))

    assert answers(b"SEND :- a {}\n" + b"PING\n" * 1_000, ends=True) == b"OK\n" + b"PONG\n" * 1_000
    assert answers(b"PING\n" * 1_000 + b"QUIT\n", ends=False) == b"PONG\n" * 1_000 + b"OK\n"
    assert answers(b"SEND :5 a\n{}", ends=True) == b""


def test_certificates_are_read_again(house, authority, identity, tmp_path):
    port, _, program = secured(house, identity)
    address = ["--broker", f"tls://localhost:{port}", "--timeout", "1s"]
    newer = Authority(tmp_path, "newer")
    certificate, key = newer.issue("renewed", "DNS:localhost")
    good = identity[0].read_text(), identity[1].read_text()
    identity[1].write_text("nothing")
    program.process.send_signal(signal.SIGHUP)
    until(lambda: "certificates stay as they were" in program.output(), "the broker tells")
    seaway("send", "a", "{}", *address, "--tls-ca", authority.certificate)
    identity[0].write_text(certificate.read_text())
    identity[1].write_text(key.read_text())
    program.process.send_signal(signal.SIGHUP)
    until(lambda: "certificates read again" in program.output(), "the broker tells")
    seaway("send", "a", "{}", *address, "--tls-ca", newer.certificate)
    seaway("send", "a", "{}", *address, "--tls-ca", authority.certificate, code=69)
    assert good[0] != certificate.read_text()


@pytest.mark.parametrize(
    "options, told",
    [
        (["--listen", "tls://127.0.0.1:0"], "--tls-certificate"),
        (["--listen", "tls://127.0.0.1:0", "--tls-certificate", "x.pem"], "--tls-key"),
        (["--tls-certificate", "x.pem", "--tls-key", "x.key"], "tls://"),
        (["--listen", "tls://127.0.0.1:0", "--tls-certificate", "/no/x.pem", "--tls-key", "/no/x.key"], "/no/x.pem"),
        (["--listen", "tls://127.0.0.1:0", "--tls-certificate", "/dev/null", "--tls-key", "/dev/null"], "/dev/null"),
        (["--listen", "tls:///run/x"], "--listen"),
        (["--tls-client-ca", "x.pem"], "--tls-client-ca"),
    ],
)
def test_what_is_missing_for_tls_is_told(options, told):
    assert told in seaway("broker", *options, code=64).stderr


def test_a_key_of_another_certificate_is_told(authority, identity):
    _, other = authority.issue("other", "DNS:localhost")
    files = ["--tls-certificate", identity[0], "--tls-key", other]
    assert "is not the key of" in seaway("broker", "--listen", "tls://127.0.0.1:0", *files, code=64).stderr


def test_a_site_runs_over_tls_with_tokens(house, ports, authority, identity, tmp_path):
    tokens = TokenFile(tmp_path)
    site = tokens.add_site()
    port, _, program = secured(house, identity, "--tokens", str(tokens.path), "--log-level", "debug")
    broker = ["--broker", f"tls://localhost:{port}", "--tls-ca", str(authority.certificate)]
    token = {name: {"SEAWAY_TOKEN": token} for name, token in site.items()}
    house.start([SEAWAY, "serve", "--http", f"127.0.0.1:{ports[1]}", *broker], token["server"])
    house.start([ECHO_WORKER, "--group", "room", *broker], token["sockets"])
    worker = [SEAWAY, "bridge", "exec", "--from-channel", "http.request", *broker]
    house.start([*worker, "--", sys.executable, "-c", HELLO], token["pages"])
    until(lambda: get(ports[1], "/").body == b"hello\n", "a page comes")
    with connect(f"ws://127.0.0.1:{ports[1]}/", open_timeout=PATIENCE, close_timeout=PATIENCE) as browser:
        browser.send("one")
        assert browser.recv(PATIENCE) == "one"
        seaway("gsend", "room", "--text", "Goal!", *broker, environment=token["publisher"])
        assert browser.recv(PATIENCE) == "Goal!"
    # In the log stands who has connected, and no secret.
    assert "127.0.0.1" in program.output()
    assert not any(secret.split(".")[1] in program.output() for secret in site.values())
