"""Acknowledged channels while workers, brokers and NATS servers are killed and stopped, in random order.

Three brokers in front of three NATS servers (`Durable`), or one broker alone, that forgets (`Memory`). What everybody
has noted is checked by `history.py` when the channel was emptied at the end.
"""

from __future__ import annotations

import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import ClassVar

import nats
from chaos_load import CHANNEL, DEAD, Load
from harness import House, Program, Wire, free_port, until
from history import History, story, violations
from hosts import Host, hosts
from packets import Packets

#: Seconds in which all that is left is delivered: 15 after a broker was killed (DURABLE.md), and the last tries.
AT_THE_END = 60.0
COMMON = ("--capacity", "jobs.*=400", "--return", "500ms", "--drain", "0")


class Chaos:
    """What both have: brokers, load, and how it ends."""

    faults: ClassVar[dict[str, Callable[..., str]]]

    def __init__(self, house: House, seed: int, brokers: int, options: list[str]):
        print(f"chaos: seed {seed}", flush=True)
        self.house, self.dice, self.options = house, random.Random(seed), options
        self.ports = [free_port() for _ in range(brokers)]
        self.brokers = [house.broker(port, *COMMON, *options) for port in self.ports]
        self.counted: Counter[str] = Counter()
        self.emptied: list[tuple[float, float]] = []
        self.left = 0
        self.load = Load(house, self.ports, self.dice)

    def storm(self, seconds: float, told: Callable[[str], None]) -> None:
        """Faults, each as soon as the last is over; each kind once before any comes again."""
        end, left = time.monotonic() + seconds, list(self.faults)
        self.dice.shuffle(left)
        while time.monotonic() < end:
            name = left.pop() if left else self.dice.choice(list(self.faults))
            began = time.monotonic()
            what = self.faults[name](self)
            self.counted[name] += 1
            told(f"chaos: {name}: {what}, {time.monotonic() - began:.1f} s")
            time.sleep(self.dice.uniform(0.1, 0.6))

    def finished(self) -> History:
        """Ends sending, waits until nothing is left on the channel and among its dead letters, and gives the notes."""
        self.load.end_sending()
        end, rest = time.monotonic() + AT_THE_END, 1
        while rest and time.monotonic() < end:
            time.sleep(0.1)
            rest = self.rest()
        self.load.end_working()
        history = self.load.history()
        history.emptied = self.emptied
        self.left = rest
        return history

    def rest(self) -> int:
        """How many messages are there, held, waiting, delayed or dead; 1 if that cannot be said."""
        try:
            with Wire(self.ports[0]) as wire:
                held = [entry for channel in (CHANNEL, DEAD) for entry in [wire.look(f"PEEK {channel}")]]
                stats = wire.look("STATS")
            return sum(int(entry["messages"]) for entry in held) + int(stats["held"]) + int(stats["delayed"])
        except (OSError, EOFError, AssertionError):
            return 1

    def summary(self, history: History) -> str:
        answers: Counter[str] = sum((sender.answers for sender in self.load.senders), Counter())
        told = ", ".join(f"{count} {answer}" for answer, count in sorted(answers.items()))
        again = sum(each.times > 1 for each in history.seen if not each.dead)
        dead = Counter(each.dead for each in history.seen if each.dead)
        ended = len({each.name for each in history.settled if each.confirmed is not None})
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.counted.items()))
        return (
            f"{sum(self.counted.values())} faults ({faults}); {len(history.sent)} sends: {told}; "
            f"{ended} ended with OK; "
            f"{len(history.seen)} times seen, {again} of them again; {sum(dead.values())} dead letters"
        )

    # Faults

    def stopped(self, program: Program, longest: float) -> str:
        """Stands still for some seconds, and goes on."""
        seconds = self.dice.uniform(0.3, longest)
        program.freeze()
        time.sleep(seconds)
        program.process.send_signal(signal.SIGCONT)
        return f"{seconds:.1f} s"

    def kill_worker(self) -> str:
        place = self.dice.randrange(len(self.load.workers))
        self.load.replace(place)
        return f"worker {place}"

    def stop_worker(self) -> str:
        place = self.dice.randrange(len(self.load.workers))
        return f"worker {place} for {self.stopped(self.load.workers[place], 2.0)}"

    def again(self, place: int) -> None:
        """A broker in the place of one that was killed."""
        self.brokers[place] = self.house.broker(self.ports[place], *COMMON, *self.options)


class Durable(Chaos):
    """Three brokers are one queue, which three NATS servers keep."""

    def __init__(self, house: House, seed: int, places: Sequence[Host] = ()):
        self.servers = nats.cluster(house, hosts=places)
        until(lambda: nats.leader_of_all(self.servers), "the servers lead one another", 60)
        store = ",".join(server.url for server in self.servers)
        super().__init__(house, seed, 3, ["--store", store, "--store-replicas", "3", "--durable", "jobs.*"])

    def kill_broker(self) -> str:
        place = self.dice.randrange(len(self.brokers))
        self.brokers[place].kill()
        time.sleep(self.dice.uniform(0.0, 1.0))
        self.again(place)
        return f"broker {place}"

    def stop_broker(self) -> str:
        place = self.dice.randrange(len(self.brokers))
        return f"broker {place} for {self.stopped(self.brokers[place], 3.0)}"

    def server(self, leads: bool) -> nats.Server:
        """The one that leads the stream of the channel, or one of the others."""
        leader = until(lambda: nats.leader_of(self.servers, "sw-jobs_2e_2a"), "somebody leads the stream", 60)
        return self.dice.choice([server for server in self.servers if (server.name == leader) == leads])

    def kill_server(self, leads: bool) -> str:
        server = self.server(leads)
        server.program.kill()
        time.sleep(self.dice.uniform(0.5, 2.0))
        server.start()
        # Of three one may be away: the next is not, before this one is back with all it has missed.
        until(lambda: nats.is_whole(self.servers), "all three have the stream", 60)
        return server.name

    def stop_server(self, leads: bool) -> str:
        server = self.server(leads)
        seconds = self.stopped(server.program, 4.0)
        until(lambda: nats.is_whole(self.servers), "all three have the stream", 60)
        return f"{server.name} for {seconds}"

    def cut_server(self, leads: bool) -> str:
        """Nobody hears of it, neither brokers nor the other servers, and its process goes on."""
        server, seconds = self.server(leads), self.dice.uniform(0.5, 6.0)
        assert server.host, "it has no host of its own"
        server.host.cut()
        time.sleep(seconds)
        server.host.mend()
        until(lambda: nats.is_whole(self.servers), "all three have the stream", 60)
        return f"{server.name} for {seconds:.1f} s"

    faults: ClassVar[dict[str, Callable[..., str]]] = {
        "kill worker": Chaos.kill_worker, "stop worker": Chaos.stop_worker,
        "kill broker": kill_broker, "stop broker": stop_broker,
        "kill leader": lambda self: self.kill_server(True), "kill follower": lambda self: self.kill_server(False),
        "stop leader": lambda self: self.stop_server(True), "stop follower": lambda self: self.stop_server(False),
    }  # fmt: skip


class Apart(Durable):
    """The same, each NATS server on a host of its own, which is cut off too, as is the way to a broker."""

    def __init__(self, house: House, seed: int):
        super().__init__(house, seed, hosts(3))

    def cut_broker(self) -> str:
        """Its clients and it hear no more of one another."""
        place, seconds = self.dice.randrange(len(self.brokers)), self.dice.uniform(0.5, 4.0)
        way = Packets(self.ports[place])
        way.cut()
        time.sleep(seconds)
        way.mend()
        return f"broker {place} for {seconds:.1f} s"

    faults: ClassVar[dict[str, Callable[..., str]]] = {
        **Durable.faults, "cut broker": cut_broker,
        "cut leader": lambda self: self.cut_server(True), "cut follower": lambda self: self.cut_server(False),
    }  # fmt: skip


class Memory(Chaos):
    """One broker without a store: what it had may be gone when it was killed, and is not seen again."""

    def __init__(self, house: House, seed: int):
        super().__init__(house, seed, 1, ["--expiry", "*=1h"])

    def kill_broker(self) -> str:
        self.brokers[0].kill()
        killed = time.monotonic()
        self.again(0)
        self.emptied.append((killed, time.monotonic()))
        return "broker"

    def stop_broker(self) -> str:
        return f"broker for {self.stopped(self.brokers[0], 1.0)}"

    def kill_worker(self) -> str:
        told = [super(Memory, self).kill_worker() for _ in range(2)]
        return " and ".join(told)

    faults: ClassVar[dict[str, Callable[..., str]]] = {
        "kill worker": kill_worker, "stop worker": Chaos.stop_worker,
        "kill broker": kill_broker, "stop broker": stop_broker,
    }  # fmt: skip


def run(chaos: Chaos, seconds: float) -> list[str]:
    """A storm, and what it has violated; prints what was done."""
    chaos.storm(seconds, lambda line: print(line, flush=True))
    began = time.monotonic()
    history = chaos.finished()
    found = violations(history)
    if chaos.left:
        found.append(f"stuck: {chaos.left} messages are left {AT_THE_END:.0f} s after the last was sent")
    print(f"chaos: {chaos.summary(history)}; emptied in {time.monotonic() - began:.1f} s")
    for violation in found[:50]:
        print(f"chaos: VIOLATED: {violation}")
        if name := re.search(r"\((\d+), (\d+)\)", violation):
            print("\n".join(f"chaos:   {line}" for line in story(history, (int(name[1]), int(name[2])))))
    print(f"chaos: {len(found)} violations", flush=True)
    return found
