"""Clients of a site over several brokers: what they send, and what becomes of it."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from dataclasses import dataclass

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

HTTP_TIMEOUT = 4.0
PACE = 0.02
"""Seconds between two messages of one client: the load is to be there, not to be the fault."""
SLOW = 10.0
"""More than any step of the failover takes, on a machine that does much else."""
CONTENT = "".join(f"{number:07d}\n" * 64 for number in range(30))
"""Of an answer in pieces."""


@dataclass
class Try:
    """Something that was sent, and what became of it."""

    began: float
    ended: float = 0.0
    status: int = 0


class Clients:
    """The load; everything that comes is noted."""

    def __init__(self, port: int, sockets: int):
        self.port = port
        self.is_over = threading.Event()
        self.posts: dict[int, Try] = {}
        self.pages: list[Try] = []
        self.streams: list[Try] = []
        self.faults: list[str] = []
        self.sockets = [Browser(port, number, self) for number in range(sockets)]
        loads = (self._post, self._get, self._stream)
        self.threads = [threading.Thread(target=load, daemon=True) for load in loads]

    def start(self) -> None:
        for each in self.sockets:
            each.start()
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join(HTTP_TIMEOUT + SLOW)
            if thread.is_alive():
                self.faults.append("a request hangs")

    def _post(self) -> None:
        number = 0
        while not self.is_over.wait(PACE):
            number += 1
            self.posts[number] = attempt = Try(time.monotonic())
            self._ask("POST", str(number).encode(), attempt)

    def _get(self) -> None:
        while not self.is_over.wait(PACE):
            attempt = Try(time.monotonic())
            self._ask("GET", None, attempt)
            self.pages.append(attempt)

    def _stream(self) -> None:
        while not self.is_over.wait(PACE):
            attempt = Try(time.monotonic())
            content = self._ask("GET", None, attempt, "/stream")
            self.streams.append(attempt)
            if attempt.status == 200 and content != CONTENT.encode():
                # Broken off, which HTTP shows.
                attempt.status = 0
            if attempt.status in (0, 200) and not CONTENT.encode().startswith(content or b""):
                self.faults.append("an answer in pieces has a hole")

    def _ask(self, method: str, body: bytes | None, attempt: Try, path: str = "/swift") -> bytes | None:
        """Returns what came of the content, as far as it came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HTTP_TIMEOUT + SLOW)
        try:
            connection.request(method, path, body=body)
            response = connection.getresponse()
            attempt.status = response.status
            return response.read()
        except http.client.IncompleteRead as broken:
            return broken.partial
        except (OSError, http.client.HTTPException) as error:
            if attempt.status != 200:
                self.faults.append(f"no answer to a {method}: {error!r}")
            # What had begun was broken off.
            attempt.status = 0
            return None
        finally:
            attempt.ended = time.monotonic()
            connection.close()

    @property
    def posted(self) -> int:
        return len(self.posts)

    def reached(self, after: float) -> bool:
        """Whether some post made after that has come to every socket."""
        return all(each.last_post_began > after for each in self.sockets)

    def echoed(self, after: float) -> bool:
        """Whether each socket has got back something that it has said after that."""
        return all(each.last_echo_began > after for each in self.sockets)

    def behind(self, after: float) -> list[str]:
        """What each socket has got last, in seconds before now, where nothing has come that was sent after that."""
        now = time.monotonic()
        told = [f"asked for: what was sent in the last {now - after:.2f} s"]
        for each in self.sockets:
            for kind, began in ("post", each.last_post_began), ("echo", each.last_echo_began):
                if began <= after:
                    told.append(f"socket {each.number}: the last {kind} that has come was sent {now - began:.2f} s ago")
            if each.last_echo_began <= after:
                said = [f"{now - echo.began:.2f} s ago ({echo.status})" for echo in list(each.echoes.values())[-5:]]
                told.append(f"socket {each.number}: it has said something {', '.join(said)}")
        return told


class Browser:
    """One WebSocket: says something, waits until it comes back, says the next; and notes the posts that come."""

    PATIENCE = 3.0

    def __init__(self, port: int, number: int, clients: Clients):
        self.number = number
        self.clients = clients
        self.port = port
        self.posts: list[int] = []
        self.echoes: dict[int, Try] = {}
        self.last_echo = 0
        self.came: list[int] = []
        self.last_post_began = 0.0
        self.last_echo_began = 0.0
        self._back = threading.Event()
        self._end = contextlib.ExitStack()

    def start(self) -> None:
        opening = connect(f"ws://127.0.0.1:{self.port}/", open_timeout=SLOW, ping_interval=None)
        connection = self._end.enter_context(opening)
        self.clients.threads.append(threading.Thread(target=self._say, args=(connection,), daemon=True))
        threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def close(self) -> None:
        self._end.close()

    def _say(self, connection: ClientConnection) -> None:
        number = 0
        while not self.clients.is_over.wait(PACE * 2):
            number += 1
            self._back.clear()
            self.echoes[number] = attempt = Try(time.monotonic())
            self.last_echo = number
            try:
                connection.send(f"echo {number}")
            except ConnectionClosed:
                return
            attempt.status = 200 if self._back.wait(self.PATIENCE) else 504
            attempt.ended = time.monotonic()

    def _read(self, connection: ClientConnection) -> None:
        try:
            for text in connection:
                kind, _, digits = str(text).partition(" ")
                if kind == "Swift:":
                    self.posts.append(int(digits))
                    self.last_post_began = self.clients.posts[int(digits)].began
                elif kind == "echo":
                    self.came.append(int(digits))
                    self.last_echo_began = self.echoes[int(digits)].began
                    if int(digits) == self.last_echo:
                        self._back.set()
                else:
                    self.clients.faults.append(f"socket {self.number} got {text!r}")
        except ConnectionClosed as closed:
            self.clients.faults.append(f"socket {self.number} was closed: {closed}")
        if not self.clients.is_over.is_set():
            self.clients.faults.append(f"socket {self.number} has ended")
