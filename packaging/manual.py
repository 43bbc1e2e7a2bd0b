"""Makes manual pages of what the program says of itself: ``packaging/manual.py HELP.json TITLE FOLDER``.

``HELP.json`` is what ``seaway --experimental-dump-help`` prints; there is a page for each command
(``seaway-bridge-redis.1`` and so on), in the macros of man(7).
"""

from __future__ import annotations

import json
import pathlib
import re
import sys
from collections.abc import Iterator
from typing import Any

Command = dict[str, Any]


def escaped(text: str) -> str:
    """Returns text as roff takes it: nothing in it is a macro, and a hyphen is one."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def names(argument: Command) -> str:
    """Returns how an argument is written, with what stands behind it."""
    spelled = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument.get("names", [])]
    value = f"\\fI{escaped(argument.get('valueName', ''))}\\fR"
    if argument["kind"] == "positional":
        return value
    bold = ", ".join(f"\\fB{escaped(name)}\\fR" for name in spelled)
    return f"{bold} {value}" if argument["kind"] == "option" else bold


def usage(argument: Command) -> str:
    """Returns an argument as it stands in a synopsis."""
    word = names(argument).split(", ")[-1]
    if argument.get("isRepeating"):
        word += " ..."
    return f"[{word}]" if argument.get("isOptional") else word


def discussion(text: str) -> Iterator[str]:
    """Yields paragraphs; what is indented stands as it is."""
    for paragraph in text.strip("\n").split("\n\n"):
        yield ".PP"
        if all(line.startswith("  ") for line in paragraph.splitlines()):
            yield from (".nf", escaped(paragraph), ".fi")
        else:
            yield escaped(paragraph)


def shown(items: list[Command]) -> list[Command]:
    """Returns what is not hidden."""
    return [item for item in items if item.get("shouldDisplay", True)]


def page(command: Command, path: list[str], title: str) -> str:
    """Returns the page of one command."""
    name = "-".join(path)
    arguments, commands = shown(command.get("arguments", [])), shown(command.get("subcommands", []))
    lines = [f'.TH "{name.upper()}" 1 "" "{title}" "Seaway"', ".SH NAME"]
    lines.append(f"{escaped(name)} \\- {escaped(first_line(command))}")
    lines += [".SH SYNOPSIS", f"\\fB{escaped(' '.join(path))}\\fR"]
    lines += [usage(argument) for argument in arguments] + (["\\fIcommand\\fR ..."] if commands else [])
    told = [command.get("abstract", ""), command.get("discussion", "")]
    lines.append(".SH DESCRIPTION")
    for text in filter(None, told):
        lines += discussion(text)
    for section in dict.fromkeys(argument.get("sectionTitle") for argument in arguments):
        lines.append(f'.SH "{(section or "Options").upper()}"')
        for argument in arguments:
            if argument.get("sectionTitle") == section:
                lines += [".TP", names(argument), escaped(argument.get("abstract") or "See above.")]
    if commands:
        lines.append(".SH COMMANDS")
        for other in commands:
            lines += [".TP", f"\\fB{escaped(other['commandName'])}\\fR", escaped(first_line(other))]
    related = [path[:-1]] if len(path) > 1 else []
    related += [[*path, other["commandName"]] for other in commands if other["commandName"] != "help"]
    lines.append(".SH SEE ALSO")
    lines.append(
        ",\n".join(f".BR {escaped('-'.join(other))} (1)" for other in related).replace(",\n", " ,\n") or "seaway(1)"
    )
    return "\n".join(lines) + "\n"


def first_line(command: Command) -> str:
    """Returns what a command is for, in one line without a full stop."""
    return (command.get("abstract") or command["commandName"]).splitlines()[0].rstrip(".")


def write(command: Command, path: list[str], title: str, folder: pathlib.Path) -> None:
    """Writes the pages of a command and of those below it."""
    (folder / f"{'-'.join(path)}.1").write_text(page(command, path, title))
    for other in shown(command.get("subcommands", [])):
        if other["commandName"] != "help":
            write(other, [*path, other["commandName"]], title, folder)


if __name__ == "__main__":
    told, title, folder = sys.argv[1:]
    root = json.loads(pathlib.Path(told).read_text())["command"]
    write(root, [root["commandName"]], title, pathlib.Path(folder))
