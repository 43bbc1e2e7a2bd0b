"""Who answers HTTP: interface server, brokers and worker, or a server of others, each started on free ports."""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache

from processes import ROOT, Missing, Process, Unable, built, find, free_port, output, seaway

PEERS = ROOT / "Benchmarks" / "peers"
#: Makes the worker that takes from the brokers at these addresses.
Worker = Callable[[list[str]], Process]


@dataclass
class Site:
    """What is measured: processes by part, and where they listen."""

    port: int
    parts: dict[str, list[Process]]

    def cpu_seconds(self) -> dict[str, float]:
        return self.sums(lambda process: process.cpu_seconds())

    def memory(self) -> dict[str, float]:
        return self.sums(Process.memory)

    def peak_memory(self) -> dict[str, float]:
        return self.sums(Process.peak_memory)

    def sums(self, value: Callable[[Process], float]) -> dict[str, float]:
        return {name: sum(value(process) for process in part) for name, part in self.parts.items()}


# ---- Seaway


def python_worker(script: str, broker: str) -> Process:
    """A worker of this folder, on the Python client of this tree."""
    command = [find("python"), ROOT / "Benchmarks" / script, broker]
    return Process(command, "python-worker", environment={"PYTHONPATH": str(ROOT / "clients" / "python" / "src")})


def swift_worker(name: str, brokers: list[str], *options: str) -> Process:
    """A Swift worker, which stands beside `seaway`."""
    path = built(pathlib.Path(seaway()).parent / name)
    return Process([path, *given(brokers), *options], "swift-worker")


def demo_worker(brokers: list[str]) -> Process:
    return swift_worker("seaway-demo-worker", brokers)


def bodies_worker(brokers: list[str]) -> Process:
    return python_worker("bodies.py", brokers[0])


def given(brokers: list[str]) -> list[str]:
    """Brokers as options."""
    return [word for broker in brokers for word in ("--broker", broker)]


#: Room for all requests that a load has under way: none is to be refused as one too many.
ROOM = ("--capacity", "http.request*=1000")


def broker_process(*options: str) -> Process:
    port = free_port()
    command = [seaway(), "broker", "--listen", f"127.0.0.1:{port}", *ROOM, *options, "--log-level", "warning"]
    return Process(command, "broker", port)


@cache
def help_of(program: str, command: str) -> str:
    return output([program, command, "--help"], 20)[1]


def need_options(command: str, options: tuple[str, ...]) -> None:
    """Raises `Unable` where this build of `seaway` does not know one of the options."""
    known = help_of(seaway(), command).replace(",", " ").split()
    for option in options:
        if option.startswith("--") and option not in known:
            raise Unable(f"`seaway {command}` has no {option}")


def apart(stack: ExitStack, worker: Worker, *options: str, brokers: int = 1, over_unix: bool = False) -> Site:
    """Broker or brokers, interface server and worker, each a process."""
    need_options("serve", options)
    port = free_port()
    processes, addresses = [], []
    for number in range(brokers):
        socket = folder(stack) / str(number)
        broker = stack.enter_context(broker_process("--unix-socket", str(socket)))
        processes.append(broker)
        addresses.append(f"unix:{socket}" if over_unix else f"127.0.0.1:{broker.port}")
    command = [seaway(), "serve", *given(addresses), *http(port, options)]
    server = stack.enter_context(Process(command, "serve", port))
    return Site(port, {"server": [server], "broker": processes, "worker": [stack.enter_context(worker(addresses))]})


def up(stack: ExitStack, worker: Worker, *options: str) -> Site:
    """The broker within the interface server, and a worker over a Unix socket."""
    need_options("up", options)
    port, socket = free_port(), folder(stack) / "up"
    listening = ["--listen", f"127.0.0.1:{free_port()}", "--unix-socket", socket]
    command = [seaway(), "up", *listening, *ROOM, *http(port, options)]
    server = stack.enter_context(Process(command, "up", port))
    return Site(port, {"server": [server], "worker": [stack.enter_context(worker([f"unix:{socket}"]))]})


def http(port: int, options: tuple[str, ...]) -> list[str]:
    return ["--http", f"127.0.0.1:{port}", *options, "--log-level", "warning"]


def folder(stack: ExitStack) -> pathlib.Path:
    return pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seaway-")))


# ---- Others


def uvicorn(stack: ExitStack, *options: str) -> Site:
    """`peers/least.py` in one process, by uvloop and httptools."""
    port = free_port()
    command = [find("uvicorn", "peers"), "--host", "127.0.0.1", "--port", port, "--lifespan", "off", *options]
    command += ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--no-access-log"]
    return asgi(stack, port, [*command, "least:application"])


def hypercorn(stack: ExitStack) -> Site:
    """The same with HTTP/2, by uvloop, in one process."""
    port = free_port()
    command = [find("hypercorn", "peers"), "--bind", f"127.0.0.1:{port}", "--worker-class", "uvloop", "--workers", 0]
    return asgi(stack, port, [*command, "--log-level", "warning", "least:application"])


def asgi(stack: ExitStack, port: int, command: list[object]) -> Site:
    server = stack.enter_context(Process(command, "asgi", port, directory=PEERS))
    return Site(port, {"server": [server]})


NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log stderr;
worker_rlimit_nofile 20000;
events {{ worker_connections 12000; }}
http {{
    include /etc/nginx/mime.types;
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; keepalive_timeout 600s;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{ listen 127.0.0.1:{port}{tls}; location /static/ {{ alias {files}/; }} }}
}}
"""


def nginx(stack: ExitStack, files: pathlib.Path, certificate: pathlib.Path | None = None) -> Site:
    """One process that serves the files of a folder as /static/; with a certificate, over TLS."""
    port, own = free_port(), folder(stack)
    tls = f" ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate}" if certificate else ""
    (own / "conf").write_text(NGINX.format(folder=own, port=port, tls=tls, files=files))
    server = stack.enter_context(Process([find("nginx"), "-c", own / "conf", "-p", own], "nginx", port))
    return Site(port, {"server": [server]})


def versions() -> str:
    """What this file starts and no package manager of Python knows, as it says itself."""
    try:
        _, _, said = output([find("nginx"), "-v"], 10)
    except Missing:
        return ""
    return said.strip().rpartition(": ")[2].replace("/", " ")
