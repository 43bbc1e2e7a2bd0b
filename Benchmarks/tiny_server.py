"""A WebSocket server of a few lines that can do single things wrong, to see whether `wsbench` notices.

/echo sends each message back, other paths are the one group; the wire port understands HELLO and GSEND. A fault strikes
the first socket alone, at its fourth message, or its handshake.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import struct
import threading
from collections.abc import Callable
from types import TracebackType

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(
    opcode: int, payload: bytes, final: bool = True, bits: int = 0, mask: bool = False, length_bytes: int = 0
) -> bytes:
    """A frame, also one that breaks the rules."""
    if length_bytes == 0:
        length_bytes = 0 if len(payload) < 126 else 2
    head = bytes([(0x80 if final else 0) | bits | opcode])
    short = {0: len(payload), 2: 126, 8: 127}[length_bytes]
    head += bytes([(0x80 if mask else 0) | short])
    head += len(payload).to_bytes(length_bytes, "big") if length_bytes else b""
    return head + (bytes(4) if mask else b"") + payload


def in_pieces(text: bytes) -> bytes:
    """One message in three frames, with a ping between them, as RFC 6455 allows."""
    return frame(TEXT, text[:10], final=False) + frame(PING, b"?") + frame(0, b"", final=False) + frame(0, text[10:])


#: What the first socket gets in the place of its fourth message.
FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "fragmented": in_pieces,
    "hole": lambda text: b"",
    "twice": lambda text: frame(TEXT, text) * 2,
    "spoilt": lambda text: frame(TEXT, text[:-1] + b"y"),
    "short": lambda text: frame(TEXT, text[:-1]),
    "binary": lambda text: frame(2, text),
    "masked": lambda text: frame(TEXT, text, mask=True),
    "reserved bit": lambda text: frame(TEXT, text, bits=0x40),
    "reserved opcode": lambda text: frame(3, text),
    "long length": lambda text: frame(TEXT, text, length_bytes=8),
    "large ping": lambda text: frame(PING, bytes(200)),
    "cut ping": lambda text: frame(PING, b"?", final=False),
    "lonely continuation": lambda text: frame(0, text),
    "interrupted": lambda text: frame(TEXT, text, final=False) + frame(TEXT, text),
    "illegal close": lambda text: frame(CLOSE, struct.pack(">H", 1005)),
    "close": lambda text: frame(CLOSE, struct.pack(">H", 1008) + b"too slow"),
}


class Socket:
    def __init__(self, writer: asyncio.StreamWriter, fault: str | None):
        self.writer = writer
        self.fault = fault
        self.count = 0
        self.held = b""

    def send(self, text: bytes) -> None:
        self.count += 1
        if self.fault == "swapped" and self.count == 4:
            self.held = frame(TEXT, text)
        elif self.fault == "vanish" and self.count == 4:
            self.writer.close()
        elif self.fault is not None and self.fault in FAULTS and self.count == 4:
            self.writer.write(FAULTS[self.fault](text))
        else:
            self.writer.write(frame(TEXT, text) + self.held)
            self.held = b""


class TinyServer:
    """Runs in a thread of its own, as long as the `with` block."""

    def __init__(self, fault: str | None = None):
        self.fault = fault
        self.sockets: list[Socket] = []
        self.pongs = 0
        self.codes: list[int] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.ports: tuple[int, ...] = ()
        self.loop = asyncio.new_event_loop()
        self.started = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self) -> TinyServer:
        self.thread.start()
        self.started.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.start())
        self.loop.run_forever()
        self.loop.run_until_complete(self.end())
        self.loop.close()

    async def start(self) -> None:
        self.servers = [
            await asyncio.start_server(serve, "127.0.0.1", 0) for serve in (self.serve_socket, self.serve_wire)
        ]
        self.ports = tuple(server.sockets[0].getsockname()[1] for server in self.servers)
        self.started.set()

    async def end(self) -> None:
        """Ends the connections and lets who serves them see it."""
        for server in self.servers:
            server.close()
        for writer in self.writers:
            writer.transport.abort()
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not asyncio.current_task()))

    # ---- WebSockets

    async def serve_socket(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await self.serve_upgraded(reader, writer)
        writer.close()

    async def serve_upgraded(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:-2])
        original = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
        assert fields[b"upgrade"] == b"websocket" and fields[b"sec-websocket-version"] == b"13"
        writer.write(self.answer(original[b"Sec-WebSocket-Key"]))
        socket = Socket(writer, None if self.sockets else self.fault)
        self.sockets.append(socket)
        while True:
            opcode, payload = await self.read_frame(reader)
            if opcode == PONG:
                self.pongs += 1
            elif opcode == CLOSE:
                self.codes.append(struct.unpack(">H", payload[:2])[0])
                writer.write(frame(CLOSE, payload))
                return
            elif head.startswith(b"GET /echo "):
                socket.send(payload)

    def answer(self, key: bytes) -> bytes:
        if self.fault == "refused":
            return b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        if self.fault == "wrong accept":
            accept = base64.b64encode(bytes(20))
        extra = b"Sec-WebSocket-Extensions: permessage-deflate\r\n" if self.fault == "extension" else b""
        upgrade = b"" if self.fault == "no upgrade" else b"upgrade: WebSocket\r\n"
        return (
            b"HTTP/1.1 101 Switching Protocols\r\n" + upgrade + b"Connection: keep-alive, Upgrade\r\n" + extra
            + b"sec-websocket-accept:" + accept + b"\r\n\r\n"
        )  # fmt: skip

    @staticmethod
    async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
        first, second = await reader.readexactly(2)
        assert first & 0x80 and second & 0x80, "a client's frame is masked; this client cuts none"
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
        mask = await reader.readexactly(4)
        payload = await reader.readexactly(size)
        return first & 15, bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))

    # ---- the wire

    async def serve_wire(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        while line := await reader.readline():
            words = line.split()
            if words[0] == b"HELLO":
                writer.write(b"HELLO 1 id=1 epoch=1\nPING\n")
            if words[0] != b"GSEND":
                self.pongs += words[0] == b"PONG"
                continue
            body = await reader.readexactly(int(words[1][1:]) + 1)
            if self.fault == "closing":
                writer.write(b"ERR closing the broker leaves\n")
                continue
            # {"text": …} with a length of one byte or two
            text = body[8:-1] if body[6] == 0xD9 else body[9:-1]
            for socket in self.sockets:
                if not socket.writer.is_closing():
                    socket.send(text)
            writer.write(b"OK sent=%d full=%d gone=0\n" % (len(self.sockets), 1 if self.fault == "hole" else 0))
        writer.close()
