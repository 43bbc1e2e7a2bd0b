"""Django's admin behind Seaway, in a browser: logging in, adding, uploading, deleting."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from chromium import ROOT, Browser
from projects import ADMIN, Ends, Shop, Site, follow

SHOP = ROOT / "Benchmarks" / "peers" / "shop"


@pytest.fixture
def programs() -> Iterator[list[Ends]]:
    started: list[Ends] = []
    yield started
    for one in started[1:] + started[:1]:
        one.kill()


def test_the_admin_adds_and_deletes_what_has_a_file(
    browser: Browser, programs: list[Ends], tmp_path: pathlib.Path
) -> None:
    shop = Shop(tmp_path, SHOP_DEBUG="1")
    shop.migrate()
    site = Site(programs)
    site.serve("django", "--settings", "shop.settings", folder=SHOP, **shop.environment)
    picture = tmp_path / "tea.png"
    picture.write_bytes(bytes(range(256)) * 1024)

    page = browser.open(f"http://{site.host}:{site.port}/admin/")
    # Its style sheets are there too.
    assert page.evaluate("document.styleSheets[0].cssRules.length > 10") is True
    page.evaluate(f"id_username.value = id_password.value = '{ADMIN}'")
    follow(page, "document.querySelector('[type=submit]').click()", "location.pathname === '/admin/'")
    follow(page, "location.href = '/admin/goods/good/add/'", "document.getElementById('id_picture') !== null")
    page.evaluate("id_name.value = 'Tea'; id_price.value = 7")
    page.choose_file("#id_picture", picture)
    follow(page, "document.querySelector('[name=_save]').click()", "document.querySelector('li.success') !== null")
    assert (tmp_path / "media" / "pictures" / "tea.png").read_bytes() == picture.read_bytes()
    assert page.evaluate("document.querySelector('.field-name').innerText") == "Tea"
    follow(page, "document.querySelector('.field-name a').click()", "document.querySelector('.deletelink') !== null")
    follow(page, "document.querySelector('.deletelink').click()", "location.pathname.endsWith('/delete/')")
    follow(
        page, "document.querySelector('#content form [type=submit]').click()",
        "document.querySelector('li.success')?.innerText.includes('was deleted')",
    )  # fmt: skip
    assert page.evaluate("document.querySelector('.field-name')") is None
