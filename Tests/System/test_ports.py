"""Two tests never get one port, nor does anybody else while a test has it."""

from __future__ import annotations

import errno
import socket
import sys

import pytest

from harness import Wire
from ports import free_port, given_back

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ports are held on Linux alone")


def bind(port: int) -> int:
    """The error of binding a socket that may not share, 0 if there is none."""
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno or -1
        return 0


def test_a_held_port_is_nobodys_until_it_is_given_back():
    with given_back():
        port = free_port()
        assert bind(port) == errno.EADDRINUSE
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 1)
    assert bind(port) == 0


def test_a_broker_listens_on_a_held_port_again_and_again(house):
    port = free_port()
    for _ in range(2):
        broker = house.broker(port)
        with Wire(port) as wire:
            assert wire.ask("PING") == "PONG"
        assert broker.terminate() == 0
    assert bind(port) == errno.EADDRINUSE


def test_neither_a_listener_on_any_port_nor_a_client_is_given_a_held_one():
    """However it chooses: here often enough that one of fifty would be met."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as range_file:
        first, last = map(int, range_file.read().split())
    with given_back():
        held = {free_port() for _ in range(50)}
        assert len(held) == 50 and all(first <= port <= last for port in held)
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
            given = set()
            for _ in range(2_000):
                with socket.socket() as any_port, socket.create_connection(listener.getsockname()) as client:
                    any_port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    any_port.bind(("127.0.0.1", 0))
                    given |= {any_port.getsockname()[1], client.getsockname()[1]}
                listener.accept()[0].close()
        assert not given & held
