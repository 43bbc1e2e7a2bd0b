"""A client of `--admin` that can do nothing but ask."""

from __future__ import annotations

import http.client
import json
from typing import Any

from harness import PATIENCE, Answer, Wire, get, until


class Admin:
    """What is seen of one process."""

    def __init__(self, port: int, token: str | None = None):
        self.port = port
        self.fields = {"authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **fields: str) -> Answer:
        return get(self.port, path, fields={**self.fields, **fields})

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status == 200, answer
        assert answer.headers["content-type"] == "application/json"
        return json.loads(answer.body)

    def state(self) -> dict:
        return self.json("/api/state")

    def post(self, path: str, order: object, **fields: str) -> tuple[int, dict]:
        fields = {"content-type": "application/json", **self.fields, **fields}
        answer = get(self.port, path, "POST", json.dumps(order).encode(), fields=fields)
        return answer.status, json.loads(answer.body)

    def until(self, question, what: str):
        """Asks for snapshots until one is as it should be; returns it."""

        def ask() -> dict | None:
            state = self.state()
            return state if question(state) else None

        return until(ask, what)


class Tail:
    """One who looks on."""

    def __init__(self, admin: Admin, query: str):
        self.connection = http.client.HTTPConnection("127.0.0.1", admin.port, timeout=PATIENCE)
        self.connection.request("GET", f"/api/tail?{query}", headers=admin.fields)
        self.response = self.connection.getresponse()

    def __enter__(self) -> Tail:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.response.close()
        self.connection.close()

    def next(self) -> tuple[str, dict]:
        """The next event: its name, and what it says."""
        name = "message"
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                return name, json.loads(line[6:])
            elif not line and self.response.isclosed():
                raise EOFError("the tail has ended")


def send(port: int, channel: str, *texts: str) -> None:
    """Puts messages on a channel."""
    with Wire(port) as wire:
        for text in texts:
            assert wire.ask(f"SEND :- {channel} {json.dumps({'text': text})}") == "OK"
