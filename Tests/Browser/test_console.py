"""The console in a browser, before a script that plays the process: what is shown, and how it goes on."""

from __future__ import annotations

from console_page import ASKED, DASH, ROWS, ConsolePage, answers
from console_stub import Open, busy, channel, quiet

STATE = "document.documentElement.dataset.state"
HOSTILE = "<img src=x onerror=\"document.title='owned'\">\u202e\u0007&amp;"


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
