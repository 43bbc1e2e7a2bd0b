"""Senders and workers of an acknowledged channel, over any of several brokers, and what they note."""

from __future__ import annotations

import json
import pathlib
import random
import sys
import threading
import time
from collections import Counter

from chaos_worker import SILENCE
from harness import House, Program, Wire
from history import History, Seen, Sent, Settled

CHANNEL = "jobs.chaos"
DEAD = f"{CHANNEL}.dead"
WORKER = pathlib.Path(__file__).with_name("chaos_worker.py")


class Sender(threading.Thread):
    """Sends numbered messages, each answered before the next; of what is not known it says some again."""

    def __init__(self, number: int, seed: int, ports: list[int], pause: float):
        super().__init__(daemon=True)
        self.number, self.dice, self.ports, self.pause = number, random.Random(seed), ports, pause
        self.sent: list[Sent] = []
        self.answers: Counter[str] = Counter()
        self.ended = threading.Event()
        self.wire: Wire | None = None

    def run(self) -> None:
        number = 0
        while not self.ended.is_set():
            once, later = self.dice.random() < 0.3, self.dice.random() < 0.05
            again = self.dice.random() < 0.6
            tries = 0
            while self.send(number, once, later) == "unknown" and again and tries < 3 and not self.ended.is_set():
                tries += 1
            number += 1
            self.ended.wait(self.pause)
        if self.wire:
            self.wire.close()

    def send(self, number: int, once: bool, later: bool) -> str:
        terms = f" Once={self.number}-{number}" if once else ""
        terms += " In=300" if later else ""
        wire = self.connected()
        if not wire:
            return "none"
        began, answer, line = time.monotonic(), "unknown", ""
        try:
            line = wire.ask(f'SEND :- {CHANNEL}{terms} {{"name":[{self.number},{number}]}}')
            if line.startswith("OK"):
                answer = "ok"
            elif line.startswith("ERR") and not line.startswith("ERR maybe"):
                answer = "refused"
            words = line.split()
            self.answers[" ".join(words[:2] if words[0] == "ERR" else words[:1])] += 1
            if not line.startswith(("OK", "ERR")):
                raise EOFError(line)
        except (OSError, EOFError):
            self.answers["without an answer"] += 1
            wire.close()
            self.wire = None
        self.sent.append(Sent((self.number, number), answer, began, time.monotonic(), once, later, line))
        if answer == "refused":
            self.ended.wait(0.05)
        return answer

    def connected(self) -> Wire | None:
        if not self.wire:
            try:
                self.wire = Wire(self.dice.choice(self.ports))
                self.wire.socket.settimeout(SILENCE)
            except OSError:
                self.ended.wait(0.05)
        return self.wire

    def end(self) -> None:
        self.ended.set()
        self.join()


class Load:
    """So many senders and workers, from a seed; one more worker reads the dead letters."""

    def __init__(self, house: House, ports: list[int], dice: random.Random, senders: int = 4, workers: int = 4):
        self.house, self.ports, self.dice = house, ports, dice
        self.notes = house.folder / "notes"
        self.notes.mkdir()
        self.began = 0
        self.channels = [CHANNEL] * workers + [DEAD]
        self.workers = [self.worker(channel) for channel in self.channels]
        self.senders = [Sender(number, dice.randrange(1 << 30), ports, 0.003) for number in range(senders)]
        for sender in self.senders:
            sender.start()

    def worker(self, channel: str) -> Program:
        """Another worker, with notes of its own."""
        self.began += 1
        seed, credit = self.dice.randrange(1 << 30), self.dice.choice([1, 4, 16])
        return self.house.start(
            [sys.executable, WORKER, self.notes / f"{self.began}.jsonl", channel, seed, credit, *self.ports]
        )

    def replace(self, place: int) -> None:
        self.workers[place].kill()
        self.workers[place] = self.worker(self.channels[place])

    def end_sending(self) -> None:
        for sender in self.senders:
            sender.end()

    def end_working(self) -> None:
        for worker in self.workers:
            worker.kill()

    def history(self) -> History:
        """All that was noted; whoever took notes has ended."""
        history = History(sent=[each for sender in self.senders for each in sender.sent])
        for path in sorted(self.notes.iterdir()):
            # What was written when the process was killed may end anywhere.
            lines = path.read_text().split("\n")[:-1]
            read(history, [json.loads(line) for line in lines])
        return history


def read(history: History, notes: list[dict]) -> None:
    """Adds one worker's notes."""
    answers = {note["settled"]: note for note in notes if note["kind"] == "answer"}
    for note in notes:
        if note["kind"] == "seen":
            words = {key: value for key, value in note.items() if key not in ("kind", "name")}
            history.seen.append(Seen(tuple(note["name"]), **words))
        elif note["kind"] == "settles":
            answer = answers.get(note["settles"], {"answer": "unknown"})
            confirmed = answer["at"] if answer["answer"] == "ok" else None
            settled = Settled(tuple(note["name"]), note["dead"], note["began"], note["letter"], confirmed)
            (history.refused if answer["answer"] == "refused" else history.settled).append(settled)
