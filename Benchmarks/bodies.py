"""The Python worker of the loads of large bodies: python bodies.py HOST:PORT"""

from __future__ import annotations

import sys

import seaway

worker = seaway.Worker(sys.argv[1])
BLOCK = bytes(65_536)


@worker.on("http.request", path="/up", method="POST")
def up(message: seaway.Message) -> None:
    """Reads all of it, and says how much it was."""
    message.respond(content=str(sum(len(piece) for piece in message.stream_body())))


@worker.on("http.request", path="/down/{size}", method="GET")
def down(message: seaway.Message) -> None:
    """Streams so many bytes, which is a whole number of blocks."""
    with message.stream() as stream:
        for _ in range(int(message.parameters["size"]) // len(BLOCK)):
            stream.write(BLOCK)


worker.run()
