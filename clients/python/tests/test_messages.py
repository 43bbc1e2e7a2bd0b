"""What messages hold, how they are answered, and whose they are: no socket is touched."""

from __future__ import annotations

import collections
import enum
from typing import Any, Callable, Dict, List, Optional

import pytest

from seaway import (
    BadName,
    BadPayload,
    SeawayError,
    _http,
    _values,
)
from seaway._message import Fields
from seaway._routes import PathPattern, Routes

# Values


class Colour(enum.IntEnum):
    RED = 1


def test_python_types_take_their_form_on_the_wire() -> None:
    message = {
        "tuple": (1, (2,)),
        "ordered": collections.OrderedDict(a=1),
        "enum": Colour.RED,
        "array": bytearray(b"ab"),
        "least": -(2**63),
        "most": 2**63 - 1,
        "none": None,
        "true": True,
        "float": 1.0,
    }
    read = _values.unpack(_values.pack(message))
    assert read["tuple"] == [1, [2]]
    assert read["ordered"] == {"a": 1}
    assert read["enum"] == 1
    assert read["array"] == b"ab"
    assert (read["least"], read["most"], read["none"]) == (-(2**63), 2**63 - 1, None)
    assert read["true"] is True
    assert type(read["float"]) is float


@pytest.mark.parametrize(
    "value",
    [{1, 2}, object(), 2**63, -(2**63) - 1, float("nan"), float("inf"), {1: 2}, {b"a": 2}, "\ud800", 1j, [{2: 3}]],
    ids=lambda value: type(value).__name__ if type(value) is object else repr(value),
)
def test_what_has_no_form_on_the_wire_is_refused(value: Any) -> None:
    with pytest.raises(BadPayload):
        _values.pack({"a": value})


def test_packing_goes_on_after_what_could_not_be_packed_and_within_itself() -> None:
    expected = {"a": {"b": 1}}

    class Lazy(collections.UserDict[str, Any]):
        def keys(self) -> Any:
            assert _values.pack(expected) == packed
            return super().keys()

    packed = _values.pack(expected)
    for message in ({"a": "\ud800"}, {"a": object()}, {"a": 2**64}):
        with pytest.raises(BadPayload):
            _values.pack_unchecked(message)
        assert _values.pack(expected) == packed
    assert _values.pack({"before": "x" * 300_000, "lazy": Lazy(expected)}).endswith(b"\xa4lazy" + packed)
    assert _values.pack(expected) == packed


def test_a_message_is_a_map_and_nests_64_deep() -> None:
    no_maps: List[Any] = [[], "text", None]
    for value in no_maps:
        with pytest.raises(BadPayload):
            _values.pack(value)
    deep: Dict[str, Any] = {}
    for _ in range(63):
        deep = {"a": deep}
    assert _values.unpack(_values.pack(deep)) == deep
    with pytest.raises(BadPayload):
        _values.pack({"a": deep})
    endless: List[Any] = []
    endless.append(endless)
    with pytest.raises(BadPayload):
        _values.pack({"a": endless})


# Messages


def fields(**data: Any) -> Fields:
    return Fields("http.request", None, _values.pack(data))


def test_a_message_is_read_like_a_dict_and_none_is_absent() -> None:
    message = fields(text="hi", nothing=None)
    assert message["text"] == "hi"
    assert "text" in message
    assert "nothing" not in message
    assert 7 not in message
    assert message.get("nothing", 5) == 5
    assert list(message) == ["text", "nothing"]
    assert message.reply_channel is None
    with pytest.raises(KeyError):
        message["absent"]
    assert repr(message).startswith("<Fields on http.request")


def test_an_http_request_is_read_whether_its_bytes_came_as_text_or_not() -> None:
    conversions: List[Callable[[str], Any]] = [str, lambda text: text.encode("utf-8")]
    for convert in conversions:
        message = fields(
            method="POST",
            path="/a b",
            query_string=convert("x=1"),
            headers=[[convert("content-type"), convert("application/json")], [convert("x"), convert("ü")]],
            body=convert('{"n": 1}'),
            reply_channel="http.response.x!1",
        )
        assert (message.method, message.path, message.query_string) == ("POST", "/a b", "x=1")
        assert message.headers == [("content-type", "application/json"), ("x", "ü")]
        assert message.header("Content-Type") == "application/json"
        assert message.header("absent", "none") == "none"
        assert message.content == b'{"n": 1}'
        assert message.json() == {"n": 1}
        assert message.reply_channel == "http.response.x!1"


def test_a_body_in_pieces_is_not_taken_for_the_whole() -> None:
    with pytest.raises(SeawayError, match="pieces"):
        _ = fields(body=b"first", body_channel="http.request.body?x.1").content


# Answers to requests


def read(packed: bytes) -> Dict[str, Any]:
    return _values.unpack(packed)


def test_an_answer_says_what_its_content_is() -> None:
    assert read(_http.answer(content="hi ü").packed()) == {
        "status": 200,
        "headers": [["content-type", "text/plain; charset=utf-8"]],
        "content": "hi ü".encode(),
    }
    assert read(_http.answer(404, json={"a": "ü"}).packed()) == {
        "status": 404,
        "headers": [["content-type", "application/json"]],
        "content": '{"a":"ü"}'.encode(),
    }
    assert read(_http.answer(204).packed()) == {"status": 204, "headers": [], "content": b""}
    own = _http.answer(headers={"Content-Type": "text/html"}, content="<p>")
    assert own.headers == [("Content-Type", "text/html")]
    pairs = _http.answer(headers=[(b"set-cookie", b"a"), (b"set-cookie", b"b")], content=b"")
    assert pairs.headers == [(b"set-cookie", b"a"), (b"set-cookie", b"b")]


@pytest.mark.parametrize("status", [199, 600, 100, "200", None, 200.0])
def test_a_status_is_200_to_599(status: Any) -> None:
    with pytest.raises(BadPayload):
        _http.answer(status).packed()


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="not both"):
        _http.answer(content="a", json=1)
    with pytest.raises(BadPayload):
        _http.answer(headers=[("a", 1)]).packed()  # type: ignore[list-item]
    with pytest.raises(BadPayload):
        _http.answer(content=7).packed()  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="JSON"):
        _http.answer(json=float("nan"))


# Routes


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("/", "/", {}),
        ("/", "/a", None),
        ("/moon", "/moon", {}),
        ("/moon", "/moon/", {}),
        ("/moon", "/moonlight", None),
        ("/users/{id}", "/users/7", {"id": "7"}),
        ("/users/{id}", "/users", None),
        ("/users/{id}/posts/{post}", "/users/7/posts/x", {"id": "7", "post": "x"}),
        ("/files/*", "/files/a/b", {}),
        ("/files/*", "/files", {}),
        ("/*", "/", {}),
    ],
)
def test_a_path_fits_or_not(pattern: str, path: str, found: Optional[Dict[str, str]]) -> None:
    assert PathPattern(pattern).match(path) == found


@pytest.mark.parametrize("pattern", ["moon", "", "/*/a"])
def test_what_is_no_pattern_is_said(pattern: str) -> None:
    with pytest.raises(ValueError, match="path"):
        PathPattern(pattern)


def routes() -> Routes[Fields, str]:
    made: Routes[Fields, str] = Routes()
    made.add("http.request", "/moon", "GET", lambda message: "moon")
    made.add("http.request", "/moon", "PUT", lambda message: "put")
    made.add("http.request", "/users/{id}", None, lambda message: f"user {message.parameters['id']}")
    made.add("jobs", None, None, lambda message: "jobs")
    made.add("mail!", None, None, lambda message: "mail")
    made.add("websocket.connect", "/chat", None, lambda message: "chat")
    return made


def routed(message: Fields) -> Any:
    function, answer = routes().find(message)
    return function(message) if function is not None else answer and (answer.status, dict(answer.headers).get("allow"))


def test_a_message_finds_its_function() -> None:
    assert routes().channels == ["jobs", "mail!", "http.request", "websocket.connect"]
    assert routed(fields(method="GET", path="/moon")) == "moon"
    assert routed(fields(method="HEAD", path="/moon")) == "moon"
    assert routed(fields(method="PUT", path="/moon")) == "put"
    assert routed(fields(method="DELETE", path="/moon")) == (405, "GET, PUT")
    assert routed(fields(method="GET", path="/users/7")) == "user 7"
    assert routed(fields(method="GET", path="/nowhere")) == (404, None)
    assert routed(Fields("jobs", None, b"\x80")) == "jobs"
    assert routed(Fields("mail!7", None, b"\x80")) == "mail"


def test_a_message_that_is_no_http_request_is_not_answered_with_404() -> None:
    assert routed(Fields("websocket.connect", None, _values.pack({"path": "/chat"}))) == "chat"
    assert routed(Fields("websocket.connect", None, _values.pack({"path": "/nowhere"}))) is None


def test_a_function_for_the_whole_channel_takes_what_fits_no_route() -> None:
    made = routes()
    made.add("http.request", None, None, lambda message: "rest")
    message = fields(method="DELETE", path="/moon")
    function, _ = made.find(message)
    assert function is not None
    assert function(message) == "rest"
    with pytest.raises(ValueError, match="two functions"):
        made.add("http.request", None, None, lambda message: "again")
    with pytest.raises(BadName):
        made.add("bad name", None, None, lambda message: "")
