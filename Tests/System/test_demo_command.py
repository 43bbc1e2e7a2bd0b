"""`seaway demo`: the live blog, and all that it needs, in one process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from websockets.sync.client import connect

from harness import PATIENCE, SEAWAY, Wire, free_port, get, until


@pytest.fixture
def demo(house):
    http, broker, admin = free_port(), free_port(), free_port()
    program = house.start([
        SEAWAY, "demo", "--http", f"127.0.0.1:{http}", "--listen", f"127.0.0.1:{broker}",
        "--admin", f"127.0.0.1:{admin}",
    ])  # fmt: skip
    until(lambda: "The live blog is at" in program.output(), "it says where the page is")
    yield program, http, broker, admin


def events(socket) -> Iterator[dict]:
    """What is told and is no post."""
    while True:
        text = socket.recv(PATIENCE)
        if text.startswith("{"):
            yield json.loads(text)


def test_what_is_posted_is_seen_by_who_reads_and_by_who_comes_later(demo):
    program, http, broker, _ = demo
    with connect(f"ws://127.0.0.1:{http}/live", open_timeout=PATIENCE) as first:
        assert {"history": []} in events(first)
        assert get(http, "/swift", "POST", b"hello").body == b"posted by Swift\n"
        with Wire(broker) as shell:
            assert shell.ask('GSEND :- liveblog {"text":"me: from a shell"}').startswith("OK")
        seen: list[str] = []
        while len(seen) < 2:
            text = str(first.recv(PATIENCE))
            seen += [] if text.startswith("{") else [text]
        assert seen == ["Swift: hello", "me: from a shell"]
        with connect(f"ws://127.0.0.1:{http}/live", open_timeout=PATIENCE) as second:
            assert {"history": seen} in events(second)
            assert {"readers": 2} in events(first)
    assert program.terminate() == 0


def test_heavy_work_is_answered(demo):
    program, http, _, _ = demo
    fields = {"content-type": "application/x-www-form-urlencoded"}
    answer = get(http, "/bigdata", "POST", b"job=1&limit=1000", fields=fields)
    assert answer.status == 200 and answer.body.startswith(b"168 primes below 1000, counted in ")
    assert get(http, "/bigdata", "POST", b"job=1&limit=none", fields=fields).status == 422
    assert program.terminate() == 0


def test_the_page_has_a_button_for_the_one_worker_and_the_console_is_there(demo):
    _, http, broker, admin = demo
    page = get(http, "/").body.decode()
    assert 'data-workers="Swift"' in page and f"127.0.0.1 {broker}" in page
    assert get(admin, "/").status == 200 and get(admin, "/readyz").status == 200


def test_an_address_that_is_taken_is_named(house, demo):
    _, http, _, _ = demo
    second = house.start(
        [SEAWAY, "demo", "--http", f"127.0.0.1:{http}", "--listen", f"127.0.0.1:{free_port()}",
         "--admin", f"127.0.0.1:{free_port()}"]
    )  # fmt: skip
    assert second.process.wait(PATIENCE) == 69
    assert f"cannot listen on 127.0.0.1:{http}" in second.output()
