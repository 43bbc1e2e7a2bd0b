"""Peers that are broken or mean: nothing they do stops the broker, makes it grow, or reaches another connection."""

import contextlib
import random
import socket

import pytest

from harness import PATIENCE, Wire, get, until


def connections(wire: Wire) -> int:
    return wire.look("STATS")["connections"]


def is_alone(wire: Wire):
    until(lambda: connections(wire) == 1, "all other connections have ended")


def test_a_peer_that_stops_reading_costs_neither_memory_nor_time(house, ports):
    broker = house.broker(ports[0], "--unread-timeout", "60s")
    body = '{"text":"' + "x" * 60_000 + '"}'
    with Wire(ports[0]) as stuck, Wire(ports[0]) as sender, Wire(ports[0]) as reader:
        stuck.listen("stuck", credit=1_000_000)
        reader.listen("fine", credit=1_000_000)
        before = broker.memory()
        refused = False
        for _ in range(2_000):
            refused = sender.ask(f"SEND :- stuck {body}").startswith("ERR full")
            if refused:
                break
            assert sender.ask('SEND :- fine {"n":1}') == "OK"
            assert reader.take() == {"n": 1}
        assert refused, "the channel of a reader that stands still never became full"
        assert broker.memory() - before < 32 << 20


def test_a_peer_that_takes_nothing_for_too_long_is_sent_away(house, ports):
    house.broker(ports[0], "--unread-timeout", "300ms")
    body = '{"text":"' + "x" * 60_000 + '"}'
    with Wire(ports[0]) as sender:
        stuck = Wire(ports[0])
        stuck.listen("stuck", credit=1_000_000)
        while sender.ask(f"SEND :- stuck {body}") == "OK":
            pass
        is_alone(sender)
        assert sender.look("STATS")["ended"]["slow"] == 1
        stuck.close()


@pytest.mark.parametrize("beginning", ["SE", "SEND :1000 chat", 'SEND :1000 chat\n{"text":', 'SEND :- chat {"text":'])
@pytest.mark.parametrize("end", ["fin", "rst"])
def test_a_peer_that_vanishes_in_a_frame_leaves_nothing(house, ports, beginning, end):
    house.broker(ports[0])
    with Wire(ports[0]) as wire:
        for _ in range(20):
            peer = Wire(ports[0])
            assert peer.ask("PING") == "PONG"
            peer.write(beginning)
            peer.close() if end == "fin" else peer.reset()
        is_alone(wire)
        stats = wire.look("STATS")
        assert (stats["messages"], stats["channels"]) == (0, 0)


def test_a_frame_that_stays_unfinished_ends_its_connection(house, ports):
    house.broker(ports[0], "--frame-timeout", "200ms")
    with Wire(ports[0]) as peer:
        assert peer.ask("PING") == "PONG"
        peer.write("SEND :1000 chat\n{")
        assert peer.read()[0].startswith("BYE idle")


def test_random_bytes_reach_nobody_else(house, ports):
    broker = house.broker(ports[0], "--frame-timeout", "300ms")
    source = random.Random(7411)
    with Wire(ports[0]) as wire, Wire(ports[0]) as reader:
        reader.listen("chat", credit=1_000_000)
        for number in range(300):
            peer = socket.create_connection(("127.0.0.1", ports[0]), timeout=PATIENCE)
            greeting = b"PING\n" if number % 2 else b""
            # The broker may be quicker to close.
            with contextlib.suppress(OSError):
                peer.sendall(greeting + source.randbytes(source.randrange(1, 5_000)))
            peer.close()
            if number % 50 == 0:
                assert wire.ask(f'SEND :- chat {{"n":{number}}}') == "OK"
                assert reader.take() == {"n": number}
        until(lambda: connections(wire) == 2, "the broken connections have ended")
    assert broker.is_running


def test_random_bytes_to_the_http_port_do_no_harm(house, ports):
    broker_port, http_port = ports
    house.broker(broker_port)
    server = house.server(http_port, broker_port, "--head-timeout", "300ms", "--http-timeout", "300ms")
    source = random.Random(8000)
    for number in range(300):
        peer = socket.create_connection(("127.0.0.1", http_port), timeout=PATIENCE)
        beginning = b"GET / HTTP/1.1\r\nHost: a\r\n" if number % 2 else b""
        # The server may be quicker to close.
        with contextlib.suppress(OSError):
            peer.sendall(beginning + source.randbytes(source.randrange(1, 5_000)))
        peer.close()
    assert get(http_port, "/").status == 504
    assert server.is_running


@pytest.mark.parametrize(
    "greeting", [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", bytes.fromhex("1603010200010001fc0303")]
)
def test_a_web_page_or_a_tls_hello_cannot_type_into_a_broker(house, ports, greeting):
    house.broker(ports[0])
    peer = socket.create_connection(("127.0.0.1", ports[0]), timeout=PATIENCE)
    peer.sendall(greeting + b'SEND :- chat {"n":1}\n')
    try:
        answer = b"".join(iter(lambda: peer.recv(4096), b""))
    except ConnectionResetError:
        answer = b""
    peer.close()
    assert b"OK" not in answer
    with Wire(ports[0]) as wire:
        assert wire.look("STATS")["messages"] == 0
