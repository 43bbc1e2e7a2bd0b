"""One file for every command that runs on: what it says, what wins over it, and how faults are told."""

import json
import os
import pathlib
import re
import subprocess

import pytest

from access import seaway
from harness import PATIENCE, SEAWAY, Wire, free_port, until

COMMANDS = [
    ["broker"],
    ["serve"],
    ["up"],
    *(["bridge", name] for name in ("stdin", "http", "postgres", "redis", "mqtt", "exec")),
]
# What is about the command line itself.
OTHERS = {"help", "version", "config"}


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
