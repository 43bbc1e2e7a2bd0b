"""A worker that reads bodies and streams answers of any size, for test_bodies.py: body_worker.py BROKER,… FOLDER."""

from __future__ import annotations

import hashlib
import importlib
import pathlib
import sys
import time

# Its own tests see to its types.
seaway = importlib.import_module("seaway")
worker = seaway.Worker(hosts=sys.argv[1].split(","), concurrency=4)
folder = pathlib.Path(sys.argv[2])
BLOCK = bytes(range(256)) * 256


@worker.on("http.request", path="/up", method="POST")
def up(message):
    """Reads all of it."""
    size, found = 0, hashlib.sha256()
    try:
        for piece in message.stream_body():
            size += len(piece)
            found.update(piece)
    except seaway.BodyBroken as error:
        (folder / "broken").write_text(f"{size} {error.is_left}")
        raise
    message.respond(json={"size": size, "sha256": found.hexdigest()})


@worker.on("http.request", path="/count", method="POST")
def count(message):
    """Reads all of it, and looks at nothing but its size: for figures."""
    message.respond(content=str(sum(len(piece) for piece in message.stream_body())))


@worker.on("http.request", path="/whole", method="POST")
def whole(message):
    """Reads a body whole, as most functions do."""
    message.respond(content=hashlib.sha256(message.content).hexdigest())


@worker.on("http.request", path="/refused", method="POST")
def refused(message):
    """Reads nothing."""
    message.respond(401, content="who are you?\n")


@worker.on("http.request", path="/slow", method="POST")
def slow(message):
    """Reads when the test says so."""
    (folder / "slow").touch()
    deadline = time.monotonic() + 60
    while not (folder / "go-on").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    message.respond(content=str(sum(len(piece) for piece in message.stream_body())))


@worker.on("http.request", path="/down/{blocks}", method="GET")
def down(message):
    """Streams so many blocks of 64 KiB."""
    with message.stream() as stream:
        for _ in range(int(message.parameters["blocks"])):
            stream.write(BLOCK)


@worker.on("http.request", path="/endless", method="GET")
def endless(message):
    """Streams until nobody reads any more, and then says how much it was."""
    written = 0
    try:
        with message.stream() as stream:
            while True:
                stream.write(BLOCK)
                written += len(BLOCK)
    finally:
        (folder / "endless-over.part").write_text(str(written))
        (folder / "endless-over.part").rename(folder / "endless-over")


@worker.on("http.request", path="/events", method="GET")
def events(message):
    """Server-sent events: one for each that the test lets happen, until the browser leaves."""
    number = 0
    try:
        with message.stream(headers={"content-type": "text/event-stream"}) as stream:
            while not message.is_gone:
                if (folder / f"event-{number}").exists():
                    stream.write(f"id: {number}\ndata: event {number}\n\n")
                    number += 1
                time.sleep(0.01)
    finally:
        (folder / "events-over").touch()


worker.run()
