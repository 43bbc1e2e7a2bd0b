#!/usr/bin/env python3
"""Worker processes that are replaced under load, and what must hold: nothing fails, nothing is lost, order is kept.

    deploys.py [SECONDS]

Every worker of every kind is replaced every two seconds: a new one is started, and when it listens the old one gets
SIGTERM. Prints what was done, and what was violated; ends with 0 when nothing was. `test_deploys.py` has it shorter.
"""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass

from deploy_load import Load, Wrk
from harness import PATIENCE, ROOT, SEAWAY, House, Program, Wire, free_port, until

GROUP = "room"
PACE = 2.0
"""Seconds between two replacements of one kind."""
SYSTEM = ROOT / "Tests" / "System"


@dataclass(frozen=True)
class Kind:
    """A worker in some language: how it is started, and how much it takes at a time."""

    program: str
    options: tuple[str, ...] = ()
    concurrency: int = 8
    #: Messages that it may hold at a time.
    most: int = 8


KINDS = {
    "swift": Kind("swift"),
    "swift-sticky": Kind("swift", ("--sticky",)),
    "python": Kind("python", concurrency=1, most=65),
    "python-threads": Kind("python"),
    "python-threads-sticky": Kind("python", ("--sticky",)),
    "python-aio": Kind("python", ("--tasks",)),
    "go": Kind("go"),
    "go-sticky": Kind("go", ("-sticky",)),
}


def go_worker() -> pathlib.Path:
    path = ROOT / ".build" / "test" / "echo-go"
    environment = {**os.environ, "GOPROXY": "off"}
    subprocess.run(["go", "build", "-o", str(path), "."], cwd=SYSTEM / "echo_go", env=environment, check=True)
    return path


class Site:
    """A broker, an interface server with routes to every kind of worker, and one worker of each."""

    def __init__(self, house: House, kinds: list[str], *options: str, pause: int = 0, broker: tuple[str, ...] = ()):
        """``pause``: milliseconds that a worker's work takes; ``options`` of the server, ``broker`` of the broker."""
        self.house = house
        self.pause = pause
        self.kinds = kinds
        self._go = go_worker() if any(KINDS[kind].program == "go" for kind in kinds) else None
        self.broker_port, self.port = free_port(), free_port()
        self._broker_options = broker
        self.broker = house.broker(self.broker_port, *broker)
        routes = [
            word for kind in kinds
            for word in ("--route", f"/{kind}=http.request.{kind}",
                         "--websocket-route", f"/{kind}=websocket.connect.{kind}")
        ]  # fmt: skip
        self.metrics_port = free_port()
        metrics = ["--metrics", f"127.0.0.1:{self.metrics_port}"]
        self.server = house.server(self.port, self.broker_port, *routes, *metrics, *options)
        # Each of its loops has a connection of its own, and one that has none yet may answer 503.
        loops = len(os.sched_getaffinity(0))
        until(lambda: self.look("STATS")["connections"] > loops, "every loop of the server is connected")
        #: The worker of each kind that was begun last.
        self.workers: dict[str, Program] = {}
        self.replaced = dict.fromkeys(kinds, 0)
        self.faults: list[str] = []
        for kind in kinds:
            self.workers[kind] = self.begin(kind)
        for kind in kinds:
            self.wait_for_readers(kind, 1)

    def begin(self, kind: str) -> Program:
        how = KINDS[kind]
        address, size = f"127.0.0.1:{self.broker_port}", str(how.concurrency)
        paths = {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
        if how.program == "swift":
            command = [
                pathlib.Path(SEAWAY).parent / "seaway-echo-worker", "--websocket", f"websocket.connect.{kind}",
                "--http", f"http.request.{kind}",
            ]  # fmt: skip
        elif how.program == "python":
            command = [sys.executable, SYSTEM / "echo_worker.py", "--kind", kind]
        else:
            command = [self._go, "-kind", kind]
        given = ["--broker", address, "--group", GROUP, "--pause", str(self.pause), "--concurrency", size]
        return self.house.start([*command, *given, *how.options], paths if how.program == "python" else None)

    def wait_for_readers(self, kind: str, count: int) -> None:
        def question() -> bool:
            return self.house.readers(self.broker_port, f"http.request.{kind}") == count

        until(question, f"{count} workers of {kind} listen", patience=3 * PATIENCE)

    def replace(self, kind: str) -> None:
        """Begins a new worker, and tells the old one to leave once that listens."""
        old = self.workers[kind]
        new = self.begin(kind)
        self.wait_for_readers(kind, 2)
        self.workers[kind] = new
        code = old.terminate()
        if code != 0:
            self.faults.append(f"a worker of {kind} has ended with {code}:\n{old.output()}")
        self.replaced[kind] += 1

    def restart_broker(self) -> None:
        self.broker = self.house.broker(self.broker_port, *self._broker_options)

    def look(self, question: str) -> dict:
        with Wire(self.broker_port) as wire:
            return wire.look(question)

    def members(self) -> int:
        return int(self.look(f"MEMBERS {GROUP}")["total"])

    def violations(self) -> list[str]:
        """What the broker has dropped, and what workers have come to; everything else the clients know."""
        found = list(self.faults)
        # Of what was reported somebody was told (S14), who has sent it again or answered.
        dropped = {why: count for why, count in self.look("STATS")["dropped"].items() if why != "reported"}
        if any(dropped.values()):
            found.append(f"the broker has dropped {dropped}")
        for each in [self.broker, self.server, *self.workers.values()]:
            if not each.is_running:
                found.append(f"{each.command} has ended:\n{each.output()}")
        return found


class Poster:
    """Sends numbered posts to the group, and looks what became of each."""

    def __init__(self, site: Site, pace: float = 0.1):
        self.site = site
        self.pace = pace
        self.faults: list[str] = []
        self.count = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        with Wire(self.site.broker_port) as wire:
            while not self._is_over.wait(self.pace):
                self.count += 1
                answer = wire.ask(f'GSEND :- {GROUP} {{"text":"post {self.count}"}}')
                if not answer.startswith("OK ") or not answer.endswith(" full=0 gone=0"):
                    self.faults.append(f"post {self.count}: {answer}")

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join(PATIENCE)


class Deploys:
    """A site under load whose workers are replaced for so long."""

    def __init__(self, house: House, kinds: list[str], sockets: int, clients: int = 1, has_wrk: bool = True):
        self.site = Site(house, kinds)
        self.load = Load(self.site.port, kinds, sockets, clients)
        self.load.start()
        until(lambda: all(each.is_open for each in self.load.browsers), "all sockets are open", patience=60)
        self.poster = Poster(self.site)
        self.poster.start()
        self.wrks = [Wrk(house, self.site.port, kind) for kind in kinds] if has_wrk else []

    def run(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=self._replace, args=(kind, end), daemon=True) for kind in self.site.kinds]
        for number, thread in enumerate(threads):
            # Not all at the same moment.
            threading.Timer(number * PACE / len(threads), thread.start).start()
        until(lambda: time.monotonic() > end, "the time is over", patience=seconds + PATIENCE, pause=0.1)
        for thread in threads:
            thread.join(4 * PATIENCE)
        for wrk in self.wrks:
            wrk.stop()
        self.poster.stop()
        last = self.poster.count
        until(lambda: all(each.posts[-1:] == [last] for each in self.load.browsers), "the last post comes everywhere")
        self.load.stop()

    def _replace(self, kind: str, end: float) -> None:
        due = time.monotonic()
        try:
            while time.monotonic() < end:
                self.site.replace(kind)
                due += PACE
                if (left := due - time.monotonic()) > 0:
                    threading.Event().wait(left)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            self.site.faults.append(f"{kind}: {error!r}\n{self.site.workers[kind].output()}")

    def violations(self) -> list[str]:
        wrks = [line for wrk in self.wrks for line in wrk.violations()]
        return self.load.violations() + self.poster.faults + self.site.violations() + wrks

    def summary(self) -> str:
        replaced = ", ".join(f"{count} {kind}" for kind, count in self.site.replaced.items())
        requests = sum(wrk.requests for wrk in self.wrks)
        return f"replaced: {replaced}; {self.load.summary()}; {self.poster.count} posts; {requests} requests by wrk"


def main(seconds: float) -> int:
    with tempfile.TemporaryDirectory() as folder:
        house = House(pathlib.Path(folder))
        try:
            kinds = list(KINDS)
            print(f"deploys: {seconds:.0f} s, {', '.join(kinds)}", flush=True)
            deploys = Deploys(house, kinds, sockets=200 // len(kinds))
            deploys.run(seconds)
            violations = deploys.violations()
        finally:
            house.end()
    print(f"deploys: {deploys.summary()}")
    for violation in violations[:50]:
        print(f"deploys: VIOLATED: {violation}")
    print(f"deploys: {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
