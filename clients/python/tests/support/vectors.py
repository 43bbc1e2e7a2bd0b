"""The language-neutral vectors of protocol/vectors: see protocol/README.md for their form."""

from __future__ import annotations

import json
import os
import pathlib
import random
from typing import Any, Dict, Iterator, List, Union

import pytest

#: In the checkout, or where a test run from elsewhere says.
FOLDER = pathlib.Path(
    os.environ.get("SEAWAY_VECTORS") or pathlib.Path(__file__).resolve().parents[4] / "protocol" / "vectors"
)
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))

Vector = Dict[str, Any]


def load(file: str) -> List[Any]:
    """The vectors of a file as parameters, with their ids; those that Python does not run are skipped by name."""
    parameters = []
    for vector in json.loads((FOLDER / f"{file}.json").read_text("utf-8")):
        reason = vector.get("skip", {}).get("python")
        marks = [] if reason is None else [pytest.mark.skip(reason=reason)]
        parameters.append(pytest.param(vector, id=vector["id"], marks=marks))
    return parameters


def text(value: Union[str, List[Any]]) -> str:
    """A string, which may be given in parts: text or [text, times]."""
    if isinstance(value, str):
        return value
    return "".join(part if isinstance(part, str) else part[0] * part[1] for part in value)


def data(vector: Vector, key: str) -> bytes:
    """What stands under a key, as text or in hex."""
    if f"{key}_hex" in vector:
        return bytes.fromhex(text(vector[f"{key}_hex"]))
    return text(vector[key]).encode("utf-8")


def at_random(whole: bytes) -> Iterator[bytes]:
    """Cuts bytes where the seed wants it."""
    dice = random.Random(f"{SEED} {len(whole)}")
    start = 0
    while start < len(whole):
        size = dice.randint(1, max(1, min(len(whole), 2_000)))
        yield whole[start : start + size]
        start += size


def byte_by_byte(whole: bytes) -> Iterator[bytes]:
    """Cuts bytes as fine as they can be; the inside of what is long in one piece, to save minutes."""
    edge = 5_000 if len(whole) > 20_000 else len(whole)
    yield from (whole[index : index + 1] for index in range(edge))
    if edge < len(whole):
        yield whole[edge:-edge]
        yield from (whole[index : index + 1] for index in range(len(whole) - edge, len(whole)))


def uncut(whole: bytes) -> Iterator[bytes]:
    """Leaves bytes whole."""
    yield whole
