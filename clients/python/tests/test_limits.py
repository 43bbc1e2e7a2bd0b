"""What is beyond a limit is told with it, before it is said."""

from __future__ import annotations

from typing import Any, List

import pytest

import seaway
from seaway import BadName, SeawayError, _http, _names, _websocket, aio
from seaway import _requests as requests


@pytest.mark.parametrize("size", [0, 256, 300])
def test_a_name_out_of_its_limits_is_told_with_them(size: int) -> None:
    said = f"a name has 1 to 255 bytes, this one has {size}"
    checks: List[Any] = [_names.channel, _names.group, _names.listenable, seaway.Channel, seaway.Group, aio.Group]
    for check in checks:
        with pytest.raises(BadName, match=said):
            check("a" * size)
    with pytest.raises(BadName, match=said.replace("a name", "a pattern")):
        _names.pattern("*" * size)
    assert _names.channel("a" * 255)


def test_a_pattern_of_too_many_stars_is_told_how_many_it_may_hold() -> None:
    assert _names.pattern("a*" * 32) and _names.pattern("*" * 255)
    with pytest.raises(BadName, match=r"a pattern has at most 32 \*, this one has 33"):
        _names.pattern("a*" * 33)


def test_bytes_are_counted_not_characters() -> None:
    with pytest.raises(BadName, match="this one has 260"):
        _names.group("ä" * 130)
    with pytest.raises(BadName, match="is no name of a group"):
        _names.group("ä" * 120)
    with pytest.raises(BadName):
        _names.group("\udc80" * 100)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: requests.hello("c" * 65, None, 0), "a client's name has 1 to 64 bytes, this one has 65"),
        (lambda: requests.hello("c", "t" * 256, 0), "a token has 1 to 255 bytes, this one has 256"),
        (lambda: requests.members("g", 1_001), "a page has 1 to 1000 entries, not 1001"),
        (lambda: requests.peek("c", 0, None), "a page has 1 to 1000 entries, not 0"),
        (lambda: _http.answer(headers=[("a", "b")] * 257).packed(), "at most 256 fields, this one has 257"),
        (lambda: _http.answer(headers={"a": "b" * 65_536}).packed(), "at most 65536 bytes, these have 65537"),
        (lambda: _http.answer(600).packed(), "a status is 200 to 599, not 600"),
        (lambda: _websocket.closing(1000, "ä" * 62), "a reason has at most 123 bytes, this one has 124"),
        (lambda: seaway.Layer(hosts=[f"h{number}:1" for number in range(65)]).link, "at most 64 brokers, not 65"),
    ],
)
def test_what_is_beyond_a_limit_is_told_with_it(call: Any, said: str) -> None:
    with pytest.raises((SeawayError, ValueError), match=said):
        call()
