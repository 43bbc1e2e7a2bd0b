"""Code that changes under load, with open sockets: no request fails, and no socket is closed."""

from __future__ import annotations

import json
import pathlib
import shutil
from typing import List

import pytest
from support.broker import Ends
from support.house import House
from support.load import Load, Wrk
from support.socket_browser import SocketBrowser
from support.source import Source

SITE = """\
from django.http import HttpResponse
from django.urls import path
from support.chat_site import application, urlpatterns

urlpatterns.append(path("", lambda request: HttpResponse(b"version {version}")))
"""
SOCKETS = 200


@pytest.mark.skipif(shutil.which("wrk") is None, reason="there is no wrk")
def test_requests_and_open_sockets_outlive_a_change_of_the_code(programs: List[Ends], tmp_path: pathlib.Path) -> None:
    pytest.importorskip("channels")
    source = Source(tmp_path / "reloaded.py")
    source.write(SITE.format(version=1))
    house = House(programs)
    app = house.serve("asgi", "reloaded:application", "--reload", "--sockets", "resume", folder=tmp_path)
    browsers = [SocketBrowser(house.host, house.port, "/ws/chat/lobby/") for _ in range(SOCKETS)]
    programs.extend(browsers)
    assert {browser.status for browser in browsers} == {101}
    wrk = Wrk(programs, house, "/", 8, tmp_path)
    # Sees in which order the versions come.
    load = Load(house, "/", 1)

    def edit() -> None:
        source.write(SITE.format(version=2))
        app.line("process 2 is ready")
        app.line(f"{SOCKETS} of {SOCKETS} sockets were handed over")
        app.line("process 1 has left")

    load.during(edit)
    wrk.stop()
    assert wrk.failures == []
    assert set(wrk.answers) == {"200 version 1", "200 version 2"}
    assert load.failures == []
    assert load.answers[0] == b"version 1" and load.answers[-1] == b"version 2"
    assert set(load.answers) == {b"version 1", b"version 2"}
    browsers[0].send(json.dumps({"message": "still here"}))
    assert {json.loads(browser.text())["message"] for browser in browsers} == {"still here"}
    assert "disconnect" not in app.output
