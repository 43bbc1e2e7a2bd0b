"""The package as those see it who import it."""

from __future__ import annotations

import json
import pathlib

import seaway
from seaway import aio


def test_the_package_is_typed_and_says_its_version() -> None:
    folder = pathlib.Path(seaway.__file__).parent
    assert (folder / "py.typed").exists()
    assert json.dumps(seaway.__version__)
    assert all(hasattr(seaway, name) for name in seaway.__all__)
    assert all(hasattr(aio, name) for name in aio.__all__)
    # The same names in both halves, but for what asyncio has no need of.
    assert set(aio.__all__) <= set(seaway.__all__)
