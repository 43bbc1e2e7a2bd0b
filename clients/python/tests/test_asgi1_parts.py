"""What a layer of ASGI 1 is made of: its messages, bodies and bounds, and the ages of memberships. No broker."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Tuple

import pytest

import seaway
from seaway import _asgi1_messages as messages
from seaway._asgi1_bodies import AHEAD, MOST_BODIES, Bodies
from seaway._asgi1_bounds import Bounds
from seaway._asgi1_groups import Ages
from seaway.asgi1 import ChannelLayer

# Messages


def test_an_event_says_of_which_kind_it_is_and_where_its_socket_listens() -> None:
    event = {"reply_channel": "daphne.response.a!b", "path": "/", "text": "hi"}
    assert messages.outgoing("websocket.receive", event) == {
        **event, "type": "websocket.receive", "control_channel": "daphne.response.a!b",
    }  # fmt: skip
    assert messages.outgoing("websocket.receive.shop", event)["type"] == "websocket.receive"


@pytest.mark.parametrize("channel", ["websocket.received", "http.request", "chat", "websocket.send.a!b"])
def test_any_other_message_leaves_as_it_is(channel: str) -> None:
    message = {"reply_channel": "a!b", "text": "hi"}
    assert messages.outgoing(channel, message) is message


def test_an_event_that_is_put_back_keeps_its_control_channel() -> None:
    event = {"reply_channel": "a!b", "control_channel": "c!d", "type": "websocket.connect", "__retries__": 1}
    assert messages.outgoing("websocket.connect", event) is event


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (
            {"status": 200, "headers": [["a", "b"]], "content": "é", "compress": False, "disconnect_channel": "x!1"},
            {"status": 200, "headers": [[b"a", b"b"]], "content": "é".encode()},
        ),
        ({"content": b"x", "offset": 3, "more_content": True}, {"content": b"x", "more_content": True}),
        ({"offset": 3}, {"content": b""}),
        ({}, {"content": b""}),
        ({"disconnect_channel": "http.disconnect.x!1"}, None),
        ({"body_wanted": 524_288}, None),
        (
            {"accept": True, "serial": True, "subprotocol": "a", "headers": [], "receive_channel": "x!1"},
            {"accept": True},
        ),
        ({"accept": False, "status": 404, "content": b"no"}, {"accept": False}),
        ({"text": "", "bytes": None}, {"text": ""}),
        ({"bytes": "é", "reason": "why", "close": 4000}, {"bytes": "é".encode(), "close": 4000}),
        ({"done": 3}, None),
    ],
)
def test_an_interface_server_gets_the_fields_that_it_knows(said: Dict[str, Any], read: Any) -> None:
    assert messages.incoming("daphne.response.abc!def", dict(said)) == read


def test_a_message_on_another_channel_of_a_process_comes_as_it_is() -> None:
    message = {"done": 1, "close": True, "mine": None}
    assert messages.incoming("mine!1", message) == message


def test_a_request_has_bytes_where_they_are_meant_and_no_empty_fields() -> None:
    request = {"query_string": "a=b", "body": "é", "headers": [["host", b"x"]], "body_channel": None, "path": "/"}
    assert messages.incoming("http.request.shop", request) == {
        "query_string": b"a=b", "body": "é".encode(), "headers": [[b"host", b"x"]], "path": "/",
    }  # fmt: skip


# Bodies


class Told:
    """What was said to the reply channels of requests."""

    def __init__(self) -> None:
        self.said: List[Tuple[str, Dict[str, Any]]] = []
        self.bodies = Bodies(lambda channel, message: self.said.append((channel, message)))

    def wanted(self) -> List[int]:
        found = [message["body_wanted"] for _, message in self.said]
        self.said.clear()
        return found


BODY = "http.request.body?k3f9.17.8nC0hPByqrwBZIjL"
REPLY = "http.response.k3f9!17.z10bBjCGRsaicYqz"


def test_a_body_is_asked_for_ahead_of_what_was_taken() -> None:
    told = Told()
    told.bodies.begins(BODY, REPLY)
    told.bodies.wanted(BODY)
    assert told.said == [(REPLY, {"body_wanted": AHEAD})]
    taken = 0
    for _ in range(6):
        piece = {"content": b"x" * 65_536, "offset": taken, "more_content": True}
        assert told.bodies.took(BODY, piece) == {"content": b"x" * 65_536, "more_content": True}
        taken += 65_536
        told.bodies.wanted(BODY)
    assert told.wanted() == [AHEAD, AHEAD + 4 * 65_536]
    assert told.bodies.took(BODY, {"content": b"", "offset": taken}) == {"content": b"", "more_content": False}


@pytest.mark.parametrize(
    "piece",
    [{"content": b"b", "offset": 5, "more_content": True}, {"content": b"", "offset": 1, "closed": True}],
    ids=["hole", "closed"],
)
def test_a_body_whose_rest_does_not_come_is_closed(piece: Dict[str, Any]) -> None:
    told = Told()
    told.bodies.begins(BODY, REPLY)
    told.bodies.wanted(BODY)
    told.bodies.took(BODY, {"content": b"a", "offset": 0, "more_content": True})
    assert told.bodies.took(BODY, piece) == {"content": b"", "closed": True, "more_content": False}
    assert told.wanted() == [AHEAD]
    # It is forgotten, like one whose request came to another process.
    told.bodies.wanted(BODY)
    assert told.wanted() == []
    assert told.bodies.took(BODY, {"content": b"a"}) == {"content": b"", "closed": True, "more_content": False}


def test_of_too_many_bodies_the_oldest_are_taken_for_broken() -> None:
    told = Told()
    for number in range(MOST_BODIES + 1):
        told.bodies.begins(f"{BODY}{number}", REPLY)
    told.bodies.wanted(f"{BODY}0")
    assert told.wanted() == []
    told.bodies.wanted(f"{BODY}1")
    assert told.wanted() == [AHEAD]


# Bounds


def test_the_first_capacity_whose_pattern_matches_counts_and_a_mailbox_is_bounded_as_a_whole() -> None:
    bounds = Bounds("", 60, 100, {"http.request*": 200, re.compile("^a.b$"): 5, "daphne.*!": 7})
    assert bounds.of("http.request") == " Capacity=200 Expiry=60000"
    assert bounds.of("axb") == " Capacity=5 Expiry=60000"
    assert bounds.of("other") == " Capacity=100 Expiry=60000"
    assert bounds.of("daphne.response.x!y") == " Capacity=daphne.response.x!:7,7 Expiry=60000"
    assert bounds.of_group == " Capacity=http.request*:200,http.request*!:200,daphne.*!:7,*!:100,100 Expiry=60000"


def test_a_prefix_stands_in_the_patterns_too() -> None:
    bounds = Bounds("shop.", 1, 10, {"a*": 3})
    assert bounds.of("a!b") == " Capacity=shop.a!:3,3 Expiry=1000"
    assert bounds.of_group.startswith(" Capacity=shop.a*:3,shop.a*!:3,")


@pytest.mark.parametrize(
    "options", [{"capacity": 0}, {"expiry": 0}, {"expiry": 90_000}, {"channel_capacity": {"a": 0}}]
)
def test_bounds_that_are_none_are_refused(options: Dict[str, Any]) -> None:
    with pytest.raises(seaway.BadOption):
        ChannelLayer(["127.0.0.1:1"], **options)


# Ages of memberships


def test_a_membership_ends_when_it_is_too_old_unless_it_was_made_again() -> None:
    now = [0.0]
    ages = Ages(10, lambda: now[0])
    for channel in ("a", "b", "c"):
        ages.made("g", channel)
    now[0] = 5
    ages.made("g", "a")
    ages.ended("g", "c")
    now[0] = 10
    assert ages.take_old() == [("g", "b")]
    assert ages.take_old() == []
    now[0] = 15
    assert ages.take_old() == [("g", "a")]
