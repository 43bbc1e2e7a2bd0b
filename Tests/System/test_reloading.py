"""SIGHUP: what is read again, all or nothing, and what needs a restart (seaway help config)."""

import json
import signal
import subprocess

import pytest

from access import Authority, TokenFile, seaway
from harness import PATIENCE, SEAWAY, Wire, free_port, get, metric, until


def hang_up(program, told: str) -> str:
    """SIGHUP, and what is said of it from then on."""
    before = len(program.output())
    program.process.send_signal(signal.SIGHUP)
    until(lambda: told in program.output()[before:], f"it says: {told}")
    return program.output()[before:]


def test_limits_and_the_level_of_the_log_change_while_a_broker_runs(house, ports, settings):
    text = f"all: {{log-level: LEVEL}}\nbroker:\n  listen: 127.0.0.1:{ports[0]}\n  capacity: jobs=N\n  max-tails: N\n"
    path = settings(text.replace("LEVEL", "info").replace("N", "1"))
    broker = house.listening(house.start([SEAWAY, "broker", "--config", path]), ports[0])
    with Wire(ports[0]) as wire:
        assert wire.ask("SEND :- jobs {}") == "OK"
        assert wire.ask("SEND :- jobs {}").startswith("ERR full")
        settings(text.replace("LEVEL", "error").replace("N", "3"))
        told = hang_up(broker, "configuration read again")
        assert "capacity jobs=1 -> jobs=3" in told and "max-tails 1 -> 3" in told and "log-level info -> error" in told
        # The channel that was there has the new limit, and what it held.
        assert [wire.ask("SEND :- jobs {}") for _ in range(3)][:2] == ["OK", "OK"]
        assert wire.ask("SEND :- jobs {}").startswith("ERR full")
        limits = wire.look("STATS")["limits"]
        assert limits["max-tails"] == 3
    # Less is logged now.
    size = len(broker.output())
    settings(text.replace("LEVEL", "error").replace("N", "4"))
    broker.process.send_signal(signal.SIGHUP)
    with Wire(ports[0]) as wire:
        until(lambda: wire.look("STATS")["limits"]["max-tails"] == 4, "the limit has changed")
    assert broker.output()[size:] == ""
    assert broker.terminate() == 0


def test_what_cannot_change_is_named_each_time_and_the_rest_does(house, ports, settings):
    text = f"broker:\n  listen: [127.0.0.1:{ports[0]}]\n  name: a\n  max-held: 5\n"
    path = settings(text)
    broker = house.listening(house.start([SEAWAY, "broker", "--config", path]), ports[0])
    assert "changed=nothing" in hang_up(broker, "configuration read again")
    settings(f"broker:\n  listen: [127.0.0.1:{ports[0]}, 127.0.0.1:{ports[1]}]\n  name: b\n  max-held: 6\n")
    for changed in ("max-held 5 -> 6", "changed=nothing"):
        told = hang_up(broker, "this needs a restart")
        assert changed in told
        assert f"listen 127.0.0.1:{ports[0]} -> 127.0.0.1:{ports[0]}, 127.0.0.1:{ports[1]}" in told
        assert "name a -> b" in told
    with Wire(ports[0]) as wire:
        assert " name=a" in wire.ask("HELLO 1")
        assert wire.look("STATS")["limits"]["max-held"] == 6
    with pytest.raises(OSError):
        Wire(ports[1])


def test_a_connection_keeps_the_largest_body_that_it_was_told(house, ports, settings):
    text = f"broker:\n  listen: 127.0.0.1:{ports[0]}\n  max-body: 1K\n  max-names: 2\n  max-closed: 5\n"
    path = settings(text + "  drain: 9s\n  login-delay: 1s\n")
    broker = house.listening(house.start([SEAWAY, "broker", "--config", path]), ports[0])
    body = '{"text":"%s"}' % ("x" * 1_500)
    send = f"SEND :{len(body)} jobs\n{body}"
    with Wire(ports[0]) as old:
        assert "max-body=1024 " in old.ask("HELLO 1")
        changed = (
            text.replace("1K", "2K").replace("max-names: 2", "max-names: 3").replace("max-closed: 5", "max-closed: 4")
        )
        settings(changed + "  drain: 8s\n  login-delay: 2s\n")
        told = hang_up(broker, "configuration read again")
        for change in (
            "max-body 1K -> 2K",
            "max-names 2 -> 3",
            "max-closed 5 -> 4",
            "drain 9s -> 8s",
            "login-delay 1s -> 2s",
        ):
            assert change in told
        assert "restart" not in told
        assert old.ask(send).startswith("ERR size max-body=1024 ")
        with Wire(ports[0]) as new:
            hello = new.ask("HELLO 1")
            assert "max-body=2048 " in hello and "max-names=3" in hello
            assert new.ask(send) == "OK"
        # What one connection may listen on holds for all from now on.
        assert old.ask("LISTEN a b c") == "OK" and old.ask("LISTEN d").startswith("ERR limit")
        limits = old.look("STATS")["limits"]
        assert (limits["max-body"], limits["max-closed"], limits["login-delay"]) == (2_048, 4, 2_000)
    assert broker.terminate() == 0
    assert "drain=8000 ms" in broker.output()


def test_limits_of_a_server_change_while_it_runs(house, ports, settings):
    metrics = free_port()
    listen = f"  broker: 127.0.0.1:{ports[0]}\n  http: 127.0.0.1:{ports[1]}\n  metrics: 127.0.0.1:{metrics}\n"
    first = "  max-http-memory: 64M\n  max-buffered-bodies: 9M\n  grace: 9s\n  request-id: make\n"
    path = settings(f"serve:\n{listen}{first}  max-connections-per-address: 0\n")
    house.broker(ports[0])
    # Browsers are served first.
    server = house.listening(house.start([SEAWAY, "serve", "--config", path]), metrics)
    assert metric(metrics, "seaway_memory_limit_bytes") == 64 << 20
    second = "  max-http-memory: 32M\n  max-buffered-bodies: 8M\n  grace: 8s\n  request-id: 'off'\n"
    settings(f"serve:\n{listen}{second}  max-connections-per-address: 1\n")
    told = hang_up(server, "configuration read again")
    for change in ("max-http-memory 64M -> 32M", "grace 9s -> 8s", "max-connections-per-address 0 -> 1"):
        assert change in told
    assert "restart" not in told
    assert metric(metrics, "seaway_memory_limit_bytes") == 32 << 20
    with Wire(ports[0]) as worker, Wire(ports[1]) as browser, Wire(ports[1]) as refused:
        worker.ask("LISTEN http.request")
        worker.write("READY 9\n")
        browser.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        # Requests have no IDs any more, and an address one connection.
        assert "request_id" not in worker.take()
        assert b" 503 " in refused.input.readline()
    assert server.terminate() == 0
    assert "grace=8.0 seconds" in server.output()


@pytest.mark.parametrize("command", ["broker", "up", "serve", "bridge exec"])
def test_the_token_of_the_console_is_read_again(house, ports, tmp_path, command):
    admin, file = free_port(), tmp_path / "token"
    file.write_text("first\n")
    words = {
        "broker": ["broker", "--listen", f"127.0.0.1:{ports[0]}"],
        "up": ["up", "--listen", f"127.0.0.1:{ports[0]}", "--http", f"127.0.0.1:{ports[1]}"],
        "serve": ["serve", "--broker", f"127.0.0.1:{ports[0]}", "--http", f"127.0.0.1:{ports[1]}"],
        "bridge exec": ["bridge", "exec", "--broker", f"127.0.0.1:{ports[0]}", "--from-channel", "jobs"],
    }[command]
    words += ["--admin", f"127.0.0.1:{admin}", "--admin-token-file", str(file)]
    program = house.listening(house.start([SEAWAY, *words, *(["--", "cat"] if "exec" in command else [])]), admin)

    def status(token: str) -> int:
        return get(admin, "/metrics", fields={"Authorization": f"Bearer {token}"}).status

    assert (status("first"), status("second")) == (200, 401)
    file.write_text("second\n")
    hang_up(program, "tokens of --admin read again")
    assert (status("first"), status("second")) == (401, 200)
    # One that is none changes nothing.
    file.write_text("\n")
    assert "has an empty first line" in hang_up(program, "tokens of --admin stay as they were")
    assert (status("first"), status("second")) == (401, 200)
    assert program.terminate() == 0


def test_the_secrets_of_who_posts_to_a_bridge_are_read_again(house, ports, tmp_path):
    house.broker(ports[0])
    file = tmp_path / "token"
    file.write_text("first\n")
    words = ["bridge", "http", "--broker", f"127.0.0.1:{ports[0]}", "--listen", f"127.0.0.1:{ports[1]}"]
    bridge = house.listening(house.start([SEAWAY, *words, "--http-token-file", file]), ports[1])

    def status(token: str) -> int:
        fields = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return get(ports[1], "/channels/jobs", method="POST", body=b"{}", fields=fields).status

    assert (status("first") // 100, status("second")) == (2, 403)
    file.write_text("second\n")
    hang_up(bridge, "secrets of who posts read again")
    assert (status("first"), status("second") // 100) == (403, 2)
    assert bridge.terminate() == 0


def test_a_file_with_a_fault_changes_nothing(house, ports, settings, tmp_path):
    tokens = TokenFile(tmp_path)
    first = tokens.add("first", admin="*")
    text = f"broker:\n  listen: 127.0.0.1:{ports[0]}\n  tokens: {tokens.path}\n  max-tails: 7\n"
    path = settings(text)
    broker = house.listening(house.start([SEAWAY, "broker", "--config", path]), ports[0])
    second = tokens.add("second", admin="*")
    for bad, told in [
        (text.replace("7\n", "0\n"), f"{path}:4: broker.max-tails is 0"),
        (text + "  max-tial: 9\n", "is max-tails meant?"), ("broker: [", "no YAML"),
    ]:  # fmt: skip
        settings(bad)
        assert told in hang_up(broker, "the configuration stays as it was")
        with Wire(ports[0]) as wire:
            assert wire.ask(f"HELLO 1 token={second}").startswith("ERR auth")
            assert wire.ask(f"HELLO 1 token={first}").startswith("HELLO 1")
            assert wire.look("STATS")["limits"]["max-tails"] == 7
    # Nor does a file that it names.
    good = tokens.path.read_text()
    tokens.path.write_text("nonsense\n")
    settings(text.replace("7\n", "8\n"))
    assert "line 1" in hang_up(broker, "nothing was changed")
    with Wire(ports[0]) as wire:
        assert wire.ask(f"HELLO 1 token={first}").startswith("HELLO 1")
        assert wire.look("STATS")["limits"]["max-tails"] == 7
        tokens.path.write_text(good)
        told = hang_up(broker, "configuration read again")
        assert "tokens read again" in told and "max-tails 7 -> 8" in told
        assert wire.look("STATS")["limits"]["max-tails"] == 8
    with Wire(ports[0]) as wire:
        assert wire.ask(f"HELLO 1 token={second}").startswith("HELLO 1")


def test_tokens_and_certificates_come_from_other_files_when_the_file_says_so(house, ports, settings, tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    old, new = TokenFile(tmp_path / "old"), TokenFile(tmp_path / "new")
    old.add("a")
    token = new.add("b", send="x")
    authority = Authority(tmp_path, "ca")
    (first, first_key), (second, second_key) = (
        authority.issue("localhost", "DNS:localhost"),
        authority.issue("renewed", "DNS:localhost"),
    )
    text = "broker:\n  listen: tls://127.0.0.1:{}\n  tokens: {}\n  tls-certificate: {}\n  tls-key: {}\n"
    path = settings(text.format(ports[0], old.path, first, first_key))
    broker = house.listening(house.start([SEAWAY, "broker", "--config", path]), ports[0])
    settings(text.format(ports[0], new.path, second, second_key))
    told = hang_up(broker, "configuration read again")
    assert "tokens read again" in told and "certificates read again" in told
    send = ["send", "x", "{}", "--broker", f"tls://localhost:{ports[0]}", "--tls-ca", authority.certificate]
    seaway(*send, environment={"SEAWAY_TOKEN": token})
    # None at all is no change that a broker takes while it runs: it would let everybody in.
    settings(text.format(ports[0], new.path, second, second_key).replace(f"  tokens: {new.path}\n", ""))
    assert f"tokens {new.path} -> default" in hang_up(broker, "this needs a restart")
    seaway(*send, code=77)


@pytest.mark.parametrize("command", ["serve", "up"])
def test_routes_change_while_a_server_runs(house, ports, settings, command):
    broker_port, http_port = ports
    own = f"  listen: 127.0.0.1:{broker_port}\n" if command == "up" else f"  broker: 127.0.0.1:{broker_port}\n"
    text = f"{command}:\n  http: 127.0.0.1:{http_port}\n{own}  no-worker-patience: 0\n  loops: 2\n"
    path = settings(text + "  route: {/a: jobs.a}\n")
    if command == "serve":
        house.broker(broker_port)
    server = house.listening(house.start([SEAWAY, command, "--config", path]), http_port)
    until(lambda: house.readers(broker_port, "none") == 0, "the broker answers")
    settings(text + "  route: {/a: jobs.b, /c: jobs.c}\n  access-log: true\n")
    told = hang_up(server, "configuration read again")
    assert "route /a=jobs.a -> /a=jobs.b, /c=jobs.c" in told and "access-log default -> true" in told
    with Wire(broker_port) as worker:
        worker.listen("jobs.b", credit=9)
        for number in range(4):
            answer = subprocess.Popen(
                ["curl", "-s", "-m", "9", f"http://127.0.0.1:{http_port}/a/{number}"], stdout=subprocess.PIPE
            )
            message = worker.take()
            assert message["path"] == f"/a/{number}"
            worker.write(f'SEND :- {message["reply_channel"]} {{"status":200,"content":"b"}}\n')
            assert answer.communicate(timeout=PATIENCE)[0] == b"b"
    assert get(http_port, "/c").status == 503
    until(lambda: "/a/3" in server.output(), "requests are logged")
    settings(text + "  route: nonsense\n")
    assert f"{path}:6" in hang_up(server, "the configuration stays as it was")
    settings(text.replace("loops: 2", "loops: 1"))
    assert "loops 2 -> 1" in hang_up(server, "this needs a restart")
    assert server.terminate() == 0


def test_a_bridge_takes_the_level_of_its_log_again_and_names_the_rest(house, ports, settings):
    house.broker(ports[0])
    text = f"bridge:\n  stdin:\n    broker: 127.0.0.1:{ports[0]}\n    from-group: log\n    queue: 10\n"
    path = settings(text)
    bridge = house.start([SEAWAY, "bridge", "stdin", "--config", path])
    with Wire(ports[0]) as wire:
        until(lambda: "seaway-bridge-stdin" in json.dumps(wire.look("STATS connections")), "it is connected")
    settings(text.replace("10\n", "20\n") + "    log-level: notice\n")
    told = hang_up(bridge, "this needs a restart")
    assert "log-level default -> notice" in told and "queue 10 -> 20" in told
    assert bridge.terminate() == 0
