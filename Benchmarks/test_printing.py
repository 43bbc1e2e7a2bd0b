"""The tables, and how they come into the README."""

from __future__ import annotations

import pathlib
import re

import pytest

import readme
import table
from channel_layers import LAYERS, LayerLoad
from front_loads import Body, Idle, Requests
from fronts import uvicorn
from generators import milliseconds
from kept import KEPT_LOADS, KeptLoad, Way, memory
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


def test_the_front_door_has_its_ratio_beside_the_aim() -> None:
    hello = Requests("hello", {"seaway": uvicorn, "uvicorn": uvicorn}, "uvicorn", {"seaway": "≥ 1"})
    idle = Idle("idle", {"seaway": uvicorn, "uvicorn": uvicorn}, "uvicorn", {})
    results = {
        ("hello", "seaway"): Result(rate=3e4, p99=2.5, cpu={"server": 17.0, "worker": 8.0}),
        ("hello", "uvicorn"): Result(rate=2e4, p99=3.0, cpu={"server": 25.0}),
        ("idle", "seaway"): Result(memory={"server": 4096.0}),
    }
    text = table.fronts(results, [hello, idle])
    assert len({line.count("|") for line in text.splitlines()}) == 1, text
    assert "| hello | seaway | 30.0 k/s | 2.50 ms | server 17.0, worker 8.00 = 25.0 |  | 1.50 | ≥ 1 |" in text
    assert "| hello | uvicorn | 20.0 k/s | 3.00 ms | server 25.0 |  |  |  |" in text
    assert "| idle | seaway | server 4.00 KiB |" in text
    assert "| idle | uvicorn | - |" in text


def test_what_is_kept_stands_beside_each_of_its_peers() -> None:
    way = Way("seaway-ack", memory)
    load = KeptLoad("a", [], {"seaway": way, "seaway plain": way, "nats JetStream": way}, {"seaway plain": "≥ 0.6"})
    results = {
        ("a", "seaway"): Result(rate=6e5, p50=1.5, cpu={"all": 2.0}),
        ("a", "seaway plain"): Result(rate=1e6, p50=1.25, cpu={"all": 0.5}),
    }
    head, rule, *rows = table.kept(results, [load]).splitlines()
    assert {line.count("|") for line in (head, rule, *rows)} == {8}
    own = "| a | 600 k/s · 1.50 ms · 2.00 µs |"
    assert rows == [
        f"{own} seaway plain | 1.00 M/s · 1.25 ms · 0.50 µs | 0.60 | +0.25 ms | ≥ 0.6 |",
        f"{own} nats JetStream | - |  |  |  |",
    ]


def test_what_is_aimed_at_is_beside_somebody() -> None:
    for load in KEPT_LOADS:
        assert load.aims and set(load.aims) == set(load.peers[1:]) and load.peers[0] == "seaway"


def test_a_body_is_shown_in_mebibytes() -> None:
    up = Body("up", {"seaway": uvicorn}, "seaway", {})
    text = table.fronts({("up", "seaway"): Result(rate=300.0, peak={"server": 2.0**25})}, [up])
    assert "| up | seaway | 300 MiB/s |  |  | server 32.0 MiB |" in text


def test_times_of_wrk_are_milliseconds() -> None:
    assert [milliseconds(text) for text in ("790.00us", "1.25ms", "1.02s")] == [0.79, 1.25, 1020]


def test_layers_are_compared_with_each_other_and_what_is_lost_is_shown() -> None:
    pair, lost = LayerLoad("layer: a", "pair", aims={"÷": "3"}), LayerLoad("layer: lost", "lost", 1000)
    results = {
        ("layer: a", "seaway"): Result(rate=30_000, p50=0.01, cpu={"process": 10.0}),
        ("layer: a", "channels_redis"): Result(rate=1_000, p50=0.8, cpu={"process": 600.0}),
        ("layer: lost", "seaway"): Result(share=1.0),
        ("layer: lost", "channels_redis"): Result(share=0.5),
    }
    head, rule, *rows = table.layers(results, [pair, lost], LAYERS).splitlines()
    assert {line.count("|") for line in (head, rule, *rows)} == {8}
    assert "| 30.00 |" in rows[0] and rows[0].endswith("| ÷ 3 |")
    assert "100 % came" in rows[1] and "50.0 % came" in rows[1]
