"""HTTP/2, with real processes (INTERFACE.md, section 13: Z1, Z2, Z3, Z4, Z5, Z7)."""

from __future__ import annotations

import json
import re
import shutil
import socket
import struct
import subprocess

import pytest

from access import Authority
from frames2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PREFACE,
    REQUEST,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Frames,
    block,
    status,
)
from harness import PATIENCE, Wire, get, until
from https import Site


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def secured(house, authority):
    site = Site(house, [authority.issue("site", "DNS:localhost,IP:127.0.0.1")])
    yield site
    site.worker.close()


def frames(site: Site, window: int = 65_535) -> Frames:
    return Frames(socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE), window)


def curl(*arguments: str) -> str:
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "20", *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_speaks_it_over_tls_and_in_clear(secured, clear, authority):
    trust = ["--cacert", str(authority.certificate)]
    version = ["-w", "\n%{http_version} %{http_code}"]
    url = f"https://localhost:{secured.port}/moon?"
    body, _, told = curl("--http2", *trust, *version, "-b", "a=1; b=2", url).rpartition("\n")
    message = json.loads(body)
    assert told == "2 200"
    shown = [message[name] for name in ("http_version", "scheme", "path", "method")]
    assert shown == ["2", "https", "/moon", "GET"]
    fields = dict(message["headers"])
    assert (fields["host"], fields["cookie"]) == (f"localhost:{secured.port}", "a=1; b=2")
    assert not any(name.startswith(":") for name in fields)
    assert curl("--http1.1", *trust, *version, url).endswith("1.1 200")
    site = clear()
    url = f"http://127.0.0.1:{site.port}/?"
    assert curl("--http2-prior-knowledge", *version, url).endswith("\n2 200")
    assert curl("--http1.1", *version, url).endswith("1.1 200")
    assert curl("--http2-prior-knowledge", "-I", *version, url).endswith("\n2 200")
    site.counts(2, "seaway_http2_connections_total")


def test_a_body_comes_with_its_length_and_one_too_large_is_refused(clear):
    site = clear("--max-request-body", "100K", "--body-inline", "100K")
    url = f"http://127.0.0.1:{site.port}/?"
    message = json.loads(curl("--http2-prior-knowledge", "--data-binary", "y" * 90_000, url))
    assert dict(message["headers"])["content-length"] == "90000" and "y" * 90_000 in message["body"]
    with frames(site) as client:
        client.ask(1, "/?", ends=False)
        for _ in range(2):
            client.send(DATA, 0, 1, b"y" * 10)
        client.send(DATA, END_STREAM, 1, b"y")
        message = json.loads(client.content(1))
        assert dict(message["headers"])["content-length"] == "21"
        client.ask(3, "/?", ("content-length", "200000"), ends=False)
        assert status(client.until(HEADERS, 3)[3]) == 413
        # The rest is not wanted, and that is no error.
        assert client.until(RST_STREAM, 3)[3] == b"\0\0\0\0"
        client.ask(5, "/?3")
        assert client.content(5) == b"xxx"
    site.counts(1, "seaway_http_refused_total", reason="too_large")


def test_a_client_that_waits_to_send_is_told_to(clear):
    site = clear()
    with frames(site) as client:
        client.ask(1, "/?", ("expect", "100-continue"), ends=False)
        assert status(client.until(HEADERS, 1)[3]) == 100
        client.send(DATA, END_STREAM, 1, b"now")
        assert json.loads(client.content(1))["body"] == "now"


@pytest.mark.skipif(not shutil.which("h2load"), reason="h2load is not here")
def test_many_streams_on_few_connections(secured, clear):
    site = clear()
    for url in [f"https://localhost:{secured.port}/?100", f"http://127.0.0.1:{site.port}/?100"]:
        done = subprocess.run(
            ["h2load", "-n", "2000", "-c", "4", "-m", "16", url], capture_output=True, text=True, timeout=60, check=True
        )
        assert "2000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done.stdout


@pytest.mark.skipif(not shutil.which("nghttp"), reason="nghttp is not here")
def test_nghttp_sees_no_fault(secured):
    url = f"https://localhost:{secured.port}/?100000"
    done = subprocess.run(["nghttp", "-nv", "-m", "5", url], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.count(":status: 200") == 5 and "error_code=NO_ERROR" in done.stdout, done.stdout
    assert not re.search(r"error_code=(?!NO_ERROR)", done.stdout)


class Streaming:
    """A worker that sends one piece after another, until it is held back."""

    def __init__(self, site: Site, path: str):
        self.wire = Wire(site.broker)
        self.listening = Wire(site.broker)
        self.listening.listen("http.request.slow")
        self.path = path

    def take(self) -> str:
        return self.listening.take()["reply_channel"]

    def fill(self, channel: str, piece: str) -> int:
        """Bytes that were taken before the server has held the channel back."""
        sent = 0
        message = {"status": 200, "content": piece, "more_content": True}
        while True:
            answer = self.wire.ask(f"SEND :- {channel} {json.dumps(message)}")
            if answer != "OK":
                assert answer.startswith("ERR full"), answer
                return sent
            sent += len(piece)
            message = {"content": piece, "more_content": True, "offset": sent}

    def close(self) -> None:
        self.wire.close()
        self.listening.close()


def test_a_slow_stream_holds_its_worker_back_and_no_other(clear):
    site = clear("--route", "/slow=http.request.slow")
    worker = Streaming(site, "/slow")
    with frames(site, window=1_000) as client:
        client.ask(1, "/slow")
        channel = worker.take()
        sent = worker.fill(channel, "z" * 16_384)
        assert 16_384 <= sent < 4 << 20
        until(lambda: site.count("seaway_http_pauses_total") >= 1, "the reply channel is held back")
        # The others go on.
        for stream in range(3, 43, 2):
            client.ask(stream, "/?500")
            assert client.content(stream) == b"x" * 500
        client.send(WINDOW_UPDATE, 0, 1, struct.pack(">I", 1 << 24))
        client.send(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 24))
        last = {"content": "end", "offset": sent}
        until(lambda: worker.wire.ask(f"SEND :- {channel} {json.dumps(last)}") == "OK", "it goes on")
        content = client.content(1)
        assert len(content) >= sent - 1_000 and content.endswith(b"zend")
    worker.close()


def test_a_stream_that_is_reset_tells_its_worker_and_no_other_stream(clear):
    site = clear("--route", "/slow=http.request.slow")
    worker = Streaming(site, "/slow")
    with Wire(site.broker) as ends, frames(site) as client:
        ends.listen("http.disconnect.slow")
        client.ask(1, "/slow")
        client.ask(3, "/slow")
        channels = [worker.take()]
        worker.listening.write("READY 1 http.request.slow\n")
        channels.append(worker.take())
        client.send(RST_STREAM, 0, 1, b"\0\0\0\x08")
        told = ends.take()
        assert (told["reply_channel"], told["reason"]) == (channels[0], "left")
        answer = json.dumps({"status": 204})
        assert worker.wire.ask(f"SEND :- {channels[1]} {answer}") == "OK"
        assert client.content(3) == b""
    worker.close()


def test_a_stream_that_takes_nothing_is_cut_off(clear):
    site = clear("--route", "/slow=http.request.slow", "--client-stall-timeout", "500ms")
    worker = Streaming(site, "/slow")
    with frames(site, window=0) as client:
        client.ask(1, "/slow")
        worker.fill(worker.take(), "z" * 16_384)
        assert client.until(RST_STREAM, 1)[3] == b"\0\0\0\x08"
        client.send(SETTINGS, 0, 0, struct.pack(">HI", 4, 65_535))
        client.ask(3, "/?3")
        assert client.content(3) == b"xxx"
    site.counts(1, "seaway_http_disconnects_total", reason="stalled")
    worker.close()


@pytest.mark.parametrize(
    "fields, told",
    [
        ([(":method", "GET"), (":scheme", "http"), (":path", "/%00"), (":authority", "a")], 400),
        ([(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a:b")], 400),
        ([(":method", "GET"), (":scheme", "http"), (":path", "/")], 400),
        ([(":method", "GET"), (":scheme", "http"), (":path", "/"), ("host", "a"), ("host", "b")], 400),
        ([*REQUEST, *[(f"x-{number}", "y") for number in range(200)]], 431),
        ([(":method", "CONNECT"), (":authority", "a:1")], 501),
        # These are no HTTP/2, and end their stream alone (RFC 9113, 8.1.1).
        ([(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a b")], None),
        ([*REQUEST, ("connection", "close")], None),
        ([*REQUEST, ("transfer-encoding", "chunked")], None),
        ([*REQUEST, ("X-Upper", "y")], None),
        ([*REQUEST, (":path", "/other")], None),
        ([*REQUEST, ("content-length", "5")], None),
        ([(":method", "GET"), (":scheme", "http"), (":authority", "a")], None),
    ],
)
def test_a_bad_request_ends_no_other(clear, fields, told):
    site = clear()
    with frames(site) as client:
        client.send(HEADERS, END_HEADERS | END_STREAM, 1, block(fields))
        if told is None:
            assert client.until(RST_STREAM, 1)[3] == b"\0\0\0\x01"
        else:
            assert status(client.until(HEADERS, 1)[3]) == told
        client.ask(3, "/?3")
        assert client.content(3) == b"xxx"


def test_hosts_and_targets_are_those_of_http_1(clear):
    site = clear()
    more = [("host", "ignored"), ("cookie", "a=1"), ("x_y", "z"), ("cookie", "b=2")]
    with frames(site) as client:
        client.ask(1, "/a%20b?c=%20", *more)
        message = json.loads(client.content(1))
    assert (message["path"], message["raw_path"], message["query_string"]) == ("/a b", "/a%20b", "c=%20")
    # The server itself names the request, last.
    assert message["headers"][:-1] == [["host", "localhost"], ["cookie", "a=1; b=2"]]
    assert message["headers"][-1] == ["x-request-id", message["request_id"]]


def test_a_server_that_leaves_says_so_and_ends_behind_the_last_answer(clear):
    site = clear("--route", "/slow=http.request.slow", "--grace", "20s")
    worker = Streaming(site, "/slow")
    with frames(site) as client, frames(site) as idle:
        idle.until(SETTINGS)
        client.ask(1, "/slow")
        channel = worker.take()
        site.program.process.terminate()
        assert idle.goaway() == 0
        assert client.until(GOAWAY)[3][4:8] == b"\0\0\0\0"
        answer = json.dumps({"status": 200, "content": "bye"})
        assert worker.wire.ask(f"SEND :- {channel} {answer}") == "OK"
        assert client.content(1) == b"bye"
        assert client.goaway() in (0, None)
    assert site.program.process.wait(PATIENCE) == 0
    worker.close()


def test_a_client_that_has_only_begun_when_the_server_leaves_is_told_so_too(clear):
    site = clear("--grace", "20s")

    def refuses() -> bool:
        try:
            socket.create_connection(("127.0.0.1", site.port), PATIENCE).close()
        except ConnectionError:
            return True
        return False

    with socket.create_connection(("127.0.0.1", site.port), PATIENCE) as connection:
        connection.sendall(PREFACE)
        site.counts(1, "seaway_http2_connections_total")
        site.program.process.terminate()
        until(refuses, "the server takes no more")
        assert Frames(connection, preface=b"").goaway() == 0
    assert site.program.process.wait(PATIENCE) == 0


def test_no_http2_where_it_is_not_wanted(house, authority):
    site = Site(house, [authority.issue("site", "DNS:localhost")], "--no-http2")
    trust = ["--cacert", str(authority.certificate), "-w", "\n%{http_version}"]
    assert curl("--http2", *trust, f"https://localhost:{site.port}/?").endswith("\n1.1")
    assert get(site.metrics, "/metrics").status == 200
    site.worker.close()


def answered(site: Site, worker: Streaming, message: dict, *arguments: str) -> tuple[dict[str, str], str]:
    """The fields of one answer as curl shows them, with the status as one, and its content."""
    command = ["curl", "-sS", "--http2-prior-knowledge", "--max-time", "20", "-D", "-", *arguments]
    command.append(f"http://127.0.0.1:{site.port}/slow")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        channel = worker.take()
        worker.listening.write("READY 1 http.request.slow\n")
        assert worker.wire.ask(f"SEND :- {channel} {json.dumps(message)}") == "OK"
        output, _ = asking.communicate(timeout=PATIENCE)
    assert asking.returncode == 0
    head, _, content = output.replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.splitlines()
    return {"status": first.split()[1], **dict(line.split(": ", 1) for line in lines)}, content


@pytest.mark.parametrize(
    "message, options, length",
    [
        ({"status": 204, "content": "dropped"}, [], None),
        ({"status": 205, "content": "dropped"}, [], "0"),
        ({"status": 304, "headers": [["content-length", "10"], ["etag", "x"]]}, [], "10"),
        ({"status": 304, "content": "dropped", "more_content": True}, [], None),
        ({"status": 200, "content": "12345"}, ["-I", "-o", "/dev/null"], "5"),
        ({"status": 200, "headers": [["content-length", "9"]]}, ["-I", "-o", "/dev/null"], "9"),
        ({"status": 200, "content": "12345", "more_content": True}, ["-I", "-o", "/dev/null"], None),
        ({"status": 200, "content": ""}, [], "0"),
    ],
)
def test_answers_without_content(clear, message, options, length):
    site = clear("--route", "/slow=http.request.slow")
    worker = Streaming(site, "/slow")
    fields, content = answered(site, worker, message, *options)
    assert fields["status"] == str(message["status"])
    assert (fields.get("content-length"), content) == (length, "")
    with frames(site) as client:
        # The client is told in the head that nothing follows.
        asked = dict(REQUEST) | {":path": "/slow", ":method": "HEAD" if options else "GET"}
        client.send(HEADERS, END_HEADERS | END_STREAM, 1, block(list(asked.items())))
        channel = worker.take()
        assert worker.wire.ask(f"SEND :- {channel} {json.dumps(message)}") == "OK"
        frame = client.until(HEADERS, 1)
        assert frame[1] & END_STREAM
    worker.close()
