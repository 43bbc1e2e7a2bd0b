"""What one measurement has found, and how repetitions become one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass
class Result:
    """One measurement; what was not measured is absent or zero. Latencies are in milliseconds."""

    #: Messages, deliveries, requests or round trips a second.
    rate: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    #: Share of the deliveries that came.
    share: float = 1.0
    #: Microseconds of CPU for each message, delivery, request or round trip, by process.
    cpu: dict[str, float] = field(default_factory=dict)
    #: Bytes of memory for each connection, by process.
    memory: dict[str, float] = field(default_factory=dict)
    #: The most resident bytes, by process.
    peak: dict[str, float] = field(default_factory=dict)
    #: The same load at half of that rate.
    half: Result | None = None
    #: What the load generator could have taken with a core of its own, a second.
    client_could: float = 0.0


def least(dicts: list[dict[str, float]]) -> dict[str, float]:
    """For each key the least value of all."""
    return {key: min(one[key] for one in dicts) for key in dicts[0]}


def best(results: list[Result]) -> Result:
    """The one of the best rate with its latencies, the least CPU and memory of each process, the highest peak."""
    chosen = max(results, key=lambda result: result.rate)
    return replace(
        chosen,
        cpu=least([one.cpu for one in results]),
        memory=least([one.memory for one in results]),
        peak={key: max(one.peak[key] for one in results) for key in chosen.peak},
    )
