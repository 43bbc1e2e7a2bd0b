"""A chat of Django Channels behind Seaway, in two tabs of a browser."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys
from collections.abc import Iterator

import pytest

from chromium import Browser, Page
from ports import free_port
from projects import CLIENT, Ends, Program, Site

CHAT = pathlib.Path(__file__).parent / "chat_site"
SEAWAY = os.environ.get("SEAWAY_BIN") or str(CHAT.parents[2] / ".build" / "release" / "seaway")
#: By the old code or by the new one.
HAS_READ = "[...document.querySelectorAll('#log li')].some(line => ['%d', 'new: %d'].includes(line.textContent))"


@pytest.fixture
def programs() -> Iterator[list[Ends]]:
    started: list[Ends] = []
    yield started
    for one in started[1:] + started[:1]:
        one.kill()


def tabs(browser: Browser, address: str) -> list[Page]:
    """Two pages of one room, whose sockets are open."""
    pages = [browser.open(f"http://{address}/chat/lobby/") for _ in range(2)]
    for page in pages:
        page.until("document.body.dataset.state === 'open'")
    return pages


def say(page: Page, text: str) -> None:
    page.evaluate(f"message.value = '{text}'; say.requestSubmit()")


def read(page: Page) -> object:
    return page.evaluate("[...document.querySelectorAll('#log li')].map(line => line.textContent).join()")


def until_read(page: Page, text: str) -> None:
    page.until(f"[...document.querySelectorAll('#log li')].some(line => line.textContent === '{text}')")


def test_two_tabs_hear_each_other(browser: Browser, programs: list[Ends]) -> None:
    site = Site(programs)
    host = site.serve(
        "django", "--settings", "mysite.settings", folder=CHAT, SEAWAY_BROKER=site.broker, PYTHONDONTWRITEBYTECODE="1"
    )
    one, two = tabs(browser, f"{site.host}:{site.port}")
    say(one, "hello")
    until_read(one, "hello")
    until_read(two, "hello")
    say(two, "and you")
    until_read(one, "and you")
    until_read(two, "and you")
    assert read(one) == read(two) == "hello,and you"
    assert "ERROR" not in host.output


def test_tabs_stay_open_when_the_code_changes(browser: Browser, programs: list[Ends], tmp_path: pathlib.Path) -> None:
    project = tmp_path / "chat"
    shutil.copytree(CHAT, project, ignore=shutil.ignore_patterns("__pycache__"))
    port = free_port()
    environment = {"PYTHONPATH": str(CLIENT), "SEAWAY_BIN": SEAWAY, "SEAWAY_BROKER": "", "PYTHONUNBUFFERED": "1"}
    running = Program(
        sys.executable, str(project / "manage.py"), "runserver", str(port), PYTHONDONTWRITEBYTECODE="1", **environment
    )
    try:
        running.line("Watching for file changes")
        one, two = tabs(browser, f"127.0.0.1:{port}")
        say(one, "before")
        until_read(two, "before")
        consumers = project / "chat" / "consumers.py"
        consumers.write_text(consumers.read_text().replace('PREFIX = ""', 'PREFIX = "new: "'))
        later = consumers.stat().st_mtime + 2
        os.utime(consumers, (later, later))
        running.line("consumers.py changed, reloading")
        for number in range(200):
            say(two, f"{number}")
            one.until(HAS_READ % (number, number))
            heard = str(read(one)).split(",")
            if f"new: {number}" in heard:
                break
        # What is said while both the old coroutine and the new one are in the group may come twice.
        said = [text.removeprefix("new: ") for text in dict.fromkeys(heard)]
        assert said == ["before", *map(str, range(number + 1))]
        assert heard[-1] == f"new: {number}"
        for page in (one, two):
            assert page.evaluate("document.body.dataset.state") == "open"
    finally:
        running.terminate()
