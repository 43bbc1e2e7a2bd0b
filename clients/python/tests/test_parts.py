"""The small parts that touch no socket."""

from __future__ import annotations

import json
import logging
import pathlib
import random
from typing import Any, List, Optional

import pytest
from support import vectors
from support.broker import ROOT

import seaway
from seaway import (
    BadName,
    BadOption,
    BadPayload,
    Refused,
    SeawayError,
    _address,
    _answers,
    _http,
    _json,
    _names,
    _values,
    _websocket,
    aio,
)
from seaway import _requests as requests
from seaway._backoff import FIRST, MOST, Backoff
from seaway._errors import refusal
from seaway._frames import Frame, FrameParser
from seaway._log import logger
from seaway._presence import Presence
from seaway._window import Window

# The parser


def test_nothing_behind_the_end_of_a_stream_is_looked_at() -> None:
    parser = FrameParser()
    assert [frame.verb for frame in parser.feed(b"PING\n\nPING\n")] == ["PING"]
    assert parser.end == "line"
    assert parser.feed(b"PING\n") == []


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


# Requests


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


# Errors


def test_every_code_of_the_protocol_has_its_error() -> None:
    table = (ROOT / "protocol" / "PROTOCOL.md").read_text("utf-8").split("| code |")[1].split("\n\n")[0]
    codes = [row.split("`")[1] for row in table.splitlines() if row.startswith("| `")]
    assert len(codes) > 10
    for code in codes:
        error = refusal(code, {"by": "messages"}, "text")
        assert type(error) is not Refused
        assert error.code == type(error).code == code
        assert str(error) == f"{code}: text"
        assert type(error).__name__ in seaway.__all__


# Answers


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


# Waiting


def test_waits_double_up_to_their_bound_and_are_shortened_at_random() -> None:
    longest, shortest = Backoff(lambda: 1.0), Backoff(lambda: 0.0)
    waits = [longest.next() for _ in range(40)]
    assert waits[:3] == [FIRST, 2 * FIRST, 4 * FIRST]
    assert waits[-1] == MOST
    assert [shortest.next() for _ in range(40)] == [wait / 2 for wait in waits]
    longest.reset()
    assert longest.next() == FIRST
    assert len({Backoff().next() for _ in range(10)}) > 1


def test_a_window_is_small_until_functions_are_known_to_be_quick() -> None:
    window = Window(64)
    assert window.size == 1
    for _ in range(50):
        window.worked(1, 0.000_01)
    assert window.size == 65
    window.worked(1, 1.0)
    assert window.size == 1


def test_a_window_of_nothing_beyond_the_one_in_hand() -> None:
    window = Window(0)
    window.worked(100, 0.0)
    assert window.size == 1


# Addresses


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


# Limits


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


# The log


def test_what_goes_into_the_log_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    logger.warning("a path: %s", "/x\n2026-11-24 ERROR seaway: forged\x1b[2J\r\x85\u2028\x7f")
    assert caplog.messages == [r"a path: /x\n2026-11-24 ERROR seaway: forged\x1b[2J\r\x85\u2028\x7f"]
    logger.warning("an error: %s", "é ∑ 100 %")
    assert (caplog.messages[1], caplog.records[1].args) == ("an error: é ∑ 100 %", ("é ∑ 100 %",))


def test_an_error_with_lines_of_its_own_forges_none(caplog: pytest.LogCaptureFixture) -> None:
    try:
        try:
            raise ValueError("one\n2026-11-24 ERROR seaway: forged\x1b[2J")
        except ValueError as error:
            raise RuntimeError("two\nforged") from error
    except RuntimeError as error:
        logger.error("a function failed", exc_info=error)
    lines = caplog.text.splitlines()
    assert r"ValueError: one\n2026-11-24 ERROR seaway: forged\x1b[2J" in lines
    assert r"RuntimeError: two\nforged" in lines
    assert sum(line.startswith("Traceback") for line in lines) == 2
    assert not [line for line in lines if line.startswith(("2026", "forged"))]


def test_a_broker_is_told_of_once_for_each_change(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "seaway")
    quiet, loud = Presence("a:1"), Presence("b:2")
    loud.speak()
    for presence in (quiet, loud):
        for _ in range(3):
            presence.went("Connection refused")
        for _ in range(3):
            presence.went("its certificate is not trusted", is_untrusted=True)
        presence.came()
        presence.went("the broker closed the connection")
        presence.went("Connection refused")
        presence.went("Connection refused")
        presence.came()
    assert caplog.messages == [
        "the broker at b:2 is away: Connection refused; trying again",
        "the broker at b:2 is away: its certificate is not trusted; trying again",
        "connected to the broker at b:2",
        "the broker at b:2 is away: the broker closed the connection; trying again",
        "the broker at b:2 is back",
    ]
    # One whose layer a worker takes over later.
    quiet.speak()
    assert caplog.messages[-1] == "connected to the broker at a:1"


# The package


def test_the_package_is_typed_and_says_its_version() -> None:
    folder = pathlib.Path(seaway.__file__).parent
    assert (folder / "py.typed").exists()
    assert json.dumps(seaway.__version__)
    assert all(hasattr(seaway, name) for name in seaway.__all__)
    assert all(hasattr(aio, name) for name in aio.__all__)
    # The same names in both halves, but for what asyncio has no need of.
    assert set(aio.__all__) <= set(seaway.__all__)


# Random input: SEED=N draws the same again


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
