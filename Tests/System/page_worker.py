"""A worker whose answers may be compressed, for test_files.py: page_worker.py BROKER FOLDER."""

from __future__ import annotations

import importlib
import pathlib
import sys
import time

# Its own tests see to its types.
seaway = importlib.import_module("seaway")
worker = seaway.Worker(hosts=[sys.argv[1]])
folder = pathlib.Path(sys.argv[2])
PAGE = b"<p>All work and no play.</p>\n" * 5_000


@worker.on("http.request", path="/page")
def page(message):
    message.respond(200, [("content-type", "text/html"), ("etag", '"1"')], PAGE)


@worker.on("http.request", path="/png")
def picture(message):
    message.respond(200, [("content-type", "image/png")], PAGE)


@worker.on("http.request", path="/events")
def events(message):
    """One event for each file that the test makes."""
    with message.stream(200, [("content-type", "text/event-stream")]) as stream:
        for number in range(3):
            while not (folder / f"event-{number}").exists():
                time.sleep(0.01)
            stream.write(b"data: event %d\n\n" % number)


worker.run()
