"""`seaway bridge http`: messages by POST."""

import hashlib
import hmac
import http.client
import json
import socket
import subprocess
from typing import Any

import pytest

from bridges import bridge, run, summary, taking
from harness import PATIENCE, SEAWAY, Answer, House, Program, until

JSON = {"Content-Type": "application/json"}


def open_bridge(house: House, ports: tuple, *options: str) -> Program:
    return house.listening(bridge(house, "http", ports[0], "--listen", f"127.0.0.1:{ports[1]}", *options), ports[1])


def post(port: int, path: str, body: Any = b'{"n":1}', headers: dict = JSON, method: str = "POST") -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def test_posts_reach_channels_and_groups_and_are_counted(house, ports):
    house.broker(ports[0])
    program = open_bridge(house, ports)
    with (
        taking(ports[0], "log") as log,
        taking(ports[0], "a!1", "news") as first,
        taking(ports[0], "b!1", "news") as second,
    ):
        answer = post(ports[1], "/channels/log")
        assert (answer.status, json.loads(answer.body)) == (202, {"sent": 1})
        answer = post(ports[1], "/groups/news")
        assert (answer.status, json.loads(answer.body)) == (200, {"sent": 2, "full": 0, "gone": 0})
        assert log.wait(1) == first.wait(1) == second.wait(1) == [{"n": 1}]
    assert program.terminate() == 0
    assert "sent=2" in summary(program.output())


def test_text_and_bytes_become_a_field(house, ports):
    house.broker(ports[0])
    open_bridge(house, ports)
    with taking(ports[0], "log") as log:
        assert post(ports[1], "/channels/log", b"hello", {"Content-Type": "text/plain"}).status == 202
        assert post(ports[1], "/channels/log", b"\xff", {}).status == 202
        assert log.wait(2) == [
            {"source": "/channels/log", "data": "hello"},
            {"source": "/channels/log", "data": {"$bytes": "/w=="}},
        ]


def test_a_thousand_posts_on_one_connection_arrive_in_order(house, ports):
    house.broker(ports[0])
    open_bridge(house, ports)
    with taking(ports[0], "log") as log:
        connection = http.client.HTTPConnection("127.0.0.1", ports[1], timeout=PATIENCE)
        for n in range(1_000):
            connection.request("POST", "/channels/log", body=b'{"n":%d}' % n, headers=JSON)
            response = connection.getresponse()
            assert (response.status, response.read()) == (202, b'{"sent":1}\n')
        connection.close()
        assert [message["n"] for message in log.wait(1_000)] == list(range(1_000))


@pytest.mark.parametrize(
    "path, body, headers, method, status, error",
    [
        ("/groups/a%20b", b"{}", JSON, "POST", 404, "name"),
        ("/other", b"{}", JSON, "POST", 404, "name"),
        ("/channels/http.response.s!1", b"{}", JSON, "POST", 404, "name"),
        ("/groups/a", b"", JSON, "GET", 405, "method"),
        ("/groups/a", b"[1]", JSON, "POST", 400, "payload"),
        ("/groups/a", b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, "POST", 415, "type"),
        ("/groups/a", b"x" * 2_000, JSON, "POST", 413, "size"),
    ],
)
def test_what_is_not_taken_is_answered_and_counted(house, ports, path, body, headers, method, status, error):
    house.broker(ports[0])
    program = open_bridge(house, ports, "--max-body", "1K")
    answer = post(ports[1], path, body, headers, method)
    assert (answer.status, json.loads(answer.body)["error"]) == (status, error)
    assert post(ports[1], "/channels/log").status == 202
    assert program.terminate() == 0
    assert "=1" in summary(program.output()).split("dropped-")[1]


def test_a_body_without_a_length_is_bounded_too(house, ports):
    house.broker(ports[0])
    open_bridge(house, ports, "--max-body", "1K")
    answer = post(ports[1], "/groups/a", iter([b"x" * 600] * 3), JSON)
    assert answer.status == 413


def test_a_token_is_asked_for(house, ports, tmp_path):
    (tmp_path / "token").write_text("s3cret\n")
    house.broker(ports[0])
    open_bridge(house, ports, "--http-token-file", str(tmp_path / "token"))
    nobody = post(ports[1], "/channels/log")
    assert (nobody.status, nobody.headers["www-authenticate"]) == (401, "Bearer")
    assert post(ports[1], "/channels/log", headers={**JSON, "Authorization": "Bearer other"}).status == 403
    assert post(ports[1], "/channels/log", headers={**JSON, "Authorization": "Bearer s3cret"}).status == 202


def test_a_signature_is_asked_for(house, ports, tmp_path):
    (tmp_path / "secret").write_text("hush")
    house.broker(ports[0])
    open_bridge(house, ports, "--hmac-secret-file", str(tmp_path / "secret"), "--to-group", "hook.{name}")
    body = b'{"action":"opened"}'
    signature = "sha256=" + hmac.new(b"hush", body, hashlib.sha256).hexdigest()
    signed = {**JSON, "X-Hub-Signature-256": signature}
    with taking(ports[0], "a!1", "hook.github.issues") as taker:
        assert post(ports[1], "/github/issues", body, signed).status == 200
        assert taker.wait(1) == [{"action": "opened"}]
    assert post(ports[1], "/github/issues", body + b" ", signed).status == 403
    assert post(ports[1], "/github/issues", body).status == 401


def test_only_allowed_names_are_posted_to(house, ports):
    house.broker(ports[0])
    open_bridge(house, ports, "--allow", "news.*")
    assert post(ports[1], "/groups/news.sport").status == 200
    assert post(ports[1], "/channels/http.request").status == 403


def test_no_room_and_no_broker_are_503(house, ports):
    broker = house.broker(ports[0], "--capacity", "log=1")
    open_bridge(house, ports)
    assert post(ports[1], "/channels/log").status == 202
    full = post(ports[1], "/channels/log")
    assert (full.status, full.headers["retry-after"], json.loads(full.body)) == (503, "1", {"error": "full"})
    broker.kill()
    away = post(ports[1], "/channels/log")
    assert away.status in (502, 503)
    assert post(ports[1], "/channels/log").status == 503
    house.broker(ports[0])
    until(lambda: post(ports[1], "/channels/log").status == 202, "posts are taken again")


def test_connections_are_bounded_and_a_stuck_one_holds_up_nobody(house, ports):
    house.broker(ports[0])
    open_bridge(house, ports, "--max-http-connections", "2")
    stuck = socket.create_connection(("127.0.0.1", ports[1]), timeout=PATIENCE)
    stuck.sendall(b"POST /channels/log HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
    assert until(lambda: post(ports[1], "/channels/log").status == 202, "another connection is taken")
    second = socket.create_connection(("127.0.0.1", ports[1]), timeout=PATIENCE)
    second.sendall(b"POST ")
    with pytest.raises((OSError, http.client.HTTPException)):
        for _ in range(50):
            post(ports[1], "/channels/log")
    stuck.close()
    second.close()


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_post_under_way_is_answered_before_it_leaves(house, ports):
    house.broker(ports[0])
    program = open_bridge(house, ports)
    assert post(ports[1], "/channels/log").status == 202
    client = socket.create_connection(("127.0.0.1", ports[1]), timeout=PATIENCE)
    client.sendall(
        b"POST /channels/log HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Content-Length: 7\r\nExpect: 100-continue\r\n\r\n"
    )
    assert client.recv(65536).startswith(b"HTTP/1.1 100")
    program.process.terminate()
    until(lambda: not is_open(ports[1]), "it takes no more connections")
    client.sendall(b'{"n":1}')
    answer = b"".join(iter(lambda: client.recv(65536), b""))
    client.close()
    assert answer.startswith(b"HTTP/1.1 202") and b"onnection: close" in answer
    assert program.process.wait(PATIENCE) == 0


def test_a_taken_port_is_told(house, ports):
    house.broker(ports[0])
    done = run("http", ports[0], "--listen", f"127.0.0.1:{ports[0]}", "--log-level", "error")
    assert done.returncode == 69
    assert f"127.0.0.1:{ports[0]}" in done.stderr


@pytest.mark.parametrize(
    "head, status, stays",
    [
        ("POST /channels/log HTTP/1.1\r\nHost: a \r\nContent-Length:  2  \r\nContent-Type: text/plain \r\n", 202, True),
        (
            "POST /channels/log HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: keep-alive,\tclose\r\n",
            202,
            False,
        ),
        ("OHAI /channels/log HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n", 501, False),
        ("POST /channels/log HTTP/1.1\r\nHost: a b\r\nContent-Length: 2\r\n", 400, False),
        ("POST /channels/log HTTP/1.1\r\nContent-Length: 2\r\n", 400, False),
        ("nonsense\r\n", 400, False),
    ],
)
def test_fields_are_read_as_http_has_them(house, ports, head, status, stays):
    house.broker(ports[0], "--capacity", "log=5")
    open_bridge(house, ports)
    with socket.create_connection(("127.0.0.1", ports[1]), timeout=PATIENCE) as client:
        client.sendall(head.encode() + b"\r\nok")
        answer = http.client.HTTPResponse(client)
        answer.begin()
        answer.read()
        assert answer.status == status
        assert (answer.getheader("connection") != "close") == stays
        if not stays:
            assert client.recv(1) == b""


@pytest.mark.parametrize(
    "options, told",
    [
        (["--listen", "0.0.0.0:0"], "--http-token-file"),
        (["--listen", "unix:/x"], "HOST:PORT"),
        (["--allow", "a b"], "pattern"),
        (["--http-token-file", "/no/such/file"], "/no/such/file"),
        (["--http-token-file", "/dev/null"], "empty"),
    ],
)
def test_a_bad_option_is_named(options, told):
    done = subprocess.run([SEAWAY, "bridge", "http", *options], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 64, done.stderr
    assert told in done.stderr
