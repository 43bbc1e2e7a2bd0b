"""How each broker is started: in memory, nothing on disk, no limit that the load would meet. And its loads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from processes import BUILD, Missing, Process, built, complaint, find, free_port, output, seaway, words
from result import Result


def start_seaway() -> Process:
    port = free_port()
    command = [seaway(), "broker", "--listen", f"127.0.0.1:{port}", "--log-level", "warning"]
    return Process([*command, "--capacity", "cb*=1000000,256M", "--max-connections", 20000], "seaway", port)


def start_nats() -> Process:
    port = free_port()
    return Process([find("nats-server"), "-a", "127.0.0.1", "-p", port], "nats", port)


def start_redis() -> Process:
    port = free_port()
    command = [find("redis-server"), "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no"]
    return Process([*command, "--maxclients", 20000], "redis", port)


def start_relay() -> Process:
    port = free_port()
    return Process([built(BUILD / "bench" / "relay"), port], "relay", port)


BROKERS: dict[str, Callable[[], Process]] = {
    "seaway": start_seaway,
    "nats": start_nats,
    "redis": start_redis,
    "relay": start_relay,
}


def chanbench(workload: str, driver: str, options: Sequence[object], seconds: float) -> dict[str, str]:
    """Runs the load generator to its end, and returns what it has found."""
    command = [built(BUILD / "bench" / "chanbench"), workload, driver, "-t", seconds, *options]
    code, out, err = output(command, seconds + 60)
    if code != 0:
        raise complaint("chanbench", out, err)
    return words(out)


@dataclass
class BrokerLoad:
    """What `chanbench` puts on a broker."""

    name: str
    arguments: list[str]

    def run(self, peer: str, seconds: float) -> Result:
        with BROKERS[peer]() as broker:
            # A connection blocked in BRPOP does nothing else, so Redis gets 16 of them under way.
            more = ["-p", broker.port, "-b", broker.pid, *(["-d", 16] if peer == "redis" else [])]
            found = chanbench(self.arguments[0], peer, [*self.arguments[1:], *more], seconds)
        if self.arguments[0] == "idle":
            return Result(memory={"broker": float(found["bytes_per_conn"])})
        rate = float(found["rate"])
        client = float(found["client_cpu_pct"]) / 100
        return Result(
            rate=rate,
            p50=float(found["p50_us"]) / 1e3,
            p99=float(found["p99_us"]) / 1e3,
            cpu={"broker": float(found["broker_us"])},
            client_could=rate / client if client else 0.0,
        )


BROKER_LOADS = [
    BrokerLoad("queue 1/1", ["queue", "-P", "1", "-C", "1", "-w", "1000"]),
    BrokerLoad("queue 8/8", ["queue", "-P", "8", "-C", "8", "-w", "1000"]),
    BrokerLoad("fanout 100", ["fanout", "-G", "100", "-w", "16"]),
    BrokerLoad("fanout 1000", ["fanout", "-G", "1000", "-w", "16"]),
    BrokerLoad("rpc 64/4", ["rpc", "-R", "64", "-K", "4"]),
    BrokerLoad("idle 5000", ["idle", "-n", "5000"]),
]


def versions() -> str:
    """What was measured beside Seaway, as the programs tell it."""
    found = []
    for name in ("nats-server", "redis-server"):
        try:
            _, out, _ = output([find(name), "--version"], 10)
        except Missing:
            continue
        number = next((word for word in out.split() if word.lstrip("v=")[:1].isdigit()), "")
        found.append(f"{name} {number.lstrip('v=')}")
    return ", ".join(found)
