"""A headless Chromium, driven by the DevTools protocol: just what the tests need."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

from websockets.sync.client import connect

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 30.0

#: Resolves when the condition holds; the page itself looks again whenever something in it changes.
UNTIL = """
new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error("not in time: " + document.body.innerText)), %d);
  const check = () => {
    const value = (() => %s)();
    if (!value) return;
    observer.disconnect();
    clearTimeout(timer);
    resolve(value);
  };
  const observer = new MutationObserver(check);
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  document.addEventListener("readystatechange", check);
  check();
})
"""


def find() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    for shell in (ROOT / ".build" / "browsers").rglob("headless_shell"):
        return str(shell)
    raise FileNotFoundError("chromium is not installed: run .ci/setup.sh test")


class Browser:
    """One process, and the connection that drives it."""

    def __init__(self, folder: pathlib.Path, *options: str):
        command = [
            find(), "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0",
            "--no-first-run", f"--user-data-dir={folder}", *options, "about:blank",
        ]  # fmt: skip
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self._closing = contextlib.ExitStack()
        self._connection = self._closing.enter_context(connect(self._address(), max_size=None, compression=None))
        self._numbers = itertools.count(1)
        self._context: dict[str, str] = {}

    @contextlib.contextmanager
    def anew(self) -> Iterator[None]:
        """Pages that are opened meanwhile know nothing of others: neither cookies nor what those have stored."""
        self._context = {"browserContextId": self.call("Target.createBrowserContext")["browserContextId"]}
        try:
            yield
        finally:
            context, self._context = self._context, {}
            self.call("Target.disposeBrowserContext", **context)

    def _address(self) -> str:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"DevTools listening on (ws://\S+)", line):
                return found[1]
        raise RuntimeError("chromium has ended before it listened")

    def call(self, method: str, session: str | None = None, **parameters: object) -> dict:
        """Asks for something and waits for the answer; events are passed over."""
        number = next(self._numbers)
        question = {"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        self._connection.send(json.dumps(question))
        while True:
            answer = json.loads(self._connection.recv(2 * PATIENCE))
            if answer.get("id") != number:
                continue
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            return answer["result"]

    def open(self, address: str) -> Page:
        target = self.call("Target.createTarget", url="about:blank", **self._context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, target, session)
        page.call("Page.enable")
        page.call("Page.navigate", url=address)
        page.until("document.readyState === 'complete' && location.href !== 'about:blank'")
        return page

    def end(self) -> None:
        try:
            self.call("Browser.close")
        except Exception as error:  # whatever happens, it must end
            print(f"chromium did not take its leave: {error}", file=sys.stderr)
            self._process.kill()
        self._closing.close()
        self._process.wait(PATIENCE)


class Page:
    """One open page."""

    def __init__(self, browser: Browser, target: str, session: str):
        self._browser = browser
        self._target = target
        self._session = session

    def call(self, method: str, **parameters: object) -> dict:
        return self._browser.call(method, self._session, **parameters)

    def evaluate(self, expression: str) -> object:
        """Runs JavaScript in the page; waits for what it promises."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise AssertionError(details.get("exception", {}).get("description") or details["text"])
        return result["result"].get("value")

    def until(self, condition: str) -> object:
        """Waits until a condition in JavaScript holds, and returns its value."""
        return self.evaluate(UNTIL % (PATIENCE * 1000, condition))

    def choose_file(self, selector: str, path: pathlib.Path) -> None:
        """Puts a file into an `<input type="file">`."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", files=[str(path)], nodeId=node)

    def screenshot(self, path: pathlib.Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)
