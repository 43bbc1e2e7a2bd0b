"""WebSockets across three real processes: interface server, broker, worker."""

from __future__ import annotations

import contextlib
import json
import re
import threading

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from harness import PATIENCE, SEAWAY, Wire, free_port, get, until


class Acceptor:
    """A worker that accepts every socket into the group `room`, sends messages back, and notes the disconnects."""

    def __init__(self, broker: int):
        self.disconnects: list[dict] = []
        self._listening = Wire(broker)
        self._sending = Wire(broker)
        assert self._listening.ask("LISTEN websocket.connect websocket.receive websocket.disconnect") == "OK"
        self._listening.write("READY 1000000\n")
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        with contextlib.suppress(OSError, ValueError, EOFError):
            while True:
                event = self._listening.take()
                channel = event["reply_channel"]
                if event["type"] == "websocket.connect":
                    self._sending.ask(f"JOIN room {channel}")
                    self._send(channel, {"accept": True})
                elif event["type"] == "websocket.receive":
                    self._send(channel, {"text": event["text"]})
                else:
                    self.disconnects.append(event)

    def _send(self, channel: str, message: dict) -> None:
        assert self._sending.ask(f"SEND :- {channel} {json.dumps(message)}") == "OK"

    def close(self) -> None:
        self._listening.close()
        self._sending.close()


@pytest.fixture
def site(house, ports):
    """A broker that keeps the memberships of an absent reader for half a second, and a worker."""
    broker_port, _ = ports
    house.broker(broker_port, "--mailbox-grace", "500ms")
    worker = Acceptor(broker_port)
    yield worker
    worker.close()


def open_socket(port: int, **options):
    return connect(f"ws://127.0.0.1:{port}/live", open_timeout=PATIENCE, close_timeout=PATIENCE, **options)


def test_what_is_sent_to_a_group_reaches_every_socket_and_each_end_is_told_once(house, ports, site):
    broker_port, http_port = ports
    house.server(http_port, broker_port)
    with Wire(broker_port) as sender, open_socket(http_port) as first, open_socket(http_port) as second:
        first.send("only mine")
        assert first.recv(PATIENCE) == "only mine"
        assert sender.ask('GSEND :- room {"text":"for all"}') == "OK sent=2 full=0 gone=0"
        assert [socket.recv(PATIENCE) for socket in (first, second)] == ["for all"] * 2
        second.close(4000, "enough")
        until(lambda: len(site.disconnects) == 1, "the end of the second socket is told")
        assert (site.disconnects[0]["code"], site.disconnects[0]["reason"]) == (4000, "enough")
        # Membership has ended with it.
        assert sender.ask('GSEND :- room {"text":"left"}') == "OK sent=1 full=0 gone=0"
    until(lambda: len(site.disconnects) == 2, "the end of the first socket is told")
    assert len({event["reply_channel"] for event in site.disconnects}) == 2


def test_presence_stays_true_when_an_interface_server_is_killed(house, ports, site):
    broker_port, http_port = ports
    other_port = free_port()
    house.server(http_port, broker_port)
    doomed = house.server(other_port, broker_port)
    with Wire(broker_port) as watcher, open_socket(http_port), open_socket(other_port), open_socket(other_port):
        watcher.listen("lobby", credit=1_000)
        assert watcher.ask("WATCH room lobby") == "OK"
        whole = watcher.take()
        assert whole["count"] == len(whole["members"]) == 3
        doomed.kill()
        present = set(whole["members"])
        while len(present) > 1:
            news = watcher.take()
            present -= set(news["left"])
            assert news["count"] == len(present) and news["joined"] == []
        watcher.write("MEMBERS room\n")
        line, body = watcher.read()
        assert line.startswith("DATA ") and json.loads(body or b"")["members"] == sorted(present)


def test_sockets_outlive_the_worker_that_accepted_them(house, ports, site):
    broker_port, http_port = ports
    house.server(http_port, broker_port)
    with open_socket(http_port) as browser:
        site.close()
        browser.send("while nobody is there")
        successor = Acceptor(broker_port)
        assert browser.recv(PATIENCE) == "while nobody is there"
        successor.close()


def test_what_a_browser_may_not_is_refused_with_its_reason(house, ports, site):
    broker_port, http_port = ports
    server = house.server(
        http_port, broker_port, "--allow-origin", "https://example.org", "--max-sockets-per-address", "1",
        "--websocket-max-message", "1K",
    )  # fmt: skip
    with pytest.raises(InvalidStatus, match="403"):
        open_socket(http_port, origin="https://evil.example")
    with open_socket(http_port, origin="https://example.org") as browser:
        with pytest.raises(InvalidStatus, match="429"):
            open_socket(http_port)
        browser.send("x" * 1025)
        with pytest.raises(ConnectionClosed) as closed:
            browser.recv(PATIENCE)
        assert closed.value.rcvd and closed.value.rcvd.code == 1009
    until(lambda: [event["code"] for event in site.disconnects] == [1009], "the end is told")
    assert re.search(r"why=origin .*WebSocket refused", server.output())


@pytest.mark.parametrize("command", ["serve", "up"])
def test_every_counter_can_be_read(house, ports, command):
    broker_port, http_port = ports
    metrics_port = free_port()
    addresses = ["--http", f"127.0.0.1:{http_port}", "--metrics", f"127.0.0.1:{metrics_port}"]
    if command == "serve":
        house.broker(broker_port)
        addresses += ["--broker", f"127.0.0.1:{broker_port}"]
    else:
        addresses += ["--listen", f"127.0.0.1:{broker_port}"]
    house.listening(house.start([SEAWAY, command, *addresses]), http_port)
    worker = Acceptor(broker_port)
    with open_socket(http_port):
        text = get(metrics_port, "/metrics").body.decode()
        assert "\nseaway_websocket_open 1\n" in text and "\nseaway_websocket_accepted_total 1\n" in text
    worker.close()
