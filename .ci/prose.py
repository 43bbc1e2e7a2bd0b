"""Fails where a line of prose is longer than 120 characters: in a page, or in a comment of Swift.

    prose.py [--wrap] [FILE …]

Without files it looks at every page and every Swift file that git knows. With --wrap it wraps the paragraphs that have
such a line, and changes nothing else. Tables, blocks of code, lines that are one long word (a link), comments
behind code, and what a program writes between two marks are left alone.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 120

#: A paragraph: the number of its first line, and its lines.
Paragraph = tuple[int, list[str]]

#: The beginning of what a program writes into a page, and its end.
WRITTEN = re.compile(r"<!-- (/|end of )?[a-z ]+ -->")

#: A line of a comment that has nothing else in it.
COMMENT = re.compile(r"(\s*///? )(.*)")

#: The beginning of an item of a list.
ITEM = re.compile(r"(\s*)(- |\d+\. )")


def is_prose(line: str) -> bool:
    """Whether a line outside blocks of code is text, and not a table, a heading, a picture or code by its margin."""
    bare = line.strip()
    if not bare or bare.startswith(("|", "#", "<", "!", "@", "```")):
        return False
    return not line.startswith("    ") or ITEM.match(line) is not None


def paragraphs(lines: list[str]) -> Iterator[Paragraph]:
    """Those of a page, each item of a list by itself."""
    is_code = is_written = False
    number = 0
    while number < len(lines):
        line = lines[number]
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif found := WRITTEN.fullmatch(line):
            is_written = not found[1]
        if is_code or is_written or not is_prose(line):
            number += 1
            continue
        end = number + 1
        margin = len(found[0]) if (found := ITEM.match(line)) else len(line) - len(line.lstrip())
        while end < len(lines) and continues(lines[end], margin, is_item=found is not None):
            end += 1
        yield number, lines[number:end]
        number = end


def continues(line: str, margin: int, is_item: bool) -> bool:
    bare = line.strip()
    if not bare or bare.startswith(("|", "#", "<", "!", "@", "```")) or ITEM.match(line):
        return False
    return not is_item or line.startswith(" " * margin)


def is_long(line: str, limit: int) -> bool:
    return len(line) > limit and " " in line.strip().lstrip("-* ")


def wrapped(paragraph: list[str], limit: int) -> list[str]:
    """A paragraph in lines that are short enough. No line begins with what would be the beginning of something else."""
    found = ITEM.match(paragraph[0])
    first = found[0] if found else paragraph[0][: len(paragraph[0]) - len(paragraph[0].lstrip())]
    margin = " " * len(first)
    words = [*paragraph[0][len(first) :].split(), *(word for line in paragraph[1:] for word in line.split())]
    lines = [first + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= limit:
            lines[-1] += f" {word}"
        elif re.fullmatch(r"[-+*>]|#+.*|\d+[.)]", word) and " " in lines[-1].strip():
            lines[-1], _, last = lines[-1].rpartition(" ")
            lines.append(f"{margin}{last} {word}")
        else:
            lines.append(margin + word)
    return lines


def texts(path: pathlib.Path, lines: list[str]) -> Iterator[tuple[int, str, list[str]]]:
    """The pieces of a file that are prose: the number of the first line, what stands before each, and the lines."""
    if path.suffix != ".swift":
        yield 0, "", lines
        return
    number = 0
    while number < len(lines):
        found = COMMENT.fullmatch(lines[number])
        if not found:
            number += 1
            continue
        end = number
        piece: list[str] = []
        # A line of a comment without text parts paragraphs.
        while end < len(lines) and (lines[end].startswith(found[1]) or lines[end] == found[1].rstrip()):
            piece.append(lines[end][len(found[1]) :])
            end += 1
        yield number, found[1], piece
        number = end


def wrap(path: pathlib.Path) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    changed = list(lines)
    for start, prefix, piece in reversed(list(texts(path, lines))):
        limit = LIMIT - len(prefix)
        for number, paragraph in reversed(list(paragraphs(piece))):
            if any(is_long(line, limit) for line in paragraph):
                short = [prefix + line for line in wrapped(paragraph, limit)]
                changed[start + number : start + number + len(paragraph)] = short
    if changed != lines:
        path.write_text("\n".join(changed), encoding="utf-8")


def long_lines(path: pathlib.Path) -> list[int]:
    """The numbers of the lines that are too long, the first being 1."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [
        start + number + place
        for start, prefix, piece in texts(path, lines)
        for number, paragraph in paragraphs(piece)
        for place, line in enumerate(paragraph, 1)
        if is_long(line, LIMIT - len(prefix))
    ]


def all_files() -> list[pathlib.Path]:
    command = ["git", "ls-files", "*.md", "Package.swift", "Sources/*.swift", "Tests/*.swift"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.splitlines()]


def main(arguments: list[str]) -> int:
    names = [argument for argument in arguments if argument != "--wrap"]
    count = 0
    for page in [pathlib.Path(name).resolve() for name in names] or all_files():
        if "--wrap" in arguments:
            wrap(page)
        for number in long_lines(page):
            print(f"{os.path.relpath(page, ROOT)}:{number}: a line of prose has more than {LIMIT} characters")
            count += 1
    if count:
        print("prose.py --wrap wraps them")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
