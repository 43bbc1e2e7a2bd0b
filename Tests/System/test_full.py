"""Every way in which there is no room: 503 with a time to come back, counted by its reason."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from harness import PATIENCE, Wire, free_port, get, metric, until

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
REFUSED = 'seaway_http_refused_total{reason="%s"}'


def send(port: int, text: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(text)
    return connection


def post(size: int, sent: int = 0) -> bytes:
    """A request with a body of so many bytes, of which these are sent."""
    return f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode() + b"." * sent


@dataclass
class Place:
    http: int
    wire: Wire
    metrics: int


Filling = Callable[[Place], list[socket.socket]]


def nothing(_: Place) -> list[socket.socket]:
    return []


def waiting_request(place: Place) -> list[socket.socket]:
    first = send(place.http, GET)
    until(lambda: place.wire.look("PEEK http.request")["messages"] == 1, "a request waits")
    return [first]


def waiting_body(place: Place) -> list[socket.socket]:
    first = send(place.http, post(15_000, 15_000))
    until(lambda: place.wire.look("PEEK http.request")["messages"] == 1, "a request waits")
    return [first]


def many_channels(place: Place) -> list[socket.socket]:
    """As many as there may be."""
    for number in range(100):
        if place.wire.ask(f"SEND :- some.{number} {{}}").startswith("ERR limit"):
            return []
    raise AssertionError("channels have no bound")


def waiting_messages(place: Place) -> list[socket.socket]:
    """All of the broker's memory, in messages that others have sent."""
    body = "." * 60_000
    for number in range(1_000):
        if place.wire.ask(f'SEND :- some.{number % 50} {{"text":"{body}"}}').startswith("ERR full"):
            return []
    raise AssertionError("the broker has no bound")


def waiting_connect(place: Place) -> list[socket.socket]:
    first = send(place.http, UPGRADE)
    until(lambda: place.wire.look("PEEK websocket.connect")["messages"] == 1, "a connect waits")
    return [first]


def a_connection(place: Place) -> list[socket.socket]:
    return [send(place.http, b"")]


def a_body(place: Place) -> list[socket.socket]:
    """One that is received, and takes all that bodies may."""
    return [send(place.http, post(60_000, 50_000))]


@dataclass
class Full:
    name: str
    fill: Filling
    request: bytes
    #: As in the metrics.
    counter: str
    server: tuple[str, ...] = ()
    broker: tuple[str, ...] = ()
    closes: bool = False


#: Those that bound what one may have of all there is.
SHARES = ("connection", "address", "token")

WAYS = [
    Full("the channel is full", waiting_request, GET, REFUSED % "full", broker=("--capacity", "http.request=1")),
    Full("the channel's bytes are full", waiting_body, post(30_000, 30_000), REFUSED % "full",
         broker=("--capacity", "http.request=100,20K")),
    Full("the broker is full", waiting_messages, post(60_000, 60_000), REFUSED % "full",
         # One client alone may fill it.
         broker=("--max-memory", "2M", "--max-body", "100K", *(f"--{whose}-share=100" for whose in SHARES))),
    Full("there are no more channels", many_channels, GET, REFUSED % "refused", broker=("--max-channels", "20")),
    Full("too many connections", a_connection, GET, REFUSED % "too_many_connections",
         server=("--max-http-connections", "1"), closes=True),
    Full("too many bodies", a_body, post(60_000, 50_000), REFUSED % "no_room_for_body",
         server=("--max-buffered-bodies", "64K"), closes=True),
    Full("the channel of sockets is full", waiting_connect, UPGRADE, REFUSED % "full",
         broker=("--capacity", "websocket.connect=1"), closes=True),
    Full("nobody accepts a socket", nothing, UPGRADE, 'seaway_websocket_refused_total{reason="timeout"}',
         server=("--websocket-connect-timeout", "200ms"), closes=True),
]  # fmt: skip


@contextlib.contextmanager
def closing(sockets: list[socket.socket]) -> Iterator[None]:
    try:
        yield
    finally:
        for each in sockets:
            each.close()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name.replace(" ", "-"))
def test_no_room_is_503_with_a_time_to_come_back_and_counted(house, ports, way):
    broker, http = ports
    metrics = free_port()
    house.broker(broker, *way.broker)
    house.server(http, broker, "--metrics", f"127.0.0.1:{metrics}", *way.server)
    # The connection that has seen that it listens is gone again.
    until(lambda: metric(metrics, "seaway_connections_open") == 0, "nobody is connected")
    with Wire(broker) as wire, closing(way.fill(Place(http, wire, metrics))):
        before = metric(metrics, way.counter)
        client = send(http, way.request)
        answer = client.makefile("rb")
        status, fields, _ = head_and_content(answer)
        assert status == 503
        assert fields["retry-after"] == "1"
        assert fields.get("connection") == ("close" if way.closes else None)
        if way.closes:
            # One without a place is not read from, so that its end may be a reset.
            with contextlib.suppress(ConnectionResetError):
                assert answer.read() == b""
        client.close()
        assert metric(metrics, way.counter) == before + 1


def head_and_content(answer) -> tuple[int, dict[str, str], bytes]:
    status = int(answer.readline().split()[1])
    fields = {}
    while line := answer.readline().strip():
        name, _, value = line.decode().partition(":")
        fields[name.lower()] = value.strip()
    return status, fields, answer.read(int(fields["content-length"]))


def test_a_broker_that_is_away_is_503_at_once_and_counted(house, ports):
    broker, http = ports
    metrics = free_port()
    house.server(http, broker, "--metrics", f"127.0.0.1:{metrics}", "--connect-patience", "200ms")
    answer = get(http, "/")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert metric(metrics, REFUSED % "unreachable") == 1
