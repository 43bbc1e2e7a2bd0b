"""What is seen of processes by HTTP: health, the console's API, and who may ask (`--admin`)."""

import contextlib
import json
import re
import socket
import subprocess
import time

import pytest

from admin import Admin, send
from harness import PATIENCE, ROOT, SEAWAY, Wire, free_port, get, until

# ---- Who may ask


@pytest.mark.parametrize("words", [["broker", "--listen", "127.0.0.1:0"], ["up", "--listen", "127.0.0.1:0"]])
def test_nothing_is_public_by_accident(words):
    for place in ("0.0.0.0:0", "*:0", "[::]:0"):
        ended = subprocess.run(
            [SEAWAY, *words, "--admin", place], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert ended.returncode == 64
        assert "is reached from other machines" in ended.stderr and "give --admin-token-file" in ended.stderr


def test_a_token_file_without_an_address_is_an_error(tmp_path):
    ended = subprocess.run(
        [SEAWAY, "broker", "--admin-token-file", "x"], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode == 64 and "--admin-token-file needs --admin" in ended.stderr
    missing = [SEAWAY, "broker", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--admin-token-file"]
    ended = subprocess.run([*missing, tmp_path / "none"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 64 and "--admin-token-file" in ended.stderr


def test_with_a_token_every_address_is_allowed_and_the_token_asked_for(house, ports, tmp_path):
    (tmp_path / "token").write_text("secret\n")
    port = free_port()
    options = ["--admin", f"0.0.0.0:{port}", "--admin-token-file", str(tmp_path / "token")]
    house.listening(house.broker(ports[0], *options), port)
    stranger = Admin(port)
    for path in ("/metrics", "/api/state", "/api/tail?channel=a", "/api/channels/a/messages"):
        refused = stranger.get(path)
        assert refused.status == 401 and refused.headers["www-authenticate"] == "Bearer", path
        assert json.loads(refused.body)["error"]["code"] == "unauthorized"
    assert stranger.post("/api/send", {"channel": "a", "body": {}})[0] == 401
    assert Admin(port, "secre").get("/metrics").status == 401
    # What tells nothing, and the page that asks for the token.
    for path in ("/", "/console.js", "/healthz", "/readyz"):
        assert stranger.get(path).status == 200, path
    known = Admin(port, "secret")
    assert known.get("/metrics").status == 200
    assert known.post("/api/send", {"channel": "a", "body": {}}) == (200, {"ok": True})
    # Names of anywhere are good: the token says who asks.
    assert known.get("/metrics", host="console.example.org").status == 200


def test_a_page_whose_name_leads_here_gets_nothing(seen):
    for host in ("evil.example:80", "127.0.0.1.evil.example", "192.168.0.1"):
        for path in ("/", "/metrics", "/api/state", "/healthz"):
            assert seen.get(path, host=host).status == 403, (host, path)
    for host in ("localhost", f"localhost:{seen.port}", "127.0.0.1", "[::1]"):
        assert seen.get("/api/state", host=host).status == 200, host


def test_another_site_gets_nothing_done(seen, ports):
    order = {"channel": "jobs", "body": {}}
    for fields in (
        {"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
        {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"},
    ):  # fmt: skip
        assert seen.post("/api/send", order, **fields)[0] in (403, 415), fields
    assert seen.get("/api/state", origin="http://evil.example").status == 403
    with Wire(ports[0]) as wire:
        assert wire.look("PEEK jobs")["messages"] == 0
    own = f"http://127.0.0.1:{seen.port}"
    assert seen.post("/api/send", order, origin=own, **{"sec-fetch-site": "same-origin"})[0] == 200


def test_every_answer_says_what_a_page_may_do(seen):
    for path in ("/", "/console.css", "/console.js", "/icon.svg", "/api/state", "/nothing", "/metrics"):
        fields = seen.get(path).headers
        assert fields["content-security-policy"].startswith("default-src 'self';"), path
        assert fields["x-content-type-options"] == "nosniff" and fields["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in fields["content-security-policy"]
    page = seen.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8" and b"<script" in page.body
    assert b"http:" not in re.sub(rb'xmlns="[^"]*"', b"", page.body), "nothing is loaded from elsewhere"


# ---- Requests


def test_the_page_of_the_api_lists_what_there_is(seen):
    page = (ROOT / "protocol" / "ADMIN.md").read_text()
    rows = re.findall(r"^\| `(GET|POST) (/[^`]*)` \|", page, re.MULTILINE)
    assert len(rows) == 10
    for method, path in rows:
        wrong = get(seen.port, path.replace("NAME", "jobs"), "DELETE")
        assert wrong.status in (400, 405), path
        if wrong.status == 405:
            assert method in wrong.headers["allow"], path
    for kind, keys in (("channels", "depth"), ("brokers", "waits")):
        assert re.search(rf"^\| `{kind}` \| .*`{keys}`", page, re.MULTILINE)


def test_the_page_of_the_snapshot_lists_its_keys(seen, ports):
    page = (ROOT / "protocol" / "ADMIN.md").read_text()
    send(ports[0], "jobs", "a")
    with Wire(ports[0]) as wire:
        wire.ask("HELLO 1 client=seaway-python")
        wire.ask("JOIN room a")
        state = seen.until(lambda state: state["groups"] and state["connections"], "all is there")
    for key, value in state.items():
        if key.endswith("_total"):
            assert f"`{key}`" in page
            continue
        row = re.search(rf"^\| `{key}` \| (.*) \|$", page, re.MULTILINE)
        assert row, key
        for name in value[0] if isinstance(value, list) else value if isinstance(value, dict) else {}:
            assert f"`{name}`" in row[1], (key, name)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/metrics", 200), ("HEAD", "/metrics", 200), ("POST", "/metrics", 405), ("GET", "/nothing", 404),
        ("GET", "/api/send", 405), ("GET", "/api/tail", 400), ("GET", "/api/channels/a/messages?count=0", 400),
        ("BREW", "/metrics", 501),
    ],
)  # fmt: skip
def test_what_is_asked_for_wrongly_is_told(seen, method, path, status):
    with socket.create_connection(("127.0.0.1", seen.port), PATIENCE) as client:
        client.sendall(f"{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
        head, _, body = b"".join(iter(lambda: client.recv(65_536), b"")).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
    if method == "HEAD":
        assert not body
    elif status != 200:
        assert set(json.loads(body)["error"]) == {"code", "text"}


def test_one_connection_asks_again_and_again(seen):
    with socket.create_connection(("127.0.0.1", seen.port), PATIENCE) as client:
        # Two of them at once too.
        client.sendall(2 * b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        file = client.makefile("rb")
        for _ in range(2):
            assert file.readline() == b"HTTP/1.1 200 OK\r\n"
            while file.readline() != b"\r\n":
                pass
            assert file.readline() == b"alive\n"


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"channel": "jobs"}, "payload"), ({"channel": "jobs", "body": [1]}, "payload"), ({"body": {}}, "bad-request"),
        ({"channel": "no name", "body": {}}, "name"), ([], "bad-request"),
    ],
)  # fmt: skip
def test_an_order_that_is_none_is_refused(seen, order, code):
    status, answer = seen.post("/api/send", order)
    assert status == 400 and answer["error"]["code"] == code, answer


def test_bodies_are_bounded(seen):
    with socket.create_connection(("127.0.0.1", seen.port), PATIENCE) as client:
        client.sendall(
            b"POST /api/send HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"content-length: 3000000\r\nexpect: 100-continue\r\n\r\n"
        )
        assert client.recv(1_000).startswith(b"HTTP/1.1 100 ")
        with contextlib.suppress(OSError):
            client.sendall(b"x" * 3_000_000)
        assert client.recv(1_000).startswith(b"HTTP/1.1 413 ")
    assert 'seaway_admin_refused_total{reason="too_large"} 1\n' in seen.get("/metrics").body.decode()


@pytest.mark.parametrize("option", ["--admin", "--metrics"])
def test_half_requests_shut_nobody_out(house, ports, option):
    """I31"""
    port = free_port()
    house.listening(house.broker(ports[0], option, f"127.0.0.1:{port}"), port)
    with contextlib.ExitStack() as held:
        clients = []
        for _ in range(80):
            client = held.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
            client.sendall(b"GET /metrics HTTP/1.1\r\n")
            clients.append(client)
        began = time.monotonic()
        for _ in range(5):
            assert get(port, "/metrics").status == 200
        # The oldest has given its place to another, long before its time.
        assert clients[0].recv(100) == b""
        assert time.monotonic() - began < 5


def test_where_only_metrics_are_asked_for_nothing_else_is_there(house, ports):
    port = free_port()
    house.listening(house.broker(ports[0], "--metrics", f"127.0.0.1:{port}"), port)
    assert get(port, "/metrics", fields={"host": "broker.example.org"}).status == 200
    for path in ("/", "/healthz", "/api/state"):
        assert get(port, path).status == 404


# ---- Health


def test_a_broker_is_ready_until_it_leaves(house, ports):
    port = free_port()
    broker = house.broker(ports[0], "--admin", f"127.0.0.1:{port}", "--drain", "20s")
    house.listening(broker, port)
    assert get(port, "/healthz").body == b"alive\n"
    assert get(port, "/readyz").status == 200
    send(ports[0], "jobs", "nobody takes it")
    broker.process.terminate()
    until(lambda: get(port, "/readyz").status == 503, "a broker that leaves is not ready")
    assert get(port, "/healthz").status == 200
    broker.kill()


def test_a_server_is_ready_with_a_broker_and_workers(house, ports):
    port = free_port()
    server = house.start(
        [SEAWAY, "serve", "--broker", f"127.0.0.1:{ports[0]}", "--http", f"127.0.0.1:{ports[1]}",
         "--route", "/=jobs", "--admin", f"127.0.0.1:{port}"])  # fmt: skip
    house.listening(server, port)
    assert get(port, "/healthz").status == 200
    answer = get(port, "/readyz")
    assert answer.status == 503 and b"no broker in reach" in answer.body
    broker = house.broker(ports[0], "--drain", "0")
    until(lambda: get(port, "/readyz").body == b"nobody listens on jobs\n", "the broker is there")
    assert get(port, "/readyz?workers=no").status == 200
    with Wire(ports[0]) as worker:
        worker.listen("jobs")
        until(lambda: get(port, "/readyz").status == 200, "a worker listens")
    until(lambda: get(port, "/readyz").status == 503, "no worker listens any more")
    broker.kill()
    until(lambda: b"no broker in reach" in get(port, "/readyz").body, "the broker is away")
    assert get(port, "/healthz").status == 200


# ---- The console


def test_the_snapshot_of_a_broker(seen, ports):
    send(ports[0], "jobs", "a", "b")
    with Wire(ports[0]) as wire:
        assert wire.ask("HELLO 1 client=seaway-python").startswith("HELLO")
        assert wire.ask("JOIN room a b").startswith("OK")
        assert wire.ask("SEND :- nobody Here=1 {}").startswith("ERR away")
        state = seen.until(lambda state: state["connections"] and state["groups"], "all is shown")
        process = state["process"]
        assert process["kind"] == "broker" and process["cpu"] > 0 and process["rss"] > 1 << 20
        assert process["uptime"] > 0 and re.fullmatch(r"\d+\.\d+\.\d+", process["version"])
        (broker,) = state["brokers"]
        assert broker["address"] == f"127.0.0.1:{ports[0]}" and broker["reachable"] is True
        assert broker["totals"]["messages"] == 2 and broker["totals"]["connections"] == 1
        assert broker["refused"] == {"away": 1}
        (jobs,) = [channel for channel in state["channels"] if channel["name"] == "jobs"]
        assert jobs["depth"] == 2 and jobs["sent"] == 2 and jobs["oldest"] >= 0 and jobs["brokers"] == [0]
        assert state["groups"] == [{"name": "room", "members": 2}] and state["groups_total"] == 1
        (connection,) = state["connections"]
        assert connection["client"] == "seaway-python" and connection["language"] == "python"
        assert connection["address"].startswith("127.0.0.1:") and 0 <= connection["age"] < 60
        assert state["server"] is None


def test_the_snapshot_over_several_brokers(house, ports, tmp_path):
    """With the server's own token, and with one of them away."""
    both, port = (free_port(), free_port()), free_port()
    tokens = tmp_path / "tokens"
    add = [SEAWAY, "token", "add", "--tokens", tokens, "--send", "*", "--listen", "*", "--join", "*", "--admin", "*"]
    token = subprocess.run([*add, "web"], check=True, capture_output=True, text=True).stdout.split()[-1]
    (tmp_path / "own").write_text(token + "\n")
    brokers = [house.broker(number, "--tokens", str(tokens), "--drain", "0") for number in both]
    server = house.start(
        [SEAWAY, "serve", "--http", f"127.0.0.1:{ports[1]}", "--admin", f"127.0.0.1:{port}",
         "--token-file", tmp_path / "own", *(f"--broker=127.0.0.1:{number}" for number in both)])  # fmt: skip
    house.listening(server, port)
    admin = Admin(port)
    state = admin.until(lambda state: all(broker["reachable"] for broker in state["brokers"]), "both answer")
    assert {connection["token"] for connection in state["connections"]} == {"web"}
    assert {connection["broker"] for connection in state["connections"]} == {0, 1}
    assert state["server"]["requests"] == 0 and state["process"]["kind"] == "serve"
    for number in range(20):
        assert admin.post("/api/send", {"channel": f"jobs.{number}", "body": {"n": number}})[0] == 200
    state = admin.until(lambda state: sum(c["depth"] for c in state["channels"]) == 20, "all that was sent waits")
    assert {tuple(channel["brokers"]) for channel in state["channels"] if channel["depth"]} == {(0,), (1,)}
    found = [admin.json(f"/api/channels/jobs.{number}/messages")["messages"] for number in range(20)]
    assert [messages[0]["body"] for messages in found] == [{"n": number} for number in range(20)]
    brokers[1].kill()
    state = admin.until(lambda state: not state["brokers"][1]["reachable"], "one is away")
    assert state["brokers"][0]["reachable"] and state["brokers"][1]["reason"]
    began = time.monotonic()
    admin.state()
    assert time.monotonic() - began < 3, "one that is away holds up nobody for long"


def test_a_server_shows_what_it_counts(house, ports):
    port = free_port()
    house.listening(
        house.start([SEAWAY, "up", "--listen", f"127.0.0.1:{ports[0]}", "--http", f"127.0.0.1:{ports[1]}",
                     "--admin", f"127.0.0.1:{port}", "--no-worker-patience", "100ms"]), port)  # fmt: skip
    assert get(ports[1], "/x").status == 503
    admin = Admin(port)
    state = admin.until(lambda state: state["server"]["drops"], "it counts")
    assert state["server"]["drops"] == {"no_worker": 1}
    assert state["process"]["kind"] == "up" and state["brokers"][0]["reachable"]
    text = admin.get("/metrics").body.decode()
    assert "\nseaway_http_requests_total 1\n" in text and "\nseaway_broker_messages_sent_total" in text


def test_a_bridge_shows_its_broker(house, ports):
    house.broker(ports[0])
    port = free_port()
    bridge = [SEAWAY, "bridge", "stdin", "--from-group", "log", "--broker", f"127.0.0.1:{ports[0]}"]
    house.listening(house.start([*bridge, "--admin", f"127.0.0.1:{port}"]), port)
    admin = Admin(port)
    state = admin.until(lambda state: state["brokers"][0]["reachable"], "it shows it")
    assert state["process"]["kind"] == "bridge" and state["server"] is None
    until(lambda: admin.get("/readyz").status == 200, "it is ready")
    assert "\nseaway_bridge_sent_total 0\n" in admin.get("/metrics").body.decode()


def test_what_waits_on_a_channel(seen, ports):
    send(ports[0], "jobs.a", "first", "second", "x" * 20_000)
    waiting = seen.json("/api/channels/jobs.a/messages?count=2")
    assert waiting["total"] == 3
    assert [message["body"] for message in waiting["messages"]] == [{"text": "first"}, {"text": "second"}]
    assert all(message["size"] > 0 and message["age"] >= 0 for message in waiting["messages"])
    last = seen.json("/api/channels/jobs%2Ea/messages")["messages"][2]
    assert last["body"] is None and last["size"] > 20_000 and last["text"].startswith('{"text":"xxx')
    assert seen.json("/api/channels/none/messages") == {"messages": [], "total": 0}
    assert seen.get("/api/channels/no%20name/messages").status == 400


def test_sending_to_a_channel_and_a_group(seen, ports):
    with Wire(ports[0]) as wire:
        wire.listen("jobs")
        assert seen.post("/api/send", {"channel": "jobs", "body": {"n": 1}}) == (200, {"ok": True})
        assert wire.take() == {"n": 1}
        with Wire(ports[0]) as member:
            assert member.ask("JOIN room member").startswith("OK")
            member.listen("member")
            status, answer = seen.post("/api/groups/send", {"group": "room", "body": {"n": 2}})
            assert status == 200 and answer["ok"] is True and answer["members"] == 1
            assert member.take() == {"n": 2}


def test_what_the_broker_refuses_is_told_by_its_own_word(house, ports):
    port = free_port()
    house.listening(house.broker(ports[0], "--admin", f"127.0.0.1:{port}", "--capacity", "jobs=1"), port)
    admin = Admin(port)
    assert admin.post("/api/send", {"channel": "jobs", "body": {}})[0] == 200
    status, answer = admin.post("/api/send", {"channel": "jobs", "body": {}})
    assert status == 503 and answer["error"]["code"] == "full"
