"""The console for everybody: names, the order of the keys, contrast, motion, narrow screens, still layout."""

from __future__ import annotations

import pytest

from chromium import Browser
from console_page import DASH, ConsolePage
from console_stub import busy, quiet, stub

#: What opens each dialog.
DIALOGS = {
    "sheet": "document.querySelector('#channels tbody button.name').click()",
    "send": "document.querySelector('#channels tbody button.name').click();"
    "document.querySelector('#tab-send').click();"
    "document.querySelector('#send-body').value = '{'; document.querySelector('#send-button').click()",
    "confirm": "document.querySelector('#tab-connections').click();"
    "document.querySelector('#connections tbody button.danger').click()",
    "keys": "document.querySelector('#help').click()",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_all_text_stands_out_and_all_controls_have_names(browser: Browser, theme: str, width: int) -> None:
    with stub(busy) as script:
        page = ConsolePage(browser, script.address, width, theme=theme)
        script.messages = [{"age": 3.0, "size": 12, "body": {"a": 1}, "times": 1}]
        page.until_live()
        assert page.weak_contrasts() == []
        for name in ("groups", "connections", "channels"):
            page.click(f"#tab-{name}")
            assert page.weak_contrasts() == []
            unnamed = [control for control in page.controls() if not control[1].strip()]
            assert unnamed == [], name
        for name, opening in DIALOGS.items():
            page.evaluate(opening)
            page.until("document.querySelector('dialog[open]') !== null")
            assert page.weak_contrasts() == [], name
            controls = page.controls()
            assert len(controls) >= 2 and all(control[1].strip() for control in controls), name
            page.press("Escape")
            page.until("document.querySelector('dialog[open]') === null")
        script.status = 503
        page.until("document.querySelector('#lost').textContent !== ''")
        assert page.weak_contrasts() == []
        script.status = 401
        page.until("document.querySelector('#token').open")
        assert page.weak_contrasts() == []
        assert all(control[1].strip() for control in page.controls())
        page.close()


def test_empty_places_stand_out_too(browser: Browser) -> None:
    with stub(quiet) as script:
        for theme in ("light", "dark"):
            page = ConsolePage(browser, script.address, theme=theme)
            page.until_live()
            assert page.weak_contrasts() == []
            page.close()


def test_tab_goes_through_the_page_as_it_is_read(browser: Browser) -> None:
    with stub(busy) as script:
        page = ConsolePage(browser, script.address)
        page.until_live()
        seen = []
        for _ in range(24):
            page.press("Tab")
            seen.append(
                page.evaluate(
                    "(() => { const e = document.activeElement; const s = getComputedStyle(e);"
                    "return [e.id || e.className || e.textContent.trim(), s.outlineStyle !== 'none'] })()"
                )
            )
        names = [name for name, _ in seen]
        assert names[:11] == [
            "skip", "pause", "theme", "help", "plot", "plot", "plot", "plot", "plot", "plot", "More pictures",
        ]  # fmt: skip
        # One tab of three; the arrows lead to the others.
        assert names[11:17] == ["tab-channels", "inboxes", "broker", "filter", "scroller", "Channel"]
        assert all(is_seen for _, is_seen in seen), seen
        page.evaluate("document.querySelector('#tab-channels').focus()")
        page.press("ArrowRight")
        assert page.evaluate("document.activeElement.id") == "tab-groups"
        assert page.evaluate("document.querySelector('#groups').checkVisibility()")
        page.press("End")
        assert page.evaluate("document.activeElement.getAttribute('aria-selected') + document.activeElement.id") == (
            "truetab-connections"
        )
        page.close()


@pytest.mark.parametrize("width", [320, 360, 900, 1440])
def test_no_width_makes_the_page_scroll_sideways(browser: Browser, width: int) -> None:
    with stub(busy) as script:
        page = ConsolePage(browser, script.address, width, 740)
        page.until_live()
        for name in ("channels", "groups", "connections"):
            page.click(f"#tab-{name}")
            # Of a phone the window itself would grow with what is too wide.
            assert page.evaluate(f"[document.documentElement.scrollWidth <= {width}, innerWidth]") == [True, width], (
                name
            )
        if width < 500:
            # The name stays where it is while the numbers pass below it.
            left = "document.querySelector('#connections tbody th').getBoundingClientRect().left"
            before = page.evaluate(left)
            page.evaluate("document.querySelector('#connections .scroller').scrollLeft = 300")
            assert page.evaluate("document.querySelector('#connections .scroller').scrollLeft") == 300
            assert page.evaluate(left) == before
        page.evaluate(DIALOGS["sheet"])
        assert page.evaluate("document.querySelector('#sheet').getBoundingClientRect().right <= innerWidth")
        page.close()


def test_nothing_on_the_page_jumps(browser: Browser) -> None:
    with stub(busy) as script:
        page = ConsolePage(browser, script.address, hurry=20)
        page.until_live()
        page.until("!document.querySelector('#tiles').innerText.includes('" + DASH + "')")
        page.evaluate(
            "window.jumps = []; new PerformanceObserver((list) => { for (const entry of list.getEntries()) jumps.push("
            "`${entry.value} ${entry.sources.map((s) => s.node?.className || s.node?.id || s.node?.nodeName)}`) })"
            ".observe({type: 'layout-shift'})"
        )
        page.evaluate(
            "new Promise((resolve) => { let left = 60; const step = () => left-- > 0 ? requestAnimationFrame(step)"
            ": resolve(); step(); })"
        )
        script.status = 503
        page.until("document.documentElement.dataset.state === 'lost'")
        script.status = 200
        page.until_live()
        assert page.evaluate("window.jumps") == []
        page.close()


def test_nothing_moves_for_those_who_want_none(browser: Browser) -> None:
    with stub(busy) as script:
        page = ConsolePage(browser, script.address)
        page.until_live()
        moving = "document.getAnimations().length"
        page.evaluate(DIALOGS["sheet"])
        assert page.evaluate(moving) == 0
        page.press("Escape")
        page.theme("light", motion="no-preference")
        assert int(page.evaluate(f"{DIALOGS['sheet']}; {moving}")) > 0
        page.close()


def test_news_are_told_to_those_who_listen_and_numbers_are_not(browser: Browser) -> None:
    with stub(busy) as script:
        page = ConsolePage(browser, script.address)
        page.until_live()
        live = "[...document.querySelectorAll('[role=status], [role=alert], [aria-live]')].map((e) => e.id)"
        assert page.evaluate(live) == [
            "lost", "news", "messages-note", "tail-note", "send-error", "send-outcome", "token-error",
        ]  # fmt: skip
        page.close()
