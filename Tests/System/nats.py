"""Real NATS servers with JetStream on loopback, and the keys and tokens that they know."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pathlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from harness import ROOT, Answer, House, Program, free_port, get
from hosts import Host


def nats_server() -> str:
    path = ROOT / ".build" / "python" / "bin" / "nats-server"
    found = str(path) if os.access(path, os.X_OK) else shutil.which("nats-server")
    assert found, "nats-server is not installed; .ci/setup.sh test installs it"
    return found


class Server:
    """One server, on loopback or on a host of its own; `more` stands in its configuration."""

    def __init__(
        self, house: House, name: str = "n0", more: str = "", jetstream: str = "", address: str = "127.0.0.1",
        host: Host | None = None,
    ):  # fmt: skip
        self.name, self.port, self.monitor = name, free_port(), free_port()
        self.house, self.host, self.at = house, host, host.address if host else "127.0.0.1"
        folder = house.folder / name
        folder.mkdir()
        config = folder / "server.conf"
        store = (
            f'jetstream {{ store_dir: "{folder}", max_file_store: 256MB, {jetstream} }}' if jetstream != "off" else ""
        )
        config.write_text(
            f'server_name: {name}\nlisten: "{self.at if host else address}:{self.port}"\n'
            f'http: "{self.at}:{self.monitor}"\n{store}\n{more}\n'
        )
        command: list[str | pathlib.Path] = [nats_server(), "-c", config]
        self.command = host.inside(command) if host else command
        self.program: Program = self.start()

    def start(self) -> Program:
        """Another process in the place of the last, with what that has kept."""
        self.program = self.house.listening(self.house.start(self.command), self.port, self.at)
        return self.program

    @property
    def url(self) -> str:
        return f"nats://{self.at}:{self.port}"

    @property
    def monitor_url(self) -> str:
        return f"http://{self.at}:{self.monitor}"

    def look(self, path: str) -> Answer:
        """What its monitor answers."""
        return get(self.monitor, path, host=self.at)


def cluster(house: House, count: int = 3, more: str = "max_payload: 4MB", hosts: Sequence[Host] = ()) -> list[Server]:
    """Servers that find one another; each on one of the hosts, if there are any."""
    ports = [free_port() for _ in range(count)]
    places = [host.address for host in hosts] or ["127.0.0.1"] * count
    routes = ", ".join(f'"nats://{at}:{port}"' for at, port in zip(places, ports))
    return [
        Server(
            house, f"n{place}", f'{more}\ncluster {{ name: c, listen: "{at}:{port}", routes: [{routes}] }}',
            host=hosts[place] if hosts else None,
        )
        for place, (at, port) in enumerate(zip(places, ports))
    ]  # fmt: skip


def leader_of_all(servers: list[Server]) -> str | None:
    for server in servers:
        with contextlib.suppress(OSError, ValueError):
            leader = json.loads(server.look("/jsz").body).get("meta_cluster", {}).get("leader")
            if leader:
                return str(leader)
    return None


def leader_of(servers: list[Server], stream: str) -> str:
    for server in servers:
        with contextlib.suppress(OSError):
            found = json.loads(server.look("/jsz?streams=true").body)
            for account in found.get("account_details", []):
                for detail in account.get("stream_detail", []):
                    if detail["name"] == stream and detail.get("cluster", {}).get("leader"):
                        return str(detail["cluster"]["leader"])
    raise OSError("nobody leads it")


def is_whole(servers: list[Server]) -> bool:
    """Whether every server says that it has caught up with all streams and consumers that it keeps."""
    return all(server.look("/healthz").status == 200 for server in servers)


def crc16(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1
            crc &= 0xFFFF
    return crc


def base32(data: bytes) -> str:
    return base64.b32encode(data + crc16(data).to_bytes(2, "little")).decode().rstrip("=")


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Key:
    """A key of an operator (O), an account (A) or a user (U)."""

    kind: str

    def __post_init__(self) -> None:
        self.secret = Ed25519PrivateKey.generate()
        self.prefix = {"O": 14 << 3, "A": 0, "U": 20 << 3}[self.kind]

    @property
    def public(self) -> str:
        return base32(bytes([self.prefix]) + self.secret.public_key().public_bytes_raw())

    @property
    def seed(self) -> str:
        head = bytes([18 << 3 | self.prefix >> 5, (self.prefix & 31) << 3])
        return base32(head + self.secret.private_bytes_raw())

    def sign(self, subject: Key, name: str, kind: str, rights: dict | None = None) -> str:
        """A token in which this key vouches for another."""
        claims = {
            "jti": base64url(os.urandom(16)), "iat": int(time.time()), "iss": self.public, "sub": subject.public,
            "name": name, "nats": {"type": kind, "version": 2, **(rights or {})},
        }  # fmt: skip
        head = base64url(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode())
        text = f"{head}.{base64url(json.dumps(claims).encode())}"
        return f"{text}.{base64url(self.secret.sign(text.encode()))}"


def trust(folder: pathlib.Path) -> tuple[str, pathlib.Path]:
    """What a server's configuration says of an operator with one account, and the .creds file of a user of it."""
    operator, account, system, user = Key("O"), Key("A"), Key("A"), Key("U")
    unlimited = {"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": True, "conn": -1}
    store = {"mem_storage": -1, "disk_storage": -1, "streams": 10, "consumer": -1}
    config = f"""
        operator: {operator.sign(operator, "operator", "operator", {"system_account": system.public})}
        system_account: {system.public}
        resolver: MEMORY
        resolver_preload: {{
            {account.public}: {operator.sign(account, "account", "account", {"limits": {**unlimited, **store}})}
            {system.public}: {operator.sign(system, "system", "account", {"limits": unlimited})}
        }}
    """
    token = account.sign(user, "user", "user", {"subs": -1, "data": -1, "payload": -1})
    creds = folder / "user.creds"
    creds.write_text(
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )
    return config, creds
