"""What is put on the front door, beside servers that answer by themselves: requests, bodies, files, idle clients."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol

import connections
from fronts import Site, apart, bodies_worker, demo_worker, folder, hypercorn, nginx, up, uvicorn
from generators import h2load, wrk
from processes import output, tool
from result import Result
from sites import seaway_site
from websocket_loads import WebSocketLoad

#: Starts what is measured; it ends with the stack.
Start = Callable[[ExitStack], Site]
HELLO = ("--route", "/swift=http.request.swift")
MIB = 1 << 20


class FrontLoad(Protocol):
    """A load for some peers, named by a program and how it is run."""

    name: str
    #: What Seaway ought to reach beside others, by peer; or by itself.
    aims: Mapping[str, str]

    @property
    def peers(self) -> list[str]: ...

    @property
    def beside(self) -> str:
        """The peer whose rate the others' is divided by."""
        ...

    def run(self, peer: str, seconds: float) -> Result: ...


@dataclass
class Sites:
    """A load on sites that listen for HTTP."""

    name: str
    sites: Mapping[str, Start]
    beside: str
    aims: Mapping[str, str]

    @property
    def peers(self) -> list[str]:
        return list(self.sites)

    def run(self, peer: str, seconds: float) -> Result:
        with ExitStack() as stack:
            return self.run_on(self.sites[peer](stack), peer, seconds)

    def run_on(self, site: Site, peer: str, seconds: float) -> Result:
        raise NotImplementedError


@dataclass
class Requests(Sites):
    """As many requests as are answered, by `wrk` or, with options of its own, by `h2load`."""

    path: str = "/swift"
    h2load: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def run_on(self, site: Site, peer: str, seconds: float) -> Result:
        url = f"http://127.0.0.1:{site.port}{self.path}"
        # Until a worker listens, answers are late, and of many requests some are refused.
        connections.wait_for_answer(site.port, self.path)
        self.generate(url, peer, 2)
        before = site.cpu_seconds()
        result, requests = self.generate(url, peer, seconds)
        return replace(result, cpu=each(before, site.cpu_seconds(), requests))

    def generate(self, url: str, peer: str, seconds: float) -> tuple[Result, int]:
        return h2load(url, seconds, *self.h2load[peer]) if peer in self.h2load else wrk(url, seconds)


@dataclass
class Body(Sites):
    """One body of 1 GiB, up or down, MiB by MiB."""

    is_upload: bool = False

    def run_on(self, site: Site, peer: str, seconds: float) -> Result:
        size = 1024 * MIB if seconds > 1 else 64 * MIB
        move = connections.upload if self.is_upload else connections.download
        # Until the worker listens, this waits.
        move(site.port, 64 * 1024)
        before = site.cpu_seconds()
        took = move(site.port, size)
        mebibytes = size // MIB
        return Result(rate=mebibytes / took, cpu=each(before, site.cpu_seconds(), mebibytes), peak=site.peak_memory())


@dataclass
class Idle(Sites):
    """Connections that have had one answer and stay: memory for each."""

    path: str = "/swift"
    tls: bool = False

    def run_on(self, site: Site, peer: str, seconds: float) -> Result:
        few, many = 100, 10_000 if seconds > 1 else 1_000
        with connections.Idle(site.port, self.path, self.tls) as idle:
            idle.open(few)
            before = site.memory()
            idle.open(many - few)
            return Result(memory={name: (now - before[name]) / (many - few) for name, now in site.memory().items()})


@dataclass
class Loops:
    """Fan-out to 2,000 sockets, by one event loop and by two."""

    name: str
    aims: Mapping[str, str]
    beside: str = "seaway --loops 1"
    load: WebSocketLoad = field(default_factory=lambda: WebSocketLoad("", "fanout", 2000, seconds=10))

    @property
    def peers(self) -> list[str]:
        return ["seaway --loops 1", "seaway --loops 2"]

    def run(self, peer: str, seconds: float) -> Result:
        return self.load.run_on(seaway_site(True, *peer.split()[1:]), seconds)


def each(before: Mapping[str, float], after: Mapping[str, float], count: int) -> dict[str, float]:
    """Microseconds of CPU for each."""
    return {name: (seconds - before[name]) * 1e6 / count for name, seconds in after.items()}


# ---- What is served


def hello(*options: str) -> Start:
    return lambda stack: apart(stack, demo_worker, *HELLO, *options)


def hello_over_tls(stack: ExitStack) -> Site:
    pem = certificate(stack)
    options = ("--http-tls-certificate", str(pem), "--http-tls-key", str(pem))
    return apart(stack, demo_worker, *HELLO, *MANY, *options)


def uvicorn_over_tls(stack: ExitStack) -> Site:
    return uvicorn(stack, *PATIENT, "--ssl-certfile", str(certificate(stack)))


def certificate(stack: ExitStack) -> pathlib.Path:
    """A key and a certificate that nobody vouches for, in one file."""
    pem = folder(stack) / "pem"
    command = [tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    code, _, error = output(
        [*command, "-subj", "/CN=localhost", "-days", "2", "-keyout", pem, "-out", f"{pem}.crt"], 20
    )
    if code != 0:
        raise RuntimeError(f"openssl: {error.strip()}")
    pem.write_text(pem.read_text() + pathlib.Path(f"{pem}.crt").read_text())
    return pem


def files(stack: ExitStack) -> pathlib.Path:
    """Files of 1 KiB and of 1 MiB."""
    place = folder(stack)
    (place / "small.txt").write_bytes(b"a" * 1024)
    (place / "large.bin").write_bytes(bytes(MIB))
    place.chmod(0o755)
    return place


def static(stack: ExitStack) -> Site:
    return apart(stack, demo_worker, "--static", f"/static={files(stack)}")


def nginx_static(stack: ExitStack) -> Site:
    return nginx(stack, files(stack))


def bodies(stack: ExitStack) -> Site:
    return apart(stack, bodies_worker)


#: Room and time for 10,000 idle connections.
MANY = ("--max-http-connections", "12000", "--keep-alive", "10m")
PATIENT = ("--timeout-keep-alive", "600")
H2 = ("-c8", "-m16")
#: As many requests under way over HTTP/1.1.
H1 = ("--h1", "-c128")

FRONT_LOADS: list[FrontLoad] = [
    Requests(
        "hello",
        {"seaway": hello(), "seaway up": lambda stack: up(stack, demo_worker, *HELLO), "uvicorn": uvicorn},
        "uvicorn",
        {"seaway": "≥ 1, ≤ 30 µs", "seaway up": "≥ 1.5"},
    ),
    Requests(
        "HTTP/2",
        {"seaway": hello("--http2-cleartext"), "seaway HTTP/1.1": hello(), "hypercorn": hypercorn},
        "hypercorn",
        {"seaway": "≥ 1.3, ≥ HTTP/1.1"},
        h2load={"seaway": H2, "seaway HTTP/1.1": H1, "hypercorn": H2},
    ),
    Body("upload", {"seaway": bodies, "uvicorn": uvicorn}, "uvicorn", {"seaway": "≥ 300, < 64 MiB"}, is_upload=True),
    Body("download", {"seaway": bodies, "uvicorn": uvicorn}, "uvicorn", {"seaway": "≥ 300, < 64 MiB"}),
    Loops("loops", {"seaway --loops 2": "> 1"}),
    Idle(
        "keep-alive",
        {"seaway": hello(*MANY), "uvicorn": lambda stack: uvicorn(stack, *PATIENT)},
        "uvicorn",
        {"seaway": "≤ 8 KiB"},
    ),
    Idle(
        "keep-alive, TLS",
        {"seaway": hello_over_tls, "uvicorn": uvicorn_over_tls},
        "uvicorn",
        {"seaway": "≤ 40 KiB"},
        tls=True,
    ),
    Requests("file, 1 KiB", {"seaway": static, "nginx": nginx_static}, "nginx", {}, path="/static/small.txt"),
    Requests("file, 1 MiB", {"seaway": static, "nginx": nginx_static}, "nginx", {}, path="/static/large.bin"),
]
