"""What a client parses and prints is what protocol/vectors says, however the bytes were cut."""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pytest
from support import vectors
from support.vectors import Vector

from seaway import BadName, BadPayload, _json, _names, _values
from seaway._core import MAX_RECEIVED
from seaway._frames import Frame, FrameParser
from seaway._requests import answer
from seaway._session import Session

Cut = Callable[[bytes], Iterator[bytes]]
CUTS = [vectors.uncut, vectors.byte_by_byte, vectors.at_random]


# Names


@pytest.mark.parametrize("vector", vectors.load("names"))
def test_a_name_is_taken_for_what_it_is(vector: Vector) -> None:
    check = {
        "channel": _names.channel,
        "listen": _names.listenable,
        "group": _names.group,
        "pattern": _names.pattern,
    }[vector["kind"]]
    name = vectors.data(vector, "name").decode("utf-8", "surrogateescape")
    if not vector["valid"]:
        with pytest.raises(BadName):
            check(name)
        return
    assert check(name) == name, vector["why"]
    if "form" in vector:
        assert _names.form(name) == vector["form"], vector["why"]


# Frames


def as_vector(frame: Frame) -> Dict[str, Any]:
    """A frame in the form of the vectors."""
    if frame.refused is not None:
        return {"verb": frame.verb, "refused": frame.refused}
    shown: Dict[str, Any] = {"verb": frame.verb, "args": frame.args, "options": frame.options}
    if frame.body is not None:
        shown["body"] = frame.body
    if frame.text is not None:
        shown["text"] = frame.text
    return shown


def expected(frame: Dict[str, Any]) -> Dict[str, Any]:
    """A frame of a vector, its strings put together."""
    whole = {key: value for key, value in frame.items() if key != "body_hex"}
    whole["verb"] = vectors.text(frame["verb"])
    if "args" in frame:
        whole["args"] = [vectors.text(argument) for argument in frame["args"]]
        whole["options"] = {key: vectors.text(value) for key, value in frame["options"].items()}
    if "body" in frame or "body_hex" in frame:
        whole["body"] = vectors.data(frame, "body")
    return whole


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.__name__)
@pytest.mark.parametrize("vector", vectors.load("frames"))
def test_bytes_are_parsed_to_frames(vector: Vector, cut: Cut) -> None:
    limits = vector.get("limits", {})
    parser = FrameParser(**{key.replace("-", "_"): value for key, value in limits.items()})
    frames = [as_vector(frame) for piece in cut(vectors.data(vector, "wire")) for frame in parser.feed(piece)]
    assert frames == [expected(frame) for frame in vector["frames"]], vector["why"]
    assert parser.end == vector["end"], vector["why"]
    assert parser.rest == vector["rest"], vector["why"]


# Values


def same(one: Any, other: Any) -> bool:
    """Compares values, the types and the signs of zeros with them."""
    if type(one) is dict and type(other) is dict:
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if type(one) is list and type(other) is list:
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and repr(one) == repr(other)


def as_text(value: Any) -> Any:
    """Bytes that are well-formed UTF-8 come from JSON as a string (V10)."""
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    return value


@pytest.mark.parametrize("vector", vectors.load("values"))
def test_a_message_is_read_from_messagepack_and_json(vector: Vector) -> None:
    if "refused" in vector:
        if "msgpack" in vector:
            with pytest.raises(BadPayload):
                _values.unpack(vectors.data({"body_hex": vector["msgpack"]}, "body"))
        else:
            with pytest.raises(BadPayload):
                _json.from_json(vectors.data(vector, "json"))
        return
    packed = bytes.fromhex(vectors.text(vector["msgpack"]))
    message = _values.unpack(packed)
    from_json = _json.from_json(vectors.data(vector, "json"))
    assert same(as_text(message), as_text(from_json)), vector["why"]
    # What both ways of the translation make is in the shortest forms, as this client writes.
    written = _values.pack(message)
    assert same(_values.unpack(written), message), vector["why"]
    if vector["direction"] in ("both", "to-msgpack") and list(json_pairs(vector)) == list(message):
        assert written == packed, vector["why"]


def json_pairs(vector: Vector) -> List[str]:
    """The keys of the message in JSON, each as often as it stands there."""
    pairs: List[Tuple[str, Any]] = json.loads(vectors.data(vector, "json"), object_pairs_hook=list)
    return [key for key, _ in pairs]


# Sessions and deliveries, seen from the client

#: A body that a vector does not know whole, and its line; and other text that it leaves out.
REST = "…".encode()
UNKNOWN_BODY = re.compile(rb"(DATA|MSG) :\S+(.*)\n[^\n]*" + REST)


class Replayed:
    """One connection of a vector: the client's bytes are its requests, the broker's are heard."""

    def __init__(self, max_body: Optional[int]):
        self._from_client = FrameParser() if max_body is None else FrameParser(max_body=max_body)
        self._session: Session[str] = Session(MAX_RECEIVED)
        self.has_ended = False

    def says(self, wire: bytes) -> None:
        for frame in self._from_client.feed(wire):
            if frame.verb not in ("READY", "PONG"):
                self._session.ask(frame.verb, answer(frame.verb.encode("ascii")))
        self.has_ended = self.has_ended or self._from_client.end is not None

    def hears(self, wire: bytes, cut: Cut) -> None:
        known = UNKNOWN_BODY.sub(rb"\1 :2\2\n{}", wire)
        known = re.sub(rb"(?<=[^ =])" + REST, b" x", known).replace(REST, b"x")
        for piece in cut(known):
            for frame, request in self._session.receive(piece):
                self.has_ended = self.has_ended or request == "QUIT" or ends(frame)
        assert self._session.fault is None, wire

    def unanswered(self) -> List[str]:
        return [] if self.has_ended else self._session.take_unanswered()


def ends(frame: Frame) -> bool:
    """Whether a push is the last word of a connection."""
    return frame.verb == "BYE" and frame.args[0] != "shutdown"


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.__name__)
@pytest.mark.parametrize("vector", vectors.load("sessions") + vectors.load("delivery"))
def test_every_answer_finds_its_request(vector: Vector, cut: Cut) -> None:
    connections: Dict[str, Replayed] = {}
    for step in vector["steps"]:
        on = step.get("on", "a")
        if on not in connections:
            connections[on] = Replayed(vector.get("options", {}).get("max-body"))
        connection = connections[on]
        if "c" in step or "c_hex" in step:
            connection.says(vectors.data(step, "c"))
        elif "s" in step or "s_hex" in step:
            connection.hears(vectors.data(step, "s"), cut)
        elif "closed" in step or "drop" in step or "eof" in step:
            connection.has_ended = True
    assert {on: left for on, one in connections.items() if (left := one.unanswered())} == {}, vector["why"]
