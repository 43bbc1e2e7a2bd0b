"""What the program says and returns to who starts it."""

import pathlib
import re
import signal
import socket
import subprocess

import pytest

from harness import PATIENCE, SEAWAY, Wire, free_port, get, until

PROTOCOL = pathlib.Path(__file__).parents[2] / "protocol"


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([SEAWAY, *arguments], capture_output=True, text=True, timeout=PATIENCE)


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    "command, option", [("broker", "--listen"), ("serve", "--http"), ("up", "--http"), ("up", "--listen")]
)
def test_a_taken_port_is_told_in_one_line(command, option, taken_port):
    other = {"--http": "--listen", "--listen": "--http"}[option]
    arguments = [command, option, f"127.0.0.1:{taken_port}", "--log-level", "warning"]
    done = run(*arguments, *([other, f"127.0.0.1:{free_port()}"] if command == "up" else []))
    assert done.returncode == 69
    assert done.stderr.count("\n") == 1
    assert f"127.0.0.1:{taken_port}" in done.stderr and "ddress already in use" in done.stderr


@pytest.mark.parametrize(
    "arguments, option, allowed",
    [
        (["broker", "--capacity", "http.request"], "--capacity", "pattern=messages"),
        (["broker", "--capacity", "http.request=0"], "--capacity", "pattern=messages"),
        (["broker", "--expiry", "chat.*=soon"], "--expiry", "pattern=time"),
        (["broker", "--listen", "7411"], "--listen", "7411 is no address, its host is missing: HOST:PORT, tls://HOST"),
        (["broker", "--listen", "unix:"], "--listen", "its path is missing"),
        (["broker", "--listen", "::1:7411"], "--listen", "[::1]:7411"),
        (["broker", "--listen", "*:7411"], "--listen", "give --tokens"),
        (["broker", "--capacity", f"{'a' * 256}=1"], "--capacity", "this one has 256"),
        (["broker", "--log-level", "loud"], "--log-level", "trace"),
        (["broker", "--listen", "7411"], "--listen", "for example 127.0.0.1:7411"),
        (["serve", "--broker", "tls://7411"], "--broker", "for example tls://127.0.0.1:7411"),
        (["broker", "--drain", "5"], "--drain", "the unit is missing: 5ms, 5s, 5m or 5h"),
        (["broker", "--return", "1.5"], "--return", "the unit is missing: 1.5ms, 1.5s, 1.5m or 1.5h"),
        (["broker", "--expiry", "chat.*=10"], "--expiry", "the unit is missing: 10ms, 10s, 10m or 10h"),
        (["stats", "--watch", "5"], "--watch", "the unit is missing: 5ms, 5s, 5m or 5h"),
        (["send", "a", "{}", "--in", "5"], "--in", "the unit is missing"),
        (["broker", "--max-body", "65M"], "--max-body", "64M"),
        (["broker", "--max-connections", "0"], "--max-connections", "1 to"),
        (["broker", "--mailbox-grace", "never"], "--mailbox-grace", "time"),
        (["serve", "--broker", "nowhere"], "--broker", "nowhere is no address, its port is missing: HOST:PORT, tls://"),
        (["serve", "--http", "localhost:http"], "--http", "its port is not 0 to 65535: HOST:PORT"),
        (["send", "a", "{}", "--broker", "127.0.0.1"], "--broker", "127.0.0.1 is no address, its port is missing"),
        (["bridge", "stdin", "--to-group", "a", "--broker", "7411"], "--broker", "7411 is no address, its host is"),
        (["serve", "--http-timeout", "-1"], "--http-timeout", ""),
        (["serve", "--http-timeout", "0"], "--http-timeout", "longer than 0"),
        (["serve", "--route", "/python"], "--route", "="),
        (["serve", "--body-inline", "2M"], "--body-inline", "0 to 1M"),
        (["serve", "--loops", "0"], "--loops", "1 to 256"),
        (["up", "--loops", "257"], "--loops", "1 to 256"),
        (["serve", "--max-request-line", "10"], "--max-request-line", "64 to 128K"),
        (["serve", "--max-request-head", "1M"], "--max-request-head", "64 to 128K"),
        (["serve", "--max-request-fields", "0"], "--max-request-fields", "1 to 1000000"),
        (["serve", "--max-chunk-overhead", "2G"], "--max-chunk-overhead", "0 to 1G"),
        (["serve", "--min-body-rate", "fast"], "--min-body-rate", "bytes are a number"),
        (["serve", "--static", "/files"], "--static", "[HOST]/PREFIX=FOLDER"),
        (["serve", "--static", "/files=/nowhere/at/all"], "--static", "'/nowhere/at/all' is no folder"),
        (["serve", "--static-max-files", "0"], "--static-max-files", "1 to 1000000"),
        (["serve", "--compress-level", "10"], "--compress-level", "1 to 9"),
        (["serve", "--compress-type", "html"], "--compress-type", "text/*"),
        (["up", "--max-compressors", "0"], "--max-compressors", "1 to 100000"),
        (["serve", "--websocket-route", "/live"], "--websocket-route", "="),
        (["serve", "--websocket-route", "/live=live,overflow=never"], "--websocket-route", "drop-oldest"),
        (["serve", "--websocket-overflow", "never"], "--websocket-overflow", "keep-newest"),
        (["serve", "--websocket-max-rate", "-1"], "--websocket-max-rate", ""),
        (["serve", "--websocket-ping-timeout", "soon"], "--websocket-ping-timeout", "time"),
        (["serve", "--allow-origin", "example.org"], "--allow-origin", "SCHEME://HOST"),
        (["serve", "--max-sockets-per-address", "many"], "--max-sockets-per-address", "count"),
        (["serve", "--metrics", "9090"], "--metrics", "9090 is no address, its host is missing: HOST:PORT"),
        (["up", "--metrics", "unix:/run/metrics"], "--metrics", "HOST:PORT"),
        (["up", "--no-such-option"], "--no-such-option", ""),
    ],
)
def test_a_bad_option_is_named_with_what_is_allowed(arguments, option, allowed):
    done = run(*arguments)
    assert done.returncode == 64
    assert option in done.stderr
    assert allowed in done.stderr
    assert done.stdout == ""


def test_every_bound_is_an_option(house, ports):
    house.broker(ports[0])
    options = run("broker", "--help").stdout
    with Wire(ports[0]) as wire:
        for bound in wire.look("STATS")["limits"]:
            assert f"--{bound} <" in options


@pytest.mark.parametrize("command", ["serve", "up"])
def test_every_limit_of_a_request_is_an_option(command):
    """As INTERFACE.md, section 7, calls them; but for those which a broker has too."""
    options = run(command, "--help").stdout
    page = (PROTOCOL / "INTERFACE.md").read_text()
    limits = re.findall(r"^\| `([a-z-]+)` \|", page.split("## 7.")[1].split("\n## ")[0], re.MULTILINE)
    assert len(limits) >= 10
    for limit in limits:
        name = limit.replace("max-", "max-http-") if limit in ("max-connections", "max-memory") else limit
        assert f"--{name} <" in options, limit


def test_help_is_given():
    done = run("--help")
    assert done.returncode == 0
    for command in ("up", "broker", "serve"):
        assert f"  {command} " in done.stdout


@pytest.mark.parametrize(
    "words, hint",
    [
        (["srve"], "seaway has no command srve: did you mean seaway serve?"),
        (["help", "bridge", "reds"], "seaway bridge has no command reds: did you mean seaway bridge redis?"),
        (["token", "zzz"], "seaway token has no command zzz: there are add, list, remove"),
    ],
)
def test_a_command_that_there_is_none_of_is_told_with_what_may_be_meant(words, hint):
    refused = run(*words)
    assert (refused.returncode, refused.stderr.strip()) == (64, hint)


def test_the_version_says_commit_and_features():
    first, second = run("--version").stdout.splitlines()[:2]
    assert re.fullmatch(r"seaway \d+\.\d+\.\d+(, commit [0-9a-f]{12}(-dirty)?)?", first)
    with_features = {"ack", "delay", "groups", "once"}
    assert second.startswith("wire protocol 1: ") and with_features <= set(second.split(": ")[1].split())


@pytest.mark.parametrize("level", ["info", "trace"])
def test_no_message_has_a_log_line(house, ports, level):
    broker = house.broker(ports[0], "--log-level", level)
    with Wire(ports[0]) as listener, Wire(ports[0]) as sender:
        listener.listen("jobs", credit=1_000)
        for number in range(1_000):
            assert sender.ask(f'SEND :- jobs {{"n":{number}}}') == "OK"
        assert [listener.take()["n"] for _ in range(1_000)] == list(range(1_000))
    assert broker.terminate() == 0
    lines = broker.output().splitlines()
    assert 0 < len(lines) < 50
    assert all(" seaway" in line for line in lines)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_each_command_leaves_with_zero_when_told_to(house, ports, ending):
    broker_port, http_port = ports
    up_port, up_http = free_port(), free_port()
    broker = house.broker(broker_port)
    server = house.server(http_port, broker_port)
    up = house.start([SEAWAY, "up", "--listen", f"127.0.0.1:{up_port}", "--http", f"127.0.0.1:{up_http}"])
    house.listening(up, up_http)
    for program in (server, broker, up):
        program.process.send_signal(ending)
        assert program.process.wait(PATIENCE) == 0, program.output()


def test_a_broker_that_leaves_says_so_and_stores_nothing_more(house, ports):
    broker = house.broker(ports[0], "--drain", "500ms")
    with Wire(ports[0]) as client, Wire(ports[0]) as slow:
        slow.listen("jobs", credit=1)
        assert slow.ask("PING") == "PONG"
        slow.write('SEND :- later {"n":1}\n')
        assert client.ask('SEND :- jobs {"n":1}') == "OK"
        broker.process.send_signal(signal.SIGTERM)
        assert client.read()[0].startswith("BYE shutdown in=")
        assert client.ask('SEND :- jobs {"n":2}').startswith("ERR closing")
        with pytest.raises(EOFError):
            until(lambda: client.read() and False, "the broker closes")
    assert broker.process.wait(PATIENCE) == 0


def test_requests_under_way_are_answered_before_the_server_leaves(house, ports):
    broker_port, http_port = ports
    house.broker(broker_port)
    server = house.server(http_port, broker_port)
    with Wire(broker_port) as worker:
        worker.listen("http.request")
        client = socket.create_connection(("127.0.0.1", http_port), timeout=PATIENCE)
        client.sendall(b"GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n")
        reply = worker.take()["reply_channel"]
        server.process.send_signal(signal.SIGTERM)
        until(lambda: "leaving" in server.output(), "the server leaves")
        assert worker.ask(f'SEND :- {reply} {{"status":200,"content":"done\\n"}}') == "OK"
        answer = b"".join(iter(lambda: client.recv(65536), b""))
        client.close()
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"done\n")
    assert b"onnection: close" in answer
    assert server.process.wait(PATIENCE) == 0
    with pytest.raises(OSError):
        get(http_port, "/")


@pytest.mark.parametrize("command", ["broker", "up", "serve"])
def test_a_signal_that_comes_with_the_line_that_says_listening_is_heard(house, ports, command):
    listen, http = ["--listen", f"127.0.0.1:{ports[0]}"], ["--http", f"127.0.0.1:{ports[1]}"]
    broker = ["--broker", f"127.0.0.1:{ports[0]}"]
    options = {"broker": listen, "up": [*listen, *http], "serve": [*broker, *http]}[command]
    word = "serving HTTP" if command == "serve" else "listening"
    for number in range(20):
        program = house.start([SEAWAY, command, *options])

        def question(program=program) -> bool:
            assert program.is_running, program.output()
            return word in program.output()

        # Without a pause: the signal is to come before anything else has happened.
        until(question, "it says that it listens", pause=0)
        if command == "serve" or number % 2:
            assert program.terminate() == 0, program.output()
            continue
        with Wire(ports[0]) as client:
            assert client.ask("PING") == "PONG"
            program.process.send_signal(signal.SIGTERM)
            assert client.read()[0].startswith("BYE shutdown in=")
        assert program.process.wait(PATIENCE) == 0, program.output()
