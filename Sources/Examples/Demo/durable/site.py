"""Starts the programs of `make demo-durable`, sends jobs to both brokers in turn, and counts what becomes of them.

Whatever is killed is started again after some seconds. No job may be lost: each that was stored is done in the end, as
is waited for at Ctrl-C (a second one does not wait). Exits with 1 where one is missing.

site.py [--pause SECONDS] [--interval SECONDS] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import IO

import seaway

ROOT = pathlib.Path(__file__).resolve().parents[4]
HERE = ROOT / "Sources" / "Examples" / "Demo" / "durable"
CHANNEL = "jobs.demo"
#: Seconds in which what is stored is done at the end: a broker that was killed had some in hand for 15 s.
PATIENCE = 30.0


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Messages that survive what is killed.")
    parser.add_argument("--pause", type=float, default=8.0, help="seconds until what has ended is started again (8)")
    parser.add_argument("--interval", type=float, default=0.1, help="seconds between two jobs (0.1)")
    folder = ROOT / ".build" / "demo" / "durable"
    parser.add_argument("--folder", type=pathlib.Path, default=folder, help="of logs and stores; it is emptied")
    return parser.parse_args()


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [place.getsockname()[1] for place in sockets]
    for place in sockets:
        place.close()
    return ports


class Program:
    """One process, started again when it has ended; workers write a line for each job."""

    def __init__(
        self, name: str, command: Sequence[object], folder: pathlib.Path,
        heard: Callable[[str, str], None] | None = None,
    ):  # fmt: skip
        self.name, self.folder, self.heard = name, folder, heard
        self.command = [str(word) for word in command]
        self.ended = 0.0
        self.start()

    def start(self) -> None:
        log = (self.folder / f"{self.name}.log").open("ab")
        output = subprocess.PIPE if self.heard else log
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=log, start_new_session=True
        )
        self.ended = 0.0
        if self.heard:
            threading.Thread(target=self.listen, args=(self.process.stdout, self.heard), daemon=True).start()

    def listen(self, lines: IO[bytes], heard: Callable[[str, str], None]) -> None:
        for line in lines:
            heard(self.name, line.decode(errors="replace").strip())

    def look(self, now: float, pause: float) -> str | None:
        """What is to be said of it."""
        if self.process.poll() is None:
            return None
        if not self.ended:
            self.ended = now
            self.tell(signal.SIGKILL)  # what it has started goes with it
            return f"{self.name} has ended"
        if now - self.ended < pause:
            return None
        self.start()
        return f"{self.name} is started again as {self.process.pid}"

    def end(self) -> None:
        if self.process.poll() is None:
            self.tell(signal.SIGTERM)

    def tell(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class Jobs:
    """What was sent, and what was done."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stored: set[int] = set()
        self.undone: set[int] = set()
        self.done: Counter[str] = Counter()
        self.early: set[int] = set()
        self.again = self.doubts = self.refusals = 0

    def note_stored(self, number: int) -> None:
        with self.lock:
            self.stored.add(number)
            if number in self.early:
                self.early.discard(number)
            else:
                self.undone.add(number)

    def note_done(self, name: str, line: str) -> None:
        """`NUMBER TIMES`, as each worker writes it."""
        try:
            number, times = (int(word) for word in line.split())
        except ValueError:
            return
        with self.lock:
            self.done[name] += 1
            self.again += times > 1
            if number in self.stored:
                self.undone.discard(number)
            else:
                self.early.add(number)

    def line(self) -> str:
        with self.lock:
            done = ", ".join(f"{name} {count}" for name, count in sorted(self.done.items()))
            return (
                f"stored {len(self.stored)}, not done yet {len(self.undone)} · done by {done or 'nobody'}; "
                f"delivered again {self.again} · refused {self.refusals}, in doubt {self.doubts}, both said again"
            )


def produce(layers: list[seaway.Layer], jobs: Jobs, interval: float, enough: threading.Event) -> None:
    """Sends each job until it is stored, with the same key, so that it is stored once."""
    number = 0
    while not enough.is_set():
        number += 1
        turn = number
        while not enough.is_set():
            try:
                layers[turn % 2].send(CHANNEL, {"number": number}, once=f"job-{number}")
                jobs.note_stored(number)
                break
            except seaway.Unknown:
                jobs.doubts += 1
            except seaway.SeawayError:
                jobs.refusals += 1
            turn += 1
            enough.wait(interval)
        enough.wait(interval)


def start_engine(folder: pathlib.Path, programs: list[Program]) -> str:
    """Three NATS servers. Returns what brokers are told of them."""
    ports = free_ports(6)
    clients, routes = ports[:3], ports[3:]
    server = ROOT / ".build" / "python" / "bin" / "nats-server"
    everyone = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
    for place, port in enumerate(clients):
        name = f"nats-{place + 1}"
        config = folder / f"{name}.conf"
        config.write_text(
            f'server_name: {name}\nlisten: "127.0.0.1:{port}"\nmax_payload: 4MB\n'
            f'jetstream {{ store_dir: "{folder / name}", sync_interval: always }}\n'
            f'cluster {{ name: demo, listen: "127.0.0.1:{routes[place]}", routes: [{everyone}] }}\n'
        )
        programs.append(Program(name, [server, "-c", config], folder))
    return ",".join(f"127.0.0.1:{port}" for port in clients)


def start_brokers(folder: pathlib.Path, programs: list[Program], store: str) -> list[str]:
    """Two brokers. Returns their addresses."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    kept = ["--store", store, "--durable", "jobs.*", "--capacity", "jobs.*=10000"]
    command = [ROOT / ".build" / "release" / "seaway", "broker", *kept, "--listen"]
    for place, address in enumerate(addresses):
        programs.append(Program(f"broker-{place + 1}", [*command, address], folder))
    return addresses


def start_workers(folder: pathlib.Path, programs: list[Program], addresses: list[str], jobs: Jobs) -> None:
    swift = [ROOT / ".build" / "release" / "seaway-demo-worker", "--jobs", CHANNEL]
    commands: dict[str, list[object]] = {
        "swift": [*swift, *(word for address in addresses for word in ("--broker", address))],
        "python": [sys.executable, HERE / "worker.py", *addresses],
        "go": [ROOT / ".build" / "demo" / "go-jobs", *addresses],
        "shell": [HERE / "worker.sh", *addresses],
    }
    for name, command in commands.items():
        programs.append(Program(name, command, folder, jobs.note_done))


def watch(programs: list[Program], jobs: Jobs, pause: float, enough: threading.Event | None = None) -> None:
    """Starts again what has ended, and says how it goes; until all that is stored is done where that is `enough`."""
    said, end = 0.0, time.monotonic() + PATIENCE
    while not (enough and enough.is_set() and (not jobs.undone or time.monotonic() > end)):
        now = time.monotonic()
        for program in programs:
            if words := program.look(now, pause):
                print(words, flush=True)
        if now - said >= min(2, pause):
            print(jobs.line(), flush=True)
            said = now
        time.sleep(0.05 if enough else 0.2)


def main() -> int:
    chosen = options()
    # Also where it was started in the background of a script, which is told to ignore Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    shutil.rmtree(chosen.folder, ignore_errors=True)
    chosen.folder.mkdir(parents=True)
    jobs, enough = Jobs(), threading.Event()
    programs: list[Program] = []
    try:
        addresses = start_brokers(chosen.folder, programs, start_engine(chosen.folder, programs))
        start_workers(chosen.folder, programs, addresses, jobs)
        # One layer for each broker, since it is to be seen that they are one queue.
        layers = [seaway.Layer(address, client="demo-producer") for address in addresses]
        producer = threading.Thread(target=produce, args=(layers, jobs, chosen.interval, enough), daemon=True)
        producer.start()
        print("\nJobs go to two brokers in turn, are kept by three NATS servers and done by four workers. Kill any:\n")
        for program in programs:
            print(f"    kill -9 {program.process.pid:<8} # {program.name}")
        print(
            f"\nIt is started again after {chosen.pause:g} s. Ctrl-C ends all; logs are in {chosen.folder}.\n",
            flush=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            watch(programs, jobs, chosen.pause)
        print("\nLeaving, when what is stored is done.", flush=True)
        enough.set()
        producer.join(PATIENCE)
        watch(programs, jobs, chosen.pause, enough)
        print(jobs.line(), flush=True)
    except KeyboardInterrupt:
        print("\nLeaving at once.")
    finally:
        # Workers first, then brokers, which give back what they hold, then the engine.
        for program in reversed(programs):
            program.end()
        for program in reversed(programs):
            program.process.wait(30)
    print(f"lost: {len(jobs.undone)}", flush=True)
    return 1 if jobs.undone else 0


if __name__ == "__main__":
    sys.exit(main())
