"""A worker that answers what it is sent, on the channel that ``ECHO`` names."""

from __future__ import annotations

import os

import seaway

worker = seaway.Worker()


@worker.on(os.environ.get("ECHO", "echo"))
def echo(message: seaway.Message) -> None:
    """Answers on the message's own reply channel."""
    message.reply({"n": message["n"]})
