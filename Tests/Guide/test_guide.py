"""The guide does what it says: each page is run as a reader would, and what it lists is all there is."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

import guide_pages
import pytest
from guide_pages import GUIDE, NOT_RUN, ROOT
from guide_run import SEAWAY

PAGES = guide_pages.pages()
HERE = pathlib.Path(__file__).resolve().parent


def text(name: str) -> str:
    return (GUIDE / name).read_text(encoding="utf-8")


def first_cells(page: str, head: str) -> list[str]:
    """What stands in the first column of the table whose head begins so."""
    table = page.split(f"| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return [line.split("|")[1].strip().strip("`") for line in table]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_says(page):
    if not guide_pages.steps(page):
        return
    done = subprocess.run(
        [sys.executable, HERE / "guide_run.py", page], capture_output=True, text=True, timeout=300, cwd=HERE,
        env={**os.environ, "SEAWAY_BIN": SEAWAY},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_not_run_is_there_and_little():
    found = {(step.page, step.text.partition("\n")[0]) for page in PAGES for step in guide_pages.steps(page)}
    assert set(NOT_RUN) <= found
    assert len(NOT_RUN) <= 8 and all(NOT_RUN.values())


def test_most_blocks_are_run():
    """A page of forms alone would prove nothing."""
    steps = [step for page in PAGES for step in guide_pages.steps(page)]
    shown = [step for step in steps if step.kind == "shape" or step.is_passed_over]
    assert len(shown) * 5 < len(steps)


def test_each_article_is_named_in_the_root():
    root = text("Seaway.md")
    for page in PAGES:
        if page.stem not in ("Seaway", "LivePoll"):
            assert f"<doc:{page.stem}>" in root, page.name


def test_the_guide_is_rendered_without_a_warning():
    done = subprocess.run([ROOT / ".ci" / "docs.sh", "--guide"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("picture", sorted((GUIDE / "Resources").glob("*.svg")), ids=lambda path: path.stem)
def test_a_picture_has_a_description_and_is_for_dark_pages_too(picture):
    root = xml.etree.ElementTree.parse(picture).getroot()
    names = {child.tag.rpartition("}")[2] for child in root}
    assert {"title", "desc", "style"} <= names
    assert root.get("role") == "img" and "prefers-color-scheme: dark" in picture.read_text(encoding="utf-8")


# What the pages list


def test_every_code_of_the_protocol_has_a_line():
    protocol = (ROOT / "protocol" / "PROTOCOL.md").read_text(encoding="utf-8")
    errors = text("Errors.md")
    assert first_cells(errors, "code | why | what to do")[: len(first_cells(protocol, "code"))] == [
        *first_cells(protocol, "code")
    ]
    assert sorted(first_cells(errors, "`BYE`")) == sorted(first_cells(protocol, "`BYE` reason"))


def test_every_status_of_the_interface_server_has_a_line():
    interface = (ROOT / "protocol" / "INTERFACE.md").read_text(encoding="utf-8")
    statuses = {int(found) for cell in first_cells(interface, "status | when") for found in re.findall(r"\d{3}", cell)}
    assert statuses <= {int(cell) for cell in first_cells(text("Errors.md"), "status")}


def test_every_exit_code_has_a_line():
    told = subprocess.run([SEAWAY, "--help"], capture_output=True, text=True, timeout=20).stdout
    sentence = " ".join(told.split("Exit codes:")[1].split("\n\n")[0].split())
    codes = re.findall(r"(?:^|, )(\d+) ", sentence)
    assert len(codes) > 5
    assert set(codes) <= set(first_cells(text("Errors.md"), "code | meaning"))


def options_of(command: dict) -> set[str]:
    names = {f"--{name['name']}" for argument in command.get("arguments", []) for name in argument.get("names", [])}
    return names.union(*(options_of(below) for below in command.get("subcommands", [])))


def test_every_option_of_the_tables_is_there():
    told = subprocess.run([SEAWAY, "--experimental-dump-help"], capture_output=True, text=True, timeout=20)
    known = options_of(json.loads(told.stdout)["command"])
    for page in PAGES:
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith("| `--"):
                missing = set(re.findall(r"--[a-z][a-z0-9-]+", line)) - known
                assert not missing, f"{page.name}: {missing}"


# What things cost


def readme_row(label: str) -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return next(line for line in readme.splitlines() if line.startswith(f"| {label} |"))


def test_the_costs_of_sizing_are_near_those_that_were_measured():
    """To a factor of two: they are rounded, and the table is measured anew."""
    rows = [line.split("|")[1:-1] for line in text("Sizing.md").splitlines() if line.startswith("|")]
    checked = 0
    for cells in rows:
        labels = [label.strip() for label in re.split(r", (?=sockets)", cells[-1].strip())]
        told = [float(found) for found in re.findall(r"\d+(?:\.\d+)?", cells[-2])]
        if not told:
            continue
        for label, cost in zip(labels, told, strict=False):
            measured = [
                float(found)
                for found in re.findall(r"\d+(?:\.\d+)?(?= (?:µs|KiB))|(?<=\| )\d+\.\d+(?= )", readme_row(label))
            ]
            sums = [*measured, sum(measured[:3])]
            assert any(cost / 2 <= value <= cost * 2 for value in sums), (label, cost, measured)
            checked += 1
    assert checked > 8
