"""Bodies of any size over HTTP/2, both ways (INTERFACE.md, sections 2.1 and 13: I40, I42, I43, I44, Z8)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import pathlib
import socket
import subprocess

import pytest

from frames2 import DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, Frames, Upload, block, status
from harness import PATIENCE, get, until
from test_bodies import BLOCK, LONG, MOST_MEMORY, SIZE, Site, peak

CANCEL, NO_ERROR = b"\0\0\0\x08", b"\0\0\0\0"


@pytest.fixture
def site(house, ports, tmp_path) -> Site:
    return Site(house, ports, tmp_path, options=("--http2-cleartext",))


def frames(site: Site) -> Frames:
    return Frames(socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE))


def post(client: Frames, stream: int, path: str, *more: tuple[str, str]) -> None:
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "a"), *more]
    client.send(HEADERS, END_HEADERS, stream, block(fields))


def answer(client: Frames, stream: int) -> tuple[int, bytes]:
    return status(client.until(HEADERS, stream)[3]), client.content(stream)


def curl(site: Site, path: str, *arguments: str, body: pathlib.Path | None = None) -> bytes:
    """What comes, with version and status in a line behind it."""
    url = f"http://127.0.0.1:{site.port}{path}"
    command = ["curl", "-sS", "--http2-prior-knowledge", "--max-time", str(LONG), *arguments, url]
    told = ["-w", "\n%{http_version} %{http_code}"]
    source = body.open("rb") if body else None
    with source or contextlib.nullcontext():
        done = subprocess.run([*command, *told], stdin=source, capture_output=True, timeout=LONG + 10, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_body_of_any_size_goes_both_ways_in_little_memory(site, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(BLOCK * (SIZE // len(BLOCK)))
    told = {"size": SIZE, "sha256": hashlib.sha256(body.read_bytes()).hexdigest()}
    # With a length, and without.
    for source in [str(body), "-"]:
        content, _, end = curl(site, "/up", "-X", "POST", "-T", source, body=body).rpartition(b"\n")
        assert (end, json.loads(content)) == (b"2 200", told)
    content, _, end = curl(site, f"/down/{SIZE // len(BLOCK)}").rpartition(b"\n")
    assert (end, content == body.read_bytes()) == (b"2 200", True)
    for program in site.programs:
        assert peak(program) < MOST_MEMORY, program.command


@pytest.mark.parametrize("says_its_length", [True, False])
def test_a_body_of_every_size_is_whole(site, says_its_length):
    with frames(site) as client:
        for number, size in enumerate([0, 1, 65_534, 65_535, 65_536, 65_537, 131_072, 300_000, 1_048_577]):
            stream = 2 * number + 1
            content = (BLOCK * (size // len(BLOCK) + 1))[:size]
            post(client, stream, "/whole", *([("content-length", str(size))] if says_its_length else []))
            if size:
                Upload(client, stream, content).go()
            else:
                client.send(DATA, END_STREAM, stream)
            assert answer(client, stream) == (200, hashlib.sha256(content).hexdigest().encode()), size


def test_a_worker_that_refuses_does_not_read_the_rest(site):
    with frames(site) as client:
        length = ("content-length", str(1 << 30))
        post(client, 1, "/refused", length)
        Upload(client, 1, BLOCK).go(16_384)
        assert answer(client, 1) == (401, b"who are you?\n")
        # The rest is not wanted, and that is no error.
        assert client.until(RST_STREAM, 1)[3] == NO_ERROR
        post(client, 3, "/refused", length, ("expect", "100-continue"))
        assert answer(client, 3) == (401, b"who are you?\n")
        assert client.until(RST_STREAM, 3)[3] == NO_ERROR
        post(client, 5, "/whole", ("content-length", "100000"), ("expect", "100-continue"))
        assert status(client.until(HEADERS, 5)[3]) == 100
        upload = Upload(client, 5, BLOCK + BLOCK[:34_464])
        upload.go()
        assert answer(client, 5) == (200, hashlib.sha256(upload.content).hexdigest().encode())


def test_curl_has_the_answer_to_an_upload_that_nobody_wants(site, tmp_path):
    body = tmp_path / "body"
    with body.open("wb") as file:
        file.truncate(64 << 20)
    assert curl(site, "/refused", "-X", "POST", "-T", str(body)) == b"who are you?\n\n2 401"


def test_a_body_that_becomes_too_large_is_refused_in_the_middle(house, ports, tmp_path):
    site = Site(house, ports, tmp_path, options=("--http2-cleartext", "--max-request-body", "300K"))
    with frames(site) as client:
        post(client, 1, "/up")
        upload = Upload(client, 1, BLOCK * 16)
        upload.go(300 << 10)
        client.send(DATA, 0, 1, b"x")
        assert answer(client, 1)[0] == 413
        assert client.until(RST_STREAM, 1)[3] == NO_ERROR
        broken = tmp_path / "broken"
        until(lambda: broken.exists() and broken.read_text(), "the worker hears of it")
        assert broken.read_text().endswith(" True")
        post(client, 3, "/whole")
        client.send(DATA, END_STREAM, 3, b"one")
        assert answer(client, 3)[0] == 200


@pytest.mark.parametrize("leaves", ["stream", "connection"])
def test_a_client_that_leaves_is_told_to_the_worker_that_reads(site, tmp_path, leaves):
    broken = tmp_path / "broken"
    with frames(site) as client:
        post(client, 1, "/up", ("content-length", str(1 << 30)))
        upload = Upload(client, 1, BLOCK * 20)
        upload.go()
        if leaves == "stream":
            client.send(RST_STREAM, 0, 1, CANCEL)
            until(lambda: broken.exists() and broken.read_text(), "the worker hears of it")
            post(client, 3, "/whole")
            client.send(DATA, END_STREAM, 3, b"one")
            assert answer(client, 3)[0] == 200
    until(lambda: broken.exists() and broken.read_text(), "the worker hears of it")
    size, is_left = broken.read_text().split()
    assert (int(size) <= 20 * len(BLOCK), is_left) == (True, "True")
    assert get(site.port, "/whole", "POST", b"one").status == 200


def test_the_client_is_not_read_faster_than_the_worker_takes(site, tmp_path):
    with frames(site) as client:
        post(client, 1, "/slow", ("content-length", str(SIZE)))
        until((tmp_path / "slow").exists, "the worker has it")
        upload = Upload(client, 1, BLOCK * (SIZE // len(BLOCK)))
        upload.until_full()
        # The stream is full, the connection is not.
        assert (client.windows[1], client.windows[0] > 0) == (0, True)
        assert 65_535 <= upload.sent <= 262_144
        post(client, 3, "/whole")
        client.send(DATA, END_STREAM, 3, b"one")
        client.windows[0] -= 3
        assert answer(client, 3)[0] == 200
        (tmp_path / "go-on").touch()
        upload.go()
        assert answer(client, 1) == (200, str(SIZE).encode())
