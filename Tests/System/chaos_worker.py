"""A worker of an acknowledged channel that writes down what it sees and says before it does the next thing.

    chaos_worker.py NOTES CHANNEL SEED CREDIT PORT …

Each note is one line of JSON, written at once, so that it is there when the process is killed. It acknowledges most of
what it gets, gives some back, gives some up, and goes to another broker when its own is gone or silent.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import deque

from harness import Wire

#: Seconds without a word from the broker after which it is given up.
SILENCE = 6.0


class Notes:
    def __init__(self, path: str):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, **note: object) -> None:
        os.write(self.file, json.dumps(note).encode() + b"\n")


class Connection:
    """One connection, from its `LISTEN` to its end."""

    def __init__(self, port: int, channel: str, credit: int, dice: random.Random, notes: Notes):
        self.channel, self.dice, self.notes = channel, dice, notes
        self.name, self.place = f"{os.getpid()}-{time.monotonic():.6f}", 0
        #: The requests that are not answered yet: which message they settle, if they do.
        self.asked: deque[int | None] = deque()
        #: When each credit was given that is not used yet.
        self.credits: deque[float] = deque()
        self.wire = Wire(port)
        self.wire.socket.settimeout(SILENCE)
        self.ask(f"LISTEN {channel} Ack=1")
        self.ready(credit)

    def ask(self, line: str, settles: int | None = None) -> None:
        self.asked.append(settles)
        self.wire.write(line + "\n")

    def ready(self, count: int = 1) -> None:
        self.credits.extend([time.monotonic()] * count)
        self.wire.write(f"READY {count} {self.channel}\n")

    def work(self) -> None:
        """The next frame."""
        line, body = self.wire.read()
        word = line.split(" ")[0]
        if word == "MSG":
            self.take(line, json.loads(body or b""))
        elif word == "PING":
            self.wire.write("PONG\n")
        elif word in ("OK", "ERR"):
            settled = self.asked.popleft()
            if settled is not None:
                answer = "ok" if word == "OK" else "unknown" if line.startswith("ERR maybe") else "refused"
                self.notes.write(kind="answer", settled=settled, answer=answer, line=line, at=time.monotonic())
        else:
            raise EOFError(line)

    def take(self, line: str, message: dict) -> None:
        words = dict(word.split("=", 1) for word in line.split(" ") if "=" in word)
        self.place += 1
        self.notes.write(
            kind="seen", name=message["name"], times=int(words["times"]), connection=self.name, place=self.place,
            since=self.credits.popleft(), at=time.monotonic(), dead=words.get("dead", ""),
        )  # fmt: skip
        dice, ident = self.dice.random(), words["ack"]
        if "dead" in words or dice < 0.9:
            self.settle(f"ACK {self.channel} {ident}", message["name"], False)
        elif dice < 0.97:
            self.ask(f"NAK {self.channel} {ident} In={self.dice.randrange(200)}")
        else:
            self.settle(f"NAK {self.channel} {ident} Dead=1 Why=chaos", message["name"], True)
        self.ready()

    def settle(self, line: str, name: list[int], dead: bool) -> None:
        number = time.monotonic_ns()
        letter = self.channel.endswith(".dead")
        self.notes.write(kind="settles", name=name, dead=dead, letter=letter, began=time.monotonic(), settles=number)
        self.ask(line, number)


def main(notes: Notes, channel: str, seed: int, credit: int, ports: list[int]) -> None:
    dice = random.Random(seed)
    while True:
        connection = None
        try:
            connection = Connection(dice.choice(ports), channel, credit, dice, notes)
            while True:
                connection.work()
        except (OSError, EOFError):
            if connection:
                connection.wire.close()
            time.sleep(0.05)


if __name__ == "__main__":
    main(Notes(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), [int(port) for port in sys.argv[5:]])
