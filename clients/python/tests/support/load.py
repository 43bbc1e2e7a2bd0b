"""Load on an application, while something happens to its processes."""

from __future__ import annotations

import http.client
import pathlib
import re
import signal
import threading
from collections import Counter
from typing import Any, Callable, List

from .broker import PATIENCE, Ends, Program, until
from .house import House


class Load:
    """Browsers that ask for something again and again, and what they got."""

    def __init__(self, house: House, path: str, count: int):
        self.house, self.path = house, path
        self.answers: List[bytes] = []
        self.failures: List[Any] = []
        self._is_over = False
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        with self.house.browser() as browser:
            while not self._is_over:
                try:
                    browser.request("GET", self.path)
                    answer = browser.getresponse()
                    content = answer.read()
                except (OSError, http.client.HTTPException) as error:
                    self.failures.append(error)
                    return
                if answer.status != 200:
                    self.failures.append((answer.status, content))
                self.answers.append(content)

    def during(self, work: Callable[[], None]) -> None:
        """Goes on until the work is done, and a little has come before and after it."""
        until(lambda: len(self.answers) > 20, "answers")
        work()
        count = len(self.answers)
        until(lambda: len(self.answers) > count + 20, "answers")
        self._is_over = True
        for thread in self._threads:
            thread.join(PATIENCE)


class Wrk:
    """As many requests as there can be, by wrk, which counts what it got."""

    #: Told at the end: how often which status came with which body.
    SCRIPT = """
    local threads, seen = {}, {}
    function setup(thread) table.insert(threads, thread) end
    function init(args) answers = {} end
    function response(status, headers, body)
      local what = status .. " " .. body
      answers[what] = (answers[what] or 0) + 1
    end
    function done(summary, latency, requests)
      for _, thread in ipairs(threads) do
        for what, count in pairs(thread:get("answers")) do print("answer: " .. count .. " " .. what) end
      end
    end
    """

    def __init__(self, programs: List[Ends], house: House, path: str, connections: int, folder: pathlib.Path):
        script = folder / "answers.lua"
        script.write_text(self.SCRIPT)
        url = f"http://{house.host}:{house.port}{path}"
        self._program = Program(
            "wrk", "-t1", f"-c{connections}", "-d1h", "--timeout", f"{PATIENCE:g}s", "-s", str(script), url
        )
        programs.append(self._program)

    def stop(self) -> None:
        """Asks for nothing more."""
        self._program.signal(signal.SIGINT)
        assert self._program.wait() == 0, self._program.output

    @property
    def answers(self) -> Counter[str]:
        """How many there were of each status and body."""
        found = re.findall(r"^answer: (\d+) (.*)$", self._program.output, re.M)
        return Counter({what: int(count) for count, what in found})

    @property
    def failures(self) -> List[str]:
        """Connections that broke, and answers that did not come; and statuses that tell a failure."""
        return re.findall(r"^ *(Socket errors: .*|Non-2xx .*)$", self._program.output, re.M)
