"""Prints results as Markdown."""

import os
import platform
import re


def machine() -> str:
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/proc/meminfo") as file:
        memory = int(re.search(r"MemTotal:\s+(\d+)", file.read())[1]) / 1024 / 1024
    kernel = platform.release().split("-")[0]
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores ({model[1] if model else platform.machine()}), {memory:.0f} GB, Linux {kernel}"


def count(number: float) -> str:
    for unit, size in ((" M", 1e6), (" k", 1e3)):
        if number >= size:
            return f"{number / size:.{2 if number < 10 * size else 1 if number < 100 * size else 0}f}{unit}"
    return f"{number:.0f}"


def micro(number: float) -> str:
    return f"{number:.2f}" if number < 10 else f"{number:.1f}"


def row(cells) -> str:
    return "| " + " | ".join(cells) + " |"


def head(cells) -> str:
    return row(cells) + "\n" + row("---" for _ in cells)


def cell(result) -> str:
    if result is None:
        return "–"
    if result.bytes_per_connection:
        return f"{result.bytes_per_connection / 1024:.1f} KiB"
    return f"{count(result.rate)}/s · {micro(result.cpu['broker'])} µs"


def ratio(own, other, value) -> str:
    if own is None or other is None or not value(own) or not value(other):
        return ""
    return f"{value(own) / value(other):.2f}"


def brokers(results: dict, loads: list, peers: list) -> str:
    """Deliveries a second and CPU of the broker for each; idle connections: memory of the broker for each."""
    comparisons = [
        ("rate ÷ nats", "nats", lambda result: result.rate),
        ("CPU ÷ nats", "nats", lambda result: result.cpu.get("broker")),
        ("CPU ÷ redis", "redis", lambda result: result.cpu.get("broker")),
    ]
    comparisons = [entry for entry in comparisons if "seaway" in peers and entry[1] in peers]
    lines = [head(["load", *peers, *(title for title, _, _ in comparisons)])]
    for load in loads:
        found = {peer: results.get((load.name, peer)) for peer in peers}
        cells = [load.name, *(cell(found[peer]) for peer in peers)]
        cells += [ratio(found["seaway"], found[peer], value) for _, peer, value in comparisons]
        lines.append(row(cells))
    return "\n".join(lines)


def http(results: dict, loads: list) -> str:
    lines = [head(["load", "requests/s", "p50 ms", "p99 ms", "server µs", "broker µs", "worker µs"])]
    for load in loads:
        result = results.get((load.name, "seaway"))
        if result is None:
            lines.append(row([load.name, *["–"] * 6]))
            continue
        cells = [load.name, count(result.rate), f"{result.p50_us / 1e3:.2f}", f"{result.p99_us / 1e3:.2f}"]
        lines.append(row(cells + [micro(result.cpu[name]) for name in ("server", "broker", "worker")]))
    return "\n".join(lines)
