"""A worker with a function for everything that the tests ask of one; ``aio_site`` is the same for asyncio."""

from __future__ import annotations

import contextlib
import os
from typing import Union

import seaway
from seaway import Channel, Message

worker = seaway.Worker()


@worker.on("http.request", path="/hello/{name}", method="GET")
def hello(message: Message) -> None:
    message.respond(content=f"hello {message.parameters['name']}\n")


@worker.on("http.request", path="/fail")
def fail(message: Message) -> None:
    raise RuntimeError("failed as told")


@worker.on("http.request", path="/fail/late")
def fail_late(message: Message) -> None:
    message.respond(201)
    raise RuntimeError("failed after the answer")


@worker.on("http.request", path="/fail/status")
def fail_status(message: Message) -> None:
    message.respond(99)


@worker.on("http.request", path="/echo", method="POST")
def echo(message: Message) -> None:
    message.respond(headers={"content-type": message.header("content-type")}, content=message.content)


@worker.on("http.request", path="/stream")
def stream(message: Message) -> None:
    with message.stream(headers=[("x", "1")]) as pieces:
        for piece in ("one ", b"two ", "three"):
            pieces.write(piece)


@worker.on("http.request", path="/stream/fail")
def stream_fail(message: Message) -> None:
    with message.stream() as pieces:
        pieces.write("half")
        raise RuntimeError("failed in the middle")


@worker.on("http.request", path="/large")
def large(message: Message) -> None:
    message.respond(content=bytes(range(256)) * 5_000)


@worker.on("http.request", path="/hold")
def hold(message: Message) -> None:
    """Says that it has begun, and waits for the word to go on."""
    key = message.query_string
    with seaway.default_layer().listen(f"release.{key}") as release:
        # The test may kill the broker once it has heard this, before the answer to it has come here.
        with contextlib.suppress(seaway.Unknown):
            Channel("held").send({"key": key})
        release.receive()
    message.respond(content="released")


@worker.on("http.disconnect")
def left(message: Message) -> None:
    Channel("left").send({"path": message["path"]})


@worker.on("jobs")
def job(message: Message) -> None:
    Channel("done").send({"n": message["n"], "group": message.group, "on": message.channel})


@worker.on("letters!")
def letter(message: Message) -> None:
    message.reply({"on": message.channel})


@worker.websocket("/chat/{room}")
def chat(socket: seaway.WebSocket, content: Union[str, bytes]) -> None:
    if content == "fail":
        raise RuntimeError("failed as told")
    if content == "close":
        socket.close(4000, "enough")
    elif content == "leave":
        socket.leave(socket.parameters["room"])
        socket.close(at_once=True)
    else:
        socket.send(content)


@chat.connect
def join(socket: seaway.WebSocket) -> None:
    socket.join(socket.parameters["room"])


@chat.disconnect
def ended(socket: seaway.WebSocket, code: int, reason: str) -> None:
    Channel("ended").send({"socket": socket.channel, "code": code, "reason": reason})


@worker.websocket("/decide/{how}", serial=False)
def decide(socket: seaway.WebSocket, content: Union[str, bytes]) -> None:
    socket.send_json({"said": content})


@decide.connect
def deciding(socket: seaway.WebSocket) -> None:
    how = socket.parameters["how"]
    if how == "accept":
        socket.accept(socket.subprotocols[-1], {"x": "1"}, b"\xff")
        socket.send("and more")
    elif how == "send":
        socket.send("")
    elif how == "reject":
        socket.reject(302, {"location": "/"}, b"go")
    elif how == "close":
        socket.close()
    elif how == "fail":
        raise RuntimeError("failed as told")
    elif how == "exit":
        raise SystemExit
    elif how == "late":
        socket.accept()
        raise RuntimeError("failed as told")


@worker.websocket("/keep", sticky=True, serial=False)
def keep(socket: seaway.WebSocket, content: Union[str, bytes]) -> None:
    socket.send(f"{os.getpid()} {socket.message.channel}")


@worker.websocket("/remember", sticky=True, serial=False)
def remember(socket: seaway.WebSocket, content: Union[str, bytes]) -> None:
    socket.session["said"] = socket.session.get("said", 0) + 1
    socket.send(str(socket.session["said"]))


@remember.disconnect
def forget(socket: seaway.WebSocket, code: int, reason: str) -> None:
    socket.send(f"{socket.session['said']} and {code}")
