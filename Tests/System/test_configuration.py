"""One file for every command that runs on: what it says, what wins over it, how faults are told, and SIGHUP."""

import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

from access import Authority, TokenFile, seaway
from harness import PATIENCE, SEAWAY, Wire, free_port, get, until

COMMANDS = [
    ["broker"],
    ["serve"],
    ["up"],
    *(["bridge", name] for name in ("stdin", "http", "postgres", "redis", "mqtt", "exec")),
]
# What is about the command line itself.
OTHERS = {"help", "version", "config"}


@pytest.fixture
def settings(tmp_path):
    """A configuration file; what it is given is written to it."""

    def write(text: str) -> pathlib.Path:
        path = tmp_path / "seaway.yaml"
        path.write_text(text)
        return path

    return write


def options(words: list) -> list:
    """The long options of a command, as its parser tells them."""
    command = json.loads(seaway("--experimental-dump-help").stdout)["command"]
    for word in words:
        command = next(each for each in command["subcommands"] if each["commandName"] == word)
    names = [
        [name["name"] for name in each.get("names", []) if name["kind"] == "long"] for each in command["arguments"]
    ]
    return [name for each in names for name in each[:1] if name not in OTHERS and name != "no-http2"]


def shown(*words, environment: dict | None = None) -> dict:
    """What holds, by key: the value, and where it is from."""
    lines = seaway("config", "show", "--json", *words, environment=environment).stdout.splitlines()
    return {row["key"]: (row["value"], row["from"]) for row in map(json.loads, lines)}


# ---- keys


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_has_its_key(words, settings):
    known = options(words)
    assert len(known) > 10
    keys = shown(*words)
    for name in known:
        assert ".".join([*words, name]) in keys, name
    # Nothing else has one, but what stands behind --.
    assert {key.rsplit(".", 1)[1] for key in keys} - set(known) <= {"program"}
    # And the file takes each of them, in its own section and in that of all.
    depth = "".join(f"{'  ' * level}{word}:\n" for level, word in enumerate(words))
    for section, indent in ((depth, "  " * len(words)), ("all:\n", "  ")):
        path = settings(section + "".join(f"{indent}{name}: x\n" for name in known))
        done = subprocess.run([SEAWAY, "config", "check", path], capture_output=True, text=True, timeout=PATIENCE)
        assert "no such key" not in done.stderr and "stands in" not in done.stderr


def test_a_file_with_every_kind_of_value_can_be_used(settings):
    path = settings(
        "all: {log-level: warning}\n"
        "broker:\n  max-body: 1M\n  capacity: [a=1, 'b.*=2,64K']\n  expiry: {jobs.*: 5m, '*': 10s}\n"
        "serve:\n  http2: false\n  access-log: yes\n  route: {/python: http.request.python}\n"
        "bridge:\n  exec:\n    from-channel: jobs\n    program: [jq, -c, .]\n"
    )
    assert seaway("config", "check", path).stdout == f"{path}: 9 settings, no fault\n"


# ---- precedence


def test_flags_win_over_the_environment_that_over_the_file_and_that_over_defaults(house, ports, settings):
    path = settings(
        f"all:\n  log-level: warning\nbroker:\n  listen: 127.0.0.1:{ports[0]}\n"
        "  max-names: 11\n  max-tails: 12\n  max-watches: 13\n"
    )
    variables = {"SEAWAY_BROKER_MAX_TAILS": "22", "SEAWAY_BROKER_MAX_WATCHES": "23", "SEAWAY_ALL_LOG_LEVEL": "info"}
    command = ["broker", "--config", path, "--max-watches", "33"]
    broker = house.listening(house.start([SEAWAY, *command], variables), ports[0])
    with Wire(ports[0]) as wire:
        limits = wire.look("STATS")["limits"]
    assert (limits["max-names"], limits["max-tails"], limits["max-watches"]) == (11, 22, 33)
    until(lambda: "listening" in broker.output(), "it says that it listens")
    told = shown(*command, environment=variables)
    assert told["broker.max-names"] == ("11", f"{path}:5")
    assert told["broker.max-tails"] == ("22", "SEAWAY_BROKER_MAX_TAILS")
    assert told["broker.max-watches"] == ("33", "flag")
    assert told["broker.log-level"] == ("info", "SEAWAY_ALL_LOG_LEVEL")
    assert told["broker.max-groups"] == ("100000", "default")
    assert told["broker.listen"] == (f"127.0.0.1:{ports[0]}", f"{path}:4")


def test_the_environment_names_the_file_and_a_flag_another(house, ports, settings, tmp_path):
    path = settings(f"broker:\n  listen: 127.0.0.1:{ports[0]}\n")
    house.listening(house.start([SEAWAY, "broker"], {"SEAWAY_CONFIG": str(path)}), ports[0])
    other = tmp_path / "other.yaml"
    other.write_text(f"broker: {{listen: 127.0.0.1:{ports[1]}}}\n")
    house.listening(house.start([SEAWAY, "broker", f"--config={other}"], {"SEAWAY_CONFIG": str(path)}), ports[1])


def test_lists_of_the_environment_stand_between_white_space(house, ports):
    other = free_port()
    variables = {"SEAWAY_BROKER_LISTEN": f" 127.0.0.1:{ports[0]}\n 127.0.0.1:{other} "}
    house.listening(house.listening(house.start([SEAWAY, "broker"], variables), ports[0]), other)


def test_the_variables_of_all_clients_win_over_the_file(house, ports, settings):
    house.broker(ports[0])
    path = settings(f"serve:\n  broker: 127.0.0.1:1\n  http: 127.0.0.1:{ports[1]}\n")
    house.listening(
        house.start([SEAWAY, "serve", "--config", path], {"SEAWAY_BROKER": f"127.0.0.1:{ports[0]}"}), ports[1]
    )
    with Wire(ports[0]) as wire:
        until(lambda: "seaway-serve" in json.dumps(wire.look("STATS connections")), "it is connected")


def test_a_bridge_has_its_program_from_the_file(house, ports, settings):
    house.broker(ports[0])
    path = settings(
        f"all: {{broker: 127.0.0.1:{ports[0]}}}\n"
        "bridge:\n  exec:\n    from-channel: jobs\n    to-channel: done\n    program: [jq, -c, '{twice: (.n * 2)}']\n"
    )
    house.start([SEAWAY, "bridge", "exec", "--config", path])
    with Wire(ports[0]) as sender, Wire(ports[0]) as listener:
        listener.listen("done")
        assert sender.ask('SEND :- jobs {"n":21}') == "OK"
        assert listener.take() == {"twice": 42}


def test_no_secret_is_shown(settings):
    path = settings(
        "bridge:\n  postgres:\n    postgres: postgres://shop:hush@db/shop\n    to-group: a\n    listen: b\n"
    )
    for words in ([], ["--json"]):
        told = seaway("config", "show", *words, "bridge", "postgres", "--config", path).stdout
        assert "hush" not in told and "postgres://shop:***@db/shop" in told
    told = shown("serve", environment={"SEAWAY_TOKEN": "web.hush"})
    assert told["serve.token-file"] == ("***", "SEAWAY_TOKEN")


def test_what_is_shown_without_a_command_is_what_the_file_has(settings):
    path = settings("up: {max-body: 1M}\nbridge: {redis: {subscribe: a}}\n")
    told = shown("--config", path)
    assert {key.rsplit(".", 1)[0] for key in told} == {"up", "bridge.redis"}
    given = seaway("config", "show", "--given", "--config", path).stdout.splitlines()
    assert [line.split() for line in given] == [
        ["up.max-body", "1M", f"{path}:1"], ["bridge.redis.subscribe", "a", f"{path}:2"]
    ]  # fmt: skip


# ---- faults


@pytest.mark.parametrize(
    "text, told",
    [
        ("broker:\n  max-bdy: 2M\n", "F:2: broker.max-bdy: there is no such key: is max-body meant?"),
        ("broker:\n  max-body: 65M\n", "F:2: broker.max-body is 65M; allowed is 1 byte to 64M."),
        ("broker:\n  drain: 5\n", "F:2: The value '5' is invalid for broker.drain: the unit is missing: 5ms, 5s, 5m"),
        ("broker:\n  listen: 7411\n", "F:2: The value '7411' is invalid for broker.listen: 7411 is no address"),
        ("broker:\n  listen: [*:7411]\n", "F:2: did not find expected alphabetic or numeric character"),
        ("broker:\n  listen: ['*:7411']\n", "F:2: broker.listen *:7411 is reached from other machines"),
        ("all:\n  log-level: loud\n", "F:2: The value 'loud' is invalid for all.log-level. Please provide one of"),
        ("all:\n  log-level: loud\n", "the following: trace, debug, info"),
        ("broker:\n  tls-certificate: a.pem\n", "F:2: broker.tls-certificate and --tls-key belong together."),
        ("serve:\n  route: a\n", "F:2: serve.route: route 'a'"),
        ("serve:\n  http2: maybe\n", "F:2: serve.http2: this takes true or false"),
        ("bridge:\n  redis:\n    keep: 0\n    stream: a\n    to-group: b\n", "F:3: bridge.redis.keep is 0; allowed"),
        ("- a\n", "F:1: the file is a map of sections"),
        ("broker:\n\tlisten: a\n", "F:2: no YAML"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_file_line_and_key(settings, text, told):
    path = settings(text)
    told = told.replace("F:", f"{path}:").split("no YAML")[0].split("did not find")[0]
    done = seaway("config", "check", path, code=64)
    assert told in done.stderr and done.stdout == ""
    # So it is by the command that is started with it.
    words = ["bridge", "redis"] if "bridge" in text else ["serve"] if "serve" in text else ["broker"]
    assert told in seaway(*words, "--config", path, code=64).stderr


def test_all_faults_are_told_in_the_order_of_their_lines(settings):
    path = settings(
        "broker:\n  max-body: 65M\n  drain: 5\n  log-level: loud\nserve:\n  max-request-fields: 0\n  http-timeout: 0\n"
    )
    lines = seaway("config", "check", path, code=64).stderr.splitlines()
    assert [line.split(":")[2] for line in lines] == ["2", "3", "4", "6", "7"], lines


def test_what_may_stand_on_the_command_line_is_a_note_and_no_fault(settings):
    path = settings("bridge:\n  redis:\n    redis: 127.0.0.1:6379\n")
    done = seaway("config", "check", path)
    assert "1 setting, no fault" in done.stdout
    assert done.stderr.startswith("note: ") and "bridge.redis: Give --subscribe" in done.stderr


@pytest.mark.parametrize(
    "path, told", [("/no/such/file", "No such file"), ("/", "no regular file"), ("/dev/zero", "no regular file")]
)
def test_a_file_that_cannot_be_read_ends_the_command_with_one_line(path, told):
    done = seaway("broker", "--config", path, code=64)
    assert told in done.stderr and done.stderr.count("\n") == 1
    assert told in seaway("broker", code=64, environment={"SEAWAY_CONFIG": path}).stderr
    # Who only asks for help gets it.
    assert "USAGE" in seaway("broker", "--help", environment={"SEAWAY_CONFIG": path}).stdout


def test_a_file_that_an_option_names_is_told_with_its_key(settings):
    path = settings("broker:\n  tokens: /no/such/file\n")
    assert f"{path}:2: broker.tokens: /no/such/file" in seaway("broker", "--config", path, code=64).stderr


def test_a_variable_is_named_by_a_fault_in_it():
    done = seaway("broker", code=64, environment={"SEAWAY_BROKER_MAX_BODY": "65M"})
    assert "SEAWAY_BROKER_MAX_BODY is 65M; allowed is 1 byte to 64M." in done.stderr


# ---- SIGHUP


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
    text = f"broker:\n  listen: [127.0.0.1:{ports[0]}]\n  max-body: 1M\n  max-held: 5\n"
    path = settings(text)
    broker = house.listening(house.start([SEAWAY, "broker", "--config", path]), ports[0])
    assert "changed=nothing" in hang_up(broker, "configuration read again")
    settings(f"broker:\n  listen: [127.0.0.1:{ports[0]}, 127.0.0.1:{ports[1]}]\n  max-body: 2M\n  max-held: 6\n")
    for changed in ("max-held 5 -> 6", "changed=nothing"):
        told = hang_up(broker, "this needs a restart")
        assert changed in told
        assert f"listen 127.0.0.1:{ports[0]} -> 127.0.0.1:{ports[0]}, 127.0.0.1:{ports[1]}" in told
        assert "max-body 1M -> 2M" in told
    with Wire(ports[0]) as wire:
        limits = wire.look("STATS")["limits"]
        assert (limits["max-body"], limits["max-held"]) == (1 << 20, 6)
    with pytest.raises(OSError):
        Wire(ports[1])


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


# ---- packages


def test_the_files_of_the_packages_can_be_used(tmp_path):
    for path in sorted((pathlib.Path(__file__).parents[2] / "packaging" / "etc" / "seaway").glob("*.yaml")):
        seaway("config", "check", path)
        # What stands there as a comment can be used too.
        text = re.sub(r"(?m)^#(?=\S|  \S)", "", path.read_text())
        full = tmp_path / path.name
        full.write_text(text.replace("/etc/seaway", str(tmp_path)).replace("/run/seaway", str(tmp_path)))
        for name in ("tokens", "web.token"):
            (tmp_path / name).write_text("" if name == "tokens" else "web.secret\n")
        done = subprocess.run(
            [SEAWAY, "config", "check", full],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={"PATH": os.environ["PATH"]},
        )
        assert done.returncode == 0, done.stderr
