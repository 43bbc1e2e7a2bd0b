"""A site whose answers are looked at, and where the Django project of the benchmarks is."""

from __future__ import annotations

import http.client
import os
from typing import Any, Dict, Optional

from .broker import TESTS
from .house import House, Supervisor

#: MiB of a body that is large.
LARGE = int(os.environ.get("SEAWAY_BODY_MIB", "128"))
SHOP = TESTS.parents[2] / "Benchmarks" / "peers" / "shop"


class Answer:
    """What an interface server has answered."""

    def __init__(self, response: http.client.HTTPResponse):
        self.status = response.status
        self.headers = response.headers
        self.content = response.read()

    @property
    def text(self) -> str:
        """The content."""
        return self.content.decode()


class Site(House):
    """A house whose applications are found beside the tests."""

    def hosts(self, command: str, *arguments: str, **environment: str) -> Supervisor:
        """Runs an application, which takes requests when this returns."""
        return self.serve(command, *arguments, **environment)

    def answer(
        self, path: str, method: str = "GET", body: Any = None, headers: Optional[Dict[str, str]] = None
    ) -> Answer:
        """Asks once."""
        with self.browser() as browser:
            browser.request(method, path, body, headers or {})
            return Answer(browser.getresponse())

    def get(self, path: str) -> str:
        """The text that a path shows."""
        answer = self.answer(path)
        assert answer.status == 200, answer.content
        return answer.text
