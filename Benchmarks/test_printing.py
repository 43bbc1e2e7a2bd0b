"""The tables, and how they come into the README."""

from __future__ import annotations

import pathlib
import re

import pytest

import readme
import table
from http_loads import milliseconds
from result import Result, best

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_figures_take_the_place_of_those_before() -> None:
    once = readme.with_figures("a\n<!-- figures -->\n\nb\n", "| 1 |\n")
    assert once == "a\n<!-- figures -->\n| 1 |\n<!-- /figures -->\n\nb\n"
    assert readme.with_figures(once, "| 2 |") == once.replace("1", "2")


def test_a_readme_without_the_mark_is_left_alone() -> None:
    with pytest.raises(ValueError, match="figures"):
        readme.with_figures("a", "b")


def test_the_readme_of_the_project_has_the_mark() -> None:
    assert readme.BEGIN in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1000, "1.00 k"), (12_345, "12.3 k"), (123_456, "123 k"), (2e6, "2.00 M")],
)
def test_numbers_keep_three_digits(number: float, text: str) -> None:
    assert table.count(number) == text


def test_what_is_not_whole_is_never_100_percent() -> None:
    assert table.percent(1) == "100 %"
    assert table.percent(0.99999) == "99.99 %"
    assert table.percent(0.0251) == "2.5 %"


def test_the_best_rate_counts_with_its_latency_and_the_least_cpu() -> None:
    chosen = best([Result(rate=1, p99=5, cpu={"broker": 1.0}), Result(rate=2, p99=9, cpu={"broker": 2.0})])
    assert (chosen.rate, chosen.p99, chosen.cpu) == (2, 9, {"broker": 1.0})


def test_every_row_has_a_cell_for_every_column() -> None:
    results = {
        ("queue 1/1", "seaway"): Result(rate=2e6, cpu={"broker": 0.4}),
        ("queue 1/1", "nats"): Result(rate=1e6, cpu={"broker": 0.8}),
        ("sockets 200", "seaway"): Result(
            rate=2e5, share=0.9, half=Result(p99=4.0), cpu={"server": 1.0, "broker": 0.1}
        ),
        ("idle", "seaway"): Result(memory={"server": 4096.0}),
        ("http", "seaway"): Result(rate=2e4, cpu={"server": 1, "broker": 2, "worker": 3}),
    }
    tables = [
        table.brokers(results, ["queue 1/1", "rpc"], ["seaway", "nats"]),
        table.sockets(results, ["sockets 200", "idle"], ["seaway", "daphne"]),
        table.http(results, ["http", "other"]),
    ]
    for text in tables:
        assert len({line.count("|") for line in text.splitlines()}) == 1, text
    assert "| queue 1/1 | 2.00 M/s · 0.40 µs | 1.00 M/s · 0.80 µs | 2.00 | 0.50 |" in tables[0]
    assert "| sockets 200 | 200 k/s · 90.0 % · 4.00 ms | - |" in tables[1]
    assert re.search(r"\| idle +\| server 4.00 KiB \| - \|", tables[1])


def test_times_of_wrk_are_milliseconds() -> None:
    assert [milliseconds(text) for text in ("790.00us", "1.25ms", "1.02s")] == [0.79, 1.25, 1020]
