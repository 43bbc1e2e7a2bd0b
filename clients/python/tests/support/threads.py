"""Calls that wait while a test goes on."""

from __future__ import annotations

import threading
from typing import Any, Callable, List

from .broker import PATIENCE


def in_thread(call: Callable[[], Any]) -> Callable[[], Any]:
    """Starts a call in a thread; returns a function that waits for what it returns or raises."""
    outcome: List[Any] = []

    def run() -> None:
        try:
            outcome.append((call(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result() -> Any:
        thread.join(PATIENCE)
        assert outcome, "it goes on and on"
        value, error = outcome[0]
        if error is not None:
            raise error
        return value

    return result
