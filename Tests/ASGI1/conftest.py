"""What Tests/System has is used here too: programs, brokers, ports."""

from __future__ import annotations

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "System"))

from asgi1_site import Site
from harness import House
from ports import given_back


@pytest.fixture
def site(tmp_path):
    """A broker; all that a test starts ends with it."""
    house = House(tmp_path)
    with given_back():
        try:
            yield Site(house)
        finally:
            house.end()
