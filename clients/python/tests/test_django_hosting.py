"""A Django project behind an interface server, run by `seaway django`."""

from __future__ import annotations

import hashlib
import json
import pathlib
import re
import socket
import urllib.parse
from typing import Any, Dict, List

import pytest
from support.broker import PATIENCE, Ends
from support.hosting import LARGE, SHOP, Answer, Site
from support.house import Supervisor
from support.shop import ADMIN, Shop

MIB = 1_048_576


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop with its database, made once."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.migrate()
    return shop


@pytest.fixture
def shop(made: Shop, tmp_path: pathlib.Path) -> Shop:
    """A shop with a database of its own."""
    (tmp_path / "db.sqlite3").write_bytes((made.folder / "db.sqlite3").read_bytes())
    return Shop(tmp_path)


@pytest.fixture
def site(programs: List[Ends]) -> Site:
    """Nothing behind it yet."""
    return Site(programs)


class Browser:
    """Keeps cookies."""

    def __init__(self, site: Site):
        self._site = site
        self.cookies: Dict[str, str] = {}

    def ask(self, path: str, **form: str) -> Answer:
        """Follows a link, or sends a form."""
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form:
            headers["content-type"] = "application/x-www-form-urlencoded"
        answer = self._site.answer(path, "POST" if form else "GET", urllib.parse.urlencode(form) or None, headers)
        for cookie in answer.headers.get_all("set-cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def token(self, path: str) -> str:
        """What a form is guarded with."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.ask(path).text)
        assert found is not None
        return found[1]


def host(site: Site, shop: Shop, *options: str) -> Supervisor:
    """Runs the project."""
    return site.serve("django", *options, folder=SHOP, **shop.environment)


def meta(site: Site, path: str = "/meta/", **headers: str) -> Dict[str, Any]:
    """What a view sees of its request."""
    answer = site.answer(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    found: Dict[str, Any] = json.loads(answer.content)
    return found


def test_a_view_sees_what_it_sees_under_gunicorn(site: Site, shop: Shop) -> None:
    host(site, shop, "--settings", "shop.settings")
    seen = meta(site, "/meta/?a=%20", x_one="1")
    assert seen["REMOTE_ADDR"] == "127.0.0.1" and int(seen["REMOTE_PORT"]) > 0
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"]) == ("127.0.0.1", str(site.port))
    assert (seen["RAW_URI"], seen["QUERY_STRING"], seen["SCRIPT_NAME"]) == ("/meta/?a=%20", "a=%20", "")
    assert (seen["HTTP_X_ONE"], seen["SERVER_PROTOCOL"], seen["thread"]) == ("1", "HTTP/1.1", "MainThread")
    assert seen["is_secure"] is False
    # SECURE_PROXY_SSL_HEADER of its settings.
    assert meta(site, x_scheme="https")["is_secure"] is True


def test_a_mounted_project_knows_where(site: Site, shop: Shop) -> None:
    host(site, shop, "--script-name", "/shop")
    seen = meta(site, "/shop/meta/")
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"], seen["path"]) == ("/shop", "/meta/", "/shop/meta/")


def test_a_script_name_may_be_forced(site: Site, shop: Shop) -> None:
    shop.environment["SHOP_SCRIPT_NAME"] = "/forced"
    host(site, shop)
    seen = meta(site)
    assert (seen["SCRIPT_NAME"], seen["path"]) == ("/forced", "/forced/meta/")


@pytest.mark.parametrize("threads", ["1", "4"])
def test_sessions_forms_and_messages_work(site: Site, shop: Shop, threads: str) -> None:
    host(site, shop, "--threads", threads)
    browser = Browser(site)
    assert [browser.ask("/visits/").text for _ in range(3)] == ["1", "2", "3"]
    assert Browser(site).ask("/visits/").text == "1"
    assert browser.ask("/order/", good="tea").status == 403
    token = browser.token("/order/")
    assert browser.ask("/order/", good="tea", csrfmiddlewaretoken=token).status == 302
    assert '<p class="success">ordered tea</p>' in browser.ask("/order/").text
    assert "ordered tea" not in browser.ask("/order/").text


def test_the_admin_lets_in_who_may(site: Site, shop: Shop) -> None:
    host(site, shop)
    browser = Browser(site)
    login = "/admin/login/?next=/admin/"
    token = browser.token(login)
    answer = browser.ask(login, username=ADMIN, password=ADMIN, csrfmiddlewaretoken=token)
    assert (answer.status, answer.headers["location"]) == (302, "/admin/")
    assert "Goods" in browser.ask("/admin/").text
    assert Browser(site).ask("/admin/").status == 302


def test_static_files_are_served_while_debug_is_on(site: Site, shop: Shop) -> None:
    shop.environment["SHOP_DEBUG"] = "1"
    host(site, shop)
    assert site.get("/static/goods/shop.css").startswith("body {")
    assert site.answer("/static/admin/css/base.css").headers["content-type"] == "text/css"
    assert site.answer("/static/nothing.css").status == 404
    assert site.answer("/", "HEAD").status == 200


def test_streams_and_files_come_as_they_are(site: Site, shop: Shop) -> None:
    host(site, shop)
    assert site.get("/numbers/3/") == "0\n1\n2\n"
    answer = site.answer("/download/300000/")
    assert answer.content == bytes(300_000)
    assert answer.headers["content-disposition"] == 'attachment; filename="300000.bin"'
    assert len(re.findall("<tr ", site.get("/rows/"))) == 100


@pytest.mark.timeout(60 + LARGE / 4)
def test_much_goes_through_little_memory(site: Site, shop: Shop) -> None:
    host(site, shop)
    before = int(site.get("/memory/"))
    size = LARGE * MIB
    with site.browser() as browser:
        browser.request("GET", f"/download/{size}/")
        answer = browser.getresponse()
        got = sum(len(piece) for piece in iter(lambda: answer.read(MIB), b""))
    assert got == size
    answer_of = json.loads(site.answer("/upload/", "POST", Zeros(size), {"content-length": str(size)}).content)
    assert answer_of == {"size": size, "sha256": sha256_of_zeros(size)}
    # A form puts files on disk; the server takes no more than 1 GiB with its head.
    size -= MIB
    form = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n', b"\r\n--x--\r\n"
    length = len(form[0]) + size + len(form[1])
    headers = {"content-type": "multipart/form-data; boundary=x", "content-length": str(length)}
    answer_of = json.loads(site.answer("/upload/", "POST", Zeros(size, *form), headers).content)
    assert answer_of == {"size": size, "sha256": sha256_of_zeros(size)}
    after = int(site.get("/memory/"))
    assert after - before < 12 * MIB and after < 64 * MIB, (before, after)


class Zeros:
    """A body that is made as it is sent."""

    def __init__(self, size: int, before: bytes = b"", after: bytes = b""):
        self._size, self._before, self._after = size, before, after

    def __iter__(self) -> Any:
        yield self._before
        for _ in range(self._size // MIB):
            yield bytes(MIB)
        yield self._after


def sha256_of_zeros(size: int) -> str:
    """Of as many."""
    found = hashlib.sha256()
    for _ in range(size // MIB):
        found.update(bytes(MIB))
    return found.hexdigest()


def test_a_client_that_leaves_ends_the_stream_of_a_view(site: Site, shop: Shop) -> None:
    program = host(site, shop)
    with socket.create_connection((site.host, site.port), PATIENCE) as browser:
        browser.sendall(b"GET /endless/ HTTP/1.1\r\nhost: a\r\n\r\n")
        assert browser.recv(65_536)
    program.line("endless has ended")
    assert site.get("/") == "hello from Django\n"


def test_a_view_that_fails_is_answered_by_django(site: Site, shop: Shop) -> None:
    program = host(site, shop)
    answer = site.answer("/fails/")
    assert answer.status == 500 and "Server Error" in answer.text
    assert "a function failed" not in program.output


def test_a_form_that_breaks_off_is_not_taken_for_whole(site: Site, shop: Shop) -> None:
    program = host(site, shop)
    with socket.create_connection((site.host, site.port), PATIENCE) as browser:
        browser.sendall(
            b"POST /upload/ HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n"
            b"content-type: multipart/form-data; boundary=x\r\nexpect: 100-continue\r\n\r\n"
        )
        # The view reads.
        assert browser.recv(65_536).startswith(b"HTTP/1.1 100")
        head = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
        browser.sendall(head + bytes(200_000))
    program.line("UnreadablePostError")
    assert site.get("/") == "hello from Django\n"


@pytest.mark.parametrize(("options", "thread"), [((), "MainThread"), (("--async-path", "/async"), "seaway-loop")])
def test_an_asynchronous_path_is_served_on_the_event_loop(
    site: Site, shop: Shop, options: List[str], thread: str
) -> None:
    program = host(site, shop, *options)
    assert (site.get("/async/") == thread) == bool(options)
    assert meta(site)["thread"] == "MainThread"
    assert program.terminate() == 0
    assert "ERROR" not in program.output


def test_all_paths_may_be_asynchronous(site: Site, shop: Shop) -> None:
    shop.environment["SHOP_DEBUG"] = "1"
    program = host(site, shop, "--asgi")
    assert site.get("/async/") == "seaway-loop"
    assert site.get("/static/goods/shop.css").startswith("body {")
    assert Browser(site).ask("/visits/").text == "1"
    assert program.terminate() == 0


def test_settings_must_be_said(site: Site) -> None:
    program = site.start("django", DJANGO_SETTINGS_MODULE="")
    assert program.wait() == 64
    assert "say which settings" in program.output
