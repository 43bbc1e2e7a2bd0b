import pytest

from harness import House, free_port
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
def ports():
    """Two free ports: of the broker and of the interface server."""
    return free_port(), free_port()
