"""The environ of a request: PEP 3333, as gunicorn has it."""

from __future__ import annotations

import io
from typing import Any, Dict, Optional

import pytest

import seaway
from seaway import _values
from seaway.hosting.environ import Environs

LAYER = seaway.Layer("127.0.0.1:1")


def environ(environs: Optional[Environs] = None, **fields: Any) -> Dict[str, Any]:
    """The environ of a request with these fields."""
    request = {"reply_channel": "http.response.x!1", "method": "GET", "path": "/", "raw_path": b"/", **fields}
    return (environs or Environs()).make(seaway.Message("http.request", None, _values.pack(request), LAYER))


def test_a_request_is_told_as_gunicorn_tells_it() -> None:
    made = environ(
        method="POST",
        path="/shop/Kanäle",
        raw_path=b"/shop/Kan%C3%A4le",
        query_string=b"a=%20&b",
        http_version="1.1",
        scheme="https",
        headers=[[b"host", b"example.org"], [b"content-type", b"text/plain"], [b"content-length", b"3"]],
        body=b"one",
        client=["192.0.2.1", 4000],
        server=["192.0.2.9", 8000],
    )
    told = {key: value for key, value in made.items() if not key.startswith("wsgi.")}
    assert told == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/shop/Kan\xc3\xa4le",
        "QUERY_STRING": "a=%20&b",
        "RAW_URI": "/shop/Kan%C3%A4le?a=%20&b",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "192.0.2.9",
        "SERVER_PORT": "8000",
        "SERVER_SOFTWARE": "seaway",
        "REMOTE_ADDR": "192.0.2.1",
        "REMOTE_PORT": "4000",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "3",
        "HTTP_HOST": "example.org",
        "seaway.times": 1,
    }
    assert made["wsgi.url_scheme"] == "https"
    assert made["wsgi.version"] == (1, 0)
    assert made["wsgi.input"].read() == b"one"
    assert not made["wsgi.multithread"] and not made["wsgi.multiprocess"] and not made["wsgi.run_once"]


def test_fields_that_come_twice_are_joined() -> None:
    made = environ(headers=[[b"x-a", b"1"], [b"x-a", b"2"], [b"cookie", b"a=1"], [b"cookie", b"b=2"]])
    assert made["HTTP_X_A"] == "1,2"
    assert made["HTTP_COOKIE"] == "a=1; b=2"


def test_bytes_become_characters_one_for_one() -> None:
    made = environ(headers=[[b"x-name", "Kanäle".encode()], ["x-text", "Kanäle"]], query_string="ä".encode())
    assert made["HTTP_X_NAME"].encode("latin-1").decode() == "Kanäle"
    assert made["HTTP_X_TEXT"] == made["HTTP_X_NAME"]
    assert made["QUERY_STRING"] == "Ã¤"


def test_names_that_clients_make_up_are_not_all_kept() -> None:
    environs = Environs()
    for number in range(2_000):
        assert environ(environs, headers=[[b"x-%d" % number, b"1"]])[f"HTTP_X_{number}"] == "1"
    assert len(environs._keys) <= 512


@pytest.mark.parametrize(
    ("script_name", "fields", "expected"),
    [
        ("/shop", {"raw_path": b"/shop/goods"}, ("/shop", "/goods")),
        ("/shop/", {"raw_path": b"/shop"}, ("/shop", "")),
        ("/shop", {"raw_path": b"/shopping"}, ("/shop", "/shopping")),
        ("/shop", {"raw_path": b"/goods"}, ("/shop", "/goods")),
        ("", {"raw_path": b"/shop/goods", "root_path": "/shop"}, ("/shop", "/goods")),
        ("", {"raw_path": b"*", "path": "*"}, ("", "*")),
        ("", {"raw_path": None, "path": "/ä"}, ("", "/\xc3\xa4")),
    ],
)
def test_a_path_is_given_without_where_the_application_is_mounted(
    script_name: str, fields: Dict[str, Any], expected: Any
) -> None:
    made = environ(Environs(script_name), **fields)
    assert (made["SCRIPT_NAME"], made["PATH_INFO"]) == expected


def test_a_script_name_is_a_path() -> None:
    with pytest.raises(ValueError, match="begins with /"):
        Environs("shop")


@pytest.mark.parametrize(
    ("headers", "scheme", "expected"),
    [
        ([[b"host", b"example.org:81"]], "http", ("example.org", "81")),
        ([[b"host", b"example.org"]], "https", ("example.org", "443")),
        ([[b"host", b"[::1]"]], "http", ("[::1]", "80")),
        ([], "http", ("localhost", "80")),
    ],
)
def test_at_a_unix_socket_the_server_is_what_the_client_calls_it(headers: Any, scheme: str, expected: Any) -> None:
    made = environ(headers=headers, scheme=scheme)
    assert (made["SERVER_NAME"], made["SERVER_PORT"]) == expected
    assert made["REMOTE_ADDR"] == "" and "REMOTE_PORT" not in made


def test_a_file_is_given_in_pieces_that_serve_well_whatever_is_asked_for() -> None:
    wrapped = environ()["wsgi.file_wrapper"](io.BytesIO(bytes(100_000)), 4_096)
    assert [len(piece) for piece in wrapped] == [65_536, 34_464]
    wrapped.close()
