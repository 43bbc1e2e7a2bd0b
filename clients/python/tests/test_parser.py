"""Bytes become frames, however they were cut and spoilt. SEED=N draws the same cuts again."""

from __future__ import annotations

import random
from typing import Any, List

import pytest
from support import vectors

from seaway._frames import Frame, FrameParser


def test_nothing_behind_the_end_of_a_stream_is_looked_at() -> None:
    parser = FrameParser()
    assert [frame.verb for frame in parser.feed(b"PING\n\nPING\n")] == ["PING"]
    assert parser.end == "line"
    assert parser.feed(b"PING\n") == []


def test_options_stand_behind_the_arguments() -> None:
    first, second, third = FrameParser().feed(b"MSG :1 a.1 a.2 group=room\nx\nLEFT a=b c\nMSG :0 a.1 a=1 a.2\n\n")
    assert (first.args, first.options, first.body) == (["a.1", "a.2"], {"group": "room"}, b"x")
    assert (second.refused, third.refused) == ("args", "args")


@pytest.mark.parametrize("start", [b"SEND :60000000 a\n", b"SEND :- a {"])
def test_a_body_that_is_skipped_is_not_kept(start: bytes) -> None:
    parser = FrameParser(max_body=10)
    parser.feed(start)
    for _ in range(60):
        assert parser.feed(b"x" * 1_000_000) == []
        assert len(parser._kept) < 100
    (frame,) = parser.feed(b"\n")
    assert (frame.verb, frame.refused) == ("SEND", "size")
    assert [frame.verb for frame in parser.feed(b"PING\n")] == ["PING"]


def test_a_body_by_hand_that_never_ends_ends_the_stream() -> None:
    parser = FrameParser(max_body=10, max_skipped=1_000_000)
    parser.feed(b"SEND :- a {" + b"x" * 999_999)
    assert parser.end is None
    parser.feed(b"x")
    assert parser.end == "limit"


def spoilt(dice: random.Random) -> bytes:
    """Frames, with bytes changed, left out and put in."""
    wire = bytearray()
    for _ in range(dice.randint(1, 6)):
        body = bytes(dice.randrange(256) for _ in range(dice.randint(0, 30)))
        wire += dice.choice(
            [
                b"OK\n",
                b"OK sent=1 full=0\r\n",
                b"ERR full by=messages no room\n",
                b"PING\n",
                b"BYE shutdown in=5\n",
                b"MSG :%d a b group=g\n%b\n" % (len(body), body),
                b'SEND :- a {"n":%d}\n' % len(body),
            ]
        )
    for _ in range(dice.choice([0, 0, 1, 3])):
        place = dice.randrange(len(wire) + 1)
        wire[place : place + dice.randint(0, 2)] = bytes(
            dice.choice(b' :=-{\n\r\0\xff09zZ"') for _ in range(dice.randint(0, 2))
        )
    return bytes(wire)


def shown(frames: List[Frame]) -> List[Any]:
    return [(frame.verb, frame.args, frame.options, frame.body, frame.text, frame.refused) for frame in frames]


def test_frames_do_not_depend_on_how_their_bytes_were_cut() -> None:
    dice = random.Random(vectors.SEED)
    for _ in range(2_000):
        wire = spoilt(dice)
        limits = {"max_body": dice.choice([0, 5, 100]), "max_line": dice.choice([12, 64, 4_096]), "max_skipped": 200}
        whole, cut = FrameParser(**limits), FrameParser(**limits)
        expected = whole.feed(wire)
        frames: List[Frame] = []
        start = 0
        while start < len(wire):
            size = dice.randint(1, 9)
            frames += cut.feed(wire[start : start + size])
            start += size
        assert (shown(frames), cut.end, cut.rest) == (shown(expected), whole.end, whole.rest), wire
