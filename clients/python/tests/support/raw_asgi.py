"""An ASGI application without a framework, that does what tests ask it to do."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any, Dict, List

from support.saying import say

Scope = Dict[str, Any]


async def app(scope: Scope, receive: Any, send: Any) -> None:
    """Whatever is asked for."""
    await {"lifespan": lifespan, "http": http, "websocket": websocket}[scope["type"]](scope, receive, send)


async def lifespan(scope: Scope, receive: Any, send: Any) -> None:
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            if os.environ.get("STARTUP") == "fails":
                await send({"type": "lifespan.startup.failed", "message": "there is no database"})
                return
            scope["state"]["made"] = "at the start"
            scope["state"]["shared"] = []
            await send({"type": "lifespan.startup.complete"})
        else:
            say("shut down")
            await send({"type": "lifespan.shutdown.complete"})
            return


async def http(scope: Scope, receive: Any, send: Any) -> None:
    name = scope["path"].removeprefix("/").partition("/")[0]
    await globals()[f"http_{name or 'scope'}"](scope, receive, send)


async def answer(send: Any, content: bytes, status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": content})


async def http_scope(scope: Scope, receive: Any, send: Any) -> None:
    """Tells what stands in the scope, and the types of it."""
    fields = {name: value for name, value in scope.items() if name not in ("state", "headers")}
    fields["headers"] = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
    fields["types"] = {name: type(value).__name__ for name, value in scope.items()}
    fields["state"] = scope["state"]["made"]
    scope["state"]["made"] = "by a request"
    await answer(send, json.dumps(fields, default=lambda value: value.decode("latin-1")).encode())


async def http_events(scope: Scope, receive: Any, send: Any) -> None:
    """Tells which events come after the answer."""
    first = await receive()
    await answer(send, json.dumps([first["body"].decode(), first["more_body"]]).encode())
    say("then", (await receive())["type"], (await receive())["type"])


async def http_drain(scope: Scope, receive: Any, send: Any) -> None:
    """Takes a body of any size, and tells how large it was."""
    size, pieces, most = 0, 0, 0
    while True:
        event = await receive()
        size, pieces, most = size + len(event["body"]), pieces + 1, max(most, len(event["body"]))
        if not event["more_body"]:
            break
    await answer(send, json.dumps({"size": size, "pieces": pieces, "most": most, "memory": peak()}).encode())


async def http_flood(scope: Scope, receive: Any, send: Any) -> None:
    """Sends as many MiB as the query says, in pieces of 64 KiB."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(int(scope["query_string"]) * 16):
        await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
    await send({"type": "http.response.body"})


async def http_memory(scope: Scope, receive: Any, send: Any) -> None:
    await answer(send, str(peak()).encode())


async def http_large(scope: Scope, receive: Any, send: Any) -> None:
    """An answer at once, larger than a message may be."""
    await answer(send, b"0123456789abcdef" * (5 << 16))


async def http_fails(scope: Scope, receive: Any, send: Any) -> None:
    raise ValueError("before anything was sent")


async def http_silent(scope: Scope, receive: Any, send: Any) -> None:
    return


async def http_breaks(scope: Scope, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a part", "more_body": True})
    raise ValueError("in the middle")


async def http_unfinished(scope: Scope, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a part", "more_body": True})


async def http_twice(scope: Scope, receive: Any, send: Any) -> None:
    await answer(send, b"once")
    try:
        await answer(send, b"twice")
    except RuntimeError as error:
        say("refused:", error)


async def http_waits(scope: Scope, receive: Any, send: Any) -> None:
    """Waits for the end of its client, and then sends all the same."""
    await receive()
    say("waits")
    say("ends with", (await receive())["type"])
    try:
        await answer(send, b"nobody reads this")
    except OSError as error:
        say("raised", type(error).__name__)
        raise


async def http_slow(scope: Scope, receive: Any, send: Any) -> None:
    """Answers when somebody asks for /release."""
    say("slow begins")
    await released().wait()
    await answer(send, b"slow")


async def http_release(scope: Scope, receive: Any, send: Any) -> None:
    released().set()
    await answer(send, b"released")


async def http_pid(scope: Scope, receive: Any, send: Any) -> None:
    await answer(send, str(os.getpid()).encode())


async def http_loop(scope: Scope, receive: Any, send: Any) -> None:
    await answer(send, type(asyncio.get_running_loop()).__module__.encode())


async def http_die(scope: Scope, receive: Any, send: Any) -> None:
    os._exit(3)


async def http_eat(scope: Scope, receive: Any, send: Any) -> None:
    """Keeps 100 MiB for good."""
    _eaten.append(b"." * (100 << 20))
    await answer(send, b"eaten")


_eaten: List[bytes] = []


def peak() -> int:
    """The most memory that this process has had, in MiB."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) >> 10 for line in status if line.startswith("VmHWM"))


_released: Dict[int, asyncio.Event] = {}


def released() -> asyncio.Event:
    return _released.setdefault(os.getpid(), asyncio.Event())


async def websocket(scope: Scope, receive: Any, send: Any) -> None:
    name = scope["path"].removeprefix("/").partition("/")[0]
    await globals()[f"websocket_{name}"](scope, receive, send)


async def websocket_echo(scope: Scope, receive: Any, send: Any) -> None:
    """Sends back what comes, text as text, bytes as bytes."""
    assert (await receive())["type"] == "websocket.connect"
    protocol = scope["subprotocols"][0] if scope["subprotocols"] else None
    await send({"type": "websocket.accept", "subprotocol": protocol, "headers": [(b"x-made", b"here")]})
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            say("left with", event["code"], repr(event["reason"]))
            try:
                await send({"type": "websocket.send", "text": "nobody reads this"})
            except OSError as error:
                say("raised", type(error).__name__)
            return
        if event.get("text") == "close":
            await send({"type": "websocket.close", "code": 4000, "reason": "as you wish"})
        elif event.get("text") == "fail":
            raise ValueError("a socket fails")
        elif event.get("text") == "return":
            return
        elif event.get("text") == "pid":
            await send({"type": "websocket.send", "text": str(os.getpid())})
        else:
            await send({**event, "type": "websocket.send"})


async def websocket_scope(scope: Scope, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    fields = {name: value for name, value in scope.items() if name not in ("state", "headers")}
    text = json.dumps(fields, default=lambda value: value.decode("latin-1"))
    await send({"type": "websocket.send", "text": text})
    await send({"type": "websocket.close"})


async def websocket_refuse(scope: Scope, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 4001})
    say("refused, then", (await receive())["type"])


async def websocket_deny(scope: Scope, receive: Any, send: Any) -> None:
    await receive()
    assert "websocket.http.response" in scope["extensions"]
    await send({"type": "websocket.http.response.start", "status": 402, "headers": [(b"x-price", b"7")]})
    await send({"type": "websocket.http.response.body", "body": b"pay ", "more_body": True})
    await send({"type": "websocket.http.response.body", "body": b"first"})


async def websocket_fails(scope: Scope, receive: Any, send: Any) -> None:
    raise ValueError("before a word")


async def websocket_slow(scope: Scope, receive: Any, send: Any) -> None:
    """Takes an event only when somebody asks for /release."""
    await receive()
    await send({"type": "websocket.accept"})
    await released().wait()
    for _ in range(40):
        await send({"type": "websocket.send", "text": (await receive())["text"]})


def factory() -> Any:
    """Makes the application."""
    return app
