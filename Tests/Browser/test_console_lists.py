"""Lists of the console: their order, what is filtered, hidden and bounded."""

from __future__ import annotations

import json

from console_page import ROWS, answers
from console_stub import Open, busy, channel, quiet


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
    page.until(f"{ROWS % 'channels'}.length === 1")
    page.write("nothing")
    page.until_text("#channels .empty", "Nothing here matches “HTTPnothing”.")
    page.press("Escape")
    assert page.evaluate("document.activeElement === document.body && document.querySelector('#filter').value") == ""
    assert len(page.evaluate(ROWS % "channels")) == 4


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
    assert page.text("#channels .rest") == "1,234 in all; the first 500 by name are listed here."
    assert page.text("#channels-count") == "1,234"
    page.click("#channels .more:not(.offer)")
    assert len(page.evaluate(ROWS % "channels")) == 100


# ---- inboxes


def test_inboxes_are_hidden_until_they_are_asked_for(opened: Open) -> None:
    page, _ = opened()
    page.until_live()
    inbox = "http.response.web1!17"
    assert inbox not in page.evaluate(ROWS % "channels") and page.text("#channels-count") == "4"
    assert page.text("#channels .rest") == "1 inbox is hidden."
    page.press("i")
    assert inbox in page.evaluate(ROWS % "channels") and page.text("#channels-count") == "5"
    assert page.text("#channels .rest") == ""
    # For this tab, as long as it is open.
    page.reload()
    assert inbox in page.evaluate(ROWS % "channels")
    page.click("#inboxes")
    assert inbox not in page.evaluate(ROWS % "channels")
    assert page.evaluate("localStorage.length") == 0
    # It is about channels alone.
    page.press("2")
    assert page.evaluate("document.querySelector('#inboxes').checkVisibility()") is False
    page.press("1")
    names = [name for role, name in page.controls() if role == "checkbox"]
    assert names == ["Hide inboxes"]


# ---- lists that are longer than what comes with the state


def long_lists(opened: Open, inboxes: int = 0, **how: object):
    """99,000 channels, of which those deepest are not the first by name."""
    rows = {f"channel.{index:05}": index * 7_919 % 99_001 for index in range(99_000)}

    def state(turn: int) -> dict:
        first = [channel(name, turn, depth=depth, readers=0, rate=0) for name, depth in list(rows.items())[:500]]
        return {**busy(turn), "channels": first, "channels_total": 99_000 + inboxes}

    def lists(kind: str, question: dict[str, str]) -> dict:
        assert kind == "channels"
        names = [name for name in rows if question.get("filter", "") in name]
        by = (lambda name: (rows[name], name)) if question["sort"] == "depth" else (lambda name: (0, name))
        names.sort(key=by, reverse=question["order"] == "falling")
        script.turns += 1
        hidden = inboxes if question.get("inboxes") == "hidden" else 0
        return {
            "rows": [channel(name, script.turns, rows[name], readers=0, rate=2) for name in names[:500]],
            "total": 99_000 + inboxes - hidden, "matching": len(names), "hidden": hidden, "whole": True,
            "at": float(script.turns),
        }  # fmt: skip

    page, script = opened(state, **how)
    script.turns = 0
    script.lists = lists
    return page, script


def test_the_deepest_of_very_many_channels_is_shown(opened: Open) -> None:
    page, script = long_lists(opened, inboxes=12_000, hurry=20)
    page.until(f"{ROWS % 'channels'}.length === 50 && document.querySelector('#channels .rest').innerText")
    page.until_text("#channels .rest", "by waiting")
    assert page.text("#channels tbody tr td") == "99k"
    assert page.text("#channels .rest") == (
        "99k in all; the first 500 by waiting are listed here. 12k inboxes are hidden."
    )
    assert page.text("#channels-count") == "99k"
    assert script.asked_lists[-1] == ("channels", {"sort": "depth", "order": "falling", "inboxes": "hidden"})
    # A rate is one of these rows, between two times that they were seen.
    page.until("document.querySelector('#channels tbody tr').cells[8].innerText === '2'")
    page.press("i")
    page.until_text("#channels .rest", "111k in all")
    assert "inboxes" not in script.asked_lists[-1][1]


def test_another_order_and_a_filter_are_asked_for_of_all(opened: Open) -> None:
    page, script = long_lists(opened)
    page.until_text("#channels .rest", "by waiting")
    page.click("#channels thead th:nth-child(1) button")
    page.until_text("#channels .rest", "by channel")
    page.until(f"({ROWS % 'channels'})[0] === 'channel.00000'")
    page.click("#channels thead th:nth-child(1) button")
    page.until(f"({ROWS % 'channels'})[0] === 'channel.98999'")
    page.press("/")
    page.write("12345")
    page.until(f"JSON.stringify({ROWS % 'channels'}) === '[\"channel.12345\"]'")
    assert script.asked_lists[-1][1]["filter"] == "12345"
    page.press("Escape")
    page.until(f"{ROWS % 'channels'}.length === 50")


def test_a_process_that_cannot_say_more_is_shown_as_far_as_it_does(opened: Open) -> None:
    page, script = long_lists(opened, hurry=20)
    script.lists = None
    page.until_live()
    answers(page, 3)
    assert page.text("#channels .rest") == "99k in all; the first 500 by name are listed here."
    assert len(page.evaluate(ROWS % "channels")) == 50
