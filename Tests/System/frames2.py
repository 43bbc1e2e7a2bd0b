"""A client of HTTP/2 that can do nothing but write and read frames (RFC 9113), rules broken where a test wants that."""

from __future__ import annotations

import collections
import socket
import struct

from harness import PATIENCE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE = 1, 4
REQUEST = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "localhost")]


def block(fields: list[tuple[str, str]]) -> bytes:
    """Fields as HPACK has them that nobody is to remember (RFC 7541, 6.2.2)."""

    def text(value: str) -> bytes:
        return number(len(value)) + value.encode()

    def number(value: int) -> bytes:
        if value < 127:
            return bytes([value])
        value, digits = value - 127, b"\x7f"
        while value >= 128:
            value, digits = value >> 7, digits + bytes([value & 127 | 128])
        return digits + bytes([value])

    return b"".join(b"\0" + text(name) + text(value) for name, value in fields)


#: Those of the static table (RFC 7541, Appendix A).
STATUSES = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}
#: Huffman codes (RFC 7541, Appendix B).
DIGITS = {"00000": "0", "00001": "1", "00010": "2"} | {f"{22 + digit:06b}": str(digit) for digit in range(3, 10)}


def status(fields: bytes) -> int:
    """The status, with which the fields of an answer begin."""
    # The size of the table in which the server is to remember nothing (RFC 7541, 6.3).
    if fields[0] & 0xE0 == 0x20:
        fields = fields[1:]
    if fields[0] in STATUSES:
        return STATUSES[fields[0]]
    assert fields[0] == 0x48 and fields[1] & 0x80, fields[:8]
    bits = "".join(f"{byte:08b}" for byte in fields[2 : 2 + (fields[1] & 0x7F)])
    digits = ""
    while len(digits) < 3:
        code = next(code for code in DIGITS if bits.startswith(code))
        digits, bits = digits + DIGITS[code], bits[len(code) :]
    return int(digits)


class Frames:
    def __init__(self, connection: socket.socket, window: int = 65_535, preface: bytes = PREFACE):
        self.socket = connection
        self.socket.settimeout(PATIENCE)
        self.input = connection.makefile("rb")
        #: Bytes that may be sent, on each stream and on the connection.
        self.windows: collections.defaultdict[int, int] = collections.defaultdict(lambda: 65_535)
        self.socket.sendall(preface)
        self.send(SETTINGS, 0, 0, struct.pack(">HIHI", HEADER_TABLE_SIZE, 0, INITIAL_WINDOW_SIZE, window))

    def __enter__(self) -> Frames:
        return self

    def __exit__(self, *_) -> None:
        self.input.close()
        self.socket.close()

    @staticmethod
    def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
        return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload

    def send(self, kind: int, flags: int, stream: int, payload: bytes = b"") -> None:
        self.socket.sendall(self.frame(kind, flags, stream, payload))

    @classmethod
    def request(cls, stream: int, path: str = "/", *more: tuple[str, str], ends: bool = True) -> bytes:
        fields = [(name, path if name == ":path" else value) for name, value in REQUEST] + list(more)
        return cls.frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), stream, block(fields))

    def ask(self, stream: int, path: str = "/", *more: tuple[str, str], ends: bool = True) -> None:
        self.socket.sendall(self.request(stream, path, *more, ends=ends))

    def read(self) -> tuple[int, int, int, bytes] | None:
        """The next frame, `None` at the end; pings are answered, settings agreed to."""
        try:
            head = self.input.read(9)
            if len(head) < 9:
                return None
            size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            stream = int.from_bytes(head[5:], "big") & 0x7FFFFFFF
            payload = self.input.read(size)
            if kind in (PING, SETTINGS) and not flags & ACK:
                self.send(kind, ACK, 0, payload if kind == PING else b"")
        except ConnectionError:
            return None
        if kind == WINDOW_UPDATE:
            self.windows[stream] += int.from_bytes(payload, "big")
        return kind, flags, stream, payload

    def until(self, kind: int, stream: int | None = None) -> tuple[int, int, int, bytes]:
        while frame := self.read():
            if frame[0] == kind and stream in (None, frame[2]):
                return frame
        raise EOFError("the server has ended the connection")

    def content(self, stream: int) -> bytes:
        """All that comes of a stream up to its end."""
        content = b""
        while frame := self.read():
            if frame[2] != stream:
                continue
            assert frame[0] in (HEADERS, DATA, WINDOW_UPDATE), frame
            content += frame[3] if frame[0] == DATA else b""
            if frame[0] in (HEADERS, DATA) and frame[1] & END_STREAM:
                return content
        raise EOFError("the server has ended the connection")

    def goaway(self) -> int | None:
        """The reason of the last GOAWAY before the end."""
        reason = None
        while frame := self.read():
            if frame[0] == GOAWAY:
                reason = int.from_bytes(frame[3][4:8], "big")
        return reason


class Upload:
    """The body of one stream of a connection, which goes as far as the server lets it (RFC 9113, 5.2)."""

    def __init__(self, client: Frames, stream: int, content: bytes):
        self.client, self.stream, self.content = client, stream, content
        self.sent = 0

    @property
    def room(self) -> int:
        return min(self.client.windows[self.stream], self.client.windows[0])

    def go(self, upto: int | None = None) -> None:
        """Sends all of it, or so many bytes of it; the last ones end the stream."""
        upto = len(self.content) if upto is None else upto
        while self.sent < upto:
            size = min(self.room, 16_384, upto - self.sent)
            if size <= 0:
                self._read()
                continue
            flags = END_STREAM if self.sent + size == len(self.content) else 0
            self.client.send(DATA, flags, self.stream, self.content[self.sent : self.sent + size])
            self.client.windows[self.stream] -= size
            self.client.windows[0] -= size
            self.sent += size

    def until_full(self) -> None:
        """Sends until the server lets nothing more come, though it answers."""
        while self.sent < len(self.content):
            self.go(min(self.sent + self.room, len(self.content)))
            self.client.send(PING, 0, 0, b"are you?")
            while self._read()[:2] != (PING, ACK):
                pass
            if self.room <= 0:
                return

    def _read(self) -> tuple[int, int, int, bytes]:
        frame = self.client.read()
        assert frame, "the server has ended the connection"
        assert frame[0] in (SETTINGS, PING, WINDOW_UPDATE), frame
        return frame
