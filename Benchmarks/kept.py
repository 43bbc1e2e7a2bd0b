"""Queues whose messages are acknowledged, in memory and durable, beside those of others.

That is NATS JetStream, which is also what keeps the durable ones, and RabbitMQ.

A raw client of JetStream asks for the answer to each message that it publishes and has its acknowledgements confirmed
where the stream is durable, as a broker does for its own clients; both have the same window.
"""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field

from brokers import chanbench, start_seaway
from processes import LOGS, PATIENCE, Process, find, free_port, seaway
from rabbitmq import rabbitmq
from result import Result

#: Seconds in which three servers find one another and elect a leader.
ELECTION = 60.0


@dataclass
class Running:
    """The processes whose CPU counts; the load goes to the port of the first."""

    processes: list[Process]


@contextmanager
def memory() -> Iterator[Running]:
    with start_seaway() as broker:
        yield Running([broker])


@contextmanager
def rabbit() -> Iterator[Running]:
    with rabbitmq() as node:
        yield Running([node])


@contextmanager
def servers(count: int) -> Iterator[Running]:
    """NATS servers with JetStream, in one cluster where there are several; as they are made, but for their limits."""
    folder = LOGS / "engine"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    routes = [free_port() for _ in range(count)]
    everyone = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
    monitor = free_port()
    with ExitStack() as stack:
        started = []
        for place, route in enumerate(routes):
            port, config = free_port(), folder / f"n{place}.conf"
            text = f'server_name: n{place}\nlisten: "127.0.0.1:{port}"\nmax_payload: 4MB\n'
            text += f'jetstream {{ store_dir: "{folder}/n{place}" }}\n'
            text += f'http: "127.0.0.1:{monitor}"\n' if place == 0 else ""
            if count > 1:
                text += f'cluster {{ name: bench, listen: "127.0.0.1:{route}", routes: [{everyone}] }}\n'
            config.write_text(text)
            started.append(stack.enter_context(Process([find("nats-server"), "-c", config], f"nats-{place}", port)))
        if count > 1:
            wait_for_leader(monitor)
        yield Running(started)


def wait_for_leader(monitor: int) -> None:
    """Until then nothing can be made in a cluster."""
    end = time.monotonic() + ELECTION
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{monitor}/jsz", timeout=PATIENCE) as answer:
                if json.load(answer).get("meta_cluster", {}).get("leader"):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the NATS servers have elected no leader")


@contextmanager
def durable() -> Iterator[Running]:
    """A broker in front of three servers."""
    with servers(3) as engine:
        port = free_port()
        store = ",".join(f"127.0.0.1:{server.port}" for server in engine.processes)
        command = [seaway(), "broker", "--listen", f"127.0.0.1:{port}", "--log-level", "warning", "--store", store]
        command += ["--durable", "cb*", "--capacity", "cb*=100000"]
        with Process(command, "seaway-durable", port) as broker:
            yield Running([broker, *engine.processes])


@dataclass
class Way:
    """Who takes the load, and as whose client."""

    driver: str
    start: Callable[[], AbstractContextManager[Running]]


@dataclass
class KeptLoad:
    """One queue at each of its peers; the first is compared with each of the others."""

    name: str
    arguments: list[object]
    ways: dict[str, Way]
    #: What is aimed at: the least ratio of rates to that peer, or the most p50 that is added.
    aims: Mapping[str, str] = field(default_factory=dict)

    @property
    def peers(self) -> list[str]:
        return list(self.ways)

    def run(self, peer: str, seconds: float) -> Result:
        way = self.ways[peer]
        with way.start() as running:
            port = running.processes[0].port
            pids = ",".join(str(process.pid) for process in running.processes)
            found = chanbench("queue", way.driver, [*self.arguments, "-p", port, "-b", pids], seconds)
        return Result(
            rate=float(found["rate"]),
            p50=float(found["p50_us"]) / 1e3,
            p99=float(found["p99_us"]) / 1e3,
            cpu={"all": float(found["broker_us"])},
        )


IN_MEMORY = {
    "seaway": Way("seaway-ack", memory),
    "seaway unacknowledged": Way("seaway", memory),
    "nats JetStream": Way("jetstream", lambda: servers(1)),
    "rabbitmq": Way("amqp", rabbit),
}
ON_DISKS = {
    "seaway": Way("seaway-ack", durable),
    "nats JetStream": Way("jetstream-file", lambda: servers(3)),
}

KEPT_LOADS = [
    KeptLoad(
        "acknowledged 8/8", ["-P", 8, "-C", 8, "-w", 1000], IN_MEMORY,
        {"seaway unacknowledged": "≥ 0.6", "nats JetStream": "≥ 5", "rabbitmq": "≥ 5"},
    ),
    KeptLoad("durable, window 256", ["-P", 1, "-C", 1, "-w", 256], ON_DISKS, {"nats JetStream": "≥ 0.7"}),
    KeptLoad("durable, window 1", ["-P", 1, "-C", 1, "-w", 1], ON_DISKS, {"nats JetStream": "≤ 0.2 ms"}),
]  # fmt: skip
