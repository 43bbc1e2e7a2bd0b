"""`wrk` → interface server → broker, or several → one worker, and back; all processes beside `wrk`."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from fronts import Site, apart, demo_worker, python_worker, up
from generators import wrk
from processes import Process
from result import Result


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
            wrk(url, 2)
            before = site.cpu_seconds()
            result, requests = wrk(url, seconds)
            result.cpu = {name: (after - before[name]) * 1e6 / requests for name, after in site.cpu_seconds().items()}
            return result

    def start(self, stack: ExitStack) -> Site:
        route = f"{self.path}=http.request{self.path.replace('/', '.')}"
        if self.layer == "up":
            return up(stack, self.worker, "--route", route)
        return apart(stack, self.worker, "--route", route, brokers=self.brokers, over_unix=self.layer == "unix")

    def worker(self, brokers: list[str]) -> Process:
        if self.path == "/swift":
            return demo_worker(brokers)
        return python_worker("hello.py", brokers[0])


HTTP_LOADS = [
    HTTPLoad("http, 1 Swift worker", "/swift"),
    HTTPLoad("http, 1 Swift worker, 2 brokers", "/swift", 2),
    HTTPLoad("http, 1 Swift worker, 3 brokers", "/swift", 3),
    HTTPLoad("http, 1 Swift worker, Unix socket", "/swift", layer="unix"),
    HTTPLoad("http, 1 Swift worker, in `seaway up`", "/swift", layer="up"),
    HTTPLoad("http, 1 Python worker", "/python"),
]
