"""Clients that end their sending side, and clients that leave: the first are answered, of the others workers hear."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time

import pytest

from bridges import bridge
from harness import PATIENCE, Wire, free_port, until

GET = "GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"


class Site:
    """A broker and a server, with this test as the only worker."""

    def __init__(self, house, ports, *options: str):
        self.broker, self.http = ports
        house.broker(self.broker)
        self.server = house.server(self.http, self.broker, *options)
        self.requests = Wire(self.broker)
        self.requests.listen("http.request", credit=100)
        self.left = Wire(self.broker)
        self.left.listen("http.disconnect", credit=100)
        self.sender = Wire(self.broker)

    def ask(self, path: str = "/", end: bool = True, text: str = GET) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.http), timeout=PATIENCE)
        client.sendall(text.format(path=path).encode())
        if end:
            client.shutdown(socket.SHUT_WR)
        return client

    def answer(self, request: dict, **message) -> str:
        return self.sender.ask(f"SEND :- {request['reply_channel']} {json.dumps(message)}")

    def close(self) -> None:
        for wire in (self.requests, self.left, self.sender):
            wire.close()


@pytest.fixture
def site(house, ports):
    site = Site(house, ports)
    yield site
    site.close()


def rest(client: socket.socket) -> bytes:
    """All that comes up to the end."""
    found = b""
    while piece := client.recv(65_536):
        found += piece
    client.close()
    return found


def test_nc_gets_its_answer(site):
    """printf 'GET …' | nc -N"""
    command = ["nc", "-N", "127.0.0.1", str(site.http)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as nc:
        assert nc.stdin and nc.stdout
        nc.stdin.write(GET.format(path="/moon").encode())
        nc.stdin.close()
        request = site.requests.take()
        assert request["path"] == "/moon"
        assert site.answer(request, status=200, content="hello") == "OK"
        output = nc.stdout.read()
        assert nc.wait(PATIENCE) == 0
    # Whether the answer says that the connection ends depends on which came first, the answer or the client's end.
    assert output.startswith(b"HTTP/1.1 200 OK\r\n") and output.endswith(b"\r\n\r\nhello")


def test_an_answer_that_takes_long_comes_behind_an_interim_one(site):
    client = site.ask("/slow")
    request = site.requests.take()
    # The server has looked whether the client is there still.
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    found = b""
    while len(found) < len(interim):
        found += client.recv(len(interim) - len(found))
    assert found == interim
    assert site.answer(request, status=200, content="late") == "OK"
    answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nlate")


def test_an_old_client_that_waits_gets_nothing_but_its_answer(site):
    client = site.ask(text="GET / HTTP/1.0\r\n\r\n")
    request = site.requests.take()
    # Three seconds are what it waits: longer than until the server would ask.
    client.settimeout(3)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(PATIENCE)
    assert site.answer(request, status=200, content="late") == "OK"
    assert rest(client).startswith(b"HTTP/1.1 200 OK\r\n")


def test_an_answer_in_pieces_goes_on(site):
    client = site.ask()
    request = site.requests.take()
    assert site.answer(request, status=200, content="one ", more_content=True) == "OK"
    found = b""
    while not found.endswith(b"one \r\n0"):
        # The zero begins the size of the next chunk, and shows whether the client is there.
        found += client.recv(1_000)
    assert site.answer(request, content="two", offset=4) == "OK"
    assert (found + rest(client)).endswith(b"\r\n\r\n4\r\none \r\n03\r\ntwo\r\n0\r\n\r\n")


def leave_by_close(site: Site, path: str) -> None:
    site.ask(path, end=False).close()


def leave_by_kill(site: Site, path: str) -> None:
    """As a browser that is killed: its system ends the connection."""
    program = f"""import socket
client = socket.create_connection(("127.0.0.1", {site.http}))
client.sendall({GET.format(path=path).encode()!r})
print("sent", flush=True)
client.recv(1)"""
    browser = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    with browser:
        assert browser.stdout and browser.stdout.readline() == b"sent\n"
        browser.kill()


def leave_by_reset(site: Site, path: str) -> None:
    client = site.ask(path, end=False)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def leave_after_the_end(site: Site, path: str) -> None:
    """It has ended its sending side first, and closes then."""
    site.ask(path).close()


@pytest.mark.parametrize("leave", [leave_by_close, leave_by_kill, leave_by_reset, leave_after_the_end])
def test_of_a_client_that_leaves_workers_hear_at_once(site, leave):
    start = time.monotonic()
    leave(site, "/moon")
    told = site.left.take()
    assert (told["path"], told["reason"]) == ("/moon", "left")
    assert time.monotonic() - start < 5
    request = site.requests.take()
    assert told["reply_channel"] == request["reply_channel"]
    until(lambda: site.answer(request, status=200).startswith("ERR gone"), "the channel is closed")


def test_of_a_client_that_leaves_a_stream_workers_hear_at_once(site):
    client = site.ask("/stream", end=False)
    request = site.requests.take()
    assert site.answer(request, status=200, content="one", more_content=True) == "OK"
    assert client.recv(1) == b"H"
    while b"one\r\n" not in client.recv(1_000):
        pass
    start = time.monotonic()
    client.close()
    told = site.left.take()
    assert (told["path"], told["reason"]) == ("/stream", "left")
    assert time.monotonic() - start < 5


def test_a_long_answer_reaches_a_client_that_has_ended_its_side_and_takes_its_time(site):
    client = site.ask()
    request = site.requests.take()
    content = "x" * 1_500_000
    assert site.answer(request, status=200, content=content) == "OK"
    # Until the server asks another client whether it waits, it has looked around, with most of this on its way.
    other = site.ask("/other")
    assert other.recv(100).startswith(b"HTTP/1.1 100 ")
    other.close()
    answer = rest(client)
    assert answer.endswith(b"\r\n\r\n" + content.encode())


def test_a_websocket_without_a_way_to_close_it_is_none(house, site):
    with Wire(site.broker) as wire:
        wire.listen("websocket.connect")
        assert wire.ask("LISTEN websocket.disconnect").startswith("OK")
        upgrade = (
            "GET /live HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        client = site.ask(text=upgrade)
        assert rest(client) == b""


def test_slow_clients_are_named_with_what_they_did_not_keep(house, ports):
    options = ["--head-timeout", "300ms", "--body-timeout", "600ms", "--http-timeout", "10s"]
    options += ["--answer-timeout", "1s", "--probe-delay", "200ms"]
    site = Site(house, ports, *options)
    with contextlib.closing(site):
        head = site.ask(end=False, text="GET / HT")
        assert rest(head).startswith(b"HTTP/1.1 408 ")
        until(lambda: "limit=head-timeout" in site.server.output(), "the head's time is named")
        body = site.ask(end=False, text="POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        assert rest(body).startswith(b"HTTP/1.1 408 ")
        client = site.ask("/whole", end=False)
        request = site.requests.take()
        assert site.answer(request, status=200, content="one", more_content=True) == "OK"
        # Broken off: the last chunk does not come.
        assert rest(client).endswith(b"3\r\none\r\n")
        # The broker hears of it from the server, as the client does.
        until(lambda: site.answer(request, content="two", offset=3).startswith("ERR gone"), "the answer is over")


def test_counters_are_told_too(house, ports):
    metrics = free_port()
    house.broker(ports[0])
    house.listening(house.server(ports[1], ports[0], "--metrics", f"127.0.0.1:{metrics}"), metrics)
    with socket.create_connection(("127.0.0.1", metrics), timeout=PATIENCE) as client:
        client.sendall(GET.format(path="/metrics").encode())
        client.shutdown(socket.SHUT_WR)
        assert b'\nseaway_http_times_over_total{reason="head_timeout"} 0\n' in rest(client)
    # Who asks for nothing is let go.
    with socket.create_connection(("127.0.0.1", metrics), timeout=PATIENCE) as client:
        client.shutdown(socket.SHUT_WR)
        assert rest(client) == b""


def test_a_bridge_takes_a_post_too(house, ports):
    house.broker(ports[0])
    options = ["--listen", f"127.0.0.1:{ports[1]}", "--max-body", "1K"]
    house.listening(bridge(house, "http", ports[0], *options), ports[1])
    post = "POST /channels/orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"
    with socket.create_connection(("127.0.0.1", ports[1]), timeout=PATIENCE) as client:
        client.sendall(post.encode() + b'{"n":1}')
        client.shutdown(socket.SHUT_WR)
        answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 2")
    with Wire(ports[0]) as wire:
        assert wire.look("PEEK orders")["messages"] == 1
