"""What a whole house is asked in tests, of the kind that ``KIND`` says."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any, Union

import seaway
from seaway import aio

worker: Any
if os.environ["KIND"] == "asyncio":
    worker = aio.Worker()

    async def a_while_of_turns() -> None:
        for _ in range(random.randrange(50)):
            await asyncio.sleep(0)

    async def long(message: aio.Message) -> None:
        print("begun", flush=True)
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            print("cancelled", message.is_gone, flush=True)
            raise

    async def slow(message: aio.Message) -> None:
        # Until it has worked long enough for the server to be told.
        while message.heard_on is None:
            await asyncio.sleep(0)
        await message.respond(content="slow\n")

    async def echo(socket: aio.WebSocket, content: Union[str, bytes]) -> None:
        await a_while_of_turns()
        await socket.send(content)

    async def connect(message: aio.Message) -> None:
        await message.reply({"accept": True})

    async def receive(message: aio.Message) -> None:
        await a_while_of_turns()
        await message.reply({"text": message["text"]})

    async def disconnect(message: aio.Message) -> None:
        pass

else:
    worker = seaway.Worker(concurrency=4)

    def a_while() -> None:
        for _ in range(random.randrange(50)):
            os.sched_yield()

    def long(message: seaway.Message) -> None:  # type: ignore[misc]
        print("begun", flush=True)
        while not message.is_gone:
            pass
        print("cancelled", message.is_gone, flush=True)

    def slow(message: seaway.Message) -> None:  # type: ignore[misc]
        while message.heard_on is None:
            assert not message.is_gone
        message.respond(content="slow\n")

    def echo(socket: seaway.WebSocket, content: Union[str, bytes]) -> None:  # type: ignore[misc]
        a_while()
        socket.send(content)

    def connect(message: seaway.Message) -> None:  # type: ignore[misc]
        message.reply({"accept": True})

    def receive(message: seaway.Message) -> None:  # type: ignore[misc]
        a_while()
        message.reply({"text": message["text"]})

    def disconnect(message: seaway.Message) -> None:  # type: ignore[misc]
        pass


worker.on("http.request", path="/long")(long)
worker.on("http.request", path="/slow")(slow)
worker.websocket("/echo")(echo)
worker.on("websocket.connect.raw")(connect)
worker.on("websocket.receive.raw")(receive)
worker.on("websocket.disconnect.raw")(disconnect)
