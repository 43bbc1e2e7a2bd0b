"""The loads: what `chanbench` puts on a broker, and what `wrk` puts on the whole chain."""

import re
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field

from processes import BUILD, ROOT, Process, find, free_port


@dataclass
class Result:
    """One measurement; what was not measured is absent."""

    rate: float = 0.0
    #: Microseconds of CPU for each message or request, by process.
    cpu: dict = field(default_factory=dict)
    bytes_per_connection: float = 0.0
    p50_us: float = 0.0
    p99_us: float = 0.0


@dataclass
class BrokerLoad:
    name: str
    arguments: list

    def run(self, peer: str, broker: Process, seconds: float) -> Result:
        command = [str(BUILD / "bench" / "chanbench"), self.arguments[0], peer, "-p", str(broker.port)]
        command += ["-b", str(broker.pid), "-t", str(seconds), *self.arguments[1:]]
        # A connection blocked in BRPOP does nothing else, so Redis gets 16 of them under way.
        command += ["-d", "16"] if peer == "redis" else []
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
        values = dict(word.split("=", 1) for word in done.stdout.split())
        if done.returncode != 0:
            raise RuntimeError(f"{self.name}, {peer}: {done.stderr.strip() or done.stdout.strip()}")
        if self.arguments[0] == "idle":
            return Result(bytes_per_connection=float(values["bytes_per_conn"]))
        return Result(
            rate=float(values["rate"]), cpu={"broker": float(values["broker_us"])},
            p50_us=float(values["p50_us"]), p99_us=float(values["p99_us"]),
        )  # fmt: skip


BROKER_LOADS = [
    BrokerLoad("queue 1/1", ["queue", "-P", "1", "-C", "1", "-w", "1000"]),
    BrokerLoad("queue 8/8", ["queue", "-P", "8", "-C", "8", "-w", "1000"]),
    BrokerLoad("fanout 100", ["fanout", "-G", "100", "-w", "16"]),
    BrokerLoad("fanout 1000", ["fanout", "-G", "1000", "-w", "16"]),
    BrokerLoad("rpc 64/4", ["rpc", "-R", "64", "-K", "4"]),
    BrokerLoad("idle 5000", ["idle", "-n", "5000"]),
]


@dataclass
class HTTPLoad:
    """`wrk` → interface server → broker → one worker, and back; three processes beside `wrk`."""

    name: str
    path: str

    def worker(self, broker: int) -> Process:
        if self.path == "/swift":
            return Process(
                [BUILD / "release" / "seaway-demo-worker", "--broker", f"127.0.0.1:{broker}"], "swift-worker"
            )
        return Process(
            [find("python"), ROOT / "Benchmarks" / "hello.py", f"127.0.0.1:{broker}"], "python-worker",
            environment={"PYTHONPATH": str(ROOT / "clients" / "python" / "src")},
        )  # fmt: skip

    def run(self, seconds: float) -> Result:
        listen, http = free_port(), free_port()
        seaway = BUILD / "release" / "seaway"
        with ExitStack() as stack:
            start = stack.enter_context
            broker = start(
                Process([seaway, "broker", "--listen", f"127.0.0.1:{listen}", "--log-level", "warning"], "broker", listen)
            )
            server = start(
                Process(
                    [
                        seaway, "serve", "--broker", f"127.0.0.1:{listen}", "--http", f"127.0.0.1:{http}",
                        "--route", f"{self.path}=http.request{self.path.replace('/', '.')}", "--log-level", "warning",
                    ],
                    "serve", http,
                )
            )  # fmt: skip
            worker = start(self.worker(listen))
            url = f"http://127.0.0.1:{http}{self.path}"
            self.wrk(url, 2)
            parts = {"server": server, "broker": broker, "worker": worker}
            before = {name: process.cpu_seconds() for name, process in parts.items()}
            result, requests = self.wrk(url, seconds)
            result.cpu = {
                name: (process.cpu_seconds() - before[name]) * 1e6 / requests for name, process in parts.items()
            }
            return result

    def wrk(self, url: str, seconds: float):
        command = [find("wrk"), "-t1", "-c32", f"-d{max(1, round(seconds))}s", "--latency", url]
        text = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30).stdout
        if "Non-2xx" in text or "Requests/sec" not in text:
            raise RuntimeError(f"{self.name}: {text}")
        requests = int(re.search(r"(\d+) requests in", text)[1])
        result = Result(rate=float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]))
        result.p50_us, result.p99_us = (self.microseconds(re.search(rf"{p}%\s+(\S+)", text)[1]) for p in (50, 99))
        return result, requests

    @staticmethod
    def microseconds(text: str) -> float:
        number, unit = re.match(r"([\d.]+)(us|ms|s)", text).groups()
        return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


HTTP_LOADS = [HTTPLoad("http, 1 Swift worker", "/swift"), HTTPLoad("http, 1 Python worker", "/python")]
