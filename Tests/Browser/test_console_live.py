"""The console of `seaway up`, with workers in four languages, under load; photographed at three widths."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
from collections.abc import Iterator

import pytest

from chromium import Browser
from conftest import LOGS
from console_page import DASH, ConsolePage
from harness import SEAWAY, House, Wire
from ports import free_port

PICTURES = pathlib.Path(os.environ.get("SEAWAY_PICTURES") or LOGS)
LANGUAGES = ("swift", "python", "go", "sh")
ROWS = "[...document.querySelectorAll('#%s tbody tr')].map((row) => row.cells[0].innerText.trim())"


class Site:
    """`seaway up` with its console, and what works for it."""

    def __init__(self, house: House, *options: str):
        self.http, self.broker, self.admin = free_port(), free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.admin}/"
        routes = [word for name in (*LANGUAGES, "any") for word in ("--route", f"/{name}=http.request.{name}")]
        self.program = house.start(
            [SEAWAY, "up", "--http", f"127.0.0.1:{self.http}", "--listen", f"127.0.0.1:{self.broker}",
             "--admin", f"127.0.0.1:{self.admin}", *routes, *options]
        )  # fmt: skip
        for port in (self.http, self.broker, self.admin):
            house.listening(self.program, port)

    @contextlib.contextmanager
    def load(self) -> Iterator[None]:
        """Requests, as many as are answered."""
        command = ["wrk", "-t1", "-c16", "-d600s", f"http://127.0.0.1:{self.http}/swift"]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            running.kill()
            running.wait()

    def send(self, channel: str, count: int, **body: object) -> None:
        with Wire(self.broker) as wire:
            for number in range(count):
                text = json.dumps({**body, "n": number})
                assert wire.ask(f"SEND :- {channel} {text}").startswith("OK")


@pytest.fixture
def site(house: House) -> Site:
    return Site(house)


def test_a_site_under_load_is_seen_in_the_browser(browser: Browser, house: House, site: Site) -> None:
    for language in LANGUAGES:
        house.worker(language, site.broker)
    site.send("mail.send", 42, to="someone@example.org", subject="<b>Receipt</b>")
    page = ConsolePage(browser, site.address)
    page.until_live()
    with site.load():
        # Requests, latency, messages: all of them are told, and are not nothing.
        page.until(
            "[...document.querySelectorAll('#tiles .tile')].slice(0, 3).every((tile) =>"
            f"[...tile.querySelectorAll('dd')].some((value) => !['{DASH}', '0/s'].includes(value.innerText)))"
        )
        page.until_text("#tiles .tile:nth-child(1) dd", "/s")
        page.until_text("#tiles .tile:nth-child(2) dd", "ms")
        page.until_text("#process", "seaway up")
        page.until(f"{ROWS % 'channels'}.includes('mail.send')")
        assert page.text("#channels tbody tr").split()[1] == "42"
        for language in ("swift", "python", "go", "shell"):
            page.until_text("#workers", language)
        page.click("#tab-connections")
        page.until(f"{ROWS % 'connections'}.length >= 4")
        # Of the servers in the same process none is a worker.
        page.until_text("#workers", "this process")
        photograph(page)
    page.close()


def photograph(page: ConsolePage) -> None:
    """Three widths, dark and light, under load."""
    page.click("#tab-channels")
    page.point(2, 2)
    for theme in ("light", "dark"):
        page.theme(theme)
        for width, height in [(360, 740), (900, 1000), (1440, 1000)]:
            page.size(width, height)
            assert page.evaluate(f"document.documentElement.scrollWidth <= {width}")
            assert page.weak_contrasts() == []
            page.picture(PICTURES / f"console-{theme}-{width}.png")
    page.theme("light")


def test_messages_are_looked_at_followed_and_sent(browser: Browser, house: House, site: Site) -> None:
    site.send("jobs", 3, task="<img src=x>")
    page = ConsolePage(browser, site.address)
    page.until(f"{ROWS % 'channels'}.includes('jobs')")
    page.click("#channels tbody button.name")
    page.until("document.querySelectorAll('#messages li').length === 3")
    assert '"task": "<img src=x>"' in page.text("#messages")
    page.click("#tab-tail")
    page.until_text("#tail-note", "Listening.")
    site.send("jobs", 1, task="seen passing")
    page.until_text("#tail-lines", "seen passing")
    page.click("#tab-send")
    page.evaluate("document.querySelector('#send-body').select()")
    page.write('{"task": "from the browser", "id": 9007199254740993}')
    page.click("#send-button")
    page.until_text("#send-outcome", "Sent to jobs.")
    with Wire(site.broker) as wire:
        head = wire.look("PEEK jobs")["head"]
    assert head[-1]["message"] == {"task": "from the browser", "id": 9007199254740993}
    page.until_text("#sheet-facts", "5")
    page.close()


def test_a_group_is_sent_to(browser: Browser, site: Site) -> None:
    page = ConsolePage(browser, site.address)
    with Wire(site.broker) as member:
        member.listen("web.1")
        assert member.ask("JOIN room web.1").startswith("OK")
        page.press("2")
        page.until(f"{ROWS % 'groups'}.includes('room')")
        page.click("#groups tbody button.name")
        page.click("#tab-send")
        page.click("#send-button")
        page.until_text("#send-outcome", "Sent to room")
        assert member.take() == {"type": "hello"}
    page.close()


def test_a_connection_is_ended(browser: Browser, site: Site) -> None:
    page = ConsolePage(browser, site.address)
    with Wire(site.broker) as client:
        client.ask("HELLO 1 format=json client=an-old-worker")
        page.press("3")
        page.until("document.querySelector('#connections').innerText.includes('an-old-worker')")
        page.press("/")
        page.write("an-old")
        page.until(f"{ROWS % 'connections'}.length === 1")
        page.click("#connections tbody button.danger")
        page.click("#confirm-yes")
        page.until_text("#news", "was ended.")
        page.until_text("#connections .empty", "Nothing here matches")
        with pytest.raises((EOFError, OSError)):
            while True:
                client.read()
    page.close()


def test_a_process_that_dies_is_said_and_one_that_comes_back_too(browser: Browser, house: House, site: Site) -> None:
    page = ConsolePage(browser, site.address)
    page.until_live()
    site.program.kill()
    page.until("document.documentElement.dataset.state === 'lost'")
    house.listening(house.start(site.program.command), site.admin)
    page.until_live()
    page.close()


def test_a_token_opens_it(browser: Browser, house: House, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "admin-token"
    file.write_text("open-sesame-0123456789\n")
    file.chmod(0o600)
    site = Site(house, "--admin-token-file", str(file))
    page = ConsolePage(browser, site.address)
    page.until("document.querySelector('#token').open")
    page.write("not this one")
    page.press("Enter")
    page.until_text("#token-error", "This token is not known.")
    page.write("open-sesame-0123456789")
    page.press("Enter")
    page.until_live()
    page.close()


def test_one_console_shows_several_brokers(browser: Browser, house: House) -> None:
    first, second, http, admin = (free_port() for _ in range(4))
    brokers = [house.broker(port) for port in (first, second)]
    addresses = [word for port in (first, second) for word in ("--broker", f"127.0.0.1:{port}")]
    server = house.start([SEAWAY, "serve", *addresses, "--http", f"127.0.0.1:{http}", "--admin", f"127.0.0.1:{admin}"])
    house.listening(server, admin)
    page = ConsolePage(browser, f"http://127.0.0.1:{admin}/")
    page.until_live()
    for port in (first, second):
        page.until_text("#brokers", f"127.0.0.1:{port}")
    assert page.evaluate("document.querySelector('#broker').options.length") == 3
    brokers[1].kill()
    page.until_text("#news", f"Not reachable: 127.0.0.1:{second}.")
    page.until_text("#brokers", "not reachable")
    page.close()
