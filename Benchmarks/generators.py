"""The load generators for HTTP that others have written, and what they print."""

from __future__ import annotations

import re

from processes import complaint, find, output, tool
from result import Result

#: Requests of `h2load` that may be under way when its time is over, which it counts as failed.
UNDER_WAY = 128


def wrk(url: str, seconds: float) -> tuple[Result, int]:
    """What `wrk -t1 -c32` has found, and how many requests it made."""
    command = [find("wrk"), "-t1", "-c32", f"-d{max(1, round(seconds))}s", "--latency", url]
    _, out, err = output(command, seconds + 30)
    values = matches(
        out,
        rate=r"Requests/sec:\s+([\d.]+)",
        requests=r"(\d+) requests in",
        p50=r"(?m)^\s+50%\s+(\S+)",
        p99=r"(?m)^\s+99%\s+(\S+)",
    )
    if "Non-2xx" in out or len(values) < 4 or values["requests"] == "0":
        raise complaint("wrk", out, err)
    result = Result(rate=float(values["rate"]), p50=milliseconds(values["p50"]), p99=milliseconds(values["p99"]))
    return result, int(values["requests"])


def h2load(url: str, seconds: float, *options: str) -> tuple[Result, int]:
    """What `h2load` has found, and how many requests it made; it knows no quantiles, so there are no latencies."""
    command = [tool("h2load"), "-t1", f"-D{max(1, round(seconds))}", *options, url]
    _, out, err = output(command, seconds + 30)
    values = matches(
        out, rate=r"finished in \S+, ([\d.]+) req/s", good=r"status codes: (\d+) 2xx", failed=r"(\d+) failed"
    )
    if len(values) < 3 or values["good"] == "0" or "0 3xx, 0 4xx, 0 5xx" not in out:
        raise complaint("h2load", out, err)
    if int(values["failed"]) > UNDER_WAY:
        raise RuntimeError(f"h2load: {values['failed']} requests failed")
    return Result(rate=float(values["rate"])), int(values["good"])


def matches(text: str, **patterns: str) -> dict[str, str]:
    """The first group of each pattern that is in the text."""
    found = {name: re.search(pattern, text) for name, pattern in patterns.items()}
    return {name: match[1] for name, match in found.items() if match}


def milliseconds(text: str) -> float:
    """`790.00us`, `1.25ms` or `1.02s`, as `wrk` prints times."""
    unit = text.lstrip("0123456789.")
    return float(text[: len(text) - len(unit)]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]
