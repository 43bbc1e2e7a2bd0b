"""A worker with just the rights that INTERFACE.md, section 11, names neither spoils nor reads what is another's."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import re

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from access import RIGHTS, TokenFile
from harness import PATIENCE, Wire, free_port, get, metric, until

# What a worker's `receive_channel` needs, besides what every site has.
SERVER = {**RIGHTS["server"], "send": RIGHTS["server"]["send"] + " websocket.worker.*!*"}
GUESSES = 2_000


class Worker:
    """Two connections with one token: one that is delivered to, and one that asks."""

    def __init__(self, port: int, token: str, *channels: str):
        self.reader = Wire(port)
        self.asker = Wire(port)
        for wire in (self.reader, self.asker):
            assert wire.ask(f"HELLO 1 token={token}").startswith("HELLO 1 ")
        for channel in channels:
            self.reader.listen(channel, 100)

    def send(self, channel: str, **message) -> str:
        return self.asker.ask(f"SEND :- {channel} {json.dumps(message)}")

    def send_all(self, channels: list[str], body: str) -> list[str]:
        """One message to each, in one write; returns the answers."""
        self.asker.write("".join(f"SEND :- {channel} {body}\n" for channel in channels))
        return [self.asker.read()[0] for _ in channels]

    def close(self) -> None:
        self.reader.close()
        self.asker.close()


def guesses(known: str) -> list[str]:
    """What may be tried by who knows one name: numbers to come, alone and with what stands behind the known one's."""
    mailbox, rest = known.split("!")
    found = re.match(r"\d+", rest)
    first = int(found[0]) if found else 0
    behind = rest.removeprefix(found[0] if found else "")
    numbers = range(max(0, first - 20), first + GUESSES)
    return [f"{mailbox}!{n}{tail}" for n in numbers for tail in sorted({"", behind}) if f"{n}{tail}" != rest]


class Site:
    """A broker with tokens, an interface server with two routes, and a worker for each; the metrics beside."""

    def __init__(self, house, ports, tmp_path, routes: str, tokens: dict[str, dict[str, str]]):
        self.http = ports[1]
        self.metrics = free_port()
        tokens_file = TokenFile(tmp_path)
        web = tmp_path / "web.token"
        web.write_text(tokens_file.add("web", **SERVER) + "\n")
        self.tokens = {name: tokens_file.add(name, **rights) for name, rights in tokens.items()}
        house.broker(ports[0], "--tokens", str(tokens_file.path))
        house.server(
            self.http, ports[0], "--token-file", str(web), "--metrics", f"127.0.0.1:{self.metrics}", "--loops", "1",
            *(word for name in "ab" for word in (f"--{routes}route", f"/{name}={self.channel(routes, name)}")),
        )  # fmt: skip

    @staticmethod
    def channel(routes: str, name: str) -> str:
        return f"websocket.connect.{name}" if routes else f"http.request.{name}"

    def dropped(self, family: str, reason: str) -> int:
        return metric(self.metrics, f'seaway_{family}_messages_dropped_total{{reason="{reason}"}}')


@pytest.fixture
def pages(house, ports, tmp_path):
    rights = {name: {"send": "http.response.*!*", "listen": f"http.request.{name}"} for name in "ab"}
    site = Site(house, ports, tmp_path, "", rights)
    workers = [Worker(ports[0], site.tokens[name], f"http.request.{name}") for name in "ab"]
    yield site, *workers
    for worker in workers:
        worker.close()


def test_answers_sent_to_requests_to_come_spoil_none(pages):
    site, evil, good = pages
    with concurrent.futures.ThreadPoolExecutor() as browsers:
        own = browsers.submit(get, site.http, "/a")
        known = evil.reader.take()["reply_channel"]
        assert evil.send(known, status=200) == "OK"
        assert own.result(PATIENCE).status == 200
        forged = guesses(known)
        assert set(evil.send_all(forged, "{}")) == {"OK"}
        # One number of the past is over as well, and all that was sent has come by then.
        until(lambda: site.dropped("http", "unknown") == len(forged), "the server has dropped all of it")
        for count in range(20):
            page = browsers.submit(get, site.http, "/b")
            reply = good.reader.take()["reply_channel"]
            assert good.send(reply, status=200, content=f"honest {count}") == "OK"
            assert page.result(PATIENCE).body == f"honest {count}".encode()
        assert site.dropped("http", "late") == 0


def test_the_request_of_another_route_is_answered_by_nobody_else(pages):
    site, evil, good = pages
    with concurrent.futures.ThreadPoolExecutor() as browsers:
        own = browsers.submit(get, site.http, "/a")
        known = evil.reader.take()["reply_channel"]
        page = browsers.submit(get, site.http, "/b")
        reply = good.reader.take()["reply_channel"]
        forged = guesses(known)
        evil.send_all(forged, '{"status":200,"content":"forged"}')
        until(lambda: site.dropped("http", "unknown") == len(forged), "the server has dropped all of it")
        assert evil.send(known, status=200, content="own") == "OK"
        assert good.send(reply, status=200, content="honest") == "OK"
        assert (own.result(PATIENCE).body, page.result(PATIENCE).body) == (b"own", b"honest")


@pytest.fixture
def sockets(house, ports, tmp_path):
    def rights(name: str) -> dict[str, str]:
        kinds = ("connect", "receive", "disconnect")
        listen = " ".join(f"websocket.{kind}.{name}" for kind in kinds) + " websocket.worker.*!"
        return {"send": "websocket.send.*!* websocket.control.*!* room", "listen": listen, "join": "room"}

    site = Site(house, ports, tmp_path, "websocket-", {name: rights(name) for name in "ab"})
    workers = [
        Worker(ports[0], site.tokens[name], f"websocket.connect.{name}", f"websocket.receive.{name}") for name in "ab"
    ]
    yield site, *workers
    for worker in workers:
        worker.close()


@contextlib.contextmanager
def browser(site: Site, route: str, worker: Worker):
    """An open WebSocket, and what its worker was told of it."""
    with concurrent.futures.ThreadPoolExecutor() as threads:
        opening = threads.submit(connect, f"ws://127.0.0.1:{site.http}/{route}", open_timeout=PATIENCE)
        told = worker.reader.take()
        assert worker.send(told["reply_channel"], accept=True) == "OK"
        with opening.result(PATIENCE) as socket:
            yield socket, told


def test_what_another_routes_browser_says_is_read_by_its_worker_alone(sockets):
    site, evil, good = sockets
    evil.reader.listen("websocket.worker.evil!", 100)
    with browser(site, "a", evil) as (own, told), browser(site, "b", good) as (other, others):
        # Whoever may list a group knows the send channels in it, but no control channel.
        assert good.asker.ask(f"JOIN room {others['reply_channel']}") == "OK"
        (member,) = evil.asker.look("MEMBERS room")["members"]
        control = told["control_channel"]
        forged = [*guesses(control), control.split("!")[0] + "!" + member.split("!")[1]]
        evil.send_all(forged, '{"receive_channel":"websocket.worker.evil!1"}')
        until(lambda: site.dropped("websocket", "unknown") == len(forged), "the server has dropped all of it")
        other.send("password=hunter2")
        assert good.reader.take()["text"] == "password=hunter2"
        # Of its own browser it may have all in its mailbox.
        assert evil.send(control, receive_channel="websocket.worker.evil!1") == "OK"
        own.send("mine")
        assert evil.reader.take()["text"] == "mine"


@pytest.mark.parametrize("channel", ["websocket.receive.b", "http.request.b", "websocket.worker.evil", "games.17"])
def test_the_server_lends_a_worker_none_of_its_own_rights(sockets, channel):
    site, evil, good = sockets
    with browser(site, "a", evil) as (own, told):
        assert evil.send(told["control_channel"], receive_channel=channel) == "OK"
        with pytest.raises(ConnectionClosed) as closed:
            own.recv(PATIENCE)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1011
    with browser(site, "b", good) as (other, _):
        other.send("first")
        assert good.reader.take()["text"] == "first"
