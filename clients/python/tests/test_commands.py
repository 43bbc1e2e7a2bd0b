"""The command line: its own commands, and those of the program of the same name."""

from __future__ import annotations

import pathlib
import stat
import sys
from typing import List

import pytest
from support.broker import TESTS, Ends, Program

from seaway.commands import program


def executable(file: pathlib.Path, text: str) -> pathlib.Path:
    file.write_text(text, "utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def seaway(programs: List[Ends], *arguments: str, **environment: str) -> Program:
    environment = {"PYTHONPATH": str(TESTS.parent / "src"), **environment}
    started = Program(sys.executable, "-m", "seaway", *arguments, **environment)
    programs.append(started)
    return started


@pytest.fixture
def two_places(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder of this package's script, and one of the program."""
    (tmp_path / "script").mkdir()
    (tmp_path / "program").mkdir()
    script = "#!/usr/bin/python3\nimport sys\nfrom seaway.__main__ import main\nsys.exit(main())\n"
    executable(tmp_path / "script" / "seaway", script)
    executable(tmp_path / "program" / "seaway", '#!/bin/sh\necho "the program: $*"\nexit 7\n')
    return tmp_path


def test_another_command_is_one_of_the_program_of_that_name(two_places: pathlib.Path, programs: List[Ends]) -> None:
    path = f"{two_places / 'script'}:{two_places / 'program'}:/usr/bin:/bin"
    started = seaway(programs, "broker", "--listen", "127.0.0.1:0", PATH=path)
    assert started.wait() == 7
    assert started.output == "the program: broker --listen 127.0.0.1:0"


def test_the_script_does_not_find_itself(two_places: pathlib.Path) -> None:
    assert program.find(str(two_places / "script")) is None
    assert program.find(f"{two_places / 'script'}:{two_places / 'program'}") == str(two_places / "program" / "seaway")


def test_without_the_program_it_is_said_that_there_is_none(two_places: pathlib.Path, programs: List[Ends]) -> None:
    started = seaway(programs, "up", PATH=str(two_places / "script"))
    assert started.wait() == 69
    assert "up is no command of the Python package" in started.output
    assert "nor on PATH" in started.output


def test_without_a_command_the_commands_are_named(programs: List[Ends]) -> None:
    started = seaway(programs)
    assert started.wait() == 64
    started = seaway(programs, "--help")
    assert started.wait() == 0
    assert "worker" in started.output and "asgi" in started.output and "SEAWAY_BROKER" not in started.output


def test_the_program_of_the_server_package_comes_before_those_on_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, two_places: pathlib.Path
) -> None:
    package = tmp_path / "seaway_server"
    package.mkdir()
    (package / "__init__.py").write_text("import pathlib\n\n\ndef program():\n    return pathlib.Path('/srv/seaway')\n")
    monkeypatch.setenv("PATH", str(two_places / "program"))
    assert program.find() == str(two_places / "program" / "seaway")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert program.find() == "/srv/seaway"
