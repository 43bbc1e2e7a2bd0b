"""The reckoning of the console, in the browser that does it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from chromium import Browser, Page
from console_page import DASH
from console_stub import quiet, stub


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with stub(quiet) as script:
        yield browser.open(script.address)


def run(page: Page, module: str, expression: str) -> object:
    return page.evaluate(f"import('./{module}.js').then((m) => {{ {expression} }})")


def test_a_rate_is_told_only_where_it_is_known(page: Page) -> None:
    cases: list[tuple[list, float | None]] = [
        ([10, 30, 2], 10), ([0, 0, 1], 0), ([None, 30, 1], None), ([10, None, 1], None),
        # It began anew; no time has passed, or too much.
        ([30, 10, 1], None), ([1, 2, 0], None), ([1, 2, -1], None), ([1, 2, 6], None),
    ]  # fmt: skip
    for values, expected in cases:
        assert run(page, "rates", f"return m.rate(...{json.dumps(values)})") == expected, values
    assert run(page, "rates", "return [30, null, 4].map((before) => m.rateFromAnew(before, 10, 2))") == [5, 5, 3]


def test_percentiles_are_those_of_prometheus(page: Page) -> None:
    histogram = {"buckets": [0.1, 0.2, 0.4], "counts": [10, 20, 40, 40]}
    for share, expected in [(0.25, 0.1), (0.5, 0.2), (0.75, 0.3), (0.125, 0.05), (1, 0.4)]:
        found = run(page, "rates", f"return m.percentile({share}, {json.dumps(histogram)})")
        assert found == pytest.approx(expected)
    # Above the highest bound nothing more is known; of nothing there is no percentile.
    histogram["counts"] = [0, 0, 0, 5]
    assert run(page, "rates", f"return m.percentile(0.5, {json.dumps(histogram)})") == 0.4
    histogram["counts"] = [0, 0, 0, 0]
    assert run(page, "rates", f"return m.percentile(0.5, {json.dumps(histogram)})") is None
    assert run(page, "rates", "return m.percentile(0.5, null)") is None


def test_what_came_between_two_histograms(page: Page) -> None:
    first = {"buckets": [1, 2], "counts": [1, 2, 3]}
    later = {"buckets": [1, 2], "counts": [1, 4, 9]}
    between = "return m.between(%s, %s)"
    assert run(page, "rates", between % (json.dumps(first), json.dumps(later))) == {
        "buckets": [1, 2],
        "counts": [0, 2, 6],
    }
    assert run(page, "rates", between % (json.dumps(later), json.dumps(first))) is None
    other = {"buckets": [1, 3], "counts": [1, 4, 9]}
    assert run(page, "rates", between % (json.dumps(first), json.dumps(other))) is None
    assert run(page, "rates", between % ("null", json.dumps(first))) is None


def test_a_history_is_bounded_and_has_gaps_where_nothing_is_known(page: Page) -> None:
    found = run(
        page, "rates",
        "const h = new m.History(5); for (let i = 0; i < 9; i += 1) h.push(i, [i]); h.push(60, [7]);"
        "return [h.points, h.bounds]",
    )  # fmt: skip
    assert found == [
        [{"time": 6, "values": [6]}, {"time": 7, "values": [7]}, {"time": 8, "values": [8]},
         {"time": 10.5, "values": [None]}, {"time": 60, "values": [7]}],
        {"lowest": 6, "highest": 8},
    ]  # fmt: skip
    assert run(page, "rates", "const h = new m.History(5); h.push(9, [1]); h.push(3, [2]); return h.points.length") == 1


def test_axes_end_at_round_numbers(page: Page) -> None:
    ends = {0: 10, 3: 10, 10: 10, 11: 20, 49: 50, 51: 100, 1001: 2000, 0.03: 10}
    for highest, end in ends.items():
        assert run(page, "rates", f"return m.axisEnd({highest}, 10)") == end
    assert run(page, "rates", "return [1, 1025, 4096].map((bytes) => m.binaryEnd(bytes, 1024))") == [1024, 2048, 4096]
    assert run(page, "rates", "return m.logAxis(0.004, 0.25, 0.01)") == {"begin": 0.0001, "end": 1}
    assert run(page, "rates", "return m.logAxis(0, 0, 0.01)") == {"begin": 0.0001, "end": 0.01}
    assert run(page, "rates", "return m.logAxis(0.02, 0.25, 0.01)") == {"begin": 0.01, "end": 1}


def test_numbers_are_written_for_people(page: Page) -> None:
    cases: dict[str, dict[float, str]] = {
        "count": {0: "0", 7: "7", 1234: "1,234", 9999: "9,999", 12_345: "12.3k", 4_560_000: "4.56M", 999_960: "1M"},
        "rate": {0: "0", 0.001: "<0.01", 0.04: "0.04", 3.21: "3.2", 48.4: "48", 12_345.6: "12.3k"},
        "duration": {0: "0 ms", 0.000001: "<0.01 ms",
                     0.00045: "0.45 ms", 0.038: "38 ms", 1.24: "1.2 s", 48: "48 s", 59.7: "1 min",
                     185: "3 min 5 s", 7800: "2 h 10 min", 356_400: "4 d 3 h"},
        "bytes": {0: "0 B", 512: "512 B", 1536: "1.5 KiB", 12 << 20: "12 MiB"},
    }  # fmt: skip
    for name, values in cases.items():
        for value, text in values.items():
            assert run(page, "format", f"return m.{name}({value})") == text
        assert run(page, "format", f"return m.{name}(null) + m.{name}(undefined) + m.{name}(NaN)") == DASH * 3


def test_text_of_strangers_cannot_control_its_line(page: Page) -> None:
    assert run(page, "format", 'return m.printable("a\\n\\u202eb\\u0000é\\u200b")') == "a\\u000a\\u202eb\\u0000é\\u200b"
    assert run(page, "format", 'return m.shortened("abc😀de", 4)') == "abc… (4 more characters)"


def test_events_are_found_however_the_stream_is_cut(page: Page) -> None:
    text = 'event: dropped\\r\\ndata: {"count":7}\\r\\n\\r\\n: a comment\\n\\n'
    text += 'data:{"a":\\ndata: 1}\\n\\nid: 3\\n\\ndata: "open'
    expected = [{"name": "dropped", "data": '{"count":7}'}, {"name": "message", "data": '{"a":\n1}'}]
    for size in (1, 2, 3, 7, 1000):
        found = run(
            page, "api",
            f"const text = '{text}'; const p = new m.EventParser(); const all = [];"
            f"for (let i = 0; i < text.length; i += {size}) all.push(...p.feed(text.slice(i, i + {size}))); return all",
        )  # fmt: skip
        assert found == expected, size
