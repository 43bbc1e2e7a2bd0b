"""Django 1.11 with Channels 1.1 behind Seaway's interface server, and Daphne 1.4 before a worker in Go."""

from __future__ import annotations

import contextlib
import http.client

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from asgi1_site import Site
from harness import PATIENCE, Wire, get, until


def socket(port: int, path: str) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{port}{path}", open_timeout=PATIENCE, close_timeout=PATIENCE)


def told(*sockets: ClientConnection) -> list[object]:
    return [one.recv(PATIENCE) for one in sockets]


def post(port: int, path: str, body: bytes) -> str:
    answer = get(port, path, "POST", body)
    assert answer.status == 200, answer
    return answer.body.decode()


def test_views_of_django_1_answer_behind_the_interface_server(site: Site) -> None:
    port = site.server()
    site.django_worker()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/hello/Ann?seen=a%20b", headers={"User-Agent": "of 2017"})
    answer = connection.getresponse()
    assert answer.read() == b"hello Ann from 127.0.0.1"
    assert answer.headers["X-Agent"] == "of 2017"
    assert answer.headers["Set-Cookie"].startswith('seen="a b"')
    connection.close()
    assert get(port, "/nowhere").status == 404
    assert get(port, "/large").body == b"x" * 2_000_000
    assert get(port, "/pieces").body == b"".join(b"%d" % number * 50_000 for number in range(8))


@pytest.mark.parametrize("size", [0, 100, 65_537, 3_000_000])
def test_a_body_of_any_size_reaches_a_view(site: Site, size: int) -> None:
    port = site.server()
    site.django_worker()
    assert post(port, "/size", b"b" * size) == f"POST {size}"


def test_sockets_of_the_interface_server_have_consumers_of_channels_1(site: Site) -> None:
    port = site.server()
    site.django_worker("--threads", "2")
    with socket(port, "/chat") as first, socket(port, "/chat") as second:
        first.send(b"\x00\xff")
        assert first.recv(PATIENCE) == b"\x00\xff"
        with Wire(site.broker) as wire:
            until(lambda: wire.look("MEMBERS room")["total"] == 2, "both sockets are in the group")
            second.send("hi")
            assert told(first, second) == ["Django heard hi"] * 2
            assert post(port, "/tell", b"from a view") == "told"
            assert told(first, second) == ["from a view"] * 2
            # Groups are the broker's: a worker in any language sends to them.
            assert wire.ask('GSEND :- room {"text":"from outside"}').startswith("OK sent=2")
            assert told(first, second) == ["from outside"] * 2
            first.close()
            until(lambda: wire.look("MEMBERS room")["total"] == 1, "the group has lost a socket")
    with pytest.raises(InvalidStatus) as refused:
        socket(port, "/elsewhere")
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("options", [(), ("--force-sync",)], ids=["twisted", "sync"])
def test_daphne_asks_a_worker_in_go(site: Site, options: tuple[str, ...]) -> None:
    site.go_worker()
    port = site.daphne(*options)
    answer = get(port, "/moon?a=b")
    assert (answer.status, answer.headers["x-worker"]) == (200, "go")
    assert answer.body == b"GET /moon?a=b 0"
    assert post(port, "/post", b"b" * 300_000) == "POST /post? 300000"
    assert get(port, "/pieces").body == b"".join(b"%d" % number * 50_000 for number in range(8))


def test_sockets_of_daphne_have_a_worker_in_go(site: Site) -> None:
    site.go_worker()
    port = site.daphne()
    with socket(port, "/chat") as first, socket(port, "/chat") as second:
        first.send("hi")
        assert told(first, second) == ["Go heard hi"] * 2
        for number in range(5):
            second.send(str(number))
            assert told(first, second) == [f"Go heard {number}"] * 2
        assert post(port, "/tell", b"to all") == "POST /tell? 6"
        assert told(first, second) == ["to all"] * 2
    with pytest.raises(InvalidStatus) as refused:
        socket(port, "/closed")
    assert refused.value.response.status_code == 403


def test_a_group_of_many_sockets_loses_nothing_at_daphne(site: Site) -> None:
    site.go_worker()
    port = site.daphne()
    with contextlib.ExitStack() as all_open:
        sockets = [all_open.enter_context(socket(port, "/chat")) for _ in range(150)]
        for number in range(3):
            sockets[0].send(str(number))
            assert set(told(*sockets)) == {f"Go heard {number}"}


def test_daphne_and_runworker_have_a_broker_between_them_as_they_had_redis(site: Site) -> None:
    port = site.daphne()
    site.django_worker()
    assert get(port, "/hello/Bob").body == b"hello Bob from 127.0.0.1"
    assert post(port, "/size", b"b" * 200_000) == "POST 200000"
    with socket(port, "/chat") as one:
        one.send("hi")
        assert one.recv(PATIENCE) == "Django heard hi"


def test_a_worker_leaves_when_it_is_told_to_and_the_next_one_answers(site: Site) -> None:
    port = site.server()
    worker = site.django_worker()
    assert get(port, "/hello/Ann").status == 200
    assert worker.terminate() == 0
    until(lambda: site.readers("http.request") == 0, "nobody listens")
    site.django_worker()
    assert get(port, "/hello/Ann").status == 200


def test_workers_and_daphne_live_through_the_loss_of_their_broker(site: Site) -> None:
    ports = [site.daphne(), site.server()]
    worker = site.django_worker()
    assert [get(port, "/hello/Ann").status for port in ports] == [200, 200]
    site.broker_program.kill()
    site.start_broker()
    until(lambda: site.readers("http.request") == 1, "the worker listens again")
    for port in ports:
        until(lambda port=port: get(port, "/hello/Ann").status == 200, "it is answered again")
    assert worker.is_running


def test_a_closed_socket_is_told_with_its_code(site: Site) -> None:
    port = site.server()
    site.django_worker()
    with socket(port, "/chat") as one, Wire(site.broker) as wire:
        until(lambda: wire.look("MEMBERS room")["total"] == 1, "the socket is in the group")
        assert wire.ask('GSEND :- room {"close":4001}').startswith("OK sent=1")
        with pytest.raises(ConnectionClosed) as closed:
            one.recv(PATIENCE)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4001
