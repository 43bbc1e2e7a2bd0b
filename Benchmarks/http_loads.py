"""`wrk` → interface server → broker, or several → one worker, and back; all processes beside `wrk`."""

from __future__ import annotations

import pathlib
import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass

from processes import ROOT, Process, built, complaint, find, free_port, output, seaway
from result import Result


def python_worker(script: str, broker: str) -> Process:
    """A worker of this folder, on the Python client of this tree."""
    command = [find("python"), ROOT / "Benchmarks" / script, broker]
    return Process(command, "python-worker", environment={"PYTHONPATH": str(ROOT / "clients" / "python" / "src")})


def swift_worker(name: str, broker: int, *options: str) -> Process:
    """A Swift worker, which stands beside `seaway`."""
    return swift_worker_at(name, [f"127.0.0.1:{broker}"], *options)


def swift_worker_at(name: str, brokers: list[str], *options: str) -> Process:
    path = built(pathlib.Path(seaway()).parent / name)
    return Process([path, *given(brokers), *options], "swift-worker")


def given(brokers: list[str]) -> list[str]:
    """Brokers as options."""
    return [word for broker in brokers for word in ("--broker", broker)]


def broker_process(*options: str) -> Process:
    port = free_port()
    command = [seaway(), "broker", "--listen", f"127.0.0.1:{port}", *options, "--log-level", "warning"]
    return Process(command, "broker", port)


@dataclass
class Site:
    """What is measured: processes by part, and where they listen."""

    port: int
    parts: dict[str, list[Process]]

    def cpu_seconds(self) -> dict[str, float]:
        return {name: sum(process.cpu_seconds() for process in part) for name, part in self.parts.items()}


@dataclass
class HTTPLoad:
    name: str
    path: str
    brokers: int = 1
    #: How the others reach the broker: by `tcp`, by `unix` socket, or `up`: it is within the interface server.
    layer: str = "tcp"

    def run(self, peer: str, seconds: float) -> Result:
        if peer != "seaway":
            raise ValueError(f"{self.name} is not a load for {peer}")
        with ExitStack() as stack:
            site = self.start(stack)
            url = f"http://127.0.0.1:{site.port}{self.path}"
            # Until the worker listens, answers are 504 or late.
            self.wrk(url, 2)
            before = site.cpu_seconds()
            result, requests = self.wrk(url, seconds)
            result.cpu = {name: (after - before[name]) * 1e6 / requests for name, after in site.cpu_seconds().items()}
            return result

    def start(self, stack: ExitStack) -> Site:
        port = free_port()
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seaway-")))
        route = ["--route", f"{self.path}=http.request{self.path.replace('/', '.')}", "--log-level", "warning"]
        http = ["--http", f"127.0.0.1:{port}", *route]
        if self.layer == "up":
            socket = folder / "up"
            command = [seaway(), "up", "--listen", f"127.0.0.1:{free_port()}", "--unix-socket", socket, *http]
            server = stack.enter_context(Process(command, "up", port))
            worker = stack.enter_context(self.worker([f"unix:{socket}"]))
            return Site(port, {"server": [server], "worker": [worker]})
        brokers, addresses = [], []
        for number in range(self.brokers):
            socket = folder / str(number)
            broker = stack.enter_context(broker_process("--unix-socket", str(socket)))
            brokers.append(broker)
            addresses.append(f"unix:{socket}" if self.layer == "unix" else f"127.0.0.1:{broker.port}")
        server = stack.enter_context(Process([seaway(), "serve", *given(addresses), *http], "serve", port))
        worker = stack.enter_context(self.worker(addresses))
        return Site(port, {"server": [server], "broker": brokers, "worker": [worker]})

    def worker(self, brokers: list[str]) -> Process:
        if self.path == "/swift":
            return swift_worker_at("seaway-demo-worker", brokers)
        return python_worker("hello.py", brokers[0])

    def wrk(self, url: str, seconds: float) -> tuple[Result, int]:
        """What `wrk` has found, and how many requests it made."""
        command = [find("wrk"), "-t1", "-c32", f"-d{max(1, round(seconds))}s", "--latency", url]
        _, out, err = output(command, seconds + 30)
        found = {
            name: re.search(pattern, out)
            for name, pattern in {
                "rate": r"Requests/sec:\s+([\d.]+)",
                "requests": r"(\d+) requests in",
                "p50": r"(?m)^\s+50%\s+(\S+)",
                "p99": r"(?m)^\s+99%\s+(\S+)",
            }.items()
        }
        values = {name: match[1] for name, match in found.items() if match}
        if "Non-2xx" in out or len(values) < len(found) or values["requests"] == "0":
            raise complaint("wrk", out, err)
        result = Result(rate=float(values["rate"]), p50=milliseconds(values["p50"]), p99=milliseconds(values["p99"]))
        return result, int(values["requests"])


def milliseconds(text: str) -> float:
    """`790.00us`, `1.25ms` or `1.02s`, as `wrk` prints times."""
    unit = text.lstrip("0123456789.")
    return float(text[: len(text) - len(unit)]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


HTTP_LOADS = [
    HTTPLoad("http, 1 Swift worker", "/swift"),
    HTTPLoad("http, 1 Swift worker, 2 brokers", "/swift", 2),
    HTTPLoad("http, 1 Swift worker, 3 brokers", "/swift", 3),
    HTTPLoad("http, 1 Swift worker, Unix socket", "/swift", layer="unix"),
    HTTPLoad("http, 1 Swift worker, in `seaway up`", "/swift", layer="up"),
    HTTPLoad("http, 1 Python worker", "/python"),
]
