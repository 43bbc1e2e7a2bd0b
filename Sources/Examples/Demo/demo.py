"""The Python worker of `make demo`: every request of /python, and a share of /any."""

import sys

import seaway

worker = seaway.Worker(sys.argv[1], client="demo-python")


@worker.on("http.request.python")
@worker.on("http.request.any")
def hello(message: seaway.Message) -> None:
    message.respond(content=f"hello from Python, by {message.channel}\n")


worker.run()
