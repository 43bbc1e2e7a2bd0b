"""Starts the programs of `make demo-durable`, sends jobs to both brokers in turn, and counts what becomes of them.

Whatever is killed is started again after some seconds. No job may be lost: each that was stored is done in the end.
"""

from __future__ import annotations

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

import seaway

ROOT = pathlib.Path(__file__).resolve().parents[4]
HERE = ROOT / "Sources" / "Examples" / "Demo" / "durable"
FOLDER = ROOT / ".build" / "demo" / "durable"
CHANNEL = "jobs.demo"
#: Seconds until what has ended is started again.
PAUSE = 8.0
#: Seconds between two jobs.
INTERVAL = 0.1


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [place.getsockname()[1] for place in sockets]
    for place in sockets:
        place.close()
    return ports


class Program:
    """One process, started again when it has ended; workers write a line for each job."""

    def __init__(self, name: str, command: list[object], environment: dict[str, str] | None = None, heard=None):
        self.name, self.heard = name, heard
        self.command = [str(word) for word in command]
        self.environment = {**os.environ, **(environment or {})}
        self.ended = 0.0
        self.start()

    def start(self) -> None:
        log = (FOLDER / f"{self.name}.log").open("ab")
        output = subprocess.PIPE if self.heard else log
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        self.ended = 0.0
        if self.heard:
            threading.Thread(target=self.listen, args=(self.process.stdout,), daemon=True).start()

    def listen(self, output) -> None:
        for line in output:
            self.heard(self.name, line.decode(errors="replace").strip())

    def look(self, now: float) -> str | None:
        """What is to be said of it."""
        if self.process.poll() is None:
            return None
        if not self.ended:
            self.ended = now
            return f"{self.name} has ended"
        if now - self.ended < PAUSE:
            return None
        self.start()
        return f"{self.name} is started again as {self.process.pid}"

    def end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)


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
                f"given out again {self.again} · refused {self.refusals}, in doubt {self.doubts}, both said again"
            )


def produce(layers: list[seaway.Layer], jobs: Jobs) -> None:
    """Sends each job until it is stored, with the same key, so that it is stored once."""
    number = 0
    while True:
        number += 1
        turn = number
        while True:
            try:
                layers[turn % 2].send(CHANNEL, {"number": number}, once=f"job-{number}")
                jobs.note_stored(number)
                break
            except seaway.Unknown:
                jobs.doubts += 1
            except seaway.SeawayError:
                jobs.refusals += 1
            turn += 1
            time.sleep(INTERVAL)
        time.sleep(INTERVAL)


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    jobs = Jobs()
    ports = free_ports(8)
    clients, routes, brokers = ports[:3], ports[3:6], ports[6:]
    servers = ROOT / ".build" / "python" / "bin" / "nats-server"
    programs = []
    everyone = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
    for place, port in enumerate(clients):
        name = f"nats-{place + 1}"
        config = FOLDER / f"{name}.conf"
        config.write_text(
            f'server_name: {name}\nlisten: "127.0.0.1:{port}"\nmax_payload: 4MB\n'
            f'jetstream {{ store_dir: "{FOLDER / name}", sync_interval: always }}\n'
            f'cluster {{ name: demo, listen: "127.0.0.1:{routes[place]}", routes: [{everyone}] }}\n'
        )
        programs.append(Program(name, [servers, "-c", config]))
    store = ",".join(f"127.0.0.1:{port}" for port in clients)
    seaway_program = ROOT / ".build" / "release" / "seaway"
    for place, port in enumerate(brokers):
        command = [seaway_program, "broker", "--listen", f"127.0.0.1:{port}", "--store", store, "--durable", "jobs.*",
                   "--capacity", "jobs.*=10000"]  # fmt: skip
        programs.append(Program(f"broker-{place + 1}", command))
    addresses = [f"127.0.0.1:{port}" for port in brokers]
    workers = {
        "python": [sys.executable, HERE / "worker.py"],
        "go": [ROOT / ".build" / "demo" / "go-jobs"],
        "shell": [HERE / "worker.sh"],
    }
    for name, command in workers.items():
        programs.append(Program(name, command + addresses, heard=jobs.note_done))
    # One layer for each broker, since it is to be seen that they are one queue.
    layers = [seaway.Layer(address, client="demo-producer") for address in addresses]
    threading.Thread(target=produce, args=(layers, jobs), daemon=True).start()

    print("\nJobs are sent to two brokers in turn, kept by three NATS servers, and done by three workers. Kill any:\n")
    for program in programs:
        print(f"    kill -9 {program.process.pid:<8} # {program.name}")
    print(f"\nIt is started again after {PAUSE:.0f} s. Ctrl-C ends all of it; logs are in {FOLDER}.\n", flush=True)
    # Also where it was started in the background of a script, which is told to ignore Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    said = 0.0
    try:
        while True:
            now = time.monotonic()
            for program in programs:
                if words := program.look(now):
                    print(words, flush=True)
            if now - said >= 2:
                print(jobs.line(), flush=True)
                said = now
            time.sleep(0.2)
    except KeyboardInterrupt:
        print("\nLeaving.")
    # Workers first, then brokers, which give back what they hold, then the engine.
    for program in reversed(programs):
        program.end()
    for program in reversed(programs):
        program.process.wait(30)


if __name__ == "__main__":
    main()
