"""The fake broker of the test kit delivers as the real one does: by the same vectors, as far as it goes."""

from __future__ import annotations

import re
from typing import Any, Dict, List

import pytest
from support import vectors

from seaway.testing import FakeBroker
from seaway.testing._wire import Connection

#: Bounds that it has not, and durable channels.
WITHOUT = {"max-held", "max-delayed", "max-keys", "durable"}
#: Requirements that it does not keep: watches, tails, reports, limits of memory and connections, tokens, an end.
BEYOND = re.compile("[TYUX][0-9]+|M[1-9]|L7|D6|D15|S5|S14")
#: It keeps all bodies in MessagePack: it counts their bytes so, and JSON does not come back as it was written. It tells
#: memberships as often as it is asked, and what waits of a group message begins with another channel. It does not flush
#: what is for later, and shows less of messages and channels.
KEEPS_OTHERWISE = {
    "delivery-233",
    "delivery-234",
    "delivery-235",
    "delivery-060",
    "delivery-071",
    "delivery-201",
    "delivery-202",
}


def is_within(vector: vectors.Vector) -> bool:
    steps: List[Dict[str, Any]] = vector["steps"]
    is_beyond = any(BEYOND.fullmatch(name) for name in vector["spec"]) or vector["id"] in KEEPS_OTHERWISE
    is_beyond = is_beyond or not WITHOUT.isdisjoint(vector.get("options", {}))
    return not is_beyond and not any({"stall", "shutdown", "tokens", "eof"} & set(step) for step in steps)


VECTORS = [parameter for parameter in vectors.load("delivery") if is_within(parameter.values[0])]


def numbers(rules: Any, read: Any) -> Dict[str, Any]:
    return {pattern: read(value) for pattern, value in (rule.split("=") for rule in rules)}


def seconds(text: Any) -> float:
    return float(str(text).replace("ms", "")) / 1000


def broker(options: Dict[str, Any]) -> FakeBroker:
    settings: Dict[str, Any] = {}
    if "capacity" in options:
        settings["capacity"] = numbers(options["capacity"], lambda value: int(value.split(",")[0]))
    if "expiry" in options:
        settings["expiry"] = numbers(options["expiry"], seconds)
    if "mailbox-grace" in options:
        settings["grace"] = seconds(options["mailbox-grace"])
    if "tries" in options:
        settings["tries"] = numbers(options["tries"], int)
    for name, setting in (("hold", "hold"), ("return", "return_"), ("once-window", "once_window")):
        if name in options:
            settings[setting] = seconds(options[name])
    return FakeBroker(**settings)


@pytest.mark.parametrize("vector", VECTORS)
def test_it_delivers_by_the_vectors(vector: vectors.Vector) -> None:
    fake = broker(vector.get("options", {}))
    connections: Dict[str, Connection] = {}
    for step in vector["steps"]:
        if "advance" in step:
            fake.clock.advance(step["advance"] / 1000)
            continue
        name = step.get("on", "a")
        connection = connections.get(name) or connections.setdefault(name, Connection(fake))
        if "c" in step or "c_hex" in step:
            connection.hear(vectors.data(step, "c"))
        elif "drop" in step:
            connection.end()
        elif "closed" in step:
            assert connection.is_over
        else:
            expected = re.escape(vectors.data(step, "s")).replace(re.escape("…".encode()), b"[^\n]*")
            said = connection.take_output()
            # White space before what may be anything need not be there.
            assert re.fullmatch(expected.replace(b"\\ [^\n]*", b"(?: [^\n]*)?"), said), (said, step)
    assert [connection.take_output() for connection in connections.values()] == [b""] * len(connections)


def test_most_of_the_vectors_are_run() -> None:
    assert len(VECTORS) >= 85
