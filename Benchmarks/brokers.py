"""How each broker is started: everything in memory, nothing on disk, no limit that the load would meet."""

import subprocess

from processes import BUILD, Process, find, free_port


def seaway() -> Process:
    port = free_port()
    return Process(
        [
            BUILD / "release" / "seaway", "broker", "--listen", f"127.0.0.1:{port}", "--log-level", "warning",
            "--capacity", "cb*=1000000,256M", "--max-connections", "20000",
        ],
        "seaway", port,
    )  # fmt: skip


def nats() -> Process:
    port = free_port()
    return Process([find("nats-server"), "-a", "127.0.0.1", "-p", port], "nats", port)


def redis() -> Process:
    port = free_port()
    return Process(
        [
            find("redis-server"), "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no",
            "--maxclients", "20000",
        ],
        "redis", port,
    )  # fmt: skip


def relay() -> Process:
    port = free_port()
    return Process([BUILD / "bench" / "relay", port], "relay", port)


STARTERS = {"seaway": seaway, "nats": nats, "redis": redis, "relay": relay}


def versions() -> str:
    """What was measured beside Seaway, as the programs tell it."""
    found = []
    for name in ("nats-server", "redis-server"):
        words = subprocess.run([find(name), "--version"], capture_output=True, text=True).stdout.split()
        number = next(word for word in words if word.lstrip("v=")[:1].isdigit())
        found.append(f"{name} {number.lstrip('v=')}")
    return ", ".join(found)
