import pathlib

import pytest

from admin import Admin
from console import Console
from harness import House, Wire, free_port
from https import Site
from ports import given_back


@pytest.fixture(autouse=True)
def held_ports():
    """The ports of a test are its own to its end."""
    with given_back():
        yield


@pytest.fixture
def house(tmp_path):
    """Ends every program of a test with the test."""
    house = House(tmp_path)
    yield house
    house.end()


@pytest.fixture
def settings(tmp_path):
    """A configuration file; what it is given is written to it."""

    def write(text: str) -> pathlib.Path:
        path = tmp_path / "seaway.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def ports():
    """Two free ports: of the broker and of the interface server."""
    return free_port(), free_port()


@pytest.fixture
def clear(house):
    """A site that takes HTTP/2 without TLS."""
    sites: list[Site] = []

    def start(*options: str) -> Site:
        sites.append(Site(house, [], "--http2-cleartext", *options))
        return sites[-1]

    yield start
    for site in sites:
        site.worker.close()


@pytest.fixture
def console(house, ports, tmp_path):
    house.broker(ports[0], "--capacity", "small.*=1", "--drain", "0")
    console = Console(ports[0], tmp_path)
    yield console
    console.end()


@pytest.fixture
def wire(console):
    with Wire(console.port) as wire:
        yield wire


@pytest.fixture
def seen(house, ports):
    """A broker that can be looked at."""
    port = free_port()
    house.listening(house.broker(ports[0], "--admin", f"127.0.0.1:{port}", "--drain", "0"), port)
    return Admin(port)
