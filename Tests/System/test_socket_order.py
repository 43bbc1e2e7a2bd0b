"""What several brokers do to the order of a socket's events, and to its end (W5, W6, W16).

The workers speak the wire themselves, so that nothing but the server and the brokers is tried.
"""

from __future__ import annotations

import contextlib
import json
import threading

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from harness import PATIENCE, SEAWAY, House, Wire, free_port, until
from relay import Relay

ROOM = "room"
SOCKETS = 8
MESSAGES = 40
LOOPS = 2


class Worker:
    """One of several at both brokers: each of its two connections takes an event at a time, and both work at once.

    It joins every socket to the room, and sends what one says to all. An event of a serial socket is done with that.
    """

    def __init__(self, brokers: list[int], serial: bool = True):
        self.serial = serial
        #: (socket, order, broker) of each receive as it came, and what each disconnect found.
        self.seen: list[tuple[str, int, int]] = []
        self.places: dict[str, int] = {}
        self.ends: list[tuple[str, list[list[str]]]] = []
        self._brokers = brokers
        self._wires: list[Wire] = []
        for place, broker in enumerate(brokers):
            listening = self._wire(broker)
            assert listening.ask("LISTEN websocket.connect websocket.receive websocket.disconnect") == "OK"
            listening.write("READY 1\n")
            # Groups are sent to at one broker, as every client would that knows both.
            sending = [self._wire(each) for each in brokers]
            threading.Thread(target=self._work, args=(place, listening, sending), daemon=True).start()

    def _wire(self, broker: int) -> Wire:
        self._wires.append(Wire(broker))
        return self._wires[-1]

    def _work(self, place: int, listening: Wire, sending: list[Wire]) -> None:
        with contextlib.suppress(OSError, ValueError, EOFError):
            while True:
                self._take(listening.take(), place, sending)
                listening.write("READY 1\n")

    def _take(self, event: dict, place: int, sending: list[Wire]) -> None:
        channel = event["reply_channel"]
        if event["type"] == "websocket.connect":
            self.places[channel] = place
            for wire in sending:
                assert wire.ask(f"JOIN {ROOM} {channel}") == "OK"
            assert self._send(sending[place], channel, {"accept": True, "serial": self.serial}) == "OK"
        elif event["type"] == "websocket.receive":
            self.seen.append((channel, event["order"], place))
            assert sending[0].ask(f"GSEND :- {ROOM} {json.dumps({'text': event['text']})}").startswith("OK sent=")
            assert event.get("serial", False) == self.serial
            if self.serial:
                self._send(sending[place], event["control_channel"], {"done": event["order"]})
        else:
            self.ends.append((channel, [wire.look(f"MEMBERS {ROOM}")["members"] for wire in sending]))

    @staticmethod
    def _send(wire: Wire, channel: str, message: dict) -> str:
        return wire.ask(f"SEND :- {channel} {json.dumps(message)}")

    def close(self) -> None:
        for wire in self._wires:
            wire.close()


class Browser:
    """Says numbered lines without waiting for anything, and keeps what it hears."""

    def __init__(self, port: int, name: int):
        self.name = name
        self.heard: list[tuple[int, int]] = []
        self._open = contextlib.ExitStack()
        self._socket = self._open.enter_context(
            connect(f"ws://127.0.0.1:{port}/", open_timeout=PATIENCE, close_timeout=PATIENCE)
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            for line in self._socket:
                name, number = str(line).split()
                self.heard.append((int(name), int(number)))

    def talk(self) -> None:
        for number in range(MESSAGES):
            self._socket.send(f"{self.name} {number}")

    def close(self) -> None:
        self._open.close()


class Site:
    def __init__(self, house: House, workers: int, serial: bool = True, failover: str = "10s"):
        self.brokers = [free_port(), free_port()]
        for broker in self.brokers:
            house.broker(broker)
        self.relays = [Relay(broker) for broker in self.brokers]
        self.port = free_port()
        given = [word for relay in self.relays for word in ("--broker", f"127.0.0.1:{relay.port}")]
        options = ["--loops", str(LOOPS), "--failover", failover, *given]
        command = [SEAWAY, "serve", "--http", f"127.0.0.1:{self.port}", *options]
        self.server = house.listening(house.start(command), self.port)
        self.workers = [Worker(self.brokers, serial) for _ in range(workers)]
        until(lambda: all(self._listens(broker) for broker in self.brokers), "the server listens at both brokers")

    @staticmethod
    def _listens(broker: int) -> bool:
        """Whether the server reads its mailboxes there: one on each event loop, and two of sockets."""
        with Wire(broker) as wire:
            return wire.look("STATS")["mailboxes"] == LOOPS + 2

    def close(self) -> None:
        for worker in self.workers:
            worker.close()
        for relay in self.relays:
            relay.close()


@pytest.fixture
def site(house):
    sites: list[Site] = []

    def make(**options) -> Site:
        sites.append(Site(house, **options))
        return sites[-1]

    yield make
    for each in sites:
        each.close()


@pytest.mark.timeout(120)
def test_every_browser_sees_one_order_of_each_browsers_lines(site):
    site = site(workers=3)
    browsers = [Browser(site.port, name) for name in range(SOCKETS)]
    until(lambda: sum(len(worker.places) for worker in site.workers) == SOCKETS, "all are in the room")
    for browser in browsers:
        threading.Thread(target=browser.talk, daemon=True).start()
    everything = SOCKETS * MESSAGES
    until(lambda: all(len(browser.heard) == everything for browser in browsers), "everything is heard", patience=60)
    for browser in browsers:
        for name in range(SOCKETS):
            numbers = [number for who, number in browser.heard if who == name]
            assert numbers == list(range(MESSAGES)), f"{browser.name} heard {name} in another order"
    for browser in browsers:
        browser.close()
    until(lambda: sum(len(worker.ends) for worker in site.workers) == SOCKETS, "every end is told")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("serial", [True, False])
def test_all_events_of_a_socket_go_through_one_broker(site, serial):
    site = site(workers=1, serial=serial)
    worker = site.workers[0]
    browsers = [Browser(site.port, name) for name in range(SOCKETS)]
    for browser in browsers:
        browser.talk()
    until(lambda: len(worker.seen) == SOCKETS * MESSAGES, "all events have come", patience=60)
    for channel, place in worker.places.items():
        events = [(order, broker) for who, order, broker in worker.seen if who == channel]
        assert events == [(order, place) for order in range(1, MESSAGES + 1)]
    for browser in browsers:
        browser.close()


def members(site: Site) -> list[list[str]]:
    found = []
    for broker in site.brokers:
        with Wire(broker) as wire:
            found.append(wire.look(f"MEMBERS {ROOM}")["members"])
    return found


@pytest.mark.timeout(120)
def test_a_disconnect_is_told_when_the_memberships_are_gone_at_a_distant_broker_too(site):
    site = site(workers=1, failover="60s")
    worker = site.workers[0]
    leaving = Browser(site.port, 0)
    until(lambda: len(worker.places) == 1, "it is in the room")
    [(channel, near)] = worker.places.items()
    staying = Browser(site.port, 1)
    until(lambda: len(worker.places) == 2, "the other too")
    site.relays[1 - near].hold()
    threading.Thread(target=leaving.close, daemon=True).start()
    until(lambda: channel not in members(site)[near], "its membership is gone at the near broker")
    # Whatever was sent there before this would have come before it.
    staying.talk()
    until(lambda: len(worker.seen) == MESSAGES, "what another says comes")
    assert channel in members(site)[1 - near] and worker.ends == []
    site.relays[1 - near].let_pass()
    until(lambda: worker.ends, "the end is told")
    assert worker.ends[0][0] == channel
    assert all(channel not in found for found in worker.ends[0][1])
    staying.close()


@pytest.mark.timeout(120)
def test_a_broker_that_hangs_holds_a_disconnect_up_no_longer_than_the_failover_time(site):
    site = site(workers=1, failover="1s")
    worker = site.workers[0]
    browser = Browser(site.port, 0)
    until(lambda: len(worker.places) == 1, "it is in the room")
    [(channel, near)] = worker.places.items()
    site.relays[1 - near].hold()
    threading.Thread(target=browser.close, daemon=True).start()
    until(lambda: worker.ends, "the end is told")
    assert worker.ends[0][0] == channel and channel not in worker.ends[0][1][near]
