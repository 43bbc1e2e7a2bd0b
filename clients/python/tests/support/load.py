"""Load on an application, while something happens to its processes."""

from __future__ import annotations

import http.client
import threading
from typing import Any, Callable, List

from .broker import PATIENCE, until
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
