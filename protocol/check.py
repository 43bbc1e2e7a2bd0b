#!/usr/bin/env python3
"""Proves that every numbered requirement has a vector or a test, and that the vector files are in order.

    check.py [--self-test]

Prints one line and ends with 0, or one line for each fault and ends with 1. With --self-test it breaks copies of
this folder, one way each, and proves that each is found. Python 3.9 or later; with the `jsonschema` package the
vectors are checked against `schema/`, without it only for required and unknown keys. Where this folder has been copied
without the rest of the checkout, the tests that `coverage.json` names are not looked at, and a second line says so.
"""

from __future__ import annotations

import collections
import functools
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, NamedTuple

try:
    import jsonschema
except ImportError:
    jsonschema = None

HERE = Path(__file__).resolve().parent

PAGES = ("PROTOCOL.md", "INTERFACE.md", "SHARDING.md")
WITH_TRANSCRIPTS = (*PAGES, "CLIENT.md")

MINIMUM = {"names": 35, "frames": 110, "values": 80, "sessions": 60, "delivery": 50, "sockets": 100, "shards": 70}

LANGUAGE = re.compile(r"[a-z][a-z0-9+#-]*")

Vector = dict[str, Any]


class Files(NamedTuple):
    """What is checked."""

    folder: Path
    checkout: Path
    """Where the paths in `coverage.json` begin."""


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--self-test"]):
        print("usage: check.py [--self-test]", file=sys.stderr)
        return 64
    files = Files(HERE, HERE.parent)
    faults = self_test(files) if arguments else list(check(files))
    for fault in faults:
        print(fault)
    if not faults:
        print(f"self-test: all {len(breaks(files))} faults are found" if arguments else summary(files))
    if left_out := unchecked(files):
        print(left_out)
    return 1 if faults else 0


def summary(files: Files) -> str:
    counts = ", ".join(f"{len(load(files, name))} {name}" for name in MINIMUM)
    how = "" if jsonschema else " (without jsonschema: keys only)"
    return f"protocol: {len(dict(requirements(files)))} requirements are proved; {counts}{how}"


def coverage(files: Files) -> dict[str, str]:
    """The tests of requirements that no vector proves."""
    tests: dict[str, str] = json.loads((files.folder / "coverage.json").read_text(encoding="utf-8"))
    return tests


def is_checkout(files: Files) -> bool:
    return any((files.checkout / test).is_file() for test in coverage(files).values())


def unchecked(files: Files) -> str:
    """What could not be looked at, in one line; empty when all was."""
    if is_checkout(files):
        return ""
    tests = coverage(files)
    return (
        f"not checked: the tests that coverage.json names for {', '.join(tests)}, since none of these "
        f"{len(set(tests.values()))} files stands beside this folder"
    )


def check(files: Files) -> Iterator[str]:
    yield from check_pages(files)
    try:
        vectors = {name: load(files, name) for name in MINIMUM}
    except (OSError, ValueError) as error:
        yield f"vectors: {error}"
        return
    for name, those in vectors.items():
        yield from check_file(name, those)
        yield from check_schema(files, name, those)
    every = [vector for those in vectors.values() for vector in those]
    for identifier, count in collections.Counter(vector.get("id") for vector in every).items():
        if count > 1:
            yield f"{identifier}: {count} vectors have this id"
    yield from check_coverage(files, every)


def load(files: Files, name: str) -> list[Vector]:
    path = files.folder / "vectors" / f"{name}.json"
    vectors = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(vectors, list) or not all(isinstance(vector, dict) for vector in vectors):
        raise ValueError(f"{path.name} is no list of objects")
    return vectors


# The pages


def requirements(files: Files) -> Iterator[tuple[str, str]]:
    """The numbered requirements, and the page of each."""
    for page in PAGES:
        text = (files.folder / page).read_text(encoding="utf-8")
        for match in re.finditer(r"^- \*\*([A-Z][0-9]+)\*\* ", text, re.MULTILINE):
            yield match[1], page


def check_pages(files: Files) -> Iterator[str]:
    for identifier, count in collections.Counter(key for key, _ in requirements(files)).items():
        if count > 1:
            yield f"{identifier}: {count} requirements have this number"
    for page in WITH_TRANSCRIPTS:
        text = (files.folder / page).read_text(encoding="utf-8")
        for first, block in fenced_blocks(text):
            if not any(re.match(r"[CS]:", line) for line in block):
                continue
            for number, line in enumerate(block, first):
                if not re.match(r"[CS]: ", line):
                    yield f"{page}:{number}: a line of a transcript begins with neither 'C: ' nor 'S: '"


def fenced_blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """The blocks between ``` lines, each with the number of its first line."""
    block: list[str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("```"):
            if block is not None:
                block.append(line)
        elif block is None:
            block = []
        else:
            yield number - len(block), block
            block = None


# The vectors


def check_file(name: str, vectors: list[Vector]) -> Iterator[str]:
    if len(vectors) < MINIMUM[name]:
        yield f"{name}.json: {len(vectors)} vectors, at least {MINIMUM[name]} are asked for"
    for vector in vectors:
        label = vector.get("id", f"{name}.json")
        if not str(vector.get("why", "")).strip():
            yield f"{label}: no why"
        for language, reason in vector.get("skip", {}).items():
            if not LANGUAGE.fullmatch(language):
                yield f"{label}: skip names {language!r}, which is no language's name in lower case"
            if not str(reason).strip():
                yield f"{label}: skip gives no reason for {language}"


def check_schema(files: Files, name: str, vectors: list[Vector]) -> Iterator[str]:
    text = (files.folder / "schema" / f"{name}.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    if jsonschema is None:
        yield from check_keys(name, vectors, schema["items"])
        return
    for vector in vectors:
        for fault in schema_faults(text, json.dumps(vector)):
            yield f"{vector.get('id', name)}: {fault}"


@functools.cache
def schema_faults(schema: str, vector: str) -> tuple[str, ...]:
    """What the schema of a list says of one that stands in it; kept, since broken copies differ in one vector."""
    errors = schema_validator(schema).iter_errors([json.loads(vector)])
    return tuple(
        f"{'/'.join(map(str, list(error.absolute_path)[1:])) or 'it'} is not as the schema says: {error.message[:120]}"
        for error in errors
    )


@functools.cache
def schema_validator(schema: str) -> Any:
    return jsonschema.Draft202012Validator(json.loads(schema))


def check_keys(name: str, vectors: list[Vector], schema: dict[str, Any]) -> Iterator[str]:
    for vector in vectors:
        label = vector.get("id", f"{name}.json")
        for key in schema["required"]:
            if key not in vector:
                yield f"{label}: {key} is not as the schema says: it is missing"
        for key in vector:
            if key not in schema["properties"]:
                yield f"{label}: {key} is not as the schema says: no such key"


def check_coverage(files: Files, vectors: list[Vector]) -> Iterator[str]:
    """Each requirement has a vector, or a test that `coverage.json` names and that names the requirement."""
    known = dict(requirements(files))
    shown = {identifier for vector in vectors for identifier in vector.get("spec", [])}
    for vector in vectors:
        for identifier in vector.get("spec", []):
            if identifier not in known:
                yield f"{vector.get('id')}: there is no requirement {identifier}"
        if not vector.get("spec"):
            yield f"{vector.get('id')}: it proves no requirement"
    tests = coverage(files)
    has_tests = is_checkout(files)
    for identifier, test in tests.items():
        path = files.checkout / test
        if identifier not in known:
            yield f"coverage.json: there is no requirement {identifier}"
        elif not has_tests:
            continue
        elif not path.is_file():
            yield f"coverage.json: {identifier}: there is no file {test}"
        elif not re.search(rf"\b{identifier}\b", path.read_text(encoding="utf-8")):
            yield f"coverage.json: {identifier}: {test} does not name it"
    for identifier, page in known.items():
        if identifier not in shown and identifier not in tests:
            yield f"{page}: {identifier} has neither a vector nor a test"


# The self-test


def edit(page: str, old: str, new: str) -> Callable[[Path], None]:
    """A break: the first `old` of a file becomes `new`."""

    def apply(folder: Path) -> None:
        path = folder / page
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise SystemExit(f"self-test: {page} holds no {old!r}")
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return apply


def change(name: str, apply: Callable[[list[Vector]], Any]) -> Callable[[Path], None]:
    """A break: something is done to the vectors of a file."""

    def apply_to(folder: Path) -> None:
        path = folder / "vectors" / f"{name}.json"
        vectors = json.loads(path.read_text(encoding="utf-8"))
        apply(vectors)
        path.write_text(json.dumps(vectors), encoding="utf-8")

    return apply_to


Break = tuple[Callable[[Path], None], str]

#: Found in a copy of this folder alone too.
BREAKS: list[Break] = [
    (edit("PROTOCOL.md", "- **F1** ", "- **F99** A new rule.\n- **F1** "), "F99 has neither a vector nor a test"),
    (edit("INTERFACE.md", "- **I1** ", "- **I99** A new rule.\n- **I1** "), "I99 has neither a vector nor a test"),
    (edit("PROTOCOL.md", "- **F2** ", "- **F1** "), "F1: 2 requirements have this number"),
    (edit("PROTOCOL.md", "\nS: OK\n", "\nOK\n"), "begins with neither 'C: ' nor 'S: '"),
    (edit("coverage.json", '"I1"', '"I98"'), "there is no requirement I98"),
    (change("names", lambda those: those[0].update(spec=["N98"])), "there is no requirement N98"),
    (change("names", lambda those: those[0].update(spec=[])), "it proves no requirement"),
    (change("frames", lambda those: those[1].update(id=those[0]["id"])), "2 vectors have this id"),
    (change("frames", lambda those: those[0].update(why=" ")), "no why"),
    (change("frames", lambda those: those[0].pop("frames")), "is not as the schema says"),
    (change("values", lambda those: those[0].update(comment="x")), "is not as the schema says"),
    (change("values", lambda those: those[0].update(skip={"go": ""})), "skip gives no reason for go"),
    (change("values", lambda those: those[0].update(skip={"Perl 5": "not there"})), "skip names 'Perl 5'"),
    (change("shards", lambda those: those[0].update(skip={"": "not there"})), "skip names ''"),
    (edit("CLIENT.md", "\nS: OK\n", "\nOK\n"), "begins with neither 'C: ' nor 'S: '"),
    (change("sessions", lambda those: those.__delitem__(slice(59, None))), "59 vectors, at least 60"),
    (change("delivery", lambda those: those.clear()), "0 vectors, at least 50"),
    (change("sockets", lambda those: those[0].update(spec=["W98"])), "there is no requirement W98"),
    (change("sockets", lambda those: those[0]["steps"].append({"jump": 1})), "is not as the schema says"),
    (edit("SHARDING.md", "- **B3** ", "- **B99** A new rule.\n- **B3** "), "B99 has neither a vector nor a test"),
    (change("shards", lambda those: those[0].update(comment="x")), "is not as the schema says"),
    (edit("vectors/names.json", "[", "{"), "vectors: "),
]


#: Found where the tests are.
BREAKS_OF_CHECKOUTS: list[Break] = [
    (edit("coverage.json", ".swift", ".missing"), "there is no file"),
    (edit("coverage.json", "{", '{\n  "N1": "Package.swift",'), "Package.swift does not name it"),
]

#: No faults, though they may look so.
FINE: list[Callable[[Path], None]] = [
    change("values", lambda those: those[0].update(skip={"lua": "numbers are all doubles", "c++": "not there"})),
    change("sockets", lambda those: those[0].update(skip={"objective-c": "has no server"})),
]


def breaks(files: Files) -> list[Break]:
    return BREAKS + BREAKS_OF_CHECKOUTS if is_checkout(files) else BREAKS


def self_test(files: Files) -> list[str]:
    """What the check does not find in broken copies of the folder, or finds in others."""
    before = set(check(files))
    missed = []
    for apply, expected in breaks(files):
        if not any(expected in fault for fault in found(files, apply) - before):
            missed.append(f"self-test: not found: {expected}")
    for number, apply in enumerate(FINE):
        missed += [f"self-test: no fault, but found ({number}): {fault}" for fault in found(files, apply) - before]
    return missed + self_test_alone(files, before)


def found(files: Files, apply: Callable[[Path], None], is_alone: bool = False) -> set[str]:
    """The faults of a copy to which something was done."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "protocol"
        shutil.copytree(files.folder, folder)
        apply(folder)
        return set(check(Files(folder, folder.parent if is_alone else files.checkout)))


def self_test_alone(files: Files, before: set[str]) -> list[str]:
    """A copy of this folder without the checkout around it."""
    missed = [f"self-test: found alone: {fault}" for fault in found(files, lambda _: None, is_alone=True) - before]
    apply, expected = edit("coverage.json", '"I1"', '"I98"'), "there is no requirement I98"
    if not any(expected in fault for fault in found(files, apply, is_alone=True)):
        missed.append(f"self-test: not found alone: {expected}")
    with tempfile.TemporaryDirectory() as temporary:
        said = unchecked(Files(files.folder, Path(temporary)))
    if not all(identifier in said for identifier in coverage(files)):
        missed.append(f"self-test: alone it does not say what was not checked: {said!r}")
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
