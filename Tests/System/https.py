"""Interface servers with TLS, and the smallest clients of them."""

from __future__ import annotations

import contextlib
import http.client
import json
import pathlib
import socket
import ssl
import threading

from harness import PATIENCE, SEAWAY, Program, Wire, free_port, get, until

Identity = tuple[pathlib.Path, pathlib.Path]


class Told:
    """A worker that answers each request with its message, as JSON, and keeps those of sockets, which it accepts."""

    def __init__(self, broker: int):
        self.connects: list[dict] = []
        self._listening = Wire(broker)
        self._sending = Wire(broker)
        channels = "http.request websocket.connect websocket.receive"
        assert self._listening.ask(f"LISTEN {channels}") == "OK"
        self._listening.write("READY 1000000\n")
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        with contextlib.suppress(OSError, ValueError, EOFError):
            while True:
                event = self._listening.take()
                self._answer(event)

    def _answer(self, event: dict) -> None:
        if event.get("type") == "websocket.connect":
            self.connects.append(event)
            self._send(event, {"accept": True})
        elif event.get("type") == "websocket.receive":
            self._send(event, {"text": event["text"]})
        else:
            query = event["query_string"]
            size = int(query) if query.isdigit() else 0
            content = "x" * size if size else json.dumps(event)
            self._send(event, {"status": 200, "content": content})

    def _send(self, event: dict, message: dict) -> None:
        self._sending.ask(f"SEND :- {event['reply_channel']} {json.dumps(message)}")

    def close(self) -> None:
        self._listening.close()
        self._sending.close()


class Site:
    """`seaway up` with TLS, and its worker."""

    def __init__(self, house, identities: list[Identity], *options: str):
        self.port, self.broker, self.metrics = free_port(), free_port(), free_port()
        files = [word for pair in identities for word in ("--http-tls-certificate", pair[0], "--http-tls-key", pair[1])]
        self.program: Program = house.start([
            SEAWAY, "up", "--http", f"127.0.0.1:{self.port}", "--listen", f"127.0.0.1:{self.broker}",
            "--metrics", f"127.0.0.1:{self.metrics}", "--log-level", "debug", *files, *options,
        ])  # fmt: skip
        house.listening(self.program, self.metrics)
        self.worker = Told(self.broker)

    def count(self, name: str, **labels: str) -> int:
        """A counter, 0 when it is not there."""
        wanted = name + "".join(f'{{{key}="{value}"}}' for key, value in labels.items())
        for line in get(self.metrics, "/metrics").body.decode().splitlines():
            if line.startswith(wanted + " "):
                return int(line.split()[-1])
        return 0

    def counts(self, number: int, name: str, **labels: str) -> None:
        until(lambda: self.count(name, **labels) == number, f"{name} {labels} is {number}")

    def tells(self, text: str) -> None:
        until(lambda: text in self.program.output(), f"the server tells: {text}")

    def connect(self, context: ssl.SSLContext, name: str = "localhost") -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        try:
            return context.wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise

    def browser(self, context: ssl.SSLContext) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("localhost", self.port, timeout=PATIENCE, context=context)

    def fetch(self, context: ssl.SSLContext, path: str = "/") -> bytes:
        browser = self.browser(context)
        try:
            return ask(browser, path)
        finally:
            browser.close()


def ask(browser: http.client.HTTPConnection, path: str = "/") -> bytes:
    browser.request("GET", path)
    response = browser.getresponse()
    body = response.read()
    assert response.status == 200, (response.status, body)
    return body


def trusting(authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.certificate)


def shown(site: Site, authority, name: str) -> list[str]:
    """The names in the certificate that is shown to who asks for this one, or for none."""
    context = trusting(authority)
    context.check_hostname = False
    plain = socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE)
    with context.wrap_socket(plain, server_hostname=name or None) as connection:
        certificate: dict = connection.getpeercert() or {}
    return [value for _, value in certificate["subjectAltName"]]
