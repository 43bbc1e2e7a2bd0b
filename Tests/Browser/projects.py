"""Django projects behind an interface server, started as the tests of the Python client start them."""

from __future__ import annotations

import sys

from chromium import ROOT, Page

sys.path.append(str(ROOT / "clients" / "python" / "tests"))
from support.broker import Ends as Ends
from support.broker import Program as Program
from support.hosting import Site as Site
from support.shop import ADMIN as ADMIN
from support.shop import Shop as Shop

CLIENT = ROOT / "clients" / "python" / "src"
#: How often a page may be another one while it is looked at.
_TURNS = 5


def follow(page: Page, action: str, condition: str) -> None:
    """Does something that leads to another page, and waits until a condition holds there."""
    page.evaluate(action)
    for turn in range(_TURNS):
        try:
            page.until(f"document.readyState === 'complete' && ({condition})")
            return
        except (RuntimeError, AssertionError):
            # The page that was asked is no more.
            if turn == _TURNS - 1:
                raise
