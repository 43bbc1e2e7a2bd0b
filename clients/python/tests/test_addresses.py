"""Where brokers are: what is an address, what is none, and what the environment says."""

from __future__ import annotations

from typing import List

import pytest

import seaway
from seaway import _address, aio


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("127.0.0.1:7000", "127.0.0.1:7000"),
        ("broker", "broker:7411"),
        ("[::1]:7000", "::1:7000"),
        ("[::1]", "::1:7411"),
        ("unix:/run/seaway.sock", "unix:/run/seaway.sock"),
    ],
)
def test_an_address_is_read(text: str, shown: str) -> None:
    assert str(_address.parse(text)) == shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "host is missing"),
        (":7411", "host is missing"),
        ("7411", "host is missing: say HOST:7411"),
        ("tls://7411", "host is missing: say HOST:7411"),
        ("a:", "port is not 1 to 65535"),
        ("a:0", "port is not"),
        ("a:65536", "port is not"),
        ("a:x", "port is not"),
        ("a:٣", "port is not"),
        ("[::1", "say HOST:PORT"),
        ("[::1]7411", "say HOST:PORT"),
        ("unix:", "path of a socket"),
    ],
)
def test_what_is_no_address_is_said(text: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=said):
        _address.parse(text)
    if text:
        monkeypatch.setenv("SEAWAY_BROKER", text)
        with pytest.raises(ValueError, match=said):
            seaway.Layer()


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("there:1", ["there:1"]),
        ("", ["127.0.0.1:7411"]),
        ("a:1,b:2", ["a:1", "b:2"]),
        (" a:1, unix:/run/s  [::1]:3 ", ["a:1", "unix:/run/s", "[::1]:3"]),
    ],
)
def test_the_environment_says_where_the_brokers_are(
    said: str, names: List[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAWAY_BROKER", said)
    assert _address.several(None, None)[0] == names
    with seaway.Layer() as layer:
        for one in (layer, aio.Layer()):
            assert type(one.link).__name__.startswith("Shard") == (len(names) > 1)
    assert _address.several("other:1", None)[0] == ["other:1"]
    assert _address.several(None, ["c:1", "d:1"])[0] == ["c:1", "d:1"]


def test_a_broker_that_the_environment_names_twice_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWAY_BROKER", "a:1,b:2,a:1")
    with pytest.raises(ValueError, match="the broker a:1 is given twice"):
        seaway.Layer()
