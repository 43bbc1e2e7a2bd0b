"""Prints results as Markdown."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from result import Result

#: Results by load and peer.
Results = Mapping[tuple[str, str], Result]
NOT_MEASURED = "-"


def machine() -> str:
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/proc/meminfo") as file:
        memory = re.search(r"MemTotal:\s+(\d+)", file.read())
    gigabytes = int(memory[1]) / 1024 / 1024 if memory else 0
    kernel = platform.release().split("-")[0]
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores ({model[1] if model else platform.machine()}), {gigabytes:.0f} GB, Linux {kernel}"


def count(number: float) -> str:
    """`1.25 M`, `12.5 k`, `125`."""
    for unit, size in ((" M", 1e6), (" k", 1e3)):
        if number >= size:
            return f"{number / size:.{2 if number < 10 * size else 1 if number < 100 * size else 0}f}{unit}"
    return f"{number:.0f}"


def short(number: float) -> str:
    """A number below some thousands with what of it matters."""
    return f"{number:.2f}" if number < 10 else f"{number:.1f}" if number < 100 else f"{number:.0f}"


def percent(share: float) -> str:
    """Never 100 % when something is missing."""
    return "100 %" if share >= 1 else f"{min(share * 100, 99.99):.{2 if share > 0.99 else 1}f} %"


def row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def head(cells: Sequence[str]) -> str:
    return row(cells) + "\n" + row("---" for _ in cells)


# ---- brokers


def broker_cell(result: Result | None) -> str:
    if result is None:
        return NOT_MEASURED
    if result.memory:
        return f"{result.memory['broker'] / 1024:.1f} KiB"
    return f"{count(result.rate)}/s · {short(result.cpu['broker'])} µs"


def ratio(own: Result | None, other: Result | None, value: Callable[[Result], float]) -> str:
    if own is None or other is None or not value(own) or not value(other):
        return ""
    return f"{value(own) / value(other):.2f}"


def rate(result: Result) -> float:
    return result.rate


def broker_cpu(result: Result) -> float:
    return result.cpu.get("broker", 0.0)


def brokers(results: Results, loads: Sequence[str], peers: Sequence[str]) -> str:
    """Deliveries a second and CPU of the broker for each; idle connections: memory of the broker for each."""
    comparisons = [
        ("rate ÷ nats", "nats", rate),
        ("CPU ÷ nats", "nats", broker_cpu),
        ("CPU ÷ redis", "redis", broker_cpu),
    ]
    comparisons = [entry for entry in comparisons if "seaway" in peers and entry[1] in peers]
    lines = [head(["load", *peers, *(title for title, _, _ in comparisons)])]
    for load in loads:
        found = {peer: results.get((load, peer)) for peer in peers}
        cells = [load, *(broker_cell(found[peer]) for peer in peers)]
        lines.append(row(cells + [ratio(found["seaway"], found[peer], value) for _, peer, value in comparisons]))
    return "\n".join(lines)


# ---- what is kept until it is acknowledged


class Kept(Protocol):
    """What of a load stands in its table."""

    name: str
    aims: Mapping[str, str]

    @property
    def peers(self) -> list[str]: ...


def kept_cell(result: Result) -> str:
    return f"{count(result.rate)}/s · {short(result.p50)} ms · {short(sum(result.cpu.values()))} µs"


def kept(results: Results, loads: Sequence[Kept]) -> str:
    """One row for each load and peer that Seaway is compared with."""
    lines = [head(["load", "seaway", "beside", "rate, p50, CPU there", "rate ÷ beside", "p50 added", "aim"])]
    for load in loads:
        own = results.get((load.name, "seaway"))
        for peer in load.peers:
            if peer == "seaway":
                continue
            other = results.get((load.name, peer))
            cells = [load.name, kept_cell(own) if own else NOT_MEASURED, peer]
            cells += [kept_cell(other) if other else NOT_MEASURED, ratio(own, other, rate)]
            cells += [f"{own.p50 - other.p50:+.2f} ms" if own and other else "", load.aims.get(peer, "")]
            lines.append(row(cells))
    return "\n".join(lines)


# ---- HTTP


def http(results: Results, loads: Sequence[str]) -> str:
    lines = [head(["load", "requests/s", "p50 ms", "p99 ms", "server µs", "broker µs", "worker µs"])]
    for load in loads:
        result = results.get((load, "seaway"))
        if result is None:
            lines.append(row([load, *[NOT_MEASURED] * 6]))
            continue
        cells = [load, count(result.rate), short(result.p50), short(result.p99)]
        # Where the broker is no process of its own, its CPU is in the server's.
        used = [result.cpu.get(name) for name in ("server", "broker", "worker")]
        lines.append(row(cells + [NOT_MEASURED if value is None else short(value) for value in used]))
    return "\n".join(lines)


# ---- WebSockets


def parts(values: Mapping[str, float], unit: str, factor: float = 1.0) -> str:
    # A process whose memory shrinks meanwhile takes nothing for a connection.
    return ", ".join(f"{name} {short(max(value, 0) * factor)}{unit}" for name, value in values.items())


def socket_cell(result: Result | None) -> str:
    if result is None:
        return NOT_MEASURED
    if result.memory:
        return parts(result.memory, " KiB", 1 / 1024)
    if result.half:
        share = percent(min(result.share, result.half.share))
        return f"{count(result.rate)}/s · {share} · {short(result.half.p99)} ms"
    share = "" if result.share == 1 else f" · {percent(result.share)}"
    return f"{count(result.rate)}/s{share} · {short(result.p99)} ms"


def sockets(results: Results, loads: Sequence[str], peers: Sequence[str]) -> str:
    lines = [head(["load", *peers])]
    for load in loads:
        found = [results.get((load, peer)) for peer in peers]
        lines.append(row([load, *map(socket_cell, found)]))
        if any(result and result.cpu and result.rate for result in found):
            cells = [parts(result.cpu, " µs") if result else NOT_MEASURED for result in found]
            lines.append(row([f"{load}: CPU for each", *cells]))
    return "\n".join(lines)


# ---- the front door


class Front(Protocol):
    """What of a load stands in its table."""

    name: str
    aims: Mapping[str, str]

    @property
    def peers(self) -> list[str]: ...

    @property
    def beside(self) -> str: ...


def front_cells(result: Result) -> list[str]:
    """Rate (or memory of each connection), p99, CPU, and the most memory."""
    if result.memory:
        return [parts(result.memory, " KiB", 1 / 1024), "", "", ""]
    rate = f"{short(result.rate)} MiB/s" if result.peak else f"{count(result.rate)}/s"
    timed = result.half or result
    p99 = f"{short(timed.p99)} ms" if timed.p99 else ""
    in_all = f" = {short(sum(result.cpu.values()))}" if len(result.cpu) > 1 else ""
    return [rate, p99, parts(result.cpu, "") + in_all, parts(result.peak, " MiB", 1 / (1 << 20))]


def fronts(results: Results, loads: Sequence[Front]) -> str:
    """One row for each load and peer; the ratio is of rates, or of memory for a connection."""
    lines = [head(["load", "who", "rate or memory", "p99", "CPU µs", "peak memory", "÷ beside", "aim"])]
    for load in loads:
        beside = results.get((load.name, load.beside))
        for peer in load.peers:
            result = results.get((load.name, peer))
            if result is None:
                lines.append(row([load.name, peer, *[NOT_MEASURED] * 5, load.aims.get(peer, "")]))
                continue
            own = "" if peer == load.beside else ratio(result, beside, rate) or ratio(result, beside, server_memory)
            cells = front_cells(result)
            lines.append(row([load.name, peer, *cells, own, load.aims.get(peer, "")]))
    return "\n".join(lines)


def server_memory(result: Result) -> float:
    return max(result.memory.get("server", 0.0), 0.0)


# ---- channel layers


class Layer(Protocol):
    """What of a load stands in its table."""

    name: str
    aims: Mapping[str, str]


def layer_cell(result: Result | None) -> str:
    if result is None:
        return NOT_MEASURED
    if not result.rate:
        return f"{percent(result.share)} came"
    return f"{count(result.rate)}/s · {short(result.p50)} ms · {parts(result.cpu, ' µs')}"


def layers(results: Results, loads: Sequence[Layer], peers: Sequence[str]) -> str:
    """Rate, p50 and CPU for each message, and Seaway's rate divided by each other's."""
    others = [peer for peer in peers if peer != "seaway"] if "seaway" in peers else []
    lines = [head(["load", *peers, *(f"÷ {other}" for other in others), "aim"])]
    for load in loads:
        found = {peer: results.get((load.name, peer)) for peer in peers}
        cells = [load.name, *(layer_cell(found[peer]) for peer in peers)]
        cells += [ratio(found["seaway"], found[other], rate) for other in others]
        aim = ", ".join(f"{what} {aim}".strip() for what, aim in load.aims.items())
        lines.append(row([*cells, aim]))
    return "\n".join(lines)
