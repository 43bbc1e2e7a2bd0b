"""A door from Seaway's wire to a channel layer of Django Channels, so that one client can publish into both.

It understands `HELLO` and `GSEND :SIZE GROUP` with a MessagePack map {"text": …}, and hands that on with `group_send`.
The layer does not tell who had no room, so the numbers in its answers are zeros.

    REDIS_URL=redis://127.0.0.1:6379 python door.py PORT
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

import app  # noqa: F401 - configures the layer
import msgpack
from channels.layers import get_channel_layer


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    layer = get_channel_layer()
    while line := await reader.readline():
        words = line.decode().split()
        if words[0] == "HELLO":
            writer.write(b"HELLO 1 id=1 epoch=1\n")
        elif words[0] == "GSEND" and len(words) == 3:
            body = await reader.readexactly(int(words[1][1:]) + 1)
            text = msgpack.unpackb(body[:-1])["text"]
            await layer.group_send(words[2], {"type": "live.message", "text": text})
            writer.write(b"OK sent=0 full=0 gone=0\n")
        else:
            writer.write(b"ERR unknown\n")
        await writer.drain()
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
