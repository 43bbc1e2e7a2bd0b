"""`seaway store check` at real NATS servers: versions, JetStream, TLS, keys, clusters. It changes nothing there."""

from __future__ import annotations

import json
import pathlib
import signal
import subprocess

import pytest

import nats
from access import Authority
from harness import PATIENCE, SEAWAY, free_port, get, until


def check(*arguments: object, expected: int | None = None) -> tuple[int, dict[str, dict]]:
    """The exit code, and what was found, by what it is about."""
    command = [SEAWAY, "store", "check", *(str(word) for word in arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert expected is None or done.returncode == expected, (done, found)
    return done.returncode, {finding["what"]: finding for finding in found}


def verdicts(found: dict[str, dict]) -> dict[str, str]:
    return {what: finding["verdict"] for what, finding in found.items()}


def streams(server: nats.Server) -> int:
    return int(json.loads(get(server.monitor, "/jsz").body)["streams"])


def test_one_server_is_enough_where_that_is_said(house):
    server = nats.Server(house, more="max_payload: 4MB", jetstream="sync_interval: always")
    _, found = check(server.url, expected=2)
    assert found["replicas"]["verdict"] == "failure" and "--store-replicas 1" in found["replicas"]["advice"]
    assert found["disk"]["verdict"] == "unknown"
    _, found = check(server.url, "--store-replicas", 1, "--monitor", server.monitor_url, expected=1)
    assert verdicts(found) == {
        f"server {server.url}": "ok", "max_payload": "ok", "JetStream": "ok", "replicas": "warning", "disk of n0": "ok",
    }  # fmt: skip
    assert "NATS 2." in found[f"server {server.url}"]["found"]
    assert streams(server) == 0


def test_small_messages_and_lazy_disks_are_told(house):
    server = nats.Server(house)
    _, found = check(server.url, "--store-replicas", 1, "--monitor", server.monitor_url, expected=1)
    assert found["max_payload"]["verdict"] == "warning" and "max_payload: 4MB" in found["max_payload"]["advice"]
    assert found["disk of n0"]["found"] == "written within 120 s"
    assert "sync_interval: always" in found["disk of n0"]["advice"]


def test_a_server_without_jetstream_cannot_store(house):
    server = nats.Server(house, jetstream="off")
    _, found = check(server.url, "--monitor", server.monitor_url, expected=2)
    assert found["JetStream"]["verdict"] == "failure" and "jetstream {" in found["JetStream"]["advice"]
    assert found["disk of n0"]["found"] == "no JetStream at this server"


def test_a_server_that_is_away_is_told(house):
    address = f"nats://127.0.0.1:{free_port()}"
    _, found = check(address, "--monitor", f"http://127.0.0.1:{free_port()}", expected=2)
    assert found == {
        f"server {address}": {
            "verdict": "failure", "what": f"server {address}", "found": f"{address}: Connection refused",
            "advice": "see that it runs and can be reached from here",
        }
    }  # fmt: skip


def test_people_get_a_table_with_what_to_change(house):
    server = nats.Server(house)
    done = subprocess.run(
        [SEAWAY, "store", "check", server.url, "--durable", "jobs.*"], capture_output=True, text=True, timeout=PATIENCE
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 2 and done.stderr == ""
    assert any(line.startswith("ok       server nats://127.0.0.1:") for line in lines)
    assert any(line.startswith("failure  replicas") and line.endswith("3 of 1 server") for line in lines)
    assert any("not stored yet; the stream will be sw-jobs_2e_2a" in line for line in lines)
    assert any(line.startswith("max_payload: max_payload: 4MB") for line in lines[lines.index("") :])


def test_three_servers_are_a_store_and_one_may_be_away(house):
    servers = nats.cluster(house)
    addresses = ",".join(server.url for server in servers)
    until(lambda: check(addresses)[0] == 0, "three servers have found one another", pause=0.3)
    monitors = [word for server in servers for word in ("--monitor", server.monitor_url)]
    _, found = check(addresses, "--durable", "jobs.*,mail", *monitors, expected=1)
    assert verdicts(found) == {
        **{f"server {server.url}": "ok" for server in servers},
        **{f"disk of {server.name}": "warning" for server in servers},
        "max_payload": "ok", "JetStream": "ok", "replicas": "ok", "channels jobs.*": "ok", "channels mail": "ok",
    }  # fmt: skip
    assert found["replicas"]["found"] == "3 of 3 servers"
    # One alone tells of the others.
    _, found = check(servers[0].url, expected=0)
    assert found["replicas"]["found"] == "3 of 3 servers"
    assert all(streams(server) == 0 for server in servers)

    servers[0].program.kill()
    until(lambda: check(addresses)[1]["JetStream"]["verdict"] == "ok", "the others go on", pause=0.3)
    _, found = check(addresses, expected=1)
    assert found[f"server {servers[0].url}"]["verdict"] == "warning"
    assert found[f"server {servers[1].url}"]["verdict"] == "ok"


def test_two_servers_that_are_no_cluster_are_no_store(house):
    servers = [nats.Server(house, f"n{place}") for place in range(2)]
    _, found = check(",".join(server.url for server in servers), "--store-replicas", 2, expected=2)
    assert found["one cluster"]["verdict"] == "failure"


def test_a_silent_server_is_not_waited_for_long(house):
    server = nats.Server(house)
    server.program.freeze()
    try:
        _, found = check(server.url, "--timeout", "300ms", expected=2)
    finally:
        server.program.process.send_signal(signal.SIGCONT)
    assert "says nothing" in found[f"server {server.url}"]["found"]


# ---- Credentials


def users(text: str) -> str:
    return f"authorization {{ {text} }}"


def test_users_tokens_and_keys_are_let_in(house, tmp_path):
    key = nats.Key("U")
    for name, authorization, credentials in [
        ("password", 'user: u, password: "p w"', "user=u\npassword=p w\n"),
        ("token", "token: t0", "token=t0\n"),
        ("key", f"users: [{{ nkey: {key.public} }}]", f"# a key\n{key.seed}\n"),
    ]:
        server = nats.Server(house, name, users(authorization))
        file = tmp_path / f"{name}.txt"
        file.write_text(credentials)
        _, found = check(server.url, "--store-credentials", file, "--store-replicas", 1, expected=1)
        assert found["JetStream"]["verdict"] == "ok"
        # Who shows nothing, and who shows something else, is not let in, and does not try for long.
        _, found = check(server.url, "--timeout", "15s", expected=2)
        assert "Authorization Violation" in found[f"server {server.url}"]["found"]
        file.write_text(nats.Key("U").seed if name == "key" else "token=other")
        _, found = check(server.url, "--store-credentials", file, "--timeout", "15s", expected=2)
        assert "Authorization Violation" in found[f"server {server.url}"]["found"]


def test_a_creds_file_is_let_in(house, tmp_path):
    config, creds = nats.trust(tmp_path)
    server = nats.Server(house, more=config)
    _, found = check(server.url, "--store-credentials", creds, "--store-replicas", 1, expected=1)
    assert found["JetStream"]["verdict"] == "ok"
    _, found = check(server.url, expected=2)
    assert found[f"server {server.url}"]["verdict"] == "failure"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["http://a"], "its scheme is neither nats nor tls"),
        (["nats://user:secret@a"], "stands in a file"),
        (["a", "--store-replicas", "0"], "allowed is 1 to 5"),
        (["a", "--store-credentials", "/none"], "/none cannot be read"),
        (["a", "--store-tls-key", "/none"], "belong together"),
        (["a", "--store-tls-ca", "/none"], "/none cannot be read"),
        (["a", "--monitor", "a:8222"], "http://HOST:8222"),
    ],
)
def test_wrong_options_are_told(arguments, words):
    done = subprocess.run([SEAWAY, "store", "check", *arguments], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 64 and words in done.stderr


def test_a_file_of_nothing_is_no_credentials(tmp_path):
    file = tmp_path / "empty"
    file.write_text("")
    command = [SEAWAY, "store", "check", "a", "--store-credentials", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 64 and "needs a user and a password, or a token" in done.stderr


# ---- TLS


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path, "authority")


def tls(identity: tuple[pathlib.Path, pathlib.Path], more: str = "") -> str:
    return f'max_payload: 4MB\ntls {{ cert_file: "{identity[0]}", key_file: "{identity[1]}", {more} }}'


@pytest.mark.parametrize("first", [False, True])
def test_tls_checks_the_host_and_the_authority(house, authority, tmp_path, first):
    config = tls(authority.issue("server", "DNS:localhost"), "handshake_first: true" if first else "")
    server = nats.Server(house, more=config)
    options = ["--store-replicas", 1, "--store-tls-ca", authority.certificate]
    options += ["--store-tls-first"] if first else []
    _, found = check(f"tls://localhost:{server.port}", *options, expected=1)
    assert found["JetStream"]["verdict"] == "ok"
    # The certificate is for another host, or nobody who is trusted vouches for it.
    _, found = check(f"tls://127.0.0.1:{server.port}", *options, "--timeout", "5s", expected=2)
    assert found[f"server tls://127.0.0.1:{server.port}"]["verdict"] == "failure"
    other = Authority(tmp_path, "other")
    options[options.index(authority.certificate)] = other.certificate
    _, found = check(f"tls://localhost:{server.port}", *options, "--timeout", "5s", expected=2)
    assert "certificate verify failed" in found[f"server tls://localhost:{server.port}"]["found"]


def test_a_server_that_asks_for_a_certificate_gets_one(house, authority):
    identity = authority.issue("server", "DNS:localhost,IP:127.0.0.1")
    server = nats.Server(house, more=tls(identity, f'ca_file: "{authority.certificate}", verify: true'))
    certificate, key = authority.issue("client", "DNS:client")
    options = ["--store-replicas", 1, "--store-tls-ca", authority.certificate]
    mine = ["--store-tls-certificate", certificate, "--store-tls-key", key]
    _, found = check(f"tls://127.0.0.1:{server.port}", *options, *mine, expected=1)
    assert found["JetStream"]["verdict"] == "ok"
    _, found = check(f"tls://127.0.0.1:{server.port}", *options, "--timeout", "5s", expected=2)
    assert found[f"server tls://127.0.0.1:{server.port}"]["verdict"] == "failure"


def test_nothing_is_said_to_a_server_without_tls_that_is_to_have_it(house, tmp_path):
    server = nats.Server(house, more=users("token: t0"))
    file = tmp_path / "token"
    file.write_text("token=t0")
    address = f"tls://127.0.0.1:{server.port}"
    _, found = check(address, "--store-credentials", file, expected=2)
    assert found[f"server {address}"]["found"] == f"{address}: it has no TLS"
