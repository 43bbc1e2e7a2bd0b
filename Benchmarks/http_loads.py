"""`wrk` → interface server → broker, or several → one worker, and back; all processes beside `wrk`."""

from __future__ import annotations

import pathlib
import re
from contextlib import ExitStack
from dataclasses import dataclass

from processes import ROOT, Process, built, complaint, find, free_port, output, seaway
from result import Result


def python_worker(script: str, broker: int) -> Process:
    """A worker of this folder, on the Python client of this tree."""
    command = [find("python"), ROOT / "Benchmarks" / script, f"127.0.0.1:{broker}"]
    return Process(command, "python-worker", environment={"PYTHONPATH": str(ROOT / "clients" / "python" / "src")})


def swift_worker(name: str, broker: int, *options: str) -> Process:
    """A Swift worker, which stands beside `seaway`."""
    return swift_worker_at(name, [broker], *options)


def swift_worker_at(name: str, brokers: list[int], *options: str) -> Process:
    path = built(pathlib.Path(seaway()).parent / name)
    return Process([path, *given(brokers), *options], "swift-worker")


def given(brokers: list[int]) -> list[str]:
    """Brokers as options."""
    return [word for broker in brokers for word in ("--broker", f"127.0.0.1:{broker}")]


def broker_process() -> Process:
    port = free_port()
    return Process([seaway(), "broker", "--listen", f"127.0.0.1:{port}", "--log-level", "warning"], "broker", port)


@dataclass
class HTTPLoad:
    name: str
    path: str
    brokers: int = 1

    def run(self, peer: str, seconds: float) -> Result:
        if peer != "seaway":
            raise ValueError(f"{self.name} is not a load for {peer}")
        port = free_port()
        channel = f"http.request{self.path.replace('/', '.')}"
        with ExitStack() as stack:
            brokers = [stack.enter_context(broker_process()) for _ in range(self.brokers)]
            ports = [broker.port for broker in brokers]
            command = [seaway(), "serve", *given(ports), "--http", f"127.0.0.1:{port}"]
            command += ["--route", f"{self.path}={channel}", "--log-level", "warning"]
            server = stack.enter_context(Process(command, "serve", port))
            worker = stack.enter_context(self.worker(ports))
            url = f"http://127.0.0.1:{port}{self.path}"
            # Until the worker listens, answers are 504 or late.
            self.wrk(url, 2)
            parts = {"server": [server], "broker": brokers, "worker": [worker]}
            before = {name: sum(process.cpu_seconds() for process in part) for name, part in parts.items()}
            result, requests = self.wrk(url, seconds)
            result.cpu = {
                name: (sum(process.cpu_seconds() for process in part) - before[name]) * 1e6 / requests
                for name, part in parts.items()
            }
            return result

    def worker(self, brokers: list[int]) -> Process:
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
    HTTPLoad("http, 1 Python worker", "/python"),
]
