"""Applications of frameworks, as they are."""

from __future__ import annotations

import json
from typing import List, Tuple

import pytest
from support.broker import TESTS, Ends
from support.house import House, Supervisor
from support.socket_browser import SocketBrowser

FORM = "xXboundaryXx"
Site = Tuple[House, Supervisor]


def form(size: int) -> bytes:
    """A form with a file of that size."""
    parts = [
        f'--{FORM}\r\nContent-Disposition: form-data; name="title"\r\n\r\nHoliday\r\n',
        f'--{FORM}\r\nContent-Disposition: form-data; name="file"; filename="beach.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n",
    ]
    return "".join(parts).encode() + bytes(size) + f"\r\n--{FORM}--\r\n".encode()


@pytest.fixture
def starlette(programs: List[Ends]) -> Site:
    """That of Starlette."""
    pytest.importorskip("starlette")
    house = House(programs)
    return house, house.serve("asgi", "support.starlette_site:app")


@pytest.fixture
def fastapi(programs: List[Ends]) -> Site:
    """That of FastAPI."""
    pytest.importorskip("fastapi")
    house = House(programs)
    return house, house.serve("asgi", "support.fastapi_site:app")


def test_starlette_has_its_lifespan_and_what_it_has_made_there(starlette: Site) -> None:
    house, app = starlette
    app.line("opened")
    told = json.loads(house.ask("/")[2])
    assert told == {"database": "open", "url": f"http://{house.host}:{house.port}/", "client": "127.0.0.1"}
    assert app.terminate() == 0
    assert "closed" in app.output


@pytest.mark.parametrize("size", [10, 3 << 20])
def test_a_form_with_a_file_is_uploaded(starlette: Site, fastapi: Site, size: int) -> None:
    for house, _ in (starlette, fastapi):
        kind = f"multipart/form-data; boundary={FORM}"
        status, _, content = house.ask("/upload", "POST", form(size), Content_Type=kind)
        assert (status, json.loads(content)) == (200, {"name": "beach.jpg", "size": size, "title": "Holiday"})


def test_starlette_streams_both_ways(starlette: Site) -> None:
    house, _ = starlette
    assert house.ask("/count", "PUT", bytes(5 << 20))[2] == str(5 << 20).encode()
    assert house.ask("/stream")[2] == "".join(f"{number}\n" for number in range(100)).encode()


def test_a_stream_ends_when_its_client_has_left(starlette: Site) -> None:
    house, app = starlette
    with house.browser() as browser:
        browser.request("GET", "/endless")
        assert browser.getresponse().read(30) == b"on and on\n" * 3
    app.line("the stream has ended")
    assert house.ask("/")[0] == 200
    assert "ERROR" not in app.output


def test_tasks_in_the_background_run_behind_the_answer(starlette: Site) -> None:
    house, app = starlette
    assert house.ask("/background")[2] == b"soon"
    app.line("done in the background: mail")


def test_files_are_served(starlette: Site) -> None:
    house, _ = starlette
    file = (TESTS / "support" / "starlette_site.py").read_bytes()
    for path in ("/itself", "/static/starlette_site.py"):
        status, headers, content = house.ask(path)
        assert (status, content) == (200, file)
        tag = headers["etag"]
    assert house.ask("/static/starlette_site.py", If_None_Match=tag)[0] == 304
    status, headers, content = house.ask("/itself", "HEAD")
    assert (status, content) == (200, b"")
    assert int(headers["content-length"]) == len(file)


def test_an_exception_is_a_500_and_is_in_the_log(starlette: Site) -> None:
    house, app = starlette
    assert house.ask("/fails")[0] == 500
    app.line("RuntimeError: a view fails")
    assert house.ask("/nowhere")[0] == 404


def test_a_socket_of_starlette(starlette: Site, programs: List[Ends]) -> None:
    house, app = starlette
    browser = SocketBrowser(house.host, house.port, "/chat", Sec_WebSocket_Protocol="chat")
    programs.append(browser)
    assert browser.headers["sec-websocket-protocol"] == "chat"
    browser.send("hi")
    assert json.loads(browser.text()) == {"you said": "hi", "database": "open"}
    browser.close(1001, "next page")
    app.line("left with 1001 next page")
    denied = SocketBrowser(house.host, house.port, "/private")
    programs.append(denied)
    assert (denied.status, denied.rest(12)) == (401, b"members only")


def test_fastapi_validates_depends_and_documents(fastapi: Site) -> None:
    house, app = fastapi
    assert json.loads(house.ask("/items/3?q=red")[2]) == {"item_id": 3, "q": "red"}
    assert house.ask("/items/three")[0] == 422
    assert (house.ask("/items/404")[0], house.ask("/items/404")[2]) == (404, b'{"detail":"no such item"}')
    item = {"name": "boat", "price": 12.5, "tags": ["wood"]}
    status, _, content = house.ask("/items", "POST", json.dumps(item), Content_Type="application/json")
    assert (status, json.loads(content)) == (201, item)
    app.line("noted: boat over a connection")
    assert json.loads(house.ask("/openapi.json")[2])["info"]["title"] == "A shop"
    assert house.ask("/stream")[2] == b"x" * (4 << 20)


def test_a_socket_of_fastapi(fastapi: Site, programs: List[Ends]) -> None:
    house, _ = fastapi
    browser = SocketBrowser(house.host, house.port, "/ws/7?token=t")
    programs.append(browser)
    assert browser.text() == "item 7, token t"
    browser.send_bytes(b"\x00\x01")
    assert browser.receive() == (2, b"\x00\x01")
    refused = SocketBrowser(house.host, house.port, "/ws/seven")
    programs.append(refused)
    assert refused.status == 403
    browser.kill()
    assert house.ask("/items/3")[0] == 200
