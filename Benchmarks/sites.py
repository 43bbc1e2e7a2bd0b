"""Who serves WebSockets: the processes of each, and where to connect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from brokers import start_redis
from fronts import PEERS, broker_process, need_options, swift_worker
from processes import BUILD, Missing, Process, built, find, free_port, output, seaway


@dataclass
class Site:
    """A running site: sockets of /live are in the group, if there is one; /echo sends back what comes."""

    port: int
    #: Where `GSEND` is understood; 0 without a group.
    wire: int
    #: What is measured, by the part it plays.
    processes: dict[str, Process]


@contextmanager
def seaway_site(with_group: bool, *more: str) -> Iterator[Site]:
    """Broker, interface server (with more options) and one worker, three processes."""
    need_options("serve", more)
    port = free_port()
    with ExitStack() as stack:
        broker = stack.enter_context(broker_process())
        command = [seaway(), "serve", "--broker", f"127.0.0.1:{broker.port}", "--http", f"127.0.0.1:{port}"]
        server = stack.enter_context(Process([*command, *more, "--log-level", "warning"], "serve", port))
        # Each socket has one message under way at most, so their order needs no keeping.
        options = ["--no-serial", *(("--group", "liveblog") if with_group else ())]
        worker = stack.enter_context(swift_worker("seaway-echo-worker", [f"127.0.0.1:{broker.port}"], *options))
        yield Site(port, broker.port, {"server": server, "broker": broker, "worker": worker})


@contextmanager
def relay_site(_: bool) -> Iterator[Site]:
    """One thread that does nothing else: what this machine lets anybody reach."""
    port, wire = free_port(), free_port()
    with Process([built(BUILD / "bench" / "wsrelay"), port, wire], "wsrelay", port) as server:
        yield Site(port, wire, {"server": server})


@contextmanager
def django_site(server_command: Callable[[int], list[str]], with_group: bool) -> Iterator[Site]:
    """An ASGI server; with a group also Redis behind the channel layer, and the door that publishes into it."""
    port, wire = free_port(), free_port()
    with ExitStack() as stack:
        processes = {}
        environment = {"REDIS_URL": "redis://127.0.0.1:1"}
        if with_group:
            redis = stack.enter_context(start_redis())
            environment = {"REDIS_URL": f"redis://127.0.0.1:{redis.port}"}
            door = [find("python", "peers"), PEERS / "door.py", wire]
            processes["broker"] = redis
            processes["publisher"] = stack.enter_context(Process(door, "door", wire, environment))
        command = server_command(port)
        processes["server"] = stack.enter_context(Process(command, "asgi", port, environment, PEERS))
        yield Site(port, wire if with_group else 0, processes)


def daphne(port: int) -> list[str]:
    return [find("daphne", "peers"), "-v", "0", "-b", "127.0.0.1", "-p", str(port), "app:application"]


def uvicorn(port: int) -> list[str]:
    command = [find("uvicorn", "peers"), "--host", "127.0.0.1", "--port", str(port), "--lifespan", "off"]
    return [*command, "--log-level", "warning", "--no-access-log", "app:application"]


SITES: dict[str, Callable[[bool], AbstractContextManager[Site]]] = {
    "seaway": seaway_site,
    "daphne": lambda with_group: django_site(daphne, with_group),
    "uvicorn": lambda with_group: django_site(uvicorn, with_group),
    "relay": relay_site,
}


def versions() -> str:
    """What was measured beside Seaway, as the package manager tells it."""
    names = ("daphne", "channels_redis", "uvicorn", "uvloop", "httptools", "hypercorn", "Django", "gunicorn", "granian")
    try:
        _, out, _ = output([find("python", "peers"), "-m", "pip", "freeze", "--disable-pip-version-check"], 30)
    except Missing:
        return ""
    found = dict(line.split("==", 1) for line in out.splitlines() if "==" in line)
    return ", ".join(f"{name} {found[name]}" for name in names if name in found)
