"""What an operator does to processes, and what they say: SIGHUP, descriptors, log lines, addresses."""

import http.client
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time

import pytest

from harness import PATIENCE, ROOT, SEAWAY, Answer, Wire, free_port, get, until

UNITS = ROOT / "docker" / "systemd"


def hang_up(program) -> None:
    """SIGHUP, and the program has answered it."""
    before = program.output().count("SIGHUP")
    program.process.send_signal(signal.SIGHUP)
    until(lambda: program.output().count("SIGHUP") > before, "it says that there is nothing to read again")
    assert program.is_running, program.output()


# ---- SIGHUP


@pytest.mark.parametrize(
    "words",
    [
        ["broker", "--listen", "BROKER"], ["up", "--listen", "BROKER", "--http", "HTTP"],
        ["serve", "--broker", "BROKER", "--http", "HTTP"],
        ["bridge", "stdin", "--from-group", "log", "--broker", "BROKER"],
        ["bridge", "http", "--listen", "HTTP", "--broker", "BROKER"],
        ["bridge", "exec", "--from-channel", "jobs", "--broker", "BROKER", "--", "cat"],
        ["listen", "jobs", "--broker", "BROKER"], ["tail", "jobs", "--broker", "BROKER"],
        ["join", "room", "--broker", "BROKER"], ["stats", "--watch", "200ms", "--broker", "BROKER"],
    ],
    ids=lambda words: " ".join(words[:2]),
)  # fmt: skip
def test_a_hangup_ends_nothing_and_is_answered(house, ports, words):
    if words[0] not in ("broker", "up"):
        house.broker(ports[0])
    places = {"BROKER": f"127.0.0.1:{ports[0]}", "HTTP": f"127.0.0.1:{ports[1]}"}
    program = house.start([SEAWAY, *(places.get(word, word) for word in words)])
    if words[0] in ("broker", "up"):
        house.listening(program, ports[0])
    elif words[0] == "stats":
        # Its connections are too short to be seen.
        until(lambda: program.output().strip(), "it shows what there is")
    else:
        own = f"seaway-{words[0]}" if words[0] != "bridge" else f"seaway-bridge-{words[1]}"
        with Wire(ports[0]) as wire:
            until(lambda: own in json.dumps(wire.look("STATS connections")), "it is connected")
    for _ in range(3):
        hang_up(program)
    # The line was whole, and SIGTERM is still heard.
    assert program.terminate() == 0, program.output()


def unit(name: str) -> dict:
    """The settings of a unit file."""
    lines = [line for line in (UNITS / name).read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines if "=" in line)


@pytest.mark.parametrize("has_tokens", [False, True])
def test_the_unit_of_the_broker_reloads_with_and_without_tokens(house, ports, tmp_path, has_tokens):
    settings = unit("seaway-broker.service")
    tokens = tmp_path / "tokens"
    add = [SEAWAY, "token", "add", "--tokens", tokens, "--send", "jobs", "--listen", "jobs", "--admin", "jobs"]
    if has_tokens:
        subprocess.run([*add, "first"], check=True, capture_output=True)
    file = tmp_path / "seaway.yaml"
    text = (ROOT / "packaging" / "etc" / "seaway" / "seaway.yaml").read_text()
    text = text.replace("127.0.0.1:7411", f"127.0.0.1:{ports[0]}").replace("/run/seaway", str(tmp_path))
    file.write_text(text.replace("#  tokens: /etc/seaway/tokens", f"  tokens: {tokens}") if has_tokens else text)
    command = (
        settings["ExecStart"].replace("/usr/local/bin/seaway", SEAWAY).replace("/etc/seaway/seaway.yaml", str(file))
    )
    command = command.replace("$OPTIONS", "--drain 0")
    broker = house.listening(house.start(command.split()), ports[0])
    with Wire(ports[0]) as wire:
        if not has_tokens:
            assert wire.ask("SEND :- jobs {}") == "OK"
    if has_tokens:
        second = subprocess.run([*add, "second"], check=True, capture_output=True, text=True).stdout.strip()
    reload = settings["ExecReload"].replace("$MAINPID", str(broker.pid))
    subprocess.run(reload.split(), check=True)
    if has_tokens:
        until(lambda: "tokens read again" in broker.output(), "it has read them again")
        with Wire(ports[0]) as wire:
            assert wire.ask(f"HELLO 1 token={second}").startswith("HELLO 1")
    else:
        until(lambda: "changed=nothing" in broker.output(), "it says that the file is as it was")
        with Wire(ports[0]) as wire:
            assert wire.look("PEEK jobs")["messages"] == 1
    assert broker.terminate() == 0


def test_every_reload_of_a_unit_is_one_that_its_program_survives():
    for path in UNITS.glob("*.service"):
        assert unit(path.name).get("ExecReload", "/bin/kill -HUP $MAINPID") == "/bin/kill -HUP $MAINPID"


# ---- descriptors


def cpu(program) -> float:
    fields = pathlib.Path(f"/proc/{program.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("kind", ["broker", "serve", "up", "bridge http", "metrics"])
def test_without_descriptors_a_listener_pauses_says_so_once_and_goes_on(house, ports, kind):
    house.broker(ports[0])
    port, extra = ports[1], free_port()
    broker, place = ["--broker", f"127.0.0.1:{ports[0]}"], f"127.0.0.1:{port}"
    brief = ["--http-timeout", "300ms"]
    command = {
        "broker": ["broker", "--listen", place],
        "serve": ["serve", *brief, "--http", place, *broker],
        "up": ["up", *brief, "--http", place, "--listen", f"127.0.0.1:{extra}"],
        "bridge http": ["bridge", "http", "--listen", place, *broker],
        "metrics": ["serve", "--metrics", place, "--http", f"127.0.0.1:{extra}", *broker],
    }[kind]  # fmt: skip
    program = house.listening(house.start(["prlimit", "--nofile=64", SEAWAY, *command]), port)
    guests = []
    said = "cannot accept connections"
    # The metrics take few connections; those of the interface server use the descriptors up.
    fill = extra if kind == "metrics" else port
    for _ in range(100):
        guests.append(socket.create_connection(("127.0.0.1", fill), PATIENCE))
    until(lambda: said in program.output(), "it says that it cannot accept")
    if kind == "metrics":
        guests.append(socket.create_connection(("127.0.0.1", port), PATIENCE))
        until(lambda: program.output().count(said) == 2, "each listener says so")
    # It tries again each second: long enough for two attempts.
    before, end = cpu(program), time.monotonic() + 2
    until(lambda: time.monotonic() > end, "time passes")
    assert cpu(program) - before < 0.5
    line = next(line for line in program.output().splitlines() if said in line)
    assert "Too many open files" in line and "ulimit -n" in line
    assert program.output().count(said) == (2 if kind == "metrics" else 1)
    for guest in guests:
        guest.close()
    if kind == "broker":
        with Wire(port) as wire:
            assert wire.look("STATS")["accept-failures"] > 0
    else:
        answer = until(lambda: get(port, "/metrics", patience=2), "it accepts again")
        assert isinstance(answer, Answer)
        if kind == "metrics":
            assert re.search(rb"\nseaway_accept_failures_total [1-9]", answer.body)


def test_a_process_raises_its_own_limit_as_far_as_its_connections_need(house, ports):
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4_096:
        pytest.skip("this machine allows too few descriptors")
    options = ["--max-connections", "2000", "--max-lingering", "100"]
    command = ["prlimit", "--nofile=256:4096", SEAWAY, "broker", "--listen", f"127.0.0.1:{ports[0]}", *options]
    program = house.listening(house.start(command), ports[0])
    limits = pathlib.Path(f"/proc/{program.pid}/limits").read_text()
    assert re.search(r"Max open files +2228 +4096", limits), limits
    assert "ulimit" not in program.output()
    command = ["prlimit", "--nofile=256:512", SEAWAY, "broker", "--listen", f"127.0.0.1:{ports[1]}", *options]
    program = house.listening(house.start(command), ports[1])
    assert "ulimit -n" in program.output() and "max-connections=2000" in program.output()


# ---- log lines


def test_nobody_forges_a_line_of_the_log(house, ports, tmp_path):
    listen = ["--listen", f"127.0.0.1:{ports[0]}", "--http", f"127.0.0.1:{ports[1]}"]
    program = house.listening(house.start([SEAWAY, "up", *listen, "--access-log", "--http-timeout", "300ms"]), ports[1])
    forged = "%0a2026-11-24T00:00:00Z%20error%20seaway:%20forged%1b%5b2J%c2%9b%e2%80%a8%7f"
    connection = http.client.HTTPConnection("127.0.0.1", ports[1], timeout=PATIENCE)
    connection.request("GET", "/gr%c3%bc%c3%9fe" + forged)
    assert connection.getresponse().status == 504
    connection.close()
    until(lambda: "forged" in program.output(), "it is logged")
    script = "cat >/dev/null; printf 'bad\\n2026-11-24T00:00:00Z error seaway: forged\\033[2J\\n' >&2; exit 3"
    bridge = [SEAWAY, "bridge", "exec", "--broker", f"127.0.0.1:{ports[0]}", "--from-channel", "jobs"]
    bridge = house.start([*bridge, "--", "sh", "-c", script])
    with Wire(ports[0]) as wire:
        assert wire.ask("SEND :- jobs {}") == "OK"
        until(lambda: "forged" in bridge.output(), "its standard error is logged")
    for log in (program.log, bridge.log):
        text = log.read_bytes().decode()
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", text), text
        assert not any(line.startswith("2026-11-24") for line in text.split("\n"))
    assert "/grüße\\n2026" in program.output() and "\\x1b[2J\\u009b\\u2028\\x7f" in program.output()
    assert "bad\\n2026" in bridge.output()


# ---- addresses


def hosts_of(name: str) -> set:
    return {entry[4][0] for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}


def reaches(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("kind", ["broker", "serve", "bridge http", "metrics"])
@pytest.mark.parametrize("host", ["localhost", "*"])
def test_every_address_that_a_name_stands_for_is_listened_on(house, ports, tmp_path, kind, host):
    port, place = ports[1], f"{host}:{ports[1]}"
    broker = ["--broker", f"127.0.0.1:{ports[0]}"]
    secret = tmp_path / "secret"
    secret.write_text("secret\n")
    tokens = tmp_path / "tokens"
    subprocess.run([SEAWAY, "token", "add", "web", "--tokens", tokens], check=True, capture_output=True)
    command = {
        "broker": ["broker", "--listen", place, "--tokens", tokens],
        "serve": ["serve", "--http", place, *broker],
        "bridge http": ["bridge", "http", "--listen", place, "--http-token-file", secret, *broker],
        "metrics": ["serve", "--http", "127.0.0.1:0", "--metrics", place, *broker],
    }[kind]  # fmt: skip
    program = house.start([SEAWAY, *command])
    expected = hosts_of("localhost") | {"127.0.0.1"} if host == "*" else hosts_of(host)
    # A machine without IPv6 has no ::1, whatever its names say.
    with socket.socket(socket.AF_INET6) if socket.has_ipv6 else socket.socket() as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            expected -= {"::1"}
    for each in expected:
        until(lambda each=each: reaches(each, port), f"{each} is listened on")
    assert program.is_running


@pytest.mark.parametrize("command", [["broker", "--listen"], ["bridge", "http", "--listen"]], ids=" ".join)
def test_all_addresses_are_refused_where_others_must_not_come(command):
    done = subprocess.run([SEAWAY, *command, "*:0"], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 64
    assert "*:0 is" in done.stderr and ("--tokens" in done.stderr or "--http-token-file" in done.stderr)


def test_an_address_that_is_taken_in_part_is_not_listened_on_at_all(house):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [SEAWAY, "serve", "--http", f"localhost:{port}"], capture_output=True, text=True, timeout=PATIENCE
        )
    assert done.returncode == 69
    assert f"cannot listen on localhost:{port}" in done.stderr and "ddress already in use" in done.stderr


def test_a_host_that_nobody_knows_is_told(house):
    done = subprocess.run(
        [SEAWAY, "serve", "--http", "nobody.invalid:8000"], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 69
    assert "cannot listen on nobody.invalid:8000: there is no host nobody.invalid" in done.stderr


# ---- brokers that are away


def test_a_server_tells_when_its_broker_is_away_and_back(house, ports):
    server = house.server(ports[1], ports[0])
    away = "the broker is away; trying again and again"
    until(lambda: away in server.output(), "it tells it from the first try on")
    assert f"127.0.0.1:{ports[0]}" in server.output() and "Connection refused" in server.output()
    broker = house.broker(ports[0])
    until(lambda: "connected again" in server.output(), "it tells that it is connected")
    broker.kill()
    # Not by counting: each loop of the server may have told of the first time.
    until(lambda: "connection lost" in server.output(), "and that it is away again")
    for text in ("SingleConnectionFailure", "NIOConnectionError", "IOError", "errno:"):
        assert text not in server.output()


# ---- what a channel holds


def test_large_requests_wait_together(house, ports):
    house.broker(ports[0])
    house.server(ports[1], ports[0], "--http-timeout", "60s")
    body = b"x" * 900_000
    waiting = []
    with Wire(ports[0]) as wire:
        for number in range(8):
            client = socket.create_connection(("127.0.0.1", ports[1]), timeout=PATIENCE)
            client.sendall(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + body)
            waiting.append(client)
            until(lambda n=number: wire.look("PEEK http.request")["messages"] == n + 1, "it waits on the channel")
        assert wire.look("STATS")["refused"].get("full", 0) == 0
    for client in waiting:
        client.close()


def test_help_tells_the_default_capacity():
    text = " ".join(subprocess.run([SEAWAY, "help", "broker"], capture_output=True, text=True).stdout.split())
    assert "default: 100 messages and 16M, 1M on reply and pinned channels" in text


@pytest.mark.parametrize("size", ["100", "3600", "200000"])
def test_a_broker_may_have_as_little_memory_as_the_vectors_give_it(house, ports, size):
    house.broker(ports[0], "--max-memory", size)
    with Wire(ports[0]) as wire:
        assert wire.look("STATS")["limits"]["max-memory"] == int(size)
