"""What a client says is frames of the protocol, and nothing that a caller gives can break a line."""

from __future__ import annotations

from typing import Any

import pytest

import seaway
from seaway import BadName, BadOption, _names
from seaway import _requests as requests
from seaway._frames import FrameParser


def test_requests_are_frames_of_the_protocol() -> None:
    said = b"".join(
        [
            requests.send("a", b"\x80", if_heard=True),
            requests.send_group("g", b"\x80", "a!1"),
            requests.ready(5),
            requests.ready(2_000_000_000, "a!"),
            requests.pause("a!1"),
            requests.resume("a?1"),
            requests.members("g", 10, "a!1"),
            requests.peek("a", 10, "7"),
            requests.stats("channels", 10, None),
            requests.stats(None, 1_000, None),
            requests.flush("a*"),
            requests.flush(None),
            requests.PING,
        ]
    )
    assert [(frame.verb, frame.args, frame.options) for frame in FrameParser().feed(said)] == [
        ("SEND", ["a"], {"Here": "1"}),
        ("GSEND", ["g"], {"except": "a!1"}),
        ("READY", ["5"], {}),
        ("READY", ["1000000000", "a!"], {}),
        ("PAUSE", ["a!1"], {}),
        ("RESUME", ["a?1"], {}),
        ("MEMBERS", ["g"], {"limit": "10", "after": "a!1"}),
        ("PEEK", ["a"], {"limit": "10", "after": "7"}),
        ("STATS", ["channels"], {"limit": "10"}),
        ("STATS", [], {"limit": "1000"}),
        ("FLUSH", ["a*"], {}),
        ("FLUSH", [], {}),
        ("PING", [], {}),
    ]


@pytest.mark.parametrize("count", [0, 1, 30, 500])
def test_names_are_cut_into_lines_that_fit(count: int) -> None:
    names = [f"{'n' * 100}!{number}" for number in range(count)]
    lines = requests.join("room", names)
    assert all(len(line) <= 4_097 for line in lines)
    frames = [frame for line in lines for frame in FrameParser().feed(line)]
    assert [name for frame in frames for name in frame.args[1:]] == names
    assert {tuple(frame.args[:1]) for frame in frames} <= {("room",)}


@pytest.mark.parametrize("name", ["", "a b", "a\nQUIT", "a!", "!a", "a!b!c", "a=b", ":5", "kanäle", "a" * 256, None, 7])
def test_no_name_can_break_a_line(name: Any) -> None:
    with pytest.raises(BadName):
        requests.send(name, b"\x80")
    with pytest.raises(BadName):
        requests.join("g", [name])
    with pytest.raises(BadName):
        seaway.Channel(name)


@pytest.mark.parametrize("token", ["", "two words", "a\nb", "ü", "t" * 256])
def test_no_token_can_break_a_line(token: str) -> None:
    with pytest.raises(BadOption):
        requests.hello("me", token, 0)


def test_a_mailbox_is_the_name_up_to_its_mark() -> None:
    assert _names.mailbox("web.me!17") == "web.me!"
    assert _names.mailbox("chat.log") == ""
    with pytest.raises(BadName, match=r"\.\.\. is no name"):
        _names.channel("x " * 100)
