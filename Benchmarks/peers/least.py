"""What uvicorn and hypercorn answer by themselves: the text of Seaway's worker, and bodies of any size."""

from __future__ import annotations

from typing import Any

BLOCK = bytes(65_536)
HELLO = b"hello from Swift\n"


async def application(scope: Any, receive: Any, send: Any) -> None:
    path = scope["path"]
    if path == "/up":
        await answer(send, str(await body_size(receive)).encode())
    elif path.startswith("/down/"):
        await stream(send, int(path.rpartition("/")[2]))
    else:
        await answer(send, HELLO)


async def answer(send: Any, content: bytes) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(content))],
        }
    )
    await send({"type": "http.response.body", "body": content})


async def body_size(receive: Any) -> int:
    size = 0
    while True:
        event = await receive()
        size += len(event.get("body", b""))
        if not event.get("more_body"):
            return size


async def stream(send: Any, size: int) -> None:
    """So many bytes, which is a whole number of blocks."""
    headers = [(b"content-length", b"%d" % size)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(size // len(BLOCK)):
        await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
    await send({"type": "http.response.body"})
