"""What `seaway doctor` finds, and what it says is to be changed."""

from __future__ import annotations

import json
import subprocess

import pytest

from access import Authority, TokenFile, expired
from harness import PATIENCE, SEAWAY, Wire, free_port


def doctor(tmp_path, *words, wrapper: tuple = (), **variables: str) -> tuple[int, list]:
    """Its exit code, and its findings."""
    done = subprocess.run(
        [*wrapper, SEAWAY, "doctor", "--json", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **variables},
    )  # fmt: skip
    assert done.returncode in (0, 1), done
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def find(findings: list, about: str, text: str = "") -> dict:
    found = [each for each in findings if each["about"] == about and text in each["text"]]
    assert len(found) == 1, (about, text, findings)
    return found[0]


@pytest.fixture
def quiet(tmp_path):
    """A configuration that wants little."""
    path = tmp_path / "seaway.yaml"
    path.write_text("broker: {max-memory: 64M, max-connections: 100}\n")
    return path


def test_a_broker_that_is_well_is_found_well(house, ports, tmp_path, quiet):
    house.broker(ports[0])
    code, findings = doctor(tmp_path, "--config", quiet, "--broker", f"127.0.0.1:{ports[0]}")
    about = f"broker 127.0.0.1:{ports[0]}"
    assert code == 0, findings
    for text in (
        "it answers in",
        "wire protocol 1 with ack",
        "it is far from all of its limits",
        "the token allows send http.request",
    ):
        assert find(findings, about, text)["grade"] == "ok"
    for about in ("descriptors", "memory"):
        assert find(findings, about)["grade"] == "ok"
    assert any(each["about"] == "backlog" for each in findings)
    # It has left nothing.
    with Wire(ports[0]) as wire:
        totals = wire.look("STATS")
        assert (totals["channels"], totals["messages"], totals["groups"]) == (0, 0, 0)


def test_lines_for_people_begin_with_the_grade(ports, tmp_path, quiet):
    command = [SEAWAY, "doctor", "--config", quiet, "--broker", f"127.0.0.1:{ports[0]}", "--timeout", "300ms"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env={"HOME": str(tmp_path)})
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert all(line.split()[0] in ("ok", "warn", "fail") for line in lines)
    assert [line for line in lines if line.startswith("fail")] == [lines[-1]]
    assert f"broker 127.0.0.1:{ports[0]}: no connection" in lines[-1] and " -> see whether it runs" in lines[-1]


def test_what_a_token_may_is_found_without_doing_it(house, ports, tmp_path, quiet):
    tokens = TokenFile(tmp_path)
    token = tokens.add("web", send="jobs.*", listen="done", join="room")
    operator = tokens.add("op", admin="*")
    house.broker(ports[0], "--tokens", str(tokens.path))
    place = ["--config", quiet, "--broker", f"127.0.0.1:{ports[0]}"]
    about = f"broker 127.0.0.1:{ports[0]}"
    wishes = [
        "--send",
        "jobs.1",
        "--send",
        "done",
        "--listen",
        "done",
        "--listen",
        "jobs.1",
        "--join",
        "room",
        "--join",
        "hall",
    ]
    code, findings = doctor(tmp_path, *place, *wishes, SEAWAY_TOKEN=token)
    assert code == 1
    for right, good, bad in (("send", "jobs.1", "done"), ("listen", "done", "jobs.1"), ("join", "room", "hall")):
        assert find(findings, about, f"the token allows {right} {good}")["grade"] == "ok"
        missing = find(findings, about, f"the token does not allow {right} {bad}")
        assert missing["grade"] == "fail" and f"--{right} '{bad}'" in missing["advice"]
    assert doctor(tmp_path, *place, "--send", "jobs.1", SEAWAY_TOKEN=token)[0] == 0
    with Wire(ports[0]) as wire:
        assert wire.ask(f"HELLO 1 token={operator}").startswith("HELLO 1")
        assert wire.look("STATS")["messages"] == 0
    # Without a token nothing is found but that.
    code, findings = doctor(tmp_path, *place)
    assert code == 1 and "SEAWAY_TOKEN" in find(findings, about)["advice"]


def test_who_reaches_what_is_told(tmp_path):
    tokens = TokenFile(tmp_path)
    tokens.add("a")
    port = free_port()
    path = tmp_path / "seaway.yaml"
    path.write_text(
        f"broker:\n  listen: [127.0.0.1:{port}, '*:{free_port()}']\n  tokens: {tokens.path}\n"
        f"serve:\n  http: [127.0.0.1:{free_port()}, '*:{free_port()}']\n  metrics: '*:{free_port()}'\n"
    )
    code, findings = doctor(tmp_path, "--config", path, "--broker", f"127.0.0.1:{port}", "--timeout", "300ms")
    assert code == 1
    listening = {each["about"].split(":")[0]: each for each in findings if " at " in each["about"]}
    assert "this machine only" in listening["broker at 127.0.0.1"]["text"]
    assert "nobody listens there now" in listening["broker at 127.0.0.1"]["text"]
    assert listening["broker at *"]["grade"] == "warn" and "tls://" in listening["broker at *"]["advice"]
    assert listening["HTTP at *"]["grade"] == "warn" and listening["HTTP at 127.0.0.1"]["grade"] == "ok"
    assert listening["metrics at *"]["grade"] == "warn"
    assert find(findings, "tokens")["grade"] == "ok"


def test_a_configuration_that_cannot_be_used_is_found(tmp_path):
    path = tmp_path / "seaway.yaml"
    path.write_text("broker:\n  listen: ['*:7411']\n")
    code, findings = doctor(tmp_path, "--config", path, "--broker", "127.0.0.1:1", "--timeout", "300ms")
    assert code == 1
    assert (
        f"{path}:2: broker.listen *:7411 is reached from other machines"
        in find(findings, "configuration of broker")["text"]
    )
    path.write_text("broker:\n  max-bdy: 1M\n")
    _, findings = doctor(tmp_path, "--config", path, "--broker", "127.0.0.1:1", "--timeout", "300ms")
    assert "is max-body meant?" in find(findings, "configuration")["text"]


def test_certificates_are_looked_at_with_the_clock(tmp_path):
    path = tmp_path / "seaway.yaml"
    good, old = Authority(tmp_path, "ca").issue("localhost", "DNS:localhost"), expired(tmp_path)
    for (certificate, key), grade in ((good, "ok"), (old, "warn")):
        path.write_text(f"serve:\n  http-tls-certificate: {certificate}\n  http-tls-key: {key}\n")
        _, findings = doctor(tmp_path, "--config", path, "--broker", "127.0.0.1:1", "--timeout", "300ms")
        assert find(findings, "certificate for HTTP")["grade"] == grade


def test_what_the_machine_does_not_give_is_told(tmp_path, quiet):
    place = ["--config", quiet, "--broker", "127.0.0.1:1", "--timeout", "300ms"]
    _, findings = doctor(tmp_path, *place, wrapper=("prlimit", "--nofile=512"))
    few = find(findings, "descriptors")
    assert few["grade"] == "warn" and "LimitNOFILE=1252" in few["advice"]
    quiet.write_text("broker: {max-memory: 1024G}\n")
    _, findings = doctor(tmp_path, *place)
    assert find(findings, "memory")["grade"] == "fail"


def test_a_variable_that_looks_like_an_option_and_is_none_is_told(tmp_path, quiet):
    words = ["--config", quiet, "--broker", "127.0.0.1:1", "--timeout", "300ms"]
    _, findings = doctor(tmp_path, *words, SEAWAY_BROKER_MAX_BDY="1M", SEAWAY_BROKER_SERVICE_HOST="10.0.0.1")
    assert find(findings, "environment") == {
        "grade": "warn", "about": "environment", "text": "SEAWAY_BROKER_MAX_BDY is no option",
        "advice": "is SEAWAY_BROKER_MAX_BODY meant?",
    }  # fmt: skip


def test_a_context_names_the_broker(house, ports, tmp_path, quiet):
    house.broker(ports[0])
    path = tmp_path / ".config" / "seaway" / "contexts.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(f"current: a\ncontexts: {{a: {{broker: 127.0.0.1:{ports[0]}}}}}\n")
    code, findings = doctor(tmp_path, "--config", quiet)
    assert code == 0 and find(findings, f"broker 127.0.0.1:{ports[0]}", "it answers")
