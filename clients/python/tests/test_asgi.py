"""Any ASGI application behind the interface server: what it is told, and what becomes of what it says."""

from __future__ import annotations

import http.client
import json
import socket
from typing import List

import pytest
from support.broker import PATIENCE, Ends, until
from support.hosting import LARGE
from support.house import House
from support.socket_browser import SocketBrowser


@pytest.fixture
def house(programs: List[Ends]) -> House:
    """Where the application without a framework is served, by one process."""
    house = House(programs)
    house.app = house.serve("asgi", "support.raw_asgi:app", "--lifespan", "on")  # type: ignore[attr-defined]
    return house


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_it_runs_on_either_loop(programs: List[Ends], loop: str) -> None:
    if loop != "asyncio":
        pytest.importorskip(loop)
    house = House(programs)
    house.serve("asgi", "support.raw_asgi:app", "--loop", loop)
    assert house.ask("/loop")[2].decode().startswith("uvloop" if loop == "uvloop" else "asyncio")


def printed(house: House, pattern: str) -> str:
    return str(house.app.line(pattern)[0])  # type: ignore[attr-defined]


def test_the_scope_is_whole(house: House) -> None:
    status, _, content = house.ask("/scope/a%20b%2Fc?q=%C3%A4&q=2", "PURGE", x_Made_By="me", Host="shop.example")
    assert status == 200
    scope = json.loads(content)
    assert scope["type"] == "http"
    assert scope["asgi"] == {"version": "3.0", "spec_version": "2.4"}
    assert (scope["http_version"], scope["method"], scope["scheme"]) == ("1.1", "PURGE", "http")
    assert (scope["path"], scope["raw_path"]) == ("/scope/a b/c", "/scope/a%20b%2Fc")
    assert (scope["query_string"], scope["root_path"]) == ("q=%C3%A4&q=2", "")
    assert ["host", "shop.example"] in scope["headers"] and ["x-made-by", "me"] in scope["headers"]
    assert scope["client"][0] == "127.0.0.1" and scope["client"][1] > 0
    assert scope["server"] == [house.host, house.port]
    assert len(scope["extensions"].pop("seaway.request")["id"]) == 32
    assert scope["extensions"] == {"seaway.delivery": {"times": 1}}
    assert scope["types"]["raw_path"] == scope["types"]["query_string"] == "bytes"
    assert scope["types"]["client"] == scope["types"]["server"] == "tuple"


def test_each_request_has_a_copy_of_the_state(house: House) -> None:
    states = [json.loads(house.ask("/")[2])["state"] for _ in range(2)]
    assert states == ["at the start", "at the start"]


def test_the_root_path_is_what_the_option_says(programs: List[Ends]) -> None:
    house = House(programs)
    house.serve("asgi", "support.raw_asgi:factory", "--factory", "--root-path", "/shop/")
    assert json.loads(house.ask("/scope")[2])["root_path"] == "/shop"


def test_a_request_ends_with_http_disconnect(house: House) -> None:
    assert json.loads(house.ask("/events", "POST", "the body")[2]) == ["the body", False]
    printed(house, "then http.disconnect http.disconnect")


@pytest.mark.timeout(60 + LARGE / 4)
def test_a_body_of_any_size_is_received_in_pieces_within_bounded_memory(house: House) -> None:
    size = LARGE << 20
    before = int(house.ask("/memory")[2])
    with house.browser() as browser:
        browser.request("POST", "/drain", (bytes(1 << 20) for _ in range(LARGE)), {"content-length": str(size)})
        told = json.loads(browser.getresponse().read())
    assert told["size"] == size
    assert told["most"] <= 65_536 and told["pieces"] >= size // 65_536
    assert told["memory"] - before < 32


@pytest.mark.timeout(60 + LARGE / 4)
def test_an_answer_of_any_size_is_streamed_within_bounded_memory(house: House) -> None:
    before = int(house.ask("/memory")[2])
    with house.browser() as browser:
        browser.request("GET", f"/flood?{LARGE}")
        answer = browser.getresponse()
        size = 0
        while piece := answer.read(1 << 20):
            size += len(piece)
    assert size == LARGE << 20
    assert int(house.ask("/memory")[2]) - before < 32


def test_an_answer_larger_than_a_message_is_whole(house: House) -> None:
    status, _, content = house.ask("/large")
    assert (status, content) == (200, b"0123456789abcdef" * (5 << 16))


@pytest.mark.parametrize(
    ("path", "told"),
    [("/fails", "before anything was sent"), ("/silent", "a function ended without an answer to GET /silent")],
)
def test_an_application_that_does_not_answer_is_answered_for(house: House, path: str, told: str) -> None:
    status, _, content = house.ask(path)
    assert (status, content) == (500, b"Internal Server Error\n")
    printed(house, told)
    assert house.ask("/pid")[0] == 200


@pytest.mark.parametrize("path", ["/breaks", "/unfinished"])
def test_an_answer_that_has_begun_is_broken_off(house: House, path: str) -> None:
    with house.browser() as browser:
        browser.request("GET", path)
        with pytest.raises(http.client.IncompleteRead) as caught:
            browser.getresponse().read()
    assert caught.value.partial == b"a part"
    assert house.ask("/pid")[0] == 200


def test_a_second_answer_is_refused(house: House) -> None:
    assert house.ask("/twice")[2] == b"once"
    printed(house, "refused: http.response.start was sent before")


def test_an_application_hears_that_its_client_has_left(house: House) -> None:
    client = socket.create_connection((house.host, house.port), PATIENCE)
    client.sendall(b"GET /waits HTTP/1.1\r\nHost: a\r\n\r\n")
    printed(house, "waits")
    client.close()
    printed(house, "ends with http.disconnect")
    printed(house, "raised Disconnected")
    assert house.ask("/pid")[0] == 200
    assert "ERROR" not in house.app.output  # type: ignore[attr-defined]


def test_requests_wait_for_each_other_no_longer_than_the_concurrency_has_it(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--concurrency", "2")
    sockets = [SocketBrowser(house.host, house.port, "/echo") for _ in range(5)]
    programs.extend(sockets)
    with house.browser() as slow:
        slow.request("GET", "/slow")
        app.line("slow begins")
        assert house.ask("/release")[2] == b"released"
        assert slow.getresponse().read() == b"slow"
    for browser in sockets:
        browser.send("still here")
        assert browser.text() == "still here"


def test_a_socket_is_accepted_with_subprotocol_and_headers_and_echoes(house: House, programs: List[Ends]) -> None:
    browser = SocketBrowser(house.host, house.port, "/echo", Sec_WebSocket_Protocol="chat, superchat")
    programs.append(browser)
    assert (browser.status, browser.headers["sec-websocket-protocol"]) == (101, "chat")
    assert browser.headers["x-made"] == "here"
    texts = [str(number) for number in range(50)]
    browser.send(*texts)
    assert [browser.text() for _ in texts] == texts
    browser.send_bytes(b"\x00\xff")
    assert browser.receive() == (2, b"\x00\xff")
    browser.send("")
    assert browser.receive() == (1, b"")
    browser.close(4321, "bye")
    printed(house, "left with 4321 'bye'")
    printed(house, "raised Disconnected")


@pytest.mark.parametrize(
    ("word", "code", "reason"), [("close", 4000, "as you wish"), ("fail", 1011, ""), ("return", 1000, "")]
)
def test_a_socket_ends_as_its_application_does(
    house: House, programs: List[Ends], word: str, code: int, reason: str
) -> None:
    browser = SocketBrowser(house.host, house.port, "/echo")
    programs.append(browser)
    browser.send(word)
    assert browser.closed() == (code, reason)


def test_an_application_hears_that_a_socket_has_broken(house: House, programs: List[Ends]) -> None:
    browser = SocketBrowser(house.host, house.port, "/echo")
    browser.kill()
    printed(house, "left with 1006 ''")


def test_the_scope_of_a_socket_is_whole(house: House, programs: List[Ends]) -> None:
    browser = SocketBrowser(house.host, house.port, "/scope/%C3%A4?q=1", Sec_WebSocket_Protocol="a, b")
    programs.append(browser)
    scope = json.loads(browser.text())
    assert (scope["type"], scope["scheme"], scope["http_version"]) == ("websocket", "ws", "1.1")
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/scope/ä", "/scope/%C3%A4", "q=1")
    assert scope["subprotocols"] == ["a", "b"]
    assert len(scope["extensions"].pop("seaway.request")["id"]) == 32
    assert scope["extensions"] == {"seaway.delivery": {"times": 1}, "websocket.http.response": {}}
    assert browser.closed() == (1000, "")


@pytest.mark.parametrize(("path", "status"), [("/refuse", 403), ("/deny", 402), ("/fails", 500)])
def test_a_socket_is_refused(house: House, programs: List[Ends], path: str, status: int) -> None:
    browser = SocketBrowser(house.host, house.port, path)
    programs.append(browser)
    assert browser.status == status
    if path == "/deny":
        assert (browser.headers["x-price"], browser.rest(9)) == ("7", b"pay first")
    if path == "/refuse":
        printed(house, "refused, then websocket.disconnect")


def test_a_socket_whose_application_takes_nothing_holds_back_its_browser_alone(
    house: House, programs: List[Ends]
) -> None:
    slow, quick = (SocketBrowser(house.host, house.port, path) for path in ("/slow", "/echo"))
    programs.extend((slow, quick))
    texts = [str(number) for number in range(40)]
    slow.send(*texts)
    quick.send(*texts)
    assert [quick.text() for _ in texts] == texts
    assert house.ask("/release")[2] == b"released"
    assert [slow.text() for _ in texts] == texts


def test_a_failed_startup_ends_the_program(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.start("asgi", "support.raw_asgi:app", STARTUP="fails")
    assert app.wait() == 70
    assert "support.raw_asgi:app cannot start: there is no database" in app.output


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("support.nothing_here:app", "cannot be loaded: No module named 'support.nothing_here'"),
        ("support.raw_asgi:nothing", "has no attribute 'nothing'"),
        ("support.raw_asgi:_released", "it is no application but dict"),
    ],
)
def test_what_cannot_be_loaded_ends_the_program(programs: List[Ends], place: str, told: str) -> None:
    house = House(programs)
    app = house.start("asgi", place)
    assert app.wait() == 64
    assert told in app.output
    assert "before any was ready: nothing is tried again" in app.output


def test_the_application_is_shut_down_behind_its_last_request(house: House) -> None:
    app = house.app  # type: ignore[attr-defined]
    with house.browser() as browser:
        browser.request("GET", "/slow")
        app.line("slow begins")
        until(lambda: house.ask("/pid")[0] == 200, "an answer")
        browsers = house.browser()
        with browsers as other:
            other.request("GET", "/release")
            assert other.getresponse().read() == b"released"
        assert browser.getresponse().read() == b"slow"
    assert app.terminate() == 0
    assert app.output.index("all processes leave") < app.output.index("shut down")
