"""What a broker answers: values, errors, and what makes no sense."""

from __future__ import annotations

import random
from typing import Optional

import pytest
from support import vectors
from support.broker import ROOT

import seaway
from seaway import BadPayload, Refused, SeawayError, _answers, _json, _values
from seaway._errors import refusal
from seaway._frames import Frame


def test_every_code_of_the_protocol_has_its_error() -> None:
    table = (ROOT / "protocol" / "PROTOCOL.md").read_text("utf-8").split("| code |")[1].split("\n\n")[0]
    codes = [row.split("`")[1] for row in table.splitlines() if row.startswith("| `")]
    assert len(codes) > 10
    for code in codes:
        error = refusal(code, {"by": "messages"}, "text")
        if code == "maybe":
            assert type(error) is seaway.Unknown and str(error) == "text"
            continue
        assert isinstance(error, Refused) and type(error) is not Refused
        assert error.code == type(error).code == code
        assert str(error) == f"{code}: text"
        assert type(error).__name__ in seaway.__all__


def test_what_an_answer_holds_is_read() -> None:
    assert _answers.sent(Frame("OK", options={"sent": "2", "full": "1", "gone": "0"})) == (2, 1, 0)
    assert _answers.sent(Frame("OK", options={"sent": "-2", "full": "x"})) == (0, 0, 0)
    assert _answers.flushed(Frame("OK", options={"messages": "3", "memberships": "4"})) == (3, 4)
    assert _answers.members(Frame("DATA", body=b'{"members":["a"],"next":"a"}')) == (["a"], "a")


@pytest.mark.parametrize(
    "body", [None, b"", b"[]", b"{}", b'{"members":1}', b'{"members":[],"next":"a"}', b'{"members":["a"],"next":1}']
)
def test_an_answer_that_makes_no_sense_is_an_error(body: Optional[bytes]) -> None:
    with pytest.raises(SeawayError):
        _answers.members(Frame("DATA", body=body))


def test_random_bodies_are_messages_or_refused() -> None:
    dice = random.Random(vectors.SEED)
    packed = _values.pack({"a": [1, 2.5, "text", b"bytes", None, {"b": True}], "c": -(2**40)})
    text = b'{"a":[1,2.5,"text",{"$bytes":"AP8="},null,{"b":true}],"c":-1099511627776}'
    for _ in range(5_000):
        for body, read in ((packed, _values.unpack), (text, _json.from_json)):
            damaged = bytearray(body)
            for _ in range(dice.randint(1, 3)):
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            try:
                message = read(bytes(damaged[: dice.choice([len(damaged), dice.randrange(len(damaged))])]))
            except BadPayload:
                continue
            assert _values.unpack(_values.pack(message)) == message
