"""Workers of both halves on an acknowledged channel; each message says what is to become of it."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any, Dict

import seaway
from seaway import Message, aio

HOLD = float(os.environ.get("HOLD", "600"))
worker = seaway.Worker(hold=HOLD)
async_worker = aio.Worker(hold=HOLD)


def told(message: Any) -> Dict[str, Any]:
    return {"n": message["n"], "times": message.times, "process": os.getpid()}


def ends(message: Any) -> None:
    """Ends as the message has it, the first time."""
    how = message.get("how") if message.times == 1 else None
    if how == "retry":
        raise seaway.Retry("later", in_=float(message.get("in", 0.01)))
    if how == "dead":
        raise seaway.Dead("no such user")
    if how == "fail":
        raise ValueError("failed")


@worker.on("jobs", ack=True)
def job(message: Message) -> None:
    message.layer.send("begun", told(message))
    if message.get("how") == "wait" and message.times == 1:
        threading.Event().wait(float(message.get("seconds", 3_600)))
    ends(message)
    message.layer.send("done", told(message), once=f"done.{message['n']}")


@worker.on("asked", ack=True)
def asked(message: Message) -> None:
    ends(message)
    message.respond(content=f"answer {message.times}")


@async_worker.on("jobs", ack=True)
async def async_job(message: aio.Message) -> None:
    await message.layer.send("begun", told(message))
    if message.get("how") == "wait" and message.times == 1:
        await asyncio.sleep(float(message.get("seconds", 3_600)))
    ends(message)
    await message.layer.send("done", told(message), once=f"done.{message['n']}")


@async_worker.on("asked", ack=True)
async def async_asked(message: aio.Message) -> None:
    ends(message)
    await message.respond(content=f"answer {message.times}")
