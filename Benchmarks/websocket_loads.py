"""What `wsbench` puts on a site."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from processes import BUILD, built, complaint, output, words
from result import Result
from sites import SITES, Site


def named(found: dict[str, str], ending: str) -> dict[str, float]:
    """The values of `server_us`, `broker_us` … by process."""
    return {
        key[: -len(ending)]: float(value)
        for key, value in found.items()
        if key.endswith(ending) and not key.startswith("client")
    }


def result_of(found: dict[str, str]) -> Result:
    """The result in one line of `wsbench`."""
    return Result(
        rate=float(found["rate"]),
        p50=float(found.get("p50_ms", 0)),
        p99=float(found.get("p99_ms", 0)),
        share=float(found.get("share", 1)),
        cpu=named(found, "_us"),
        memory=named(found, "_pss"),
        client_could=float(found["client_could"]),
    )


@dataclass
class WebSocketLoad:
    name: str
    kind: str
    sockets: int
    #: At least so many seconds, since slow sites deliver a message in seconds.
    seconds: float = 0.0
    #: Further options of `wsbench`.
    more: tuple[str, ...] = ()

    def run(self, peer: str, seconds: float) -> Result:
        return self.run_on(SITES[peer](self.kind == "fanout"), seconds)

    def run_on(self, start: AbstractContextManager[Site], seconds: float) -> Result:
        seconds = max(seconds, self.seconds) if seconds > 1 else seconds
        with start as site:
            path = "live" if self.kind == "fanout" else "echo"
            command: list[object] = [
                built(BUILD / "bench" / "wsbench"),
                self.kind,
                f"ws://127.0.0.1:{site.port}/{path}",
            ]
            command += ["--sockets", self.sockets, "--seconds", seconds, *self.more]
            if self.kind == "fanout":
                command += ["--publish", f"127.0.0.1:{site.wire}"]
            for name, process in site.processes.items():
                command += ["--process", f"{name}={process.pid}"]
            code, out, err = output(command, seconds * 2 + 240)
        if code != 0:
            raise complaint("wsbench", out, err)
        results = [result_of(words(line)) for line in out.splitlines()]
        if len(results) > 1:
            results[0].half = results[1]
        return results[0]


WEBSOCKET_LOADS = [
    WebSocketLoad("sockets 200", "fanout", 200),
    WebSocketLoad("sockets 2000", "fanout", 2000, seconds=10),
    WebSocketLoad("flood 200", "fanout", 200, more=("--flood",)),
    WebSocketLoad("echo 32", "echo", 32),
    WebSocketLoad("sockets idle", "idle", 5000),
]
