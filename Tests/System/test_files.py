"""Files sent by the interface server, and compressed answers: protocol/INTERFACE.md, sections 12 and 13."""

from __future__ import annotations

import gzip
import os
import pathlib
import socket
import subprocess
import sys
import time
import zlib

import pytest

from harness import PATIENCE, ROOT, SEAWAY, House, Program, free_port, get, until

SECRET = b"this is nobody's business"
PAGE = b"<p>All work and no play.</p>\n" * 5_000
#: Larger than what sockets and the server may hold for a client.
LARGE = 64 << 20


@pytest.fixture
def folder(tmp_path):
    """A site, and a secret beside it."""
    site = tmp_path / "site"
    (site / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(SECRET)
    (site / "index.html").write_bytes(PAGE)
    (site / "sub" / "index.html").write_bytes(b"below")
    (site / "a.css").write_bytes(b"a { color: red }")
    (site / "a.css.gz").write_bytes(gzip.compress(b"a { color: red }"))
    (site / ".htpasswd").write_bytes(SECRET)
    (site / ".well-known").mkdir()
    (site / ".well-known" / "security.txt").write_bytes(b"Contact: nobody")
    return site


class Site:
    def __init__(self, house: House, port: int, folder: pathlib.Path, *options: str, broker: int | None = None):
        self.port = port
        command = [SEAWAY, "up", "--listen", f"127.0.0.1:{broker or free_port()}", "--http", f"127.0.0.1:{port}"]
        self.program = house.listening(house.start([*command, "--static", f"/files={folder}", *options]), port)
        self.metrics_port = 0

    def curl(self, path: str, *options: str) -> tuple[int, dict[str, str], bytes]:
        """Status, fields and content, of the last answer if there were several."""
        command = ["curl", "-sS", "-i", "--path-as-is", "-m", "20", *options, f"http://127.0.0.1:{self.port}{path}"]
        done = subprocess.run(command, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:])
        return int(lines[0].split()[1]), fields, content


def counters(port: int) -> dict[str, float]:
    lines = get(port, "/metrics").body.decode().splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}


def open_files(program: Program, folder: pathlib.Path) -> list[str]:
    """What of a folder a process has open."""
    names = []
    for link in pathlib.Path(f"/proc/{program.pid}/fd").iterdir():
        try:
            names.append(os.readlink(link))
        except OSError:
            continue
    return [name for name in names if name.startswith(str(folder))]


def test_files_are_sent_as_rfc_9110_has_it(house, ports, folder):
    metrics = free_port()
    site = Site(house, ports[1], folder, "--static-cache", "1h", "--metrics", f"127.0.0.1:{metrics}")
    status, fields, content = site.curl("/files/")
    assert (status, content) == (200, PAGE)
    assert fields["content-type"] == "text/html; charset=utf-8" and fields["cache-control"] == "max-age=3600"
    assert fields["accept-ranges"] == "bytes" and fields["content-length"] == str(len(PAGE))
    tag = fields["etag"]
    assert site.curl("/files/", "-H", f"If-None-Match: {tag}")[0] == 304
    assert site.curl("/files/", "-z", str(folder / "index.html"))[0] == 304
    later = ["-z", str(folder / "index.html")]
    assert site.curl("/files/", "-H", 'If-None-Match: "x"', *later)[0] == 200
    assert site.curl("/files/", "-H", 'If-Match: "x"')[0] == 412
    assert site.curl("/files/", "-r", "0-9")[::2] == (206, PAGE[:10])
    assert site.curl("/files/", "-r", "-10")[::2] == (206, PAGE[-10:])
    status, fields, content = site.curl("/files/", "-r", "100-199", "-H", f"If-Range: {tag}")
    assert (status, content, fields["content-range"]) == (206, PAGE[100:200], f"bytes 100-199/{len(PAGE)}")
    assert site.curl("/files/", "-r", "0-9", "-H", 'If-Range: "old"')[::2] == (200, PAGE)
    status, fields, _ = site.curl("/files/", "-r", f"{len(PAGE)}-")
    assert (status, fields["content-range"]) == (416, f"bytes */{len(PAGE)}")
    assert site.curl("/files/", "-r", "0-9,20-29")[::2] == (200, PAGE)
    status, fields, content = site.curl("/files/", "-I")
    assert (status, fields["content-length"], fields["etag"], content) == (200, str(len(PAGE)), tag, b"")
    status, fields, content = site.curl("/files/a.css", "-H", "Accept-Encoding: gzip")
    assert (status, fields["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(content) == b"a { color: red }"
    assert site.curl("/files/a.css", "--compressed")[2] == b"a { color: red }"
    assert site.curl("/files/sub?x=1")[1]["location"] == "./sub/?x=1"
    assert site.curl("/files/sub", "-L")[2].endswith(b"below")
    assert site.curl("/files/.well-known/security.txt")[2] == b"Contact: nobody"
    assert site.curl("/files/a.css", "-X", "DELETE")[1]["allow"] == "get, head, options"
    found = counters(metrics)
    assert found["seaway_static_open"] == 0 and found["seaway_http_requests_total"] == 0
    assert found['seaway_static_answers_total{reason="4xx"}'] == 3
    (folder / "index.html").write_bytes(b"new")
    assert site.curl("/files/", "-H", f"If-None-Match: {tag}")[::2] == (200, b"new")


def test_no_path_leads_out(house, ports, folder, tmp_path):
    site = Site(house, ports[1], folder)
    for name, target in [
        ("out", "../secret"), ("absolute", str(tmp_path / "secret")), ("parent", ".."), ("root", "/"), ("self", "self"),
        ("passwd", "/etc/passwd"), ("sub/far", "../../secret"), ("sub/near", "../a.css"),
    ]:  # fmt: skip
        (folder / name).symlink_to(target)
    os.mkfifo(folder / "fifo")
    (folder / "zero").symlink_to("/dev/zero")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "socket"))
    ways = [
        "../secret", "..%2fsecret", "%2e%2e/secret", "%2e%2e%2fsecret", ".%2e/secret", "%2E%2E/%2E%2E/etc/passwd",
        "..%5csecret", "..%c0%afsecret", "%c0%ae%c0%ae/secret", "%252e%252e/secret", "sub/../../secret", "sub/..",
        "/etc/passwd", "%2fetc%2fpasswd", "//secret", "sub//index.html", "./a.css", "a.css/", "a.css/../../secret",
        "a.css%20", "a.css.", "a.css::$DATA", "A.CSS/..", ".htpasswd", "%2ehtpasswd", "sub/%2e%2e/.htpasswd", ".git/x",
        "out", "absolute", "parent/secret", "root/etc/passwd", "passwd", "self", "sub/far", "fifo", "zero", "socket",
        "~root", "..;/secret", "..\\secret", "a.css;/../../secret", "x" * 300, "x/" * 3_000, "..%u2215secret",
        "proc/self/environ", "parent/site/a.css",
    ]  # fmt: skip
    for way in ways:
        status, _, content = site.curl(f"/files/{way}")
        assert status == 404, way
        assert SECRET not in content and b"root:" not in content, way
    # A NUL is no path at all.
    assert site.curl("/files/a.css%00.png")[0] == 400
    assert site.curl("/files/../secret")[0] == 404
    assert site.curl("/files/sub/near")[2] == b"a { color: red }"
    # The FIFO has held up nobody, and nothing is left open.
    assert site.curl("/files/a.css")[0] == 200
    assert open_files(site.program, tmp_path) == [str(tmp_path / "0.log")] * 2
    server.close()


def test_a_slow_reader_costs_one_piece_and_one_descriptor(house, ports, folder):
    with open(folder / "large", "wb") as file:
        file.truncate(LARGE)
    site = Site(house, ports[1], folder)
    assert site.curl("/files/a.css")[0] == 200
    before = site.program.memory()
    clients, content = [], b""
    for _ in range(10):
        client = socket.create_connection(("127.0.0.1", site.port), PATIENCE)
        client.sendall(b"GET /files/large HTTP/1.1\r\nhost: a\r\n\r\n")
        content = client.recv(1_000).partition(b"\r\n\r\n")[2]
        assert content
        clients.append(client)
    large = str(folder / "large")
    until(lambda: open_files(site.program, folder) == [large] * 10, "all are open")
    # Others are served meanwhile.
    start = time.monotonic()
    for _ in range(20):
        assert site.curl("/files/a.css")[0] == 200
    assert time.monotonic() - start < PATIENCE
    assert site.program.memory() - before < 10 * (2 << 20)
    for client in clients[:-1]:
        client.close()
    until(lambda: open_files(site.program, folder) == [large], "those who left have closed theirs")
    came = len(content)
    while came < LARGE:
        received = clients[-1].recv(1 << 20)
        assert received
        came += len(received)
    until(lambda: not open_files(site.program, folder), "the last is closed")
    # On the same connection.
    clients[-1].sendall(b"GET /files/sub/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    answer = b""
    while not answer.endswith(b"below"):
        received = clients[-1].recv(65_536)
        assert received
        answer += received
    clients[-1].close()


def test_what_is_no_file_falls_through_to_the_workers(house, ports, folder):
    broker, port = ports
    site = Site(house, port, folder, "--static-fallthrough", broker=broker)
    house.worker("sh", broker)
    assert site.curl("/files/a.css")[2] == b"a { color: red }"
    (folder / "gone").symlink_to("nowhere")
    site.program.terminate()
    command = [SEAWAY, "up", "--listen", f"127.0.0.1:{broker}", "--http", f"127.0.0.1:{port}"]
    house.listening(house.start([*command, "--static", f"/={folder}", "--static-fallthrough",
                                 "--route", "/sh=http.request.sh"]), port)  # fmt: skip
    until(lambda: house.readers(broker, "http.request.sh") > 0, "the worker listens")
    for path in ["/sh", "/sh/none.css", "/sh/.hidden"]:
        assert site.curl(path)[2].startswith(b"hello from the shell"), path
    assert site.curl("/a.css")[2] == b"a { color: red }"


def test_answers_are_compressed(house, ports, folder, tmp_path):
    broker, port = ports
    metrics = free_port()
    site = Site(house, port, folder, "--compress", "--metrics", f"127.0.0.1:{metrics}", broker=broker)
    environment = {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
    source = pathlib.Path(__file__).with_name("page_worker.py")
    house.start([sys.executable, source, f"127.0.0.1:{broker}", tmp_path], environment)
    until(lambda: house.readers(broker, "http.request") > 0, "the worker listens")
    status, fields, content = site.curl("/page", "-H", "Accept-Encoding: gzip", "--raw")
    assert (status, fields["content-encoding"], fields["vary"]) == (200, "gzip", "accept-encoding")
    assert fields["etag"] == 'w/"1"' and len(content) < len(PAGE) // 10
    for path, option in [("/page", "--compressed"), ("/files/", "--compressed"), ("/page", "-s")]:
        assert site.curl(path, option)[2] == PAGE
    answer = site.curl("/page", "-H", "Accept-Encoding: gzip")
    assert gzip.decompress(answer[2]) == PAGE
    assert "content-encoding" not in site.curl("/png", "--compressed")[1]
    head = site.curl("/page", "-I", "-H", "Accept-Encoding: gzip")
    assert head[1]["content-encoding"] == "gzip" and "content-length" not in head[1]
    # Events come one by one though they are compressed.
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(b"GET /events HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip\r\n\r\n")
        received, stream, text = b"", zlib.decompressobj(31), b""
        for number in range(3):
            (tmp_path / f"event-{number}").touch()
            while b"data: event %d\n\n" % number not in text:
                piece = connection.recv(65_536)
                assert piece
                received += piece
                stream = zlib.decompressobj(31)
                text = stream.decompress(unchunked(received.partition(b"\r\n\r\n")[2]))
            assert b"data: event %d" % (number + 1) not in text
    found = counters(metrics)
    assert found["seaway_compressed_answers_total"] >= 5 and found["seaway_compressors_in_use"] in (0, 1)
    assert found["seaway_compressed_bytes_out_total"] < found["seaway_compressed_bytes_in_total"] / 10


def unchunked(data: bytes) -> bytes:
    content = b""
    while b"\r\n" in data:
        size, _, data = data.partition(b"\r\n")
        if not int(size, 16):
            break
        content += data[: int(size, 16)]
        data = data[int(size, 16) + 2 :]
    return content
