"""One server on several event loops (INTERFACE.md, I50 and W30), beside a real broker and within its process."""

from __future__ import annotations

import contextlib
import http.client
import json
import pathlib
import socket
import sys
import threading

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from harness import PATIENCE, SEAWAY, Wire, free_port, get, until
from test_sockets import Acceptor

LOOPS = 3


class Site:
    """A broker, a server on three loops, and workers that know nothing of that."""

    def __init__(self, house, kind: str):
        self.broker, self.http, self.metrics = free_port(), free_port(), free_port()
        options = ["--loops", str(LOOPS), "--metrics", f"127.0.0.1:{self.metrics}", "--grace", "5s"]
        if kind == "up":
            place = ["--listen", f"127.0.0.1:{self.broker}", "--http", f"127.0.0.1:{self.http}"]
            self.server = house.listening(house.start([SEAWAY, "up", *place, *options]), self.http)
        else:
            house.broker(self.broker)
            self.server = house.server(self.http, self.broker, *options)
        self.sockets = Acceptor(self.broker)
        self.pages = Wire(self.broker)
        self.requests: list[dict] = []
        self.pages.listen("http.request", credit=1_000_000)
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        with contextlib.suppress(OSError, ValueError, EOFError), Wire(self.broker) as wire:
            while True:
                request = self.pages.take()
                self.requests.append(request)
                answer = json.dumps({"status": 200, "content": request["path"]})
                wire.ask(f"SEND :- {request['reply_channel']} {answer}")

    def metric(self, name: str) -> int:
        lines = get(self.metrics, "/metrics").body.decode().splitlines()
        return next(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + " "))

    def close(self) -> None:
        self.pages.close()
        self.sockets.close()


@pytest.fixture(params=["serve", "up"])
def site(house, request):
    site = Site(house, request.param)
    yield site
    site.close()


def open_socket(port: int):
    return connect(f"ws://127.0.0.1:{port}/live", open_timeout=PATIENCE, close_timeout=PATIENCE)


def test_requests_are_served_on_every_loop(site):
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(2 * LOOPS):
            clients.append(http.client.HTTPConnection("127.0.0.1", site.http, timeout=PATIENCE))
            stack.callback(clients[-1].close)
        for turn in range(20):
            for number, client in enumerate(clients):
                client.request("GET", f"/{number}/{turn}")
                response = client.getresponse()
                assert (response.status, response.read()) == (200, f"/{number}/{turn}".encode())
        assert site.metric("seaway_connections_open") == len(clients)
        assert site.metric("seaway_http_answers_total") == 20 * len(clients)
    replies = [request["reply_channel"].split("!") for request in site.requests]
    assert len({mailbox for mailbox, _ in replies}) == LOOPS
    assert len({number for _, number in replies}) == len(replies)


def test_a_group_on_all_loops_gets_everything_in_order(site):
    rounds = 300
    with contextlib.ExitStack() as stack:
        browsers = [stack.enter_context(open_socket(site.http)) for _ in range(2 * LOOPS)]
        with Wire(site.broker) as sender:
            until(
                lambda: sender.ask('GSEND :- room {"text":"here"}') == f"OK sent={len(browsers)} full=0 gone=0",
                "all are in the group",
            )
            for number in range(rounds):
                assert sender.ask(f'GSEND :- room {{"text":"{number}"}}').endswith("full=0 gone=0")
        for browser in browsers:
            browser.send("mine")
        for browser in browsers:
            heard: list[str] = []
            while heard[-1:] != ["mine"]:
                heard.append(browser.recv(PATIENCE))
            assert [text for text in heard if text.isdigit()] == [str(number) for number in range(rounds)]
        assert site.metric("seaway_websocket_open") == len(browsers)
        with Wire(site.broker) as wire:
            numbers = [int(name.split("!")[1].split(".")[0]) for name in wire.look("MEMBERS room")["members"]]
        # A socket's number says on which loop it is.
        assert {number % LOOPS for number in numbers} == set(range(LOOPS))


def test_a_server_that_leaves_ends_the_sockets_of_all_loops(site):
    with contextlib.ExitStack() as stack:
        browsers = [stack.enter_context(open_socket(site.http)) for _ in range(2 * LOOPS)]
        done: list[int] = []
        leaving = threading.Thread(target=lambda: done.append(site.server.terminate()))
        leaving.start()
        for browser in browsers:
            with pytest.raises(ConnectionClosed) as told:
                browser.recv(PATIENCE)
            assert told.value.rcvd is not None and told.value.rcvd.code == 1001
        leaving.join()
        assert done == [0]
    until(lambda: len(site.sockets.disconnects) == len(browsers), "every end is told")
    assert {event["code"] for event in site.sockets.disconnects} == {1001}


def test_the_limit_of_connections_is_of_all_loops(house):
    broker, port, metrics = free_port(), free_port(), free_port()
    house.broker(broker)
    options = ["--loops", str(LOOPS), "--max-http-connections", "4", "--metrics", f"127.0.0.1:{metrics}"]
    house.server(port, broker, *options)
    # Whoever has asked whether it listens has left.
    until(lambda: b"\nseaway_connections_open 0\n" in get(metrics, "/metrics").body, "nobody is there")
    # Whose requests are under way give no place away (I34): each is told that it may send the body.
    post = b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n"
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(4):
            clients.append(stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE)))
            clients[-1].sendall(post)
            assert clients[-1].recv(65_536).startswith(b"HTTP/1.1 100 ")
        for _ in range(LOOPS):
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as late:
                assert b"Too many connections" in late.recv(65_536)
        # All others have their place.
        for client in clients:
            client.sendall(b"none\r\n")
            assert client.recv(65_536).startswith(b"HTTP/1.1 400 ")


@pytest.mark.skipif(sys.platform != "linux", reason="threads have names in /proc")
def test_a_server_with_its_broker_leaves_a_core_to_its_workers(house, ports):
    serve = house.server(ports[1], ports[0])
    place = ["--listen", f"127.0.0.1:{free_port()}", "--http", f"127.0.0.1:{(port := free_port())}"]
    up = house.listening(house.start([SEAWAY, "up", *place]), port)
    assert loops(serve) >= 1
    assert loops(up) == max(1, loops(serve) - 1)


def loops(program) -> int:
    """How many threads are event loops."""
    threads = pathlib.Path(f"/proc/{program.process.pid}/task").glob("*/comm")
    return sum(thread.read_text().startswith("NIO-ELT-") for thread in threads)
