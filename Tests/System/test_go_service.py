"""An ordinary program of Go's net/http behind `seaway up`: `clients/go/examples/service`."""

from __future__ import annotations

import hashlib
import http.client
import json
import pathlib
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from harness import PATIENCE, ROOT, SEAWAY, House, get, until

SIZE = 24 << 20
#: What the worker may take, however large a body is; and each server.
MOST_MEMORY = 64 << 20


@pytest.fixture(scope="module")
def program() -> pathlib.Path:
    return House.go_program(ROOT / "clients" / "go" / "examples" / "service", "go-service")


class Service:
    def __init__(self, house: House, ports: tuple[int, int], program: pathlib.Path):
        self.broker, self.port = ports
        self.house, self.program = house, program
        command = [SEAWAY, "up", "--listen", f"127.0.0.1:{self.broker}", "--http", f"127.0.0.1:{self.port}"]
        house.listening(house.start(command), self.port)
        self.worker = self.start()

    def start(self):
        before = self.house.readers(self.broker, "http.request")
        worker = self.house.start([self.program], {"SEAWAY_BROKER": f"127.0.0.1:{self.broker}"})
        until(lambda: self.house.readers(self.broker, "http.request") > before, "the worker listens")
        return worker

    def browser(self, path: str):
        return connect(f"ws://127.0.0.1:{self.port}{path}", open_timeout=PATIENCE, close_timeout=PATIENCE)


@pytest.fixture
def service(house, ports, program):
    return Service(house, ports, program)


def peak(pid: int) -> int:
    """The most resident bytes that a process has had."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_pages_and_json_are_as_net_http_makes_them(service):
    page = get(service.port, "/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.body.endswith(f"http://127.0.0.1:{service.port}\n".encode())
    assert page.headers["content-length"] == str(len(page.body)) and page.headers["x-service"] == "go"
    assert get(service.port, "/notes", "POST", b'"milk"').status == 201
    assert json.loads(get(service.port, "/notes").body) == ["milk"]
    assert get(service.port, "/notes", "POST", b'"' + b"x" * 200_000).status == 400
    assert get(service.port, "/nowhere").body == b"404 page not found\n"
    failed = get(service.port, "/panic")
    assert (failed.status, failed.body) == (500, b"Internal Server Error\n")
    assert "panic: as asked for" in service.worker.output()


def test_files_of_any_size_go_through_little_memory(service):
    content = bytes(range(256)) * (SIZE // 256)
    form = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\n' + content + b"\r\n--x--\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    connection.request("POST", "/upload", form, {"Content-Type": "multipart/form-data; boundary=x"})
    assert connection.getresponse().read().decode() == f"a.bin {SIZE} {hashlib.sha256(content).hexdigest()}\n"
    connection.request("GET", f"/download?mib={SIZE >> 20}")
    assert connection.getresponse().read() == content
    connection.request("GET", f"/download?mib={SIZE >> 20}", headers={"Range": "bytes=1000-1999"})
    part = connection.getresponse()
    assert (part.status, part.getheader("content-range")) == (206, f"bytes 1000-1999/{SIZE}")
    assert part.read() == content[1000:2000]
    connection.close()
    assert peak(service.worker.pid) < MOST_MEMORY


def test_events_come_one_by_one_until_the_client_leaves(service):
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    connection.request("GET", "/events")
    answer = connection.getresponse()
    for number in range(1, 4):
        assert answer.readline() + answer.readline() == f"data: {number}\n\n".encode()
    answer.close()
    connection.close()
    until(lambda: "the listener has left" in service.worker.output(), "the handler hears of it")


def test_a_handler_opens_sockets_and_refuses_them(service):
    with pytest.raises(InvalidStatus) as refused:
        service.browser("/chat/blue")
    assert (refused.value.response.status_code, refused.value.response.body) == (401, b"who are you?\n")
    with service.browser("/chat/blue?name=anna") as anna, service.browser("/chat/blue?name=bob") as bob:
        for number in range(1, 21):
            anna.send(str(number))
        for browser in (anna, bob):
            heard = [browser.recv(PATIENCE) for _ in range(20)]
            assert heard == [f"anna ({number}): {number}" for number in range(1, 21)]
        bob.close()
        assert anna.recv(PATIENCE) == "bob has left"


def test_a_worker_that_leaves_finishes_and_tells_its_sockets_to_come_again(service):
    with service.browser("/chat/blue?name=anna") as anna:
        anna.send("here")
        assert anna.recv(PATIENCE) == "anna (1): here"
        service.start()
        began = time.monotonic()
        assert service.worker.terminate() == 0
        assert time.monotonic() - began < PATIENCE / 2
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                anna.recv(PATIENCE)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012
    with service.browser("/chat/blue?name=anna") as anna:
        anna.send("again")
        assert anna.recv(PATIENCE) == "anna (1): again"
    assert get(service.port, "/").status == 200
