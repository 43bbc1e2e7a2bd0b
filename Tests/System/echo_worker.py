"""The Python workers of deploys.py: they send back what comes, over HTTP and WebSockets."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import time
from urllib.parse import parse_qs

# Its own tests see to its types.
seaway = importlib.import_module("seaway")
PAUSE = 0.02


def pieces(message, content: bytes) -> list[bytes] | None:
    """The answer in so many pieces as the query asks for; ``None`` where it does not."""
    asked = parse_qs(message.query_string).get("pieces")
    if not asked:
        return None
    size = max(1, -(-len(content) // int(asked[0])))
    return [content[start : start + size] for start in range(0, len(content), size)]


def work_in_threads(given: argparse.Namespace) -> None:
    worker = seaway.Worker(given.broker, concurrency=given.concurrency)

    @worker.websocket(channel=f"websocket.connect.{given.kind}", sticky=given.sticky)
    def echo(socket, content):
        time.sleep(given.pause / 1000)
        socket.send(content)

    @echo.connect
    def join(socket):
        socket.join(given.group)

    @worker.on(f"http.request.{given.kind}", path="/*")
    def answer(message):
        time.sleep(given.pause / 1000)
        content = message.read()
        parts = pieces(message, content)
        if parts is None:
            message.respond(content=content)
            return
        with message.stream() as stream:
            for part in parts:
                stream.write(part)
                time.sleep(PAUSE)

    worker.run()


def work_in_tasks(given: argparse.Namespace) -> None:
    aio = importlib.import_module("seaway.aio")
    worker = aio.Worker(given.broker, concurrency=given.concurrency)

    @worker.websocket(channel=f"websocket.connect.{given.kind}", sticky=given.sticky)
    async def echo(socket, content):
        await asyncio.sleep(given.pause / 1000)
        await socket.send(content)

    @echo.connect
    async def join(socket):
        await socket.join(given.group)

    @worker.on(f"http.request.{given.kind}", path="/*")
    async def answer(message):
        await asyncio.sleep(given.pause / 1000)
        content = await message.read()
        parts = pieces(message, content)
        if parts is None:
            await message.respond(content=content)
            return
        async with message.stream() as stream:
            for part in parts:
                await stream.write(part)
                await asyncio.sleep(PAUSE)

    asyncio.run(worker.run())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", required=True)
    parser.add_argument("--kind", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--pause", type=int, default=0)
    parser.add_argument("--sticky", action="store_true")
    parser.add_argument("--tasks", action="store_true")
    given = parser.parse_args()
    (work_in_tasks if given.tasks else work_in_threads)(given)


if __name__ == "__main__":
    main()
