"""``sync_site`` for asyncio."""

from __future__ import annotations

import contextlib
import os
from typing import Union

import seaway
from seaway import aio
from seaway.aio import Channel, Message, WebSocket

worker = aio.Worker()


@worker.on("http.request", path="/hello/{name}", method="GET")
async def hello(message: Message) -> None:
    await message.respond(content=f"hello {message.parameters['name']}\n")


@worker.on("http.request", path="/fail")
async def fail(message: Message) -> None:
    raise RuntimeError("failed as told")


@worker.on("http.request", path="/fail/late")
async def fail_late(message: Message) -> None:
    await message.respond(201)
    raise RuntimeError("failed after the answer")


@worker.on("http.request", path="/fail/status")
async def fail_status(message: Message) -> None:
    await message.respond(99)


@worker.on("http.request", path="/echo", method="POST")
async def echo(message: Message) -> None:
    await message.respond(headers={"content-type": message.header("content-type")}, content=await message.read())


@worker.on("http.request", path="/stream")
async def stream(message: Message) -> None:
    async with message.stream(headers=[("x", "1")]) as pieces:
        for piece in ("one ", b"two ", "three"):
            await pieces.write(piece)


@worker.on("http.request", path="/stream/fail")
async def stream_fail(message: Message) -> None:
    async with message.stream() as pieces:
        await pieces.write("half")
        raise RuntimeError("failed in the middle")


@worker.on("http.request", path="/large")
async def large(message: Message) -> None:
    await message.respond(content=bytes(range(256)) * 5_000)


@worker.on("http.request", path="/hold")
async def hold(message: Message) -> None:
    """Says that it has begun, and waits for the word to go on."""
    key = message.query_string
    async with await aio.default_layer().listen(f"release.{key}") as release:
        # The test may kill the broker once it has heard this, before the answer to it has come here.
        with contextlib.suppress(seaway.Unknown):
            await Channel("held").send({"key": key})
        await release.receive()
    await message.respond(content="released")


@worker.on("http.disconnect")
async def left(message: Message) -> None:
    await Channel("left").send({"path": message["path"]})


@worker.on("jobs")
async def job(message: Message) -> None:
    await Channel("done").send({"n": message["n"], "group": message.group, "on": message.channel})


@worker.on("letters!")
async def letter(message: Message) -> None:
    await message.reply({"on": message.channel})


@worker.websocket("/chat/{room}")
async def chat(socket: WebSocket, content: Union[str, bytes]) -> None:
    if content == "fail":
        raise RuntimeError("failed as told")
    if content == "close":
        await socket.close(4000, "enough")
    elif content == "leave":
        await socket.leave(socket.parameters["room"])
        await socket.close(at_once=True)
    else:
        await socket.send(content)


@chat.connect
async def join(socket: WebSocket) -> None:
    await socket.join(socket.parameters["room"])


@chat.disconnect
async def ended(socket: WebSocket, code: int, reason: str) -> None:
    await Channel("ended").send({"socket": socket.channel, "code": code, "reason": reason})


@worker.websocket("/decide/{how}", serial=False)
async def decide(socket: WebSocket, content: Union[str, bytes]) -> None:
    await socket.send_json({"said": content})


@decide.connect
async def deciding(socket: WebSocket) -> None:
    how = socket.parameters["how"]
    if how == "accept":
        await socket.accept(socket.subprotocols[-1], {"x": "1"}, b"\xff")
        await socket.send("and more")
    elif how == "send":
        await socket.send("")
    elif how == "reject":
        await socket.reject(302, {"location": "/"}, b"go")
    elif how == "close":
        await socket.close()
    elif how == "fail":
        raise RuntimeError("failed as told")
    elif how == "exit":
        raise SystemExit
    elif how == "late":
        await socket.accept()
        raise RuntimeError("failed as told")


@worker.websocket("/keep", sticky=True, serial=False)
async def keep(socket: WebSocket, content: Union[str, bytes]) -> None:
    await socket.send(f"{os.getpid()} {socket.message.channel}")


@worker.websocket("/remember", sticky=True, serial=False)
async def remember(socket: WebSocket, content: Union[str, bytes]) -> None:
    socket.session["said"] = socket.session.get("said", 0) + 1
    await socket.send(str(socket.session["said"]))


@remember.disconnect
async def forget(socket: WebSocket, code: int, reason: str) -> None:
    await socket.send(f"{socket.session['said']} and {code}")
