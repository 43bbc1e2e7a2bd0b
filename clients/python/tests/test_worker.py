"""Requests and answers: workers of both halves, as processes, at a real broker."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List

import pytest
from support.broker import Broker, Ends, until, worker
from support.server import Server

import seaway


class Site:
    """A broker, a worker and what asks it."""

    def __init__(self, place: str):
        self.broker = Broker("--capacity", "http.response.slow!*=2")
        self.worker = worker(f"support.{place}:worker", self.broker.address)
        self.server = Server(self.broker.address)
        assert self.server.whole("/hello/first")["status"] == 200

    def close(self) -> None:
        self.server.kill()
        self.worker.kill()
        self.broker.kill()


@pytest.fixture(scope="module", params=["sync_site", "aio_site"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    one = Site(request.param)
    yield one
    one.close()


# Requests and answers


def test_a_request_is_answered_by_the_function_of_its_path(site: Site) -> None:
    answer = site.server.whole("/hello/moon")
    assert answer.data == {
        "status": 200,
        "headers": [["content-type", "text/plain; charset=utf-8"]],
        "content": b"hello moon\n",
    }
    assert site.server.whole("/hello/moon", "HEAD")["status"] == 200


def test_what_fits_no_function_is_404_or_405(site: Site) -> None:
    assert site.server.whole("/nowhere")["status"] == 404
    answer = site.server.whole("/hello/moon", "DELETE")
    assert answer["status"] == 405
    assert ["allow", "GET"] in answer["headers"]


def test_an_exception_is_logged_and_answered_with_500(site: Site) -> None:
    answer = site.server.whole("/fail")
    assert (answer["status"], answer["content"]) == (500, b"Internal Server Error\n")
    site.worker.line("ERROR seaway: a function failed on GET /fail$")
    site.worker.line("RuntimeError: failed as told")
    assert site.server.whole("/fail/status")["status"] == 500


def test_an_exception_after_the_answer_is_only_logged(site: Site) -> None:
    assert site.server.whole("/fail/late")["status"] == 201
    site.worker.line("RuntimeError: failed after the answer")
    assert site.server.listening.receive(timeout=0) is None


def test_a_message_that_is_unreadable_harms_nobody_else(site: Site) -> None:
    site.server.layer.send("http.request", {"path": 7, "headers": 8})
    site.server.layer.send("http.request", {"reply_channel": "not a channel", "path": "/hello/moon", "method": "GET"})
    assert site.server.whole("/echo", "POST", headers=[["one"]])["status"] == 500
    assert site.server.whole("/hello/again")["content"] == b"hello again\n"


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 300_000, 1_000_000])
def test_bodies_of_any_bytes_and_sizes_go_both_ways(site: Site, size: int) -> None:
    body = (bytes(range(256)) * (size // 256 + 1))[:size]
    answer = site.server.whole("/echo", "POST", body=body, headers=[[b"content-type", b"image/x"]])
    assert answer["content"] == body
    assert answer["headers"] == [["content-type", "image/x"]]


def test_an_answer_over_1_mib_comes_in_pieces_with_their_offsets(site: Site) -> None:
    pieces = site.server.answer(site.server.ask("/large"))
    assert b"".join(piece["content"] for piece in pieces) == bytes(range(256)) * 5_000
    assert [piece.get("offset", 0) for piece in pieces] == [65_536 * n for n in range(len(pieces) - 1)] + [1_280_000]


def test_a_stream_comes_in_its_pieces(site: Site) -> None:
    pieces = [piece.data for piece in site.server.answer(site.server.ask("/stream"))]
    assert pieces == [
        {"status": 200, "headers": [["x", "1"]], "content": b"one ", "more_content": True},
        {"content": b"two ", "offset": 4, "more_content": True},
        {"content": b"three", "offset": 8, "more_content": True},
        {"content": b"", "offset": 13},
    ]


def test_a_stream_that_fails_is_broken_off_by_a_hole(site: Site) -> None:
    pieces = site.server.answer(site.server.ask("/stream/fail"))
    assert pieces[-1]["offset"] > len(b"half")
    site.worker.line("RuntimeError: failed in the middle")


def test_a_slow_client_holds_a_stream_back_and_gets_it_whole(site: Site, programs: List[Ends]) -> None:
    slow = Server(site.broker.address, "http.response.slow!")
    programs.append(slow)
    slow.layer.pause("http.response.slow!1")
    channel = slow.ask("/large")
    # The channel is full: the worker waits and tries again.
    until(lambda: slow.layer.stats()["refused"].get("full", 0) >= 2, "a piece that was refused")
    slow.layer.resume(channel)
    assert b"".join(piece["content"] for piece in slow.answer(channel)) == bytes(range(256)) * 5_000


def test_an_answer_that_nobody_waits_for_harms_nobody_else(site: Site) -> None:
    for path in ("/hello/moon", "/stream", "/fail", "/large"):
        site.server.layer.send(
            "http.request", {"reply_channel": "http.response.test!gone", "path": path, "method": "GET"}
        )
        site.server.layer.close("http.response.test!gone")
    assert site.server.whole("/hello/moon")["status"] == 200


def test_other_messages_reach_their_functions(site: Site) -> None:
    done, left = (site.server.layer.listen(name) for name in ("done", "left"))

    def received(listening: seaway.Listening) -> Dict[str, Any]:
        message = listening.receive(20)
        assert message is not None
        return message.data

    site.server.layer.send("jobs", {"n": 1})
    site.server.layer.join("all.jobs", "jobs")
    site.server.layer.send_group("all.jobs", {"n": 2})
    assert sorted((received(done) for _ in range(2)), key=lambda one: one["n"]) == [
        {"n": 1, "group": None, "on": "jobs"},
        {"n": 2, "group": "all.jobs", "on": "jobs"},
    ]
    site.server.layer.send("http.disconnect", {"reply_channel": "http.response.test!1", "path": "/moon"}, if_heard=True)
    assert received(left)["path"] == "/moon"
    done.stop()
    left.stop()


def test_a_mailbox_reaches_its_function_and_frames_are_shared(site: Site) -> None:
    reply_channel = "http.response.test!letters"
    site.server.layer.join("all.letters", "letters!1", "letters!2")
    site.server.layer.send_group("all.letters", {"reply_channel": reply_channel})
    assert sorted(site.server.next(reply_channel)["on"] for _ in range(2)) == ["letters!1", "letters!2"]


def test_many_requests_at_once_are_all_answered(site: Site) -> None:
    asked = {site.server.ask(f"/hello/{number}"): number for number in range(60)}
    for channel, number in asked.items():
        assert site.server.next(channel)["content"] == f"hello {number}\n".encode()
