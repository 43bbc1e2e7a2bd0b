"""The console in a browser, before a script that plays the process: what is shown, and what is done with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chromium import Browser
from console_page import DASH, ConsolePage
from console_stub import ConsoleStub, Script, busy, channel, quiet, stub

ROWS = "[...document.querySelectorAll('#%s tbody tr')].map((row) => row.cells[0].innerText.trim())"
STATE = "document.documentElement.dataset.state"
ASKED = "window.asked"
HOSTILE = "<img src=x onerror=\"document.title='owned'\">\u202e\u0007&amp;"
Open = Callable[..., tuple[ConsolePage, ConsoleStub]]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens the console before a script, and looks at the end for what went wrong unseen."""
    pages: list[ConsolePage] = []
    stubs = []

    def open_one(script: Script = busy, **how: Any) -> tuple[ConsolePage, ConsoleStub]:
        stubs.append(stub(script))
        running = stubs[-1].__enter__()
        pages.append(ConsolePage(browser, running.address, **how))
        return pages[-1], running

    yield open_one
    for page in pages:
        page.close()
    for one in stubs:
        one.__exit__(None, None, None)


def answers(page: ConsolePage, number: int) -> None:
    """Waits until the page has had so many more, in front or not."""
    page.evaluate(
        f"new Promise((resolve) => {{ const end = {ASKED} + {number};"
        f"const look = () => {ASKED} >= end ? resolve() : setTimeout(look, 20); look(); }})"
    )


def test_all_of_a_process_is_shown(opened: Open) -> None:
    page, _ = opened(hurry=20)
    page.until_text("#tiles .tile:nth-child(1) dd", "/s")
    titles = page.evaluate("[...document.querySelectorAll('.tile h3')].map((title) => title.textContent)")
    assert titles == [
        "Requests", "Latency", "Messages", "WebSockets", "Waiting", "Drops", "Time in queue", "Memory", "Processor",
    ]  # fmt: skip
    page.until("!document.querySelector('#tiles').innerText.includes('" + DASH + "')")
    page.click("summary")
    page.until("!document.querySelector('#more').innerText.includes('" + DASH + "')")
    rows = page.evaluate(ROWS % "channels")
    assert isinstance(rows, list) and {"mail.senddurable", "http.request"} <= {"".join(row.split()) for row in rows}
    assert page.text("#workers").split() == [
        "python", "3", "connections", "3", "swift", "2", "connections", "1", "go", "1", "connection", "1",
        "shell", "1", "connection", "1", "this", "process", "1", "connection", "0",
    ]  # fmt: skip
    assert "full" in page.text("#reasons") and "expired" in page.text("#reasons") and "slow" in page.text("#reasons")
    assert "127.0.0.1:7410" in page.text("#brokers") and "9 connections · 23 h 53 min" in page.text("#brokers")
    assert "seaway up · 1.4.0 · up 23 h 53 min" in page.text("#process")
    page.click("#tab-groups")
    assert page.evaluate(ROWS % "groups") == ["liveblog", "room.oslo", "room.bergen"]
    page.click("#tab-connections")
    row = page.text("#connections tbody tr")
    for part in ("seaway-python/1.4", "python", "web", "10.0.0.4:50122", "23 h 53 min", "2 KiB", "127.0.0.1:7410"):
        assert part in row
    assert page.evaluate("location.hash") == "#/connections"


def test_a_broker_alone_has_no_pictures_of_a_server_and_says_what_is_empty(opened: Open) -> None:
    page, _ = opened(quiet)
    page.until_live()
    titles = page.evaluate("[...document.querySelectorAll('.tile h3')].map((title) => title.textContent)")
    assert titles == ["Messages", "Time in queue", "Waiting", "Drops", "Connections", "Processor", "Memory"]
    assert "No channel holds anything" in page.text("#channels")
    assert page.text("#workers-note") == "Nobody is connected yet."
    assert page.text("#reasons-note") == "Nothing was dropped or refused."
    page.press("2")
    assert "No group has members." in page.text("#groups")
    page.press("3")
    assert "Nobody is connected." in page.text("#connections")


def test_what_is_not_known_is_a_dash(opened: Open) -> None:
    def sparse(turn: int) -> dict:
        return {"time": float(turn), "brokers": [{"address": "b", "reachable": True}], "channels": [{"name": "c"}],
                "groups": [{"name": "g"}], "connections": [{"broker": 0, "id": "1"}], "server": {}}  # fmt: skip

    page, _ = opened(sparse, hurry=20)
    answers(page, 3)
    assert (
        page.evaluate("document.querySelector('#channels tbody tr').innerText.split(/\\s+/).slice(1).join('')")
        == DASH * 9
    )
    # Drops alone are known: nothing was.
    assert page.evaluate(
        "[...document.querySelectorAll('.tile dd')].map((value) => value.innerText).slice(0, 9).join()"
    ) == (",".join([DASH] * 8 + ["0/s"]))


def test_pictures_pause_when_the_page_is_hidden_and_when_it_is_told_to(opened: Open) -> None:
    page, _ = opened(hurry=20)
    page.until_live()
    # In front of it, so that it is not seen any more.
    other, _ = opened(hurry=20)
    assert page.evaluate("document.hidden")
    asked = still(page, other)
    page.page.call("Page.bringToFront")
    page.until(f"!document.hidden && {ASKED} > {asked}")

    page.click("#pause")
    assert page.text("#state") == "Paused"
    assert page.evaluate("document.querySelector('#pause').getAttribute('aria-pressed')") == "true"
    other.page.call("Page.bringToFront")
    asked = still(page, other)
    page.page.call("Page.bringToFront")
    page.press("p")
    page.until_live()
    answers(page, 1)
    assert int(page.evaluate(ASKED)) > asked


def still(page: ConsolePage, other: ConsolePage) -> int:
    """How often a page has asked, which it does no more while the other goes on."""
    # One answer may be on its way.
    answers(other, 2)
    asked = int(page.evaluate(ASKED))
    answers(other, 10)
    assert page.evaluate(ASKED) == asked
    return asked


def test_a_picture_says_what_is_under_the_pointer_and_under_the_arrow_keys(opened: Open) -> None:
    page, _ = opened(hurry=50)
    answers(page, 40)
    page.click("#pause")
    x, y, width = page.evaluate(
        "(() => { const r = document.querySelector('.plot').getBoundingClientRect();"
        "return [r.x, r.y + r.height / 2, r.width] })()"
    )
    value = "document.querySelector('.tile dd').innerText"
    now = page.evaluate(value)
    page.point(x + width * 0.9, y)
    page.until("document.querySelector('.tile .when').innerText.endsWith(' ago')")
    assert page.evaluate(value) != now
    page.point(x, y - 300)
    page.until("document.querySelector('.tile .when').innerText === 'now'")
    assert page.evaluate(value) == now

    page.evaluate("document.querySelector('.plot').focus()")
    spoken = "document.querySelector('.plot').getAttribute('aria-valuetext')"
    assert page.evaluate(spoken).startswith(f"now: all {now}, 5xx ")
    for _ in range(3):
        page.press("ArrowLeft")
    assert page.evaluate(spoken).startswith("3 s ago: all ")
    assert page.evaluate("document.querySelector('.plot').getAttribute('aria-valuenow')") == "-3"
    page.press("ArrowRight")
    assert page.evaluate(spoken).startswith("2 s ago: all ")
    page.press("End")
    assert page.evaluate(spoken).startswith("now: ")


def test_lists_are_sorted_and_filtered_by_keyboard(opened: Open) -> None:
    page, _ = opened()
    page.until_live()
    head = "document.querySelector('#channels thead th:nth-child(%d)')"
    assert page.evaluate(f"{head % 2}.getAttribute('aria-sort')") == "descending"
    page.evaluate(f"{head % 1}.querySelector('button').focus()")
    page.press("Enter")
    assert page.evaluate(f"{head % 1}.getAttribute('aria-sort')") == "ascending"
    names = page.evaluate(ROWS % "channels")
    assert isinstance(names, list) and names == sorted(names)
    page.press("Enter")
    assert page.evaluate(ROWS % "channels") == names[::-1]

    page.press("/")
    page.write("HTTP")
    page.until(f"{ROWS % 'channels'}.length === 2")
    page.write("nothing")
    page.until_text("#channels .empty", "Nothing here matches “HTTPnothing”.")
    page.press("Escape")
    assert page.evaluate("document.activeElement === document.body && document.querySelector('#filter').value") == ""
    assert len(page.evaluate(ROWS % "channels")) == 5


def test_rows_do_not_change_places_under_the_pointer(opened: Open) -> None:
    def swapping(turn: int) -> dict:
        rows = [channel(f"c{index}", turn, depth=(index + turn) % 3, readers=0, rate=0) for index in range(3)]
        return {**quiet(turn), "channels": rows}

    page, _ = opened(swapping, hurry=20)
    page.until_live()
    page.click("#channels tbody tr:nth-child(2) td:nth-child(2)")
    order = page.evaluate(ROWS % "channels")
    shown = page.text("#channels tbody")
    page.until(f"document.querySelector('#channels tbody').innerText !== {json.dumps(shown)}")
    answers(page, 6)
    assert page.evaluate(ROWS % "channels") == order
    page.point(5, 5)
    page.until(f"JSON.stringify({ROWS % 'channels'}) !== {json.dumps(json.dumps(order, separators=(',', ':')))}")


def test_many_rows_are_bounded_and_said(opened: Open) -> None:
    def many(turn: int) -> dict:
        rows = [channel(f"channel.{index:03}", turn, depth=index, readers=0, rate=0) for index in range(500)]
        return {**busy(turn), "channels": rows, "channels_total": 1234}

    page, _ = opened(many, hurry=20)
    page.until_live()
    assert len(page.evaluate(ROWS % "channels")) == 50
    assert page.text("#channels .more:not(.offer)") == "Show 50 of 450 more"
    assert page.text("#channels .rest") == "1,234 in all; the first 500 are listed here."
    assert page.text("#channels-count") == "1,234"
    page.click("#channels .more:not(.offer)")
    assert len(page.evaluate(ROWS % "channels")) == 100


def test_as_time_goes_by_nothing_grows(opened: Open) -> None:
    page, _ = opened(hurry=200)
    page.until_live()
    size = "[document.querySelectorAll('*').length, Math.max(...[...document.querySelectorAll('.plot path')]"
    size += ".map((path) => (path.getAttribute('d') ?? '').split('L').length))]"
    # The pictures are full then.
    for _ in range(4):
        answers(page, 80)
    elements, points = page.evaluate(size)
    assert points <= 303
    answers(page, 20)
    assert page.evaluate(size)[0] == elements


def test_names_and_bodies_of_strangers_are_text(opened: Open) -> None:
    def hostile(turn: int) -> dict:
        state = busy(turn)
        long = HOSTILE + "x" * 5000
        state["channels"] = [channel(HOSTILE, turn, depth=1, readers=0, rate=0), channel("/../é %", turn, 0, 0, 0)]
        state["groups"] = [{"name": HOSTILE, "members": 1}]
        state["connections"] = [
            {"broker": 0, "id": HOSTILE, "client": long, "token": HOSTILE, "address": HOSTILE, "language": HOSTILE}
        ]
        state["brokers"][1] |= {"address": HOSTILE, "reachable": False, "reason": long, "drops": {"__proto__x": 3}}
        state["process"] = {"kind": HOSTILE, "version": HOSTILE}
        return state

    page, script = opened(hostile)
    script.messages = [{"age": 1.0, "size": 9, "body": {HOSTILE: HOSTILE}, "times": 0}]
    page.until_live()
    shown = "<img src=x onerror=\"document.title='owned'\">\\u202e\\u0007&amp;"
    assert shown in page.evaluate(ROWS % "channels")
    page.click("#channels tbody button.name")
    page.until_text("#messages pre", "<img")
    assert script.peeked == [HOSTILE]
    page.press("Escape")
    page.press("3")
    assert shown in page.text("#connections tbody tr")
    assert page.evaluate("document.querySelectorAll('main img, dialog img').length") == 0
    assert page.evaluate("document.title").startswith("Seaway")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_messages_of_a_channel_are_looked_at(opened: Open) -> None:
    page, script = opened()
    script.messages = [
        {"age": 61.0 + index, "size": 40, "times": index % 2, "body": {"id": index, "text": "é\n<b>"}}
        for index in range(30)
    ]
    script.messages[0]["body"] = {"big": 9007199254740993}
    script.messages[1] |= {"body": None, "text": "the beginning"}
    page.until_live()
    page.evaluate("document.querySelector('#channels tbody button.name').focus()")
    page.press("Enter")
    page.until("document.querySelectorAll('#messages li').length === 20")
    assert page.text("#sheet-title") == "mail.send"
    assert page.text("#messages-note") == "The oldest 20 of 30; looking takes none away."
    first, second = page.evaluate("[...document.querySelectorAll('#messages li')].slice(0, 2).map((e) => e.innerText)")
    # Not rounded, as numbers of JavaScript are.
    assert '"big": 9007199254740993' in first and "1 min 1 s old" in first
    assert "the beginning" in second and "given out 1 time" in second
    assert "Waiting" in page.text("#sheet-facts")
    page.click("#messages-more")
    page.until("document.querySelectorAll('#messages li').length === 30")
    script.messages = []
    page.click("#messages-refresh")
    page.until_text("#messages-note", "Nothing waits here.")
    page.press("Escape")
    assert page.evaluate("document.querySelector('#sheet').open") is False
    # Who came by the keyboard is where he was.
    assert page.evaluate("document.activeElement.innerText") == "mail.send"


def test_a_message_is_sent_as_it_was_written(opened: Open) -> None:
    page, script = opened()
    page.until_live()
    page.click("#channels tbody button.name")
    page.click("#tab-send")
    page.evaluate("document.querySelector('#send-body').select()")
    page.write('{"n": 9007199254740993, "text": "é"}')
    page.click("#send-button")
    page.until_text("#send-outcome", "Sent to mail.send.")
    assert script.done == [("/api/send", {"channel": "mail.send", "body": {"n": 9007199254740993, "text": "é"}})]
    for text, complaint in [("[1]", "A message is an object: {…}"), ("{", "Not JSON"), (" ", "Nothing to send.")]:
        page.evaluate("document.querySelector('#send-body').select()")
        page.write(text)
        page.until_text("#send-error", complaint)
        page.click("#send-button")
        assert page.evaluate("document.querySelector('#send-body').getAttribute('aria-invalid')") == "true"
    assert len(script.done) == 1
    script.refusal = "full"
    page.evaluate("document.querySelector('#send-body').select()")
    page.write("{}")
    page.click("#send-button")
    page.until_text("#send-outcome", "Not sent: the channel is full")


def test_a_channel_that_is_not_there_yet_is_sent_to(opened: Open) -> None:
    page, script = opened()
    page.until_live()
    page.press("/")
    page.write(" New.Work ")
    page.until_text("#channels .offer", "Open channel New.Work")
    page.click("#channels .offer")
    page.until_text("#sheet-facts", "Nothing is there now")
    page.click("#tab-send")
    page.click("#send-button")
    page.until_text("#send-outcome", "Sent to New.Work.")
    assert script.done == [("/api/send", {"channel": "New.Work", "body": {"type": "hello"}})]


def test_a_group_is_sent_to_and_followed(opened: Open) -> None:
    page, script = opened()
    script.tails = ['data: {"channel":"web!1","time":1764571409.5,"size":2,"body":{},"kind":"sent"}\n\n']
    page.until_live()
    page.press("2")
    page.click("#groups tbody button.name")
    page.until("document.querySelectorAll('#tail-lines li').length === 1")
    page.click("#tab-send")
    page.click("#send-button")
    page.until_text("#send-outcome", "Sent to liveblog (3 members).")
    assert script.done == [("/api/groups/send", {"group": "liveblog", "body": {"type": "hello"}})]


def test_a_tail_is_bounded_and_says_what_it_has_missed(opened: Open) -> None:
    page, script = opened()
    line = 'data: {"channel":"mail.send","time":1764571409.5,"size":%d,"body":{"n":%d},"kind":"%s"}\r\n\r\n'
    script.tails = [line % (9, index, ["sent", "delivered", "dropped"][index % 3]) for index in range(1200)]
    script.tails += ['event: dropped\ndata: {"count":7}\n\n', ": nothing\n\n", line % (9, 1200, "sent")]
    page.until_live()
    page.click("#channels tbody button.name")
    page.click("#tab-tail")
    page.until_text("#tail-note", "1,201 seen · the last 500 are shown · 7 passed too fast to be shown")
    lines = page.evaluate("[...document.querySelectorAll('#tail-lines li')].map((line) => line.innerText)")
    assert isinstance(lines, list) and len(lines) == 500
    assert '{"n":701}' in lines[0] and '{"n":1200}' in lines[-1]
    # It follows.
    at_end = "(({scrollHeight, scrollTop, clientHeight}) => scrollHeight - scrollTop - clientHeight < 2)"
    assert page.evaluate(f"{at_end}(document.querySelector('#tail-lines'))")
    page.click("#tail-toggle")
    page.until_text("#tail-note", "Stopped.")
    assert page.text("#tail-toggle") == "Start"
    page.click("#tail-clear")
    assert page.evaluate("document.querySelector('#tail-lines').childElementCount") == 0
    page.click("#tail-toggle")
    page.until("document.querySelectorAll('#tail-lines li').length === 500")


def test_a_connection_is_ended_only_after_it_was_asked(opened: Open) -> None:
    page, script = opened()
    page.until_live()
    page.press("3")
    for leave in (lambda: page.press("Escape"), lambda: page.press("Enter"), lambda: page.click("#confirm [value=no]")):
        page.click("#connections tbody tr button.danger")
        assert "seaway-" in page.text("#confirm-text")
        # Cancel has the focus, so that a hasty Enter does nothing.
        leave()
        page.until("!document.querySelector('#confirm').open")
    assert script.done == []
    label = page.evaluate("document.querySelector('#connections tbody button.danger').getAttribute('aria-label')")
    page.click("#connections tbody tr button.danger")
    page.click("#confirm-yes")
    page.until_text("#news", "was ended.")
    ((path, body),) = script.done
    assert (
        path == "/api/connections/end"
        and set(body) == {"broker", "id", "age"}
        and f"End connection {body['id']} of" in str(label)
    )


def test_a_token_is_asked_for_and_kept_for_the_tab(opened: Open) -> None:
    page, script = opened(quiet)
    page.until_live()
    script.token = "s3cret"
    page.until("document.querySelector('#token').open")
    page.write("wrong")
    page.press("Enter")
    page.until_text("#token-error", "This token is not known.")
    page.write("s3cret")
    page.press("Enter")
    page.until_live()
    page.reload()
    assert page.evaluate("[sessionStorage.getItem('seaway-token'), localStorage.length]") == ["s3cret", 0]


def test_who_gives_no_token_is_told_how_to(opened: Open) -> None:
    page, script = opened(quiet)
    script.token = "s3cret"
    page.until("document.querySelector('#token').open")
    page.press("Escape")
    page.until_text("#lost", "A token is needed to look.")
    assert page.text("#state") == "Locked"


def test_a_process_that_does_not_answer_is_said_and_waited_for(opened: Open) -> None:
    page, script = opened(hurry=10)
    page.until_live()
    script.status = 503
    page.until(f"{STATE} === 'lost'")
    assert "No answer from 127.0.0.1" in page.text("#lost") and "Trying again." in page.text("#lost")
    # What was seen last stays.
    assert page.evaluate(ROWS % "channels") != []
    script.status = 200
    page.until_live()
    assert page.text("#news") == "The connection is back."
    assert page.text("#lost") == ""


def test_a_process_that_is_gone_is_said(opened: Open) -> None:
    page, script = opened(hurry=10)
    page.until_live()
    script.end()
    page.until(f"{STATE} === 'lost'")
    assert "(cannot be reached)" in page.text("#lost")


def test_of_several_brokers_one_may_be_away_and_each_can_be_looked_at_alone(opened: Open) -> None:
    is_away = False

    def script(turn: int) -> dict:
        state = busy(turn)
        state["channels"][1]["brokers"] = [1]
        if is_away:
            state["brokers"][1] = {"address": "127.0.0.1:7411", "reachable": False, "reason": "connection refused"}
        return state

    page, _ = opened(script, hurry=10)
    page.until_live()
    assert page.evaluate("[...document.querySelector('#broker').options].map((one) => one.text)") == [
        "All brokers", "127.0.0.1:7410", "127.0.0.1:7411",
    ]  # fmt: skip
    choose = "document.querySelector('#broker').value = '%s';"
    choose += "document.querySelector('#broker').dispatchEvent(new Event('change'))"
    page.evaluate(choose % "0")
    assert "http.request" not in page.evaluate(ROWS % "channels")
    page.press("3")
    assert len(page.evaluate(ROWS % "connections")) == 5
    page.evaluate(choose % "")
    assert len(page.evaluate(ROWS % "connections")) == 8
    is_away = True
    page.until_text("#news", "Not reachable: 127.0.0.1:7411.")
    assert "not reachable: connection refused" in page.text("#brokers")
    is_away = False
    page.until_text("#news", "All brokers are reachable again.")


def test_keys_of_one_letter_can_be_turned_off(opened: Open) -> None:
    page, _ = opened(quiet)
    page.until_live()
    page.press("?")
    assert page.evaluate("document.querySelector('#keys').open")
    page.click("#keys-on")
    page.press("Escape")
    page.press("/")
    assert page.evaluate("document.activeElement.id") != "filter"
    page.reload()
    page.press("?")
    assert page.evaluate("document.querySelector('#keys').open") is False


def test_the_theme_is_the_systems_until_one_is_chosen(opened: Open) -> None:
    page, _ = opened(quiet, theme="dark")
    page.until_live()
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.theme("light")
    light = page.evaluate(ground)
    assert dark != light
    page.press("t")
    assert page.evaluate(ground) == dark
    assert page.evaluate("document.querySelector('#theme').ariaLabel") == "Theme: dark"
    page.reload()
    assert page.evaluate(ground) == dark
    page.press("t")
    assert page.evaluate(ground) == light
    page.press("t")
    page.theme("dark")
    assert page.evaluate(ground) == dark
