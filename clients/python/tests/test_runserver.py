"""`manage.py runserver` with `"seaway.django"` in INSTALLED_APPS."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import socket
import sys
import threading
import urllib.error
import urllib.request
from typing import Iterator, List

import pytest
from support.broker import PATIENCE, SEAWAY, TESTS, Ends, Program
from support.hosting import SHOP
from support.house import House

GREETING = "hello from Django"


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the project, whose code may be changed."""
    copy = tmp_path / "project"
    shutil.copytree(SHOP, copy, ignore=shutil.ignore_patterns("files", "__pycache__"))
    return copy


class Running:
    """The command, as somebody runs it."""

    def __init__(self, programs: List[Ends], folder: pathlib.Path, *options: str, **environment: str):
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            self.port = held.getsockname()[1]
        self.views = folder / "goods" / "views.py"
        environment = {
            "PYTHONPATH": str(TESTS.parent / "src"), "SHOP_FILES": str(folder / "files"), "SHOP_DEBUG": "1",
            "PYTHONUNBUFFERED": "1", "SEAWAY_BIN": SEAWAY, "SEAWAY_BROKER": "",
            **environment,
        }  # fmt: skip
        (folder / "files").mkdir(exist_ok=True)
        command = [str(folder / "manage.py"), "runserver", str(self.port), *options]
        self.program = Program(sys.executable, *command, **environment)
        programs.append(_Terminated(self.program))

    def get(self, path: str) -> str:
        """What a path shows."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE) as answer:
            shown: str = answer.read().decode()
        return shown

    def change(self, before: str, after: str) -> None:
        """Changes the views, at another time than they were, once changes are noticed."""
        self.program.line("Watching for file changes with")
        self.views.write_text(self.views.read_text().replace(before, after))
        later = self.views.stat().st_mtime + 2
        os.utime(self.views, (later, later))


class _Terminated:
    """Ends its interface server too."""

    def __init__(self, program: Program):
        self._program = program

    def kill(self) -> None:
        self._program.terminate()


def test_it_prints_what_django_prints(programs: List[Ends], folder: pathlib.Path) -> None:
    running = Running(programs, folder)
    running.program.line(f"Starting development server at http://127.0.0.1:{running.port}/")
    said = running.program.output
    assert "Performing system checks..." in said and "System check identified no issues" in said
    assert "unapplied migration(s)" in said
    assert "using settings 'shop.settings'" in said and "Quit the server with CONTROL-C." in said
    assert running.get("/") == f"{GREETING}\n"
    running.program.line(r'\[\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d\] "GET / HTTP/1.1" 200 18')
    assert running.get("/static/goods/shop.css").startswith("body {")
    with pytest.raises(urllib.error.HTTPError):
        running.get("/nowhere/?a=1")
    running.program.line(r'"GET /nowhere/\?a=1 HTTP/1.1" 404 \d+')
    assert running.program.terminate() == 0


def test_code_that_changes_is_served_and_no_request_fails(programs: List[Ends], folder: pathlib.Path) -> None:
    running = Running(programs, folder)
    running.program.line("Starting development server")
    failed: List[str] = []
    shown: List[str] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            try:
                shown.append(running.get("/"))
            except OSError as error:
                failed.append(str(error))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        running.change(GREETING, "changed")
        running.program.line("views.py changed, reloading")
        for said in until_said(shown, "changed\n"):
            assert said == f"{GREETING}\n"
    finally:
        is_over.set()
        asking.join()
    assert failed == []
    assert running.program.terminate() == 0


def until_said(shown: List[str], text: str) -> Iterator[str]:
    """What is shown before something else is."""
    position = 0
    deadline = threading.Event()
    timer = threading.Timer(PATIENCE, deadline.set)
    timer.start()
    try:
        while not deadline.is_set():
            if position == len(shown):
                os.sched_yield()
                continue
            if shown[position] == text:
                return
            yield shown[position]
            position += 1
    finally:
        timer.cancel()
    raise AssertionError(f"{text!r} is not shown")


def test_code_that_cannot_be_loaded_changes_nothing(programs: List[Ends], folder: pathlib.Path) -> None:
    running = Running(programs, folder)
    running.program.line("Starting development server")
    running.change("def line(", "def line((")
    running.program.line("SyntaxError")
    running.program.line("the one before goes on")
    assert running.get("/") == f"{GREETING}\n"
    running.change("def line((", "def line(")
    running.change(GREETING, "mended")
    for said in iter(lambda: running.get("/"), "mended\n"):
        assert said == f"{GREETING}\n"


def test_asynchronous_requests_are_told_alike(programs: List[Ends], folder: pathlib.Path) -> None:
    running = Running(programs, folder, "--noreload", "--async-path", "/async/")
    running.program.line("Starting development server")
    assert running.get("/async/?a=1") == "seaway-loop"
    running.program.line(r'\] "GET /async/\?a=1 HTTP/1.1" 200 11')
    assert running.get("/") == f"{GREETING}\n"
    assert running.program.terminate() == 0


def test_a_port_that_is_taken_is_told(programs: List[Ends], folder: pathlib.Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = Running(programs, folder, "--noreload")
        running.program.line("Starting development server")
        other = Program(
            sys.executable, str(folder / "manage.py"), "runserver", str(taken.getsockname()[1]),
            PYTHONPATH=str(TESTS.parent / "src"), SHOP_FILES=str(folder), SEAWAY_BIN=SEAWAY, SEAWAY_BROKER="",
        )  # fmt: skip
        programs.append(other)
        assert other.wait() == 1
        assert "Error: That port is already in use." in other.output
    assert running.get("/") == f"{GREETING}\n"
    running.program.signal(signal.SIGINT)
    assert running.program.wait() == 0


def test_a_site_that_runs_already_is_joined(programs: List[Ends], folder: pathlib.Path) -> None:
    house = House(programs)
    running = Running(programs, folder, "--noreload", SEAWAY_BROKER=house.broker, SEAWAY_BIN="/nowhere/seaway")
    running.program.line("Starting development server")
    assert house.ask("/")[2].decode() == f"{GREETING}\n"
    with pytest.raises(urllib.error.URLError):
        running.get("/")
    assert running.program.terminate() == 0


def test_a_program_that_is_not_there_is_told(programs: List[Ends], folder: pathlib.Path) -> None:
    running = Running(programs, folder, SEAWAY_BIN="/nowhere/seaway")
    assert running.program.wait() == 1
    assert "/nowhere/seaway cannot be run: No such file or directory" in running.program.output


def test_another_runserver_that_comes_first_is_told() -> None:
    pytest.importorskip("django")
    code = (
        "from django.conf import settings; import django; "
        "settings.configure(INSTALLED_APPS=['django.contrib.staticfiles', 'seaway.django'], STATIC_URL='/s/'); "
        "django.setup(); from django.core.checks import run_checks; print([one.id for one in run_checks()])"
    )
    program = Program(sys.executable, "-c", code, PYTHONPATH=str(TESTS.parent / "src"))
    assert program.wait() == 0
    assert program.output == "['seaway.W001']"
