"""The Python worker of the end-to-end load: python hello.py HOST:PORT"""

from __future__ import annotations

import sys

import seaway

worker = seaway.Worker(sys.argv[1])


@worker.on("http.request.python")
def hello(message: seaway.Message) -> None:
    message.respond(content="hello from python\n")


worker.run()
