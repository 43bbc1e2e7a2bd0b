"""HAProxy and nginx in front of an interface server: who its clients are is what these say, and nobody else."""

from __future__ import annotations

import http.client
import json
import shutil
import socket

import pytest

from harness import PATIENCE, SEAWAY, free_port, get, metric, until
from pages import Mirror

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")
HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")
# A client that is told from a proxy by its address: all of 127.0.0.0/8 is this machine.
CLIENT = "127.0.0.5"


@pytest.fixture
def broker(house):
    port = free_port()
    house.broker(port)
    mirror = Mirror(port)
    yield port
    mirror.close()


def serve(house, broker: int, *words: object):
    program = house.start([SEAWAY, "serve", "--broker", f"127.0.0.1:{broker}", "--access-log", *words])
    until(lambda: "serving HTTP" in program.output() or not program.is_running, "it listens")
    assert program.is_running, program.output()
    return program


def ask(port: int, fields: dict | None = None, source: str = CLIENT) -> dict:
    """What the worker was told of a request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE, source_address=(source, 0))
    connection.request("GET", "/moon", headers=fields or {})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 200, body
    told = json.loads(body)
    told["headers"] = dict(told["headers"])
    return told


def haproxy(house, tmp_path, port: int, server: str, *lines: str):
    config = tmp_path / f"haproxy-{port}.cfg"
    more = "\n    ".join(lines)
    config.write_text(
        f"""
defaults
    timeout connect 5s
    timeout client 20s
    timeout server 20s
listen here
    bind 127.0.0.1:{port}
    {more}
    server there {server}
"""
    )
    return house.listening(house.start([HAPROXY, "-db", "-f", config]), port)


@pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")
@pytest.mark.parametrize(
    "mode, way",
    [
        ("tcp", "send-proxy"), ("tcp", "send-proxy-v2"), ("http", "send-proxy-v2"),
        ("tcp", "send-proxy-v2 proxy-v2-options crc32c,unique-id"),
        ("tcp", "send-proxy check check-send-proxy inter 100ms"), ("tcp", "send-proxy-v2 check inter 100ms"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["tcp", "unix"])
def test_haproxy_says_whose_a_connection_is(house, broker, tmp_path, mode, way, place):
    port, own = free_port(), free_port()
    path = tmp_path / "http"
    address, there = (f"127.0.0.1:{own}",) * 2 if place == "tcp" else (f"unix:{path}", f"unix@{path}")
    trusted = "127.0.0.1" if place == "tcp" else "unix"
    server = serve(house, broker, "--http", address, "--proxy-protocol", "--trusted-proxy", trusted)
    haproxy(house, tmp_path, port, f"{there} {way}", f"mode {mode}")
    told = ask(port)
    assert told["client"][0] == CLIENT and told["client"][1] > 0
    assert told["server"] == ["127.0.0.1", port]
    until(lambda: f"client={CLIENT}" in server.output(), "the access log names it")
    assert "no PROXY header" not in server.output()


@pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")
def test_a_proxy_that_says_nothing_is_closed_and_a_stranger_has_no_header(house, broker, tmp_path):
    port, own, metrics = free_port(), free_port(), free_port()
    server = serve(
        house, broker, "--http", f"127.0.0.1:{own}", "--proxy-protocol", "--trusted-proxy", "127.0.0.1",
        "--proxy-protocol-timeout", "300ms", "--metrics", f"127.0.0.1:{metrics}",
    )  # fmt: skip
    haproxy(house, tmp_path, port, f"127.0.0.1:{own}", "mode tcp")
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(port)
    # Lines are written behind what the server does.
    until(lambda: "no PROXY header" in server.output(), "the log says so")
    assert ask(own, source="127.0.0.9")["client"][0] == "127.0.0.9"
    with socket.create_connection(("127.0.0.1", own), PATIENCE) as silent:
        assert silent.recv(1) == b""
    text = get(metrics, "/metrics").body.decode()
    assert 'seaway_proxy_headers_refused_total{reason="malformed"} 1\n' in text
    # The proxy may have tried again by itself.
    assert metric(metrics, 'seaway_proxy_headers_refused_total{reason="slow"}') >= 1


@pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")
def test_an_address_has_so_many_connections_through_a_proxy(house, broker, tmp_path):
    port, own = free_port(), free_port()
    serve(
        house, broker, "--http", f"127.0.0.1:{own}", "--proxy-protocol", "--trusted-proxy", "127.0.0.1",
        "--max-connections-per-address", "1",
    )  # fmt: skip
    haproxy(house, tmp_path, port, f"127.0.0.1:{own} send-proxy-v2", "mode tcp")
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE, source_address=(CLIENT, 0))
    kept.request("GET", "/")
    assert kept.getresponse().read()
    other = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE, source_address=(CLIENT, 0))
    other.request("GET", "/")
    refused = other.getresponse()
    assert refused.status == 503 and refused.headers["Retry-After"]
    other.close()
    assert ask(port, source="127.0.0.6")["client"][0] == "127.0.0.6"
    kept.close()


def nginx(house, tmp_path, port: int, upstream: str, *lines: str):
    config = tmp_path / f"nginx-{port}.conf"
    more = "\n            ".join(lines)
    paths = "".join(
        f"    {kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f"""
daemon off;
pid {tmp_path}/nginx-{port}.pid;
error_log stderr;
user root;
events {{}}
http {{
    access_log off;
{paths}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://{upstream};
            {more}
        }}
    }}
}}
"""
    )
    return house.listening(house.start([NGINX, "-p", tmp_path, "-c", config, "-e", "stderr"]), port)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@pytest.mark.parametrize("place", ["tcp", "unix"])
def test_nginx_says_whose_a_request_is(house, broker, tmp_path, place):
    port, own = free_port(), free_port()
    path = tmp_path / "http"
    address, there = (f"127.0.0.1:{own}",) * 2 if place == "tcp" else (f"unix:{path}", f"unix:{path}:")
    trusted = "127.0.0.1" if place == "tcp" else "unix"
    server = serve(
        house, broker, "--http", address, "--trusted-proxy", trusted, "--forwarded", "x-forwarded", "--forwarded-host"
    )
    nginx(
        house, tmp_path, port, there,
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", "proxy_set_header X-Forwarded-Proto https;",
        "proxy_set_header X-Forwarded-Host $http_host;", 'proxy_set_header Forwarded "";',
    )  # fmt: skip
    # What the client says of itself comes before what the proxy says, and is not heard.
    lies = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    for fields in ({}, lies, {**lies, "Forwarded": "for=203.0.113.9"}):
        told = ask(port, fields)
        assert told["client"] == [CLIENT, 0] and told["scheme"] == "https"
        assert told["headers"]["host"] == f"127.0.0.1:{port}" and "forwarded" not in told["headers"]
    until(lambda: f"client={CLIENT}" in server.output(), "the access log names it")
    if place == "tcp":
        # A stranger's word is nobody's.
        told = ask(own, lies, source="127.0.0.9")
        assert told["client"][0] == "127.0.0.9" and told["scheme"] == "http"
        assert not [name for name in told["headers"] if name.startswith("x-forwarded")]


@pytest.mark.skipif(NGINX is None or HAPROXY is None, reason="nginx or haproxy is not installed")
def test_two_proxies_stand_in_a_row(house, broker, tmp_path):
    """HAProxy has the client, nginx has HAProxy, by whose header it knows the client: the fields name both."""
    front, middle, own = free_port(), free_port(), free_port()
    serve(house, broker, "--http", f"127.0.0.1:{own}", "--trusted-proxy", "127.0.0.1", "--forwarded", "x-forwarded")
    nginx(house, tmp_path, middle, f"127.0.0.1:{own}", "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;")
    haproxy(house, tmp_path, front, f"127.0.0.1:{middle}", "mode http", "option forwardfor")
    told = ask(front, {"X-Forwarded-For": "203.0.113.9"})
    assert told["client"] == [CLIENT, 0]
    assert told["headers"]["x-forwarded-for"] == f"203.0.113.9, {CLIENT}, 127.0.0.1"


@pytest.mark.parametrize(
    "words, told",
    [
        (["--proxy-protocol"], "--trusted-proxy"), (["--forwarded", "forwarded"], "--trusted-proxy"),
        (["--trusted-proxy", "10.0.0.1/8"], "10.0.0.0/8 is meant"), (["--trusted-proxy", "example.org"], "no address"),
        (["--trusted-proxy", "unix", "--forwarded-host"], "--forwarded"),
        (["--trusted-proxy", "unix", "--forwarded", "both"], "forwarded"),
        (["--max-connections-per-address", "-1"], "per-address"), (["--http", "fd:1"], "3 or more"),
        (["--http", "unix:/a?mode=9"], "mode="), (["--http", "127.0.0.1:1", "--http", "127.0.0.1:1"], "twice"),
        (["--http", "unix:/a", "--reuse-port"], "--reuse-port"),
        (["--http", "systemd", "--http", "systemd:a"], "every"),
        (["--trusted-proxy", "unix", "--proxy-protocol", "--proxy-protocol-timeout", "0"], "longer than 0"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told(house, words, told):
    program = house.start([SEAWAY, "serve", *words])
    assert program.process.wait(PATIENCE) == 64 and told in program.output(), program.output()
