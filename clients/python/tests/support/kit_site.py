"""Workers of both halves with a function for everything that the test kit can be asked."""

from __future__ import annotations

import asyncio
from typing import Any, Union

import seaway
from seaway import _time, aio

worker = seaway.Worker()
async_worker = aio.Worker()
State = Union[str, bytes]


@worker.on("http.request", path="/size", method="POST")
def size(message: seaway.Message) -> None:
    message.respond(json={"bytes": sum(map(len, message.stream_body()))})


@worker.on("http.request", path="/skip", method="POST")
def skip(message: seaway.Message) -> None:
    message.respond(201, {"x-type": message.header("x-type")}, content=message.query_string)


@worker.on("http.request", path="/half")
def half(message: seaway.Message) -> None:
    with message.stream() as pieces:
        pieces.write("half")
        raise RuntimeError("failed as told")


@worker.on("http.request", path="/bad")
def bad(message: seaway.Message) -> None:
    message.reply({"status": 99})


@worker.on("http.request", path="/waits")
def waits(message: seaway.Message) -> None:
    seaway.Group("waiting").add(message["reply_channel"])


@worker.on("http.request", path="/sleep")
def sleep(message: seaway.Message) -> None:
    _time.sleep(0.5)
    message.respond(content="gone" if message.is_gone else "awake")


@worker.on("http.request", path="/full")
def full(message: seaway.Message) -> None:
    for number in range(3):
        seaway.Channel("small.jobs").send({"n": number})


@worker.on("http.request", path="/asks")
def asks(message: seaway.Message) -> None:
    with seaway.default_layer().listen("answers") as answers:
        seaway.Channel("questions").send({"n": 1})
        answer = answers.receive(5)
    message.respond(content="none" if answer is None else answer["text"])


@worker.on("jobs")
def job(message: seaway.Message) -> None:
    seaway.Channel("done").send({"n": message["n"]})


@worker.websocket("/echo")
def echo(socket: seaway.WebSocket, content: State) -> None:
    socket.send(content, patience=1)


@echo.connect
def greet(socket: seaway.WebSocket) -> None:
    socket.accept(socket.subprotocols[0] if socket.subprotocols else None, {"x": "1"})


@worker.websocket("/slow")
def slow(socket: seaway.WebSocket, content: State) -> None:
    _time.sleep(40)
    socket.send(content)


@async_worker.on("http.request", path="/size", method="POST")
async def async_size(message: aio.Message) -> None:
    count = 0
    async for piece in message.stream_body():
        count += len(piece)
    await message.respond(json={"bytes": count})


@async_worker.on("http.request", path="/skip", method="POST")
async def async_skip(message: aio.Message) -> None:
    await message.respond(201, {"x-type": message.header("x-type")}, content=message.query_string)


@async_worker.on("http.request", path="/half")
async def async_half(message: aio.Message) -> None:
    async with message.stream() as pieces:
        await pieces.write("half")
        raise RuntimeError("failed as told")


@async_worker.on("http.request", path="/bad")
async def async_bad(message: aio.Message) -> None:
    await message.reply({"status": 99})


@async_worker.on("http.request", path="/waits")
async def async_waits(message: aio.Message) -> None:
    await aio.Group("waiting").add(message["reply_channel"])


@async_worker.on("http.request", path="/sleep")
async def async_sleep(message: aio.Message) -> None:
    try:
        await asyncio.sleep(0.5)
    except asyncio.CancelledError:
        await aio.Channel("cancelled").send({"path": message.path})
        raise
    await message.respond(content="awake")


@async_worker.on("http.request", path="/full")
async def async_full(message: aio.Message) -> None:
    for number in range(3):
        await aio.Channel("small.jobs").send({"n": number})


@async_worker.on("http.request", path="/thread")
async def async_thread(message: aio.Message) -> None:
    loop = asyncio.get_running_loop()
    await message.respond(content=str(await loop.run_in_executor(None, sum, [1, 2])))


@async_worker.on("jobs")
async def async_job(message: aio.Message) -> None:
    await aio.Channel("done").send({"n": message["n"]})


@async_worker.websocket("/echo")
async def async_echo(socket: aio.WebSocket, content: Any) -> None:
    await socket.send(content, patience=1)


@async_echo.connect
async def async_greet(socket: aio.WebSocket) -> None:
    await socket.accept(socket.subprotocols[0] if socket.subprotocols else None, {"x": "1"})


@async_worker.websocket("/slow")
async def async_slow(socket: aio.WebSocket, content: State) -> None:
    await asyncio.sleep(40)
    await socket.send(content)
