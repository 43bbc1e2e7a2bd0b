import pytest

from harness import House, free_port


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
