"""The live blog of `make demo`, in a real browser."""

from __future__ import annotations

import itertools
import json

import pytest

from conftest import LOGS

FEED = "[...document.querySelectorAll('#feed li')].map((entry) => entry.innerText.replace(/\\s+/g, ' ')).reverse()"
CONNECTED = "document.body.dataset.state === 'open'"
numbers = itertools.count(1)


def post(page, path: str, text: str) -> None:
    """Types a text and presses the button of a language."""
    page.evaluate(f"document.getElementById('text').value = {json.dumps(text)}")
    page.evaluate(f"document.querySelector('button[value=\"{path}\"]').click()")
    page.until("document.getElementById('text').value === ''")


def until_shown(page, *texts: str) -> None:
    """Waits until the feed ends with these posts, in this order."""
    expected = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    page.until(f"JSON.stringify({FEED}.slice(-{len(texts)})) === {json.dumps(expected)}")


def fresh(text: str) -> str:
    return f"{text} {next(numbers)}"


def test_a_post_from_each_language_arrives_in_both_pages_in_order(pages, demo):
    texts = [fresh("hello") for _ in range(5)]
    for page, path, text in zip([*pages, *pages], ["/swift", "/python", "/go", "/sh"], texts):
        post(page, path, text)
    assert demo.say(f'GSEND :- liveblog {{"text":"me: {texts[4]}"}}\n').startswith("OK sent=3")
    shown = [f"{author} {text}" for author, text in zip(["Swift", "Python", "Go", "Shell", "me"], texts)]
    for page in pages:
        until_shown(page, *shown)
    LOGS.mkdir(parents=True, exist_ok=True)
    pages[0].screenshot(LOGS / "liveblog.png")


def test_what_bites_is_shown_as_it_is(pages):
    text = fresh("<b>\"quotes\" & 'more' \\ back ü €</b>")
    for path, author in [("/swift", "Swift"), ("/python", "Python"), ("/go", "Go"), ("/sh", "Shell")]:
        post(pages[0], path, text)
        until_shown(pages[1], f"{author} {text}")


def test_all_four_share_the_work_of_one_channel_and_the_page_says_who_answered(pages):
    authors = set()
    for _ in range(8):
        post(pages[0], "/any", text := fresh("whoever"))
        outcome = pages[0].evaluate("document.getElementById('outcome').textContent")
        author = outcome.removeprefix("posted by ").removeprefix("the ").title()
        until_shown(pages[1], f"{author} {text}")
        authors.add(author)
    assert authors == {"Swift", "Python", "Go", "Shell"}


def test_readers_are_counted(browser, pages, demo):
    for page in pages:
        page.until("document.getElementById('readers').textContent === '2'")
    third = browser.open(f"http://{demo.http}/")
    for page in [*pages, third]:
        page.until("document.getElementById('readers').textContent === '3'")
    third.close()
    for page in pages:
        page.until("document.getElementById('readers').textContent === '2'")


def test_a_page_that_opens_later_has_what_was_said(browser, pages, demo):
    text = fresh("before")
    post(pages[0], "/go", text)
    until_shown(pages[1], f"Go {text}")
    later = browser.open(f"http://{demo.http}/")
    until_shown(later, f"Go {text}")


@pytest.mark.parametrize("worker, path", [("python", "/python"), ("swift", "/swift"), ("go", "/go"), ("shell", "/sh")])
def test_a_worker_that_is_killed_costs_no_page_its_connection(browser, pages, demo, worker, path):
    other = "/swift" if worker == "python" else "/python"
    for page in pages:
        page.evaluate(
            "window.lost = 0;"
            "new MutationObserver(() => { if (document.body.dataset.state !== 'open') window.lost += 1; })"
            ".observe(document.body, { attributes: true })"
        )
    demo.kill(worker)
    while_away = fresh("while it is away")
    post(pages[0], other, while_away)
    demo.until_started_again(worker)
    afterwards = fresh("it is back")
    post(pages[1], path, afterwards)
    shown = [f"{other[1:].title()} {while_away}", f"{worker.title()} {afterwards}"]
    for page in pages:
        until_shown(page, *shown)
        assert page.evaluate("window.lost") == 0
    # What was posted while the history's keeper was away had waited for it.
    until_shown(browser.open(f"http://{demo.http}/"), *shown)


def test_heavy_work_tells_how_far_it_is_and_answers_the_request(pages):
    page = pages[0]
    page.evaluate(
        "window.seen = []; new MutationObserver(() => window.seen.push(document.getElementById('progress').value))"
        ".observe(document.getElementById('progress'), { attributes: true })"
    )
    page.evaluate("document.getElementById('limit').value = 2000000; document.getElementById('job').click()")
    result = page.until("document.getElementById('result').textContent")
    assert result.startswith("148933 primes below 2000000")
    assert page.until("document.getElementById('progress').value === 100")
    seen = page.evaluate("window.seen")
    assert seen == sorted(seen) and len(set(seen)) > 10
    assert pages[1].evaluate(CONNECTED)
