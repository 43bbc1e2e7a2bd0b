"""Puts figures between the marks of a README."""

from __future__ import annotations

import pathlib

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


def with_figures(text: str, figures: str) -> str:
    """The text with these figures in the place of those that were there; raises `ValueError` without a mark."""
    before, mark, rest = text.partition(BEGIN)
    if not mark:
        raise ValueError(f"there is no {BEGIN}")
    _, end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{figures.strip()}\n{END}{after if end else rest}"


def update(path: pathlib.Path, figures: str) -> None:
    path.write_text(with_figures(path.read_text(), figures))
