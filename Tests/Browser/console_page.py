"""The console in a browser: what its tests do and look at."""

from __future__ import annotations

import base64
import contextlib
import json
import pathlib
from typing import Any

from chromium import Browser, Page

#: What has to be read by people, and is not pictures or hidden: its text, colour, and what is behind it.
CONTRASTS = """
(() => {
  // Chromium gives colours as rgb(), rgba() or color(srgb …).
  const parse = (text) => {
    const numbers = text.match(/[\\d.]+(e-?\\d+)?/g).map(Number);
    return text.startsWith('color') ? [...numbers.slice(0, 3).map((n) => n * 255), numbers[3] ?? 1]
      : [...numbers.slice(0, 3), numbers[3] ?? 1];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const ground = (element) => {
    if (!element) return [255, 255, 255, 1];
    const own = parse(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(element.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((n) => n / 255)
      .map((n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const hasText = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!hasText || !element.checkVisibility({ visibilityProperty: true }) || element.closest('svg, .unseen')) continue;
    const style = getComputedStyle(element);
    const back = ground(element);
    let opacity = 1;
    for (let e = element; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
    const own = parse(style.color);
    const front = over([...own.slice(0, 3), own[3] * opacity], back);
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) {
      found.push(`${element.tagName}.${element.className} "${element.textContent.slice(0, 30)}" ${ratio.toFixed(2)}`);
    }
  }
  return found;
})()
"""
KEYS = {"Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, ""), "ArrowLeft": (37, ""), "ArrowRight": (39, ""),
        "End": (35, ""), "Home": (36, ""), " ": (32, " ")}  # fmt: skip
#: Counts how often it is asked for the state, and notes what must not happen: errors, and what the policy has stopped.
WATCH = """
window.asked = 0;
{
  const ask = window.fetch;
  window.fetch = (path, ...more) => { window.asked += path === 'api/state'; return ask(path, ...more); };
}
window.troubles = [];
addEventListener('error', (event) => troubles.push(String(event.message)));
addEventListener('unhandledrejection', (event) => troubles.push(String(event.reason)));
document.addEventListener('securitypolicyviolation', (event) => troubles.push(event.violatedDirective));
"""
#: Lets time fly for a page, so that its pictures fill: a script says what time it is, not the clock.
HURRY = (
    "{ const wait = window.setTimeout; window.setTimeout = (f, ms, ...r) => wait(f, ms > 10000 ? ms : ms / %d, ...r); }"
)
#: Where an element is seen.
MIDDLE = """
(() => {
  const element = document.querySelector(%s);
  element.scrollIntoView({ block: 'center' });
  const { x, y, width, height } = element.getBoundingClientRect();
  return [x + width / 2, y + height / 2];
})()
"""
#: Names of the rows of a list.
ROWS = "[...document.querySelectorAll('#%s tbody tr')].map((row) => row.cells[0].innerText.trim())"
#: How often the state was asked for.
ASKED = "window.asked"
#: What stands where nothing is known.
DASH = "\N{EN DASH}"
#: Roles of what people do something with.
CONTROLS = {"button", "link", "textbox", "searchbox", "combobox", "slider", "tab", "checkbox", "listbox", "switch"}


class ConsolePage:
    """One tab with the console."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        width: int = 1440,
        height: int = 1000,
        theme: str = "light",
        hurry: int = 1,
    ):
        self.page: Page = browser.open("about:blank#new")
        self.page.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH + HURRY % hurry)
        self.size(width, height)
        self.theme(theme)
        self.page.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && document.documentElement.dataset.state")

    def evaluate(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def until(self, condition: str) -> Any:
        return self.page.until(condition)

    def until_live(self) -> None:
        self.until("document.documentElement.dataset.state === 'live'")

    def reload(self) -> None:
        """Begins anew, as F5 does."""
        self.evaluate("window.isOld = true")
        self.page.call("Page.reload")
        for turn in range(5):
            with contextlib.suppress(*([RuntimeError, AssertionError] if turn < 4 else [])):
                # The page that is asked may be no more.
                self.until("!window.isOld && document.documentElement?.dataset.state === 'live'")
                return

    def text(self, selector: str) -> str:
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def until_text(self, selector: str, part: str) -> None:
        self.until(f"document.querySelector({json.dumps(selector)})?.textContent.includes({json.dumps(part)})")

    def click(self, selector: str) -> None:
        """With the mouse, at the middle of what is seen of it."""
        x, y = self.evaluate(MIDDLE % json.dumps(selector))
        self.point(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def point(self, x: float, y: float) -> None:
        self.page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, key: str, shift: bool = False) -> None:
        code, text = KEYS.get(key, (ord(key[0].upper()), key))
        event = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.page.call("Input.dispatchKeyEvent", type="keyDown", text=text, **event)
        self.page.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def write(self, text: str) -> None:
        self.page.call("Input.insertText", text=text)

    def size(self, width: int, height: int, scale: float = 1) -> None:
        self._size = (width, height)
        self.page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 500,
        )

    def theme(self, theme: str, motion: str = "reduce") -> None:
        features = [
            {"name": "prefers-color-scheme", "value": theme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]
        self.page.call("Emulation.setEmulatedMedia", features=features)

    def picture(self, path: pathlib.Path, whole: bool = True) -> None:
        """A photograph, of the whole page or of what is seen at once."""
        width, height = self._size
        if whole:
            self.size(width, int(str(self.evaluate("document.documentElement.scrollHeight"))))
        found = self.page.call("Page.captureScreenshot")
        self.size(width, height)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def close(self) -> None:
        """Whatever was done, nothing went wrong unseen."""
        assert self.evaluate("window.troubles") == []
        self.page.close()

    def weak_contrasts(self) -> list[str]:
        """What is read with difficulty (WCAG 2.2, 1.4.3, level AA)."""
        found = self.evaluate(CONTRASTS)
        assert isinstance(found, list)
        return found

    def controls(self) -> list[tuple[str, str]]:
        """Role and name of everything that people do something with, as those hear it who do not see it."""
        nodes = self.page.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"] and node["role"]["value"] in CONTROLS
        ]


def answers(page: ConsolePage, number: int) -> None:
    """Waits until the page has had so many more, in front or not."""
    page.evaluate(
        f"new Promise((resolve) => {{ const end = {ASKED} + {number};"
        f"const look = () => {ASKED} >= end ? resolve() : setTimeout(look, 20); look(); }})"
    )
