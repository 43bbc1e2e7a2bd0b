"""Applications behind Seaway and behind the servers that they run on otherwise: `peers/shop` and `peers/least.py`."""

from __future__ import annotations

import contextlib
import pathlib
from contextlib import ExitStack
from functools import partial

from front_loads import FrontLoad, Requests, Start
from fronts import PEERS, Site, folder, up
from fronts import uvicorn as uvicorn_alone
from processes import ROOT, Process, cpu_seconds, find, free_port

SHOP = PEERS / "shop"
#: The peers' environment has Django, and not Seaway.
ENVIRONMENT = {"PYTHONPATH": f"{ROOT / 'clients' / 'python' / 'src'}:{SHOP}", "SHOP_PLAIN": "1"}
#: Threads of servers that need some.
THREADS = "8"


class Tree(Process):
    """A program and the processes that it starts."""

    @property
    def pids(self) -> list[int]:
        found = [self.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                    found += map(int, (task / "children").read_text().split())
        return found

    def cpu_seconds(self) -> float:
        return sum(map(cpu_seconds, self.pids))


def seaway_django(stack: ExitStack, *options: str) -> Site:
    """`seaway up`, and `seaway django` behind it."""
    files = {"SHOP_FILES": str(folder(stack))}

    def worker(brokers: list[str]) -> Process:
        command = [find("python", "peers"), "-m", "seaway", "django", "--settings", "shop.settings"]
        command += ["--broker", brokers[0], "--log-level", "warning", *options]
        return Tree(command, "seaway-django", environment={**ENVIRONMENT, **files})

    return up(stack, worker)


def seaway_asgi(stack: ExitStack) -> Site:
    """`seaway up`, and `seaway asgi` with the least application behind it."""

    def worker(brokers: list[str]) -> Process:
        command = [find("python", "peers"), "-m", "seaway", "asgi", "least:application", "--no-websocket"]
        command += ["--lifespan", "off", "--broker", brokers[0], "--log-level", "warning"]
        sources = f"{ROOT / 'clients' / 'python' / 'src'}:{PEERS}"
        return Tree(command, "seaway-asgi", environment={"PYTHONPATH": sources})

    return up(stack, worker)


def server(stack: ExitStack, program: str, options: tuple[str, ...]) -> Site:
    """A server of others, with one worker process."""
    port = free_port()
    command = [find(program, "peers"), *(option.format(port=port) for option in options)]
    environment = {**ENVIRONMENT, "SHOP_FILES": str(folder(stack)), "DJANGO_SETTINGS_MODULE": "shop.settings"}
    running = stack.enter_context(Tree(command, program, port, environment, SHOP))
    return Site(port, {"server": [running]})


def gunicorn(*options: str) -> Start:
    words = ("--bind", "127.0.0.1:{port}", "--workers", "1", "--log-level", "warning", *options)
    return partial(server, program="gunicorn", options=(*words, "shop.wsgi:application"))


def granian(kind: str) -> Start:
    words = ("--host", "127.0.0.1", "--port", "{port}", "--workers", "1", "--log-level", "error", "--no-ws")
    return partial(server, program="granian", options=("--interface", kind, *words, f"shop.{kind}:application"))


def uvicorn() -> Start:
    words = (
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "--log-level",
        "warning",
        "--no-access-log",
        "--lifespan",
        "off",
    )
    return partial(server, program="uvicorn", options=(*words, "shop.asgi:application"))


def django(*options: str) -> Start:
    return lambda stack: seaway_django(stack, *options)


GTHREAD = gunicorn("--worker-class", "gthread", "--threads", THREADS)
SERVERS = {"gunicorn": GTHREAD, "gunicorn sync": gunicorn(), "granian": granian("wsgi"), "uvicorn": uvicorn()}

APPLICATION_LOADS: list[FrontLoad] = [
    Requests(
        "Django, one line", {"seaway": django(), **SERVERS}, "granian", {"seaway": "≥ 0.9, ≥ 10 of uvicorn"}, path="/"
    ),
    Requests("Django, 100 rows", {"seaway": django(), **SERVERS}, "gunicorn", {"seaway": "≥ 1"}, path="/rows/"),
    Requests(
        "Django, two processes",
        {"seaway": django(), "seaway 2": django("--processes", "2")},
        "seaway",
        {"seaway 2": "≥ 1.7"},
        path="/burn/",
    ),
    Requests("ASGI, one line", {"seaway": seaway_asgi, "uvicorn": uvicorn_alone}, "uvicorn", {"seaway": "≥ 0.6"}),
]
