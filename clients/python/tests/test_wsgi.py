"""WSGI applications behind an interface server."""

from __future__ import annotations

import re
import signal
import socket
from typing import List

import pytest
from support.broker import PATIENCE, Ends, until
from support.hosting import Site

PLACE = "support.wsgi_site:application"


@pytest.fixture
def site(programs: List[Ends]) -> Site:
    """Nothing behind it yet."""
    return Site(programs)


def shown(text: str) -> dict[str, str]:
    """What the application has seen."""
    return dict(line.split("=", 1) for line in text.splitlines())


@pytest.mark.parametrize("threads", ["1", "4"])
def test_a_validated_application_is_served_by_the_rules(site: Site, threads: str) -> None:
    program = site.hosts("wsgi", "support.wsgi_site:validated", "--threads", threads)
    seen = shown(site.get("/show/Kan%C3%A4le?a=1"))
    assert seen["PATH_INFO"] == "/show/Kanäle"
    assert seen["QUERY_STRING"] == "a=1" and seen["REMOTE_ADDR"] == "127.0.0.1"
    assert seen["SERVER_PORT"] == str(site.port) and seen["HTTP_HOST"] == f"127.0.0.1:{site.port}"
    assert site.get("/stream") == "0\n1\n2\n"
    assert site.get("/written") == "one two three"
    assert site.answer("/length", "POST", b"one\ntwo\n").text == "8 bytes, 2 lines"
    assert site.answer("/parts", "POST", b"one two\nthree\n").text == "[b'one', b' two\\n', [b'three\\n'], b'']"
    assert program.terminate() == 0
    assert "Error" not in program.output


def test_a_body_in_pieces_is_read_in_every_way(site: Site) -> None:
    site.hosts("wsgi", PLACE)
    body = b"%d\n" * 200_000 % tuple(range(200_000))
    assert site.answer("/length", "POST", body).text == f"{len(body)} bytes, 200000 lines"
    assert site.answer("/length", "POST", iter([body])).text == f"{len(body)} bytes, 200000 lines"
    assert site.answer("/parts", "POST", body).text.startswith("[b'0\\n1', b'\\n', [b'2\\n',")
    # Who reads none of it answers all the same.
    assert shown(site.answer("/show", "POST", body).text)["CONTENT_LENGTH"] == str(len(body))


def test_what_is_large_comes_in_pieces_and_whole(site: Site) -> None:
    program = site.hosts("wsgi", PLACE)
    for size in (0, 1, 65_536, 65_537, 5_000_000):
        assert site.answer(f"/large?{size}").content == bytes(size)
    until(lambda: program.output.count("closed large") == 5, "each to be closed")


def test_small_answers_are_whole_and_have_a_length(site: Site) -> None:
    site.hosts("wsgi", PLACE)
    answer = site.answer("/gathered")
    assert (answer.headers["content-length"], answer.content) == ("6", b"onetwo")
    assert site.answer("/show").headers["content-length"] is not None
    assert site.answer("/stream").headers["content-length"] is None


def test_answers_without_content_have_none(site: Site) -> None:
    program = site.hosts("wsgi", PLACE)
    assert (site.answer("/nothing").status, site.answer("/nothing").content) == (204, b"")
    answer = site.answer("/large?5000000", "HEAD")
    assert (answer.status, answer.headers["content-length"], answer.content) == (200, "5000000", b"")
    # It has no end: that it is not gone through is all that lets this answer come.
    assert site.answer("/endless", "HEAD").content == b""
    program.line("closed endless")


def test_fields_are_sent_as_they_are(site: Site) -> None:
    site.hosts("wsgi", PLACE)
    answer = site.answer("/cookies")
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/fails", "LookupError: nothing here"),
        ("/short", "left out 7 bytes of its Content-Length"),
        ("/silent", "has not called start_response"),
        ("/splits", "the field 'Location' of the answer holds a control character"),
    ],
)
def test_an_application_that_fails_is_answered_for(site: Site, path: str, logged: str) -> None:
    program = site.hosts("wsgi", PLACE)
    assert site.answer(path).status == 500
    program.line(f"a function failed on GET {path}")
    program.line(logged)
    assert site.answer("/gathered").status == 200


def test_an_application_may_begin_anew_until_something_was_sent(site: Site) -> None:
    site.hosts("wsgi", PLACE)
    answer = site.answer("/recovers")
    assert (answer.status, answer.content, answer.headers["x-first"]) == (503, b"later", None)


def test_an_answer_that_fails_in_the_middle_is_broken_off(site: Site) -> None:
    program = site.hosts("wsgi", PLACE)
    with socket.create_connection((site.host, site.port), PATIENCE) as browser:
        browser.sendall(b"GET /breaks HTTP/1.1\r\nhost: a\r\n\r\n")
        read = b"".join(iter(lambda: browser.recv(65_536), b""))
    assert read.startswith(b"HTTP/1.1 200") and b"one" in read and not read.endswith(b"0\r\n\r\n")
    program.line("closed breaks")


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_client_that_leaves_ends_the_stream(site: Site, threads: str) -> None:
    program = site.hosts("wsgi", PLACE, "--threads", threads)
    with socket.create_connection((site.host, site.port), PATIENCE) as browser:
        browser.sendall(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")
        assert browser.recv(65_536)
    program.line("closed endless")
    assert site.answer("/gathered").status == 200
    assert "ERROR" not in program.output


def test_a_mounted_application_sees_its_own_part_of_the_path(site: Site) -> None:
    site.hosts("wsgi", PLACE, "--script-name", "/shop")
    seen = shown(site.get("/shop/show"))
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/shop", "/show")


def test_several_processes_answer_and_leave_together(site: Site) -> None:
    program = site.hosts("wsgi", PLACE, "--processes", "2")
    assert shown(site.get("/show"))["wsgi.multiprocess"] == "True"
    program.signal(signal.SIGTERM)
    assert program.wait() == 0


def test_a_process_is_replaced_after_so_many_requests(site: Site) -> None:
    program = site.hosts("wsgi", PLACE, "--max-requests", "5")
    for _ in range(40):
        assert site.answer("/gathered").content == b"onetwo"
    program.line("process 1 has served [56] requests: it is replaced")
    program.line("process 2 is ready")
    program.line("process 1 has left")
    assert "ERROR" not in program.output


@pytest.mark.parametrize("threads", ["1", "3"])
def test_all_processes_are_replaced_and_no_request_fails(site: Site, threads: str) -> None:
    program = site.hosts("wsgi", PLACE, "--processes", "2", "--threads", threads)
    program.line("process 2 is ready")
    program.signal(signal.SIGHUP)
    while "process 4 is ready" not in program.output:
        assert site.answer("/gathered").content == b"onetwo"
    program.line("process 1 has left")
    assert site.answer("/gathered").content == b"onetwo"
    assert program.terminate() == 0
    assert "ERROR" not in program.output


def test_what_is_no_application_is_told(site: Site) -> None:
    program = site.start("wsgi", "support.wsgi_site:nobody")
    assert program.wait() == 64
    assert re.search(r"support.wsgi_site:nobody cannot be loaded", program.output)


def test_flask_is_served_as_it_is(site: Site) -> None:
    pytest.importorskip("flask")
    site.hosts("wsgi", "support.flask_site:application", "--threads", "2")
    form = (
        b'--x\r\ncontent-disposition: form-data; name="title"\r\n\r\nKan\xc3\xa4le\r\n'
        b'--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n' + bytes(300_000) + b"\r\n--x--\r\n"
    )
    answer = site.answer("/form", "POST", form, {"content-type": "multipart/form-data; boundary=x"})
    assert answer.text == "Kanäle 300000 127.0.0.1"
    cookie = str(answer.headers["set-cookie"]).partition(";")[0]
    assert site.answer("/title", headers={"cookie": cookie}).text == "Kanäle"
    assert site.get("/numbers") == "0\n1\n2\n"
    assert site.answer("/nowhere").status == 404
