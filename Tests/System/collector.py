"""The smallest collector of traces: OTLP over HTTP, in JSON."""

from __future__ import annotations

import http.server
import json
import threading
import time
from typing import NamedTuple


class Span(NamedTuple):
    service: str
    name: str
    trace: str
    id: str
    parent: str
    start: int
    end: int
    attributes: dict


class Collector:
    """Keeps all spans that it takes; answers with `status`, and with each of `first` before that."""

    def __init__(self, status: int = 200, first: list[int] | None = None, retry_after: str | None = None):
        self.status = status
        self.first = first or []
        self.retry_after = retry_after
        #: When requests came, and how many spans each had.
        self.arrivals: list[tuple[float, int]] = []
        self.requests = 0
        self._spans: list[Span] = []
        self._lock = threading.Lock()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status = collector.take(self.path, body)
                self.send_response(status)
                if status >= 400 and collector.retry_after is not None:
                    self.send_header("retry-after", collector.retry_after)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def take(self, path: str, body: dict) -> int:
        """Notes what has come; returns the status of the answer."""
        assert path == "/v1/traces", path
        with self._lock:
            self.requests += 1
            status = self.first.pop(0) if self.first else self.status
            spans = []
            for resource in body["resourceSpans"]:
                service = _attributes(resource["resource"])["service.name"]
                for scope in resource["scopeSpans"]:
                    spans += [_span(service, span) for span in scope["spans"]]
            self.arrivals.append((time.monotonic(), len(spans)))
            if status < 400:
                self._spans += spans
            return status

    @property
    def spans(self) -> list[Span]:
        with self._lock:
            return list(self._spans)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _attributes(holder: dict) -> dict:
    return {entry["key"]: next(iter(entry["value"].values())) for entry in holder.get("attributes", [])}


def _span(service: str, span: dict) -> Span:
    return Span(
        service, span["name"], span["traceId"], span["spanId"], span.get("parentSpanId", ""),
        int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]), _attributes(span),
    )  # fmt: skip
