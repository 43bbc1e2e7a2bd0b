"""Puts the tables of a run into SECURITY.md, where its words stand around them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from attacks.figures import Row

OURS, PEERS = "attacks", "attacks on others"


def table(rows: Sequence[Row]) -> str:
    """Without the bounds that all have."""
    lines = [
        "| attack | what it did | p50 · p99 · max ms | refused | RSS / account MB | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        attack, did, p50, p99, longest, refused, resident, account, _, word = row.cells()
        own = "".join(f"; {own.text()}" for own in row.findings.own)
        delays = f"{p50} · {p99} · {longest}" if row.findings.delays else "-"
        memory = f"{resident} / {account}" if row.findings.resident is not None else "-"
        lines.append(f"| {attack} | {did}{own} | {delays} | {refused} | {memory} | {word} |")
    return "\n".join(lines) + "\n"


def reasons(rows: Sequence[Row]) -> str:
    """Why what is known to be over a bound is, with all attacks that show it."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.verdict.word.startswith("known"):
            found.setdefault(row.verdict.why, []).append(row.attack)
    return "".join(
        textwrap.fill(
            f"- {reason}: {', '.join(attacks)}", 120, subsequent_indent="  ", break_long_words=False,
            break_on_hyphens=False,
        ) + "\n"
        for reason, attacks in found.items()
    )  # fmt: skip


def with_tables(page: str, ours: Sequence[Row], peers: Sequence[Row]) -> str:
    """The page with these in the place of the tables that it has; what was not run stays as it was."""
    for name, rows in ((OURS, ours), (PEERS, peers)):
        if rows:
            text = "\n".join(part for part in (table(rows), reasons(rows)) if part)
            begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
            before, _, rest = page.partition(begin)
            _, found, after = rest.partition(end)
            assert found, f"the page has no place for {name}"
            page = f"{before}{begin}\n{text}\n{end}{after}"
    return page
