"""The program ``seaway``, as a file of this package."""

import pathlib

__all__ = ["program"]


def program() -> pathlib.Path:
    """Returns where the program is."""
    return pathlib.Path(__file__).parent / "bin" / "seaway"
