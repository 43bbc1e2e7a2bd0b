"""The admin API of the console, as a script has it: for states that a real process is hard to bring into."""

from __future__ import annotations

import contextlib
import json
import math
import pathlib
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "SeawayAdmin" / "Page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'"
BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0]
#: Of 100 requests, how many took at most that long; the last stands for any time.
SPREAD = [8, 31, 58, 79, 91, 96, 98, 99, 99.6, 99.9, 100]
#: A state, made of how often it was asked for.
Script = Callable[[int], dict]
#: Opens the console before a script: the fixture ``opened``.
Open = Callable[..., tuple[Any, Any]]


def busy(turn: int) -> dict:
    """A process in good health, two brokers, four languages; each answer is a second after the one before it."""
    wave = math.sin(turn / 23) + 0.4 * math.sin(turn / 5.3)
    # Sums of a rate which goes up and down.
    total = round(620 * turn + 9000 * (1 - math.cos(turn / 23)) + 160 * math.sin(turn / 3.1) + 90 * math.sin(turn))
    depth = max(0, round(180 + 160 * wave))
    spread = {"buckets": BUCKETS, "counts": [round(total * share / 100) for share in SPREAD], "sum": total / 90}
    brokers = [
        {
            "address": f"127.0.0.1:741{index}", "reachable": True, "reason": None, "uptime": 86_000.0 + turn,
            "totals": {
                "messages": depth // (index + 1), "sent": total * (2 - index), "delivered": total * (2 - index) - depth,
                "connections": 9 - 5 * index, "groups": 3, "bytes": depth * 312,
            },
            "waits": spread,
            "drops": {"full": 40 + 12 * (8 * (turn // 120) + min(turn % 120, 8)), "expired": 12},
        }
        for index in range(2)
    ]  # fmt: skip
    languages = ["python", "python", "swift", "go", "shell", "python"]
    return {
        "time": 1_764_571_409.0 + turn,
        "process": {"kind": "up", "version": "1.4.0", "commit": "6e2dd29", "uptime": 86_000.0 + turn,
                    "cpu": 0.42 * turn, "rss": 61 << 20},
        "brokers": brokers,
        "channels": [
            channel("mail.send", turn, depth=depth, oldest=0.4 + depth / 90, readers=2, rate=41, durable=True),
            channel("http.request", turn, depth=turn % 3, oldest=0.004, readers=6, rate=388),
            channel("thumbnails", turn, depth=23, oldest=5.3, readers=1, rate=7, in_hand=4, delayed=12),
            channel("reports.nightly", turn, depth=0, readers=1, rate=0, durable=True),
            channel("http.response.web1!17", turn, depth=0, readers=1, rate=388),
        ],
        "channels_total": 5,
        "groups": [{"name": "liveblog", "members": 1843}, {"name": "room.oslo", "members": 61},
                   {"name": "room.bergen", "members": 12}],
        "groups_total": 3,
        "connections": [
            {"broker": index % 2, "id": str(17 + index), "client": f"seaway-{language}/1.4", "language": language,
             "address": f"10.0.0.{4 + index}:{50_122 + 61 * index}", "token": ["web", "jobs"][index % 2],
             "age": 86_000.0 / (index + 1) + turn, "names": 1 + index % 3, "pending": 0 if index else 2048}
            for index, language in enumerate(languages)
        ] + [{"broker": 0, "id": "9", "client": "seaway-serve", "address": "10.0.0.2:50000", "token": "web",
              "age": 86_000.0 + turn, "names": 2, "pending": 0, "language": "swift"},
             {"broker": 0, "id": "3", "client": "seaway-up", "names": 1, "pending": 0}],
        "connections_total": 8,
        "server": {
            "requests": total, "status": {"2xx": total, "5xx": total // 90},
            "sockets": 1900 + round(60 * wave), "connections": 2200,
            "drops": {"slow": 1 + turn // 60},
            "latency": spread,
        },
    }  # fmt: skip


def channel(name: str, turn: int, depth: int, readers: int, rate: int, oldest: float = 0, **more: object) -> dict:
    return {
        "name": name, "brokers": [0, 1], "depth": depth, "oldest": oldest, "bytes": depth * 312, "readers": readers,
        "in_hand": 0, "delayed": 0, "sent": rate * turn + depth, "delivered": rate * turn, "dropped": 0,
        "paused": False, **more,
    }  # fmt: skip


def quiet(turn: int) -> dict:
    """A broker alone, to which nobody has come yet."""
    return {
        "time": 1_764_571_409.0 + turn,
        "process": {"kind": "broker", "version": "1.4.0", "uptime": 1.0 + turn, "cpu": 0.0, "rss": 9 << 20},
        "brokers": [{"address": "127.0.0.1:7411", "reachable": True, "uptime": 1.0 + turn,
                     "totals": {"messages": 0, "sent": 0, "delivered": 0, "connections": 0}, "drops": {}}],
        "channels": [], "groups": [], "connections": [], "server": None,
    }  # fmt: skip


class ConsoleStub:
    """Serves the page and what a script says.

    ``status``: what ``/api/state`` answers in place of a state, when it is not 200.
    ``token``: what has to be shown, if anything. ``done``: what was asked by POST, as path and body.
    ``lists``: what ``/api/lists/…`` answers, by the question; ``asked_lists``: those questions, kind and query.
    ``tails``: the events of each tail, after which it stays open until the stub ends.
    """

    def __init__(self, script: Script):
        self.script = script
        self.status = 200
        self.token: str | None = None
        self.refusal: str | None = None
        self.done: list[tuple[str, dict]] = []
        self.peeked: list[str] = []
        self.messages: list[dict] = []
        self.tails: list[str] = []
        self.lists: Callable[[str, dict[str, str]], dict] | None = None
        self.asked_lists: list[tuple[str, dict[str, str]]] = []
        self.turn = 0
        self.asked = threading.Condition()
        self._over = threading.Event()
        stub = self

        class Handler(_Handler):
            answers = stub

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def state(self) -> dict:
        with self.asked:
            self.turn += 1
            self.asked.notify_all()
            return self.script(self.turn)

    def wait(self) -> None:
        """Until the end."""
        self._over.wait()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def end(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A browser may leave in the middle of an answer."""


class _Handler(BaseHTTPRequestHandler):
    answers: ConsoleStub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written."""

    def do_GET(self) -> None:
        if self.answers.is_over:
            self.close_connection = True
            return
        path, _, query = self.path.partition("?")
        parts = path.split("/")
        if not path.startswith("/api/"):
            self._file("console.html" if path == "/" else path[1:])
        elif not self._is_known():
            self._refuse(401, "unauthorized", "a token is needed")
        elif path == "/api/state":
            if self.answers.status != 200:
                self._refuse(self.answers.status, "unavailable", "not now")
            else:
                self._json(self.answers.state())
        elif path.startswith("/api/lists/") and self.answers.lists is not None:
            question = dict(urllib.parse.parse_qsl(query))
            self.answers.asked_lists.append((parts[-1], question))
            self._json(self.answers.lists(parts[-1], question))
        elif path.startswith("/api/channels/") and parts[-1] == "messages":
            self.answers.peeked.append(urllib.parse.unquote(parts[3]))
            count = int(urllib.parse.parse_qs(query)["count"][0])
            self._json({"messages": self.answers.messages[:count], "total": len(self.answers.messages)})
        elif path == "/api/tail":
            self._tail()
        else:
            self._refuse(404, "not-found", "nothing is there")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Content-Type"] != "application/json":
            self._refuse(415, "bad-request", "not JSON")
        elif self.answers.refusal:
            self._refuse(409, self.answers.refusal, "the channel is full")
        else:
            self.answers.done.append((self.path, body))
            self._json({"ok": True, **({"members": 3} if self.path == "/api/groups/send" else {})})

    def _is_known(self) -> bool:
        token = self.answers.token
        return token is None or self.headers["Authorization"] == f"Bearer {token}"

    def _file(self, name: str) -> None:
        path = PAGE / name
        if "/" in name or not path.is_file():
            self._refuse(404, "not-found", "nothing is there")
            return
        self._answer(200, TYPES[path.suffix], path.read_bytes())

    def _json(self, value: dict, status: int = 200) -> None:
        self._answer(status, "application/json", json.dumps(value).encode())

    def _refuse(self, status: int, code: str, text: str) -> None:
        self._json({"error": {"code": code, "text": text}}, status)

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def _tail(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        started = 'event: started\ndata: {"broker":"127.0.0.1:7410"}\n\n'
        self.wfile.write("".join([started, *self.answers.tails]).encode())
        self.wfile.flush()
        self.answers.wait()
        self.close_connection = True


@contextlib.contextmanager
def stub(script: Script) -> Iterator[ConsoleStub]:
    running = ConsoleStub(script)
    try:
        yield running
    finally:
        running.end()
