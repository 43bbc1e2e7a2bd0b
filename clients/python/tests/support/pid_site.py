"""Workers of both halves that say in which process they are."""

from __future__ import annotations

import os

import seaway
from seaway import Message, aio

worker = seaway.Worker(drain=5)
worker.when_ready = lambda: print("ready by itself", flush=True)
async_worker = aio.Worker(drain=5)
async_worker.when_ready = worker.when_ready
mailbox_worker = seaway.Worker()
empty_worker = seaway.Worker()


@worker.on("http.request", path="/pid")
def pid(message: Message) -> None:
    message.respond(content=str(os.getpid()))


@worker.on("http.request", path="/drain")
def drain(message: Message) -> None:
    message.respond(content=f"{worker.drain:g}")


@worker.websocket("/echo", sticky=True)
def echo(socket: seaway.WebSocket, content: seaway._websocket.Data) -> None:
    socket.send(content)


@async_worker.on("http.request", path="/pid")
async def async_pid(message: aio.Message) -> None:
    await message.respond(content=str(os.getpid()))


@async_worker.on("http.request", path="/drain")
async def async_drain(message: aio.Message) -> None:
    await message.respond(content=f"{async_worker.drain:g}")


@async_worker.websocket("/echo", sticky=True)
async def async_echo(socket: aio.WebSocket, content: seaway._websocket.Data) -> None:
    await socket.send(content)


@mailbox_worker.on("letters!")
def take(message: Message) -> None:
    """Nothing is sent there."""
