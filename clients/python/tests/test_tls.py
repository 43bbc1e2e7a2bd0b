"""TLS and tokens, in both halves of the client against a real broker."""

from __future__ import annotations

import pathlib
import ssl
import subprocess
from typing import Iterator, List

import pytest
import trustme
from support.broker import SEAWAY, Broker, Ends, until, worker
from support.halves import Half

from seaway import Denied, NotAuthenticated, Unreachable


class House:
    """An authority, what it vouches for, and a broker that shows it."""

    def __init__(self, folder: pathlib.Path, *options: str):
        self.authority = trustme.CA()
        self.file = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(str(self.file))
        certificate, key = folder / "broker.pem", folder / "broker.key"
        issued = self.authority.issue_cert("localhost")
        issued.private_key_pem.write_to_path(str(key))
        issued.cert_chain_pems[0].write_to_path(str(certificate))
        files = ("--tls-certificate", str(certificate), "--tls-key", str(key))
        self.broker = Broker(*files, *options, address="tls://127.0.0.1:0")
        # Its certificate is for the name, not for the number.
        self.address = self.broker.address.replace("127.0.0.1", "localhost")

    @property
    def trust(self) -> ssl.SSLContext:
        """A context that trusts the authority, and nobody else."""
        return ssl.create_default_context(cafile=str(self.file))


@pytest.fixture
def secure(tmp_path: pathlib.Path, programs: List[Ends]) -> House:
    """A broker that speaks TLS."""
    house = House(tmp_path)
    programs.append(house.broker)
    return house


def test_all_goes_through_tls(secure: House, half: Half, name: str) -> None:
    layer = half.layer(secure.address, tls=secure.trust)
    listening = layer.listen(name, credit=4)
    for number in range(20):
        layer.send(name, {"n": number})
    assert [listening.receive()["n"] for _ in range(20)] == list(range(20))
    # More than a record holds, and than one system call takes.
    large = bytes(range(256)) * 6_000
    layer.send(name, {"body": large})
    assert listening.receive()["body"] == large
    assert listening.receive(timeout=0.001) is None


def test_a_broker_that_comes_back_is_found_again(secure: House, half: Half, name: str) -> None:
    layer = half.layer(secure.address, tls=secure.trust, patience=10)
    listening = layer.listen(name)
    secure.broker.kill()
    secure.broker.start()
    until(lambda: layer.peek(name)["readers"], "the name to be listened on again")
    layer.send(name, {"n": 1})
    assert listening.receive()["n"] == 1


@pytest.mark.parametrize(
    ("address", "reason"),
    [("localhost", "not trusted: unable to get"), ("127.0.0.1", "not trusted: (IP address|Hostname) mismatch")],
)
def test_who_cannot_be_trusted_is_not_spoken_to(secure: House, half: Half, address: str, reason: str) -> None:
    # The system's authorities have not heard of ours; ours does not vouch for the number.
    trust = ssl.create_default_context() if address == "localhost" else secure.trust
    layer = half.layer(secure.address.replace("localhost", address), tls=trust, patience=0.5)
    with pytest.raises(Unreachable, match=reason):
        layer.ping()


def test_a_plain_broker_is_no_secure_one(broker: Broker, half: Half) -> None:
    layer = half.layer(f"tls://{broker.address}", patience=0.5)
    with pytest.raises(Unreachable, match="no broker at tls://"):
        layer.ping()


def test_a_certificate_of_the_client_is_shown(
    tmp_path: pathlib.Path, programs: List[Ends], half: Half, name: str
) -> None:
    clients = trustme.CA()
    clients.cert_pem.write_to_path(str(tmp_path / "clients.pem"))
    house = House(tmp_path, "--tls-client-ca", str(tmp_path / "clients.pem"))
    programs.append(house.broker)
    with pytest.raises(Unreachable):
        half.layer(house.address, tls=house.trust, patience=0.5).ping()
    trust = house.trust
    clients.issue_cert("worker.example.org").configure_cert(trust)
    half.layer(house.address, tls=trust).send(name, {})


def test_tls_where_none_is_spoken_is_a_mistake(half: Half) -> None:
    with pytest.raises(ValueError, match="does not begin with tls://"):
        half.layer("127.0.0.1:7411", tls=ssl.create_default_context())
    with pytest.raises(ValueError, match="say tls://HOST:PORT"):
        half.layer("tls://unix:/run/seaway")


def test_a_worker_speaks_tls(secure: House, half: Half, programs: List[Ends], name: str) -> None:
    program = worker("support.echo:worker", secure.address, "--tls-ca", str(secure.file), ECHO=name)
    programs.append(program)
    program.line(f"connected to the broker at {secure.address}")
    layer = half.layer(secure.address, tls=secure.trust)
    until(lambda: layer.peek(name)["readers"], "the worker to listen")
    layer.send(name, {"reply_channel": f"{name}.answer", "n": 7})
    assert layer.listen(f"{name}.answer").receive()["n"] == 7


def test_the_environment_says_whom_to_trust_and_what_to_show(
    tmp_path: pathlib.Path, programs: List[Ends], half: Half, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = trustme.CA()
    clients.cert_pem.write_to_path(str(tmp_path / "clients.pem"))
    house = House(tmp_path, "--tls-client-ca", str(tmp_path / "clients.pem"))
    programs.append(house.broker)
    mine = clients.issue_cert("worker.example.org")
    mine.private_key_pem.write_to_path(str(tmp_path / "mine.key"))
    mine.cert_chain_pems[0].write_to_path(str(tmp_path / "mine.pem"))
    monkeypatch.setenv("SEAWAY_TLS_CA", str(house.file))
    with pytest.raises(Unreachable):
        half.layer(house.address, patience=0.5).ping()
    monkeypatch.setenv("SEAWAY_TLS_CERTIFICATE", str(tmp_path / "mine.pem"))
    monkeypatch.setenv("SEAWAY_TLS_KEY", str(tmp_path / "mine.key"))
    half.layer(house.address).send(name, {})
    monkeypatch.setenv("SEAWAY_TLS_CA", str(tmp_path / "mine.key"))
    with pytest.raises(ValueError, match=r"mine\.key holds no authorities"):
        half.layer(house.address)


# Tokens


@pytest.fixture
def guarded(tmp_path: pathlib.Path, programs: List[Ends]) -> Iterator[Broker]:
    """A broker with one token, which may send to ``a`` and read it."""
    tokens = str(tmp_path / "tokens")
    add = [SEAWAY, "token", "add", "me", "--tokens", tokens, "--token-file", str(tmp_path / "me.token")]
    subprocess.run([*add, "--send", "a", "--listen", "a"], check=True, timeout=20)
    broker = Broker("--tokens", tokens)
    programs.append(broker)
    yield broker


def test_a_token_allows_what_it_says(guarded: Broker, half: Half, tmp_path: pathlib.Path) -> None:
    layer = half.layer(guarded.address, token=(tmp_path / "me.token").read_text().strip())
    layer.send("a", {"n": 1})
    assert layer.listen("a").receive()["n"] == 1
    with pytest.raises(Denied):
        layer.send("b", {})
    with pytest.raises(Denied):
        layer.listen("b").receive(timeout=5)
    with pytest.raises(Denied):
        layer.join("g", "a")
    with pytest.raises(Denied):
        layer.stats()


def test_a_token_comes_from_the_environment(
    guarded: Broker, half: Half, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAWAY_TOKEN", (tmp_path / "me.token").read_text().strip())
    half.layer(guarded.address).send("a", {})


@pytest.mark.parametrize("token", [None, "me.wrong", "nobody.x"])
def test_who_is_not_known_is_told_so_and_gives_up(guarded: Broker, half: Half, token: str | None) -> None:
    layer = half.layer(guarded.address, token=token)
    for _ in range(2):
        with pytest.raises(NotAuthenticated):
            layer.send("a", {})


def test_a_worker_shows_the_token_of_a_file(guarded: Broker, tmp_path: pathlib.Path, programs: List[Ends]) -> None:
    program = worker("support.echo:worker", guarded.address, "--token-file", str(tmp_path / "me.token"), ECHO="a")
    programs.append(program)
    program.line("connected to the broker at")
    assert program.terminate() == 0
    refused = worker("support.echo:worker", guarded.address, ECHO="a")
    programs.append(refused)
    assert refused.wait() == 70
    assert "CRITICAL seaway: auth" in refused.output
