"""Requests and events of WebSockets outlive their workers (INTERFACE.md, I70 to I73, W31; PROTOCOL.md, S14)."""

from __future__ import annotations

import http.client
import json
import pathlib
import sys
import threading
import time

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from harness import PATIENCE, House, Program, Wire, free_port, get, until
from test_broker_loss import UPGRADE, Asked

#: None of these times is to be what ends a request here.
LONG = ["--http-timeout", "60s", "--websocket-connect-timeout", "60s", "--loops", "2"]
#: What "at once" may take on a machine that does other things too.
MARGIN = 2.0


def worker(house: House, broker: int, credit: int = 10, pause: float = 0.0) -> Program:
    script = pathlib.Path(__file__).with_name("acked_worker.py")
    before = house.readers(broker, "http.request")
    program = house.start([sys.executable, script, broker, credit, pause])
    until(lambda: house.readers(broker, "http.request") > before, "the worker listens")
    return program


def held(broker: int) -> int:
    with Wire(broker) as wire:
        return int(wire.look("STATS")["held"])


class Client(threading.Thread):
    """One that asks again and again on one connection, and keeps what each answer was and how long it took."""

    def __init__(self, port: int, over: threading.Event):
        super().__init__(daemon=True)
        self.port = port
        self.over = over
        #: Status, how often it was given to a worker, and milliseconds.
        self.answers: list[tuple[int, int, float]] = []
        self.start()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        while not self.over.is_set():
            began = time.monotonic()
            connection.request("GET", "/")
            response = connection.getresponse()
            body = response.read()
            times = int(body.split()[0]) if response.status == 200 else 0
            self.answers.append((response.status, times, 1_000 * (time.monotonic() - began)))
        connection.close()


@pytest.mark.timeout(120)
def test_nobody_notices_that_workers_are_killed_under_load(house, ports):
    broker, port = ports
    house.broker(broker)
    house.server(port, broker, *LONG)
    workers = [worker(house, broker, pause=0.002) for _ in range(4)]
    over = threading.Event()
    clients = [Client(port, over) for _ in range(12)]
    for _ in range(6):
        count = sum(len(client.answers) for client in clients)
        until(lambda count=count: sum(len(each.answers) for each in clients) > count + 200, "requests are answered")
        workers.pop(0).kill()
        workers.append(worker(house, broker, pause=0.002))
    over.set()
    for client in clients:
        client.join(PATIENCE)
    answers = [answer for client in clients for answer in client.answers]
    assert {status for status, _, _ in answers} == {200}
    assert max(milliseconds for _, _, milliseconds in answers) < 1_000 * MARGIN
    again = sorted(milliseconds for _, times, milliseconds in answers if times == 2)
    assert again, "no worker was killed with a request in hand"
    print(f"{len(again)} of {len(answers)} were answered by another worker, the slowest in {again[-1]:.1f} ms")


@pytest.mark.timeout(60)
def test_a_post_in_the_hand_of_a_killed_worker_is_answered_at_once_and_a_get_by_another(house, ports):
    broker, port = ports
    house.broker(broker)
    house.server(port, broker, *LONG)
    first = worker(house, broker)
    post = Asked(port, "/never", body=b"x")
    until(lambda: held(broker) == 1, "the worker has the request")
    # One for the next, which does not take it while the first is there: it has none of its credit left for others.
    asked = Asked(port, "/never")
    until(lambda: held(broker) == 2, "the worker has both")
    began = time.monotonic()
    first.kill()
    assert post.status() == 502
    assert post.at - began < MARGIN
    assert post.answer is not None and post.answer.body == b"The worker was lost before it had answered.\n"
    with Wire(broker) as second:
        second.write("LISTEN http.request Ack=1\nREADY 1\n")
        assert second.read()[0] == "OK"
        line, body = second.read()
        words = line.split(" ")
        assert words[4] == "times=2", line
        channel = json.loads(body or b"")["reply_channel"]
        second.write(f'SEND :- {channel} {words[3].replace("ack", "Ack")} {{"status":204}}\n')
        assert asked.status() == 204


@pytest.mark.timeout(60)
def test_without_a_worker_the_answer_is_there_when_patience_ends(house, ports):
    broker, port = ports
    house.broker(broker)
    house.server(port, broker, "--no-worker-patience", "500ms", *LONG)
    began = time.monotonic()
    asked = [Asked(port, "/"), Asked(port, "/", body=b"x"), Asked(port, "/live", UPGRADE)]
    for each in asked:
        assert each.status() == 503
        assert 0.4 < each.at - began < 0.5 + MARGIN
        assert each.answer is not None and each.answer.headers["retry-after"] == "1"
        assert each.answer.body == b"No worker is there.\n"


@pytest.mark.timeout(60)
def test_requests_that_wait_while_all_workers_die_are_told_when_patience_ends(house, ports):
    broker, port = ports
    house.broker(broker)
    house.server(port, broker, "--no-worker-patience", "500ms", *LONG)
    workers = [worker(house, broker, credit=1) for _ in range(2)]
    asked = [Asked(port, "/never") for _ in range(6)]
    until(lambda: held(broker) == 2, "both have as much as they take")
    for each in workers:
        each.kill()
    began = time.monotonic()
    for request in asked:
        assert request.status() == 503
        assert request.at - began < 0.5 + MARGIN


@pytest.mark.timeout(60)
def test_each_of_several_brokers_reports_what_it_had(house, ports):
    brokers = [ports[0], free_port()]
    for broker in brokers:
        house.broker(broker)
    house.server(ports[1], brokers[0], "--broker", f"127.0.0.1:{brokers[1]}", *LONG)
    workers = [Wire(broker) for broker in brokers]
    for each in workers:
        each.write("LISTEN http.request Ack=1\nREADY 9\n")
        assert each.read()[0] == "OK"
    asked = [Asked(ports[1], "/", body=b"x") for _ in range(8)]
    # The channel of each answer belongs to one of the two, whichever has the request.
    until(lambda: sum(held(broker) for broker in brokers) == 8, "the workers have them")
    assert all(held(broker) for broker in brokers)
    began = time.monotonic()
    for each in workers:
        each.close()
    for request in asked:
        assert request.status() == 502
        assert request.at - began < MARGIN


@pytest.mark.timeout(60)
def test_without_patience_there_is_an_answer_at_once(house, ports):
    broker, port = ports
    house.broker(broker)
    house.server(port, broker, "--no-worker-patience", "0", "--retry", "none", *LONG)
    assert get(port, "/").status == 503
    first = worker(house, broker, credit=1)
    asked = Asked(port, "/never")
    until(lambda: held(broker) == 1, "the worker has it")
    first.kill()
    assert asked.status() == 502
    assert get(port, "/").status == 503


class Socket:
    """A browser whose messages are taken by raw workers that acknowledge."""

    CHANNELS = "LISTEN websocket.connect websocket.receive websocket.disconnect Ack=1"

    @classmethod
    def worker(cls, broker: int, credit: int) -> Wire:
        wire = Wire(broker)
        wire.write(f"{cls.CHANNELS}\nREADY {credit}\n")
        assert wire.read()[0] == "OK"
        return wire

    @staticmethod
    def take(wire: Wire) -> tuple[dict, str, int]:
        """The next event, its ID, and how often it was delivered."""
        while True:
            line, body = wire.read()
            if line.startswith("MSG "):
                words = dict(word.split("=", 1) for word in line.split(" ") if "=" in word)
                return json.loads(body or b""), words["ack"], int(words["times"])

    @staticmethod
    def send(wire: Wire, channel: str, tag: str, message: dict) -> None:
        wire.write(f"SEND :- {channel} Ack={tag} {json.dumps(message)}\n")


@pytest.mark.timeout(60)
def test_an_event_of_a_killed_worker_is_done_by_another_in_order(house, ports):
    broker, port = ports
    # What the broker delivers again by itself would be too late.
    house.broker(broker, "--return", "60s")
    house.server(port, broker, *LONG)
    first = Socket.worker(broker, 1)
    opened: list = []
    opening = threading.Thread(target=lambda: opened.append(connect(f"ws://127.0.0.1:{port}/live")), daemon=True)
    opening.start()
    event, _, times = Socket.take(first)
    assert event["type"] == "websocket.connect" and times == 1
    first.close()
    # The connect comes at once, from the server.
    second = Socket.worker(broker, 1)
    event, tag, times = Socket.take(second)
    assert event["type"] == "websocket.connect" and times == 2
    Socket.send(second, event["reply_channel"], tag, {"accept": True, "serial": True})
    opening.join(PATIENCE)
    with opened[0] as socket:
        for text in ("one", "two", "three"):
            socket.send(text)
        second.write("READY 1\n")
        event, _, times = Socket.take(second)
        assert (event["text"], event["order"], times) == ("one", 1, 1)
        third = Socket.worker(broker, 9)
        began = time.monotonic()
        second.close()
        seen = []
        for _ in range(3):
            event, tag, times = Socket.take(third)
            seen.append((event["text"], times))
            Socket.send(third, event["control_channel"], tag, {"done": event["order"]})
        assert seen == [("one", 2), ("two", 1), ("three", 1)]
        assert time.monotonic() - began < MARGIN
    event, _, _ = Socket.take(third)
    assert event["type"] == "websocket.disconnect" and event["order"] == 4
    third.close()


@pytest.mark.timeout(60)
def test_a_disconnect_of_a_killed_worker_is_given_out_again_by_the_broker(house, ports):
    broker, port = ports
    house.broker(broker, "--return", "100ms")
    house.server(port, broker, *LONG)
    first = Socket.worker(broker, 9)
    opened: list = []
    opening = threading.Thread(target=lambda: opened.append(connect(f"ws://127.0.0.1:{port}/live")), daemon=True)
    opening.start()
    event, tag, _ = Socket.take(first)
    Socket.send(first, event["reply_channel"], tag, {"accept": True, "serial": True})
    opening.join(PATIENCE)
    with opened[0]:
        pass
    event, _, times = Socket.take(first)
    assert event["type"] == "websocket.disconnect" and times == 1
    first.close()
    second = Socket.worker(broker, 1)
    event, _, times = Socket.take(second)
    assert event["type"] == "websocket.disconnect" and times == 2
    second.close()


@pytest.mark.timeout(60)
def test_a_browser_whose_second_worker_is_lost_is_told_at_once(house, ports):
    broker, port = ports
    house.broker(broker)
    house.server(port, broker, *LONG)
    failed: list[int] = []

    def ask() -> None:
        try:
            connect(f"ws://127.0.0.1:{port}/live", open_timeout=PATIENCE)
        except InvalidStatus as error:
            failed.append(error.response.status_code)

    asking = threading.Thread(target=ask, daemon=True)
    first = Socket.worker(broker, 1)
    asking.start()
    assert Socket.take(first)[0]["type"] == "websocket.connect"
    second = Socket.worker(broker, 1)
    first.close()
    assert Socket.take(second)[2] == 2
    second.close()
    asking.join(MARGIN + 1)
    assert failed == [502]
