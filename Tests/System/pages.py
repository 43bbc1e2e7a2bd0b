"""The smallest worker of HTTP: answers every request with what its message says of it."""

from __future__ import annotations

import contextlib
import json
import threading

from harness import Wire


class Mirror:
    """Answers with client, scheme, path and fields, as JSON."""

    def __init__(self, broker: int):
        self._listening = Wire(broker)
        self._sending = Wire(broker)
        assert self._listening.ask("LISTEN http.request") == "OK"
        self._listening.write("READY 1000000\n")
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        with contextlib.suppress(OSError, ValueError, EOFError):
            while True:
                request = self._listening.take()
                told = {name: request.get(name) for name in ("client", "server", "scheme", "path", "headers")}
                answer = json.dumps({"status": 200, "content": json.dumps(told)})
                self._sending.ask(f"SEND :- {request['reply_channel']} {answer}")

    def close(self) -> None:
        self._listening.close()
        self._sending.close()
