"""The pages of the guide as what a reader does with them: files to write, commands to run, services to start.

A block of code in an article is a step. What kind of step it is stands in a comment in front of it, which nobody sees:

    <!-- test: file NAME -->              the block is the whole of that file
    <!-- test: append NAME -->            the block is put behind what the file holds
    <!-- test: service NAME until "X" --> the block is one command, which goes on; it is ready when it says X
    <!-- test: starts "X" -->             the block is one command, which says X, and leaves with 0 at SIGTERM
    <!-- test: part of PATH -->           the block stands so in that file of the checkout, which other tests run
    <!-- test: shape -->                  the block is a form or a picture, and nothing to run
    <!-- test: needs COMMAND --OPTION -->  before any of these: only where the program has that option

By themselves, without a block:

    <!-- test: stop NAME -->              ends a service with SIGTERM, which has to end with 0
    <!-- test: kill NAME -->              ends it with SIGKILL
    <!-- test: reload NAME -->            sends it SIGHUP
    <!-- test: check COMMAND -->          a command that readers need not see
    <!-- test: socket NAME URL -->        a browser opens a WebSocket
    <!-- test: says NAME "TEXT" -->       it sends a message
    <!-- test: hears NAME "TEXT" -->      the next that it gets is this

Without a comment `shell` is commands, each of which has to succeed, and `console` is commands behind `$ ` with what
they print, where `…` stands for anything. Any other block needs a comment. In tutorials `@Comment` has the same words.
"""

from __future__ import annotations

import pathlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = ROOT / "Sources" / "Seaway.docc"

OF_BLOCKS = ("file", "append", "service", "starts", "part", "shape", "shell", "console")
ALONE = ("stop", "kill", "reload", "check", "socket", "says", "hears")

#: Blocks that no test runs, by their page and first line, and why.
NOT_RUN = {
    ("FiveMinutes.md", "pip install 'seaway[server]'"): "Tests/Packages installs it, from what make packages makes",
    ("FromDjango.md", "pip install 'seaway[server,channels]' django"): "the same",
}

MARK = re.compile(r"^\s*<!-- test: (.*?) -->\s*$")


@dataclass
class Step:
    """One thing that a reader does."""

    page: str
    line: int
    #: One of `OF_BLOCKS` or `ALONE`.
    kind: str
    text: str = ""
    words: list[str] = field(default_factory=list)
    #: A command and its option that have to be there.
    needs: tuple[str, ...] = ()

    @property
    def is_passed_over(self) -> bool:
        return (self.page, self.text.partition("\n")[0]) in NOT_RUN

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[pathlib.Path]:
    return sorted([*GUIDE.rglob("*.md"), *GUIDE.rglob("*.tutorial")])


def steps(page: pathlib.Path) -> list[Step]:
    return list(tutorial_steps(page) if page.suffix == ".tutorial" else article_steps(page))


def parsed(page: str, line: int, marks: list[str], language: str, text: str) -> Step:
    """The step of a block with the marks in front of it."""
    step = Step(page, line, language, text)
    for mark in marks:
        words = shlex.split(mark)
        if words[0] == "needs":
            step.needs = tuple(words[1:])
        else:
            step.kind, step.words = words[0], words[1:]
        if words[0] == "check":
            step.text = mark.partition(" ")[2]
    if step.kind not in OF_BLOCKS + ALONE:
        raise ValueError(f"{step}: a block of {language or 'no language'} without a mark that says what it is")
    return step


def article_steps(page: pathlib.Path) -> Iterator[Step]:
    marks: list[str] = []
    block: list[str] | None = None
    first, language = 0, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").split("\n"), 1):
        if block is not None:
            if line.strip() == "```":
                yield parsed(page.name, first, marks, language, "".join(f"{text}\n" for text in block))
                block, marks = None, []
            else:
                block.append(line)
        elif line.startswith("```"):
            block, first, language = [], number, line[3:].strip()
        elif found := MARK.match(line):
            if found[1].split()[0] in ALONE:
                yield parsed(page.name, number, [*marks, found[1]], "", "")
                marks = []
            else:
                marks.append(found[1])
        elif line.strip() and marks:
            raise ValueError(f"{page.name}:{number}: a mark without a block behind it")


def tutorial_steps(page: pathlib.Path) -> Iterator[Step]:
    """Each `@Code` is a file to write; one that is called Terminal is what to type."""
    marks: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").split("\n"), 1):
        if found := re.match(r'\s*@Comment\("test: (.*)"\)\s*$', line):
            mark = found[1].replace('\\"', '"')
            if mark.split()[0] in ALONE:
                yield parsed(page.name, number, [*marks, mark], "", "")
                marks = []
            else:
                marks.append(mark)
        elif found := re.match(r'\s*@Code\(name: "([^"]+)", file: "?([^",)]+)"?', line):
            name, source = found[1], page.parent / "Resources" / found[2]
            language = source.suffix[1:] if name == "Terminal" else ""
            kind = marks or ([] if name == "Terminal" else [f"file {name}"])
            yield parsed(page.name, number, kind, language, source.read_text(encoding="utf-8"))
            marks = []
