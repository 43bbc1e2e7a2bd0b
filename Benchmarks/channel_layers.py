"""Channel layers of Django Channels: Seaway's beside the two of channels_redis, each in processes of its own."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from brokers import start_redis, start_seaway
from processes import Missing, complaint, find, output, words
from result import Result

DRIVER = pathlib.Path(__file__).resolve().parent / "layer_driver.py"
#: Each is a channel layer; the last word says which of channels_redis.
LAYERS = ["seaway", "channels_redis", "channels_redis pubsub"]


@dataclass
class LayerLoad:
    """What `layer_driver.py` does with a layer."""

    name: str
    what: str
    members: int = 0
    #: What Seaway ought to reach: of its rate, beside both others; or by itself.
    aims: Mapping[str, str] = field(default_factory=dict)

    def run(self, peer: str, seconds: float) -> Result:
        with start_seaway() if peer == "seaway" else start_redis() as broker:
            command: list[object] = [find("python", "peers"), DRIVER, peer, broker.port, self.what]
            command.append(90 if self.what == "lost" else seconds)
            before = broker.cpu_seconds()
            code, out, err = output([*command, self.members], seconds + 90)
            used = broker.cpu_seconds() - before
        if code != 0 and "ModuleNotFoundError" in err:
            raise Missing(f"{peer}: {err.strip().splitlines()[-1]}; `make bench` installs it")
        if code != 0:
            raise complaint(f"layer_driver {peer}", out, err)
        found = {key: float(value) for key, value in words(out).items()}
        if self.what == "lost":
            return Result(share=found["came"] / found["sent"])
        # The broker's share of what came before the measurement is small, and counts.
        cpu = {"process": found["cpu_us"], "broker": used * 1e6 / found["messages"]}
        return Result(rate=found["rate"], p50=found["p50_ms"], p99=found["p99_ms"], cpu=cpu)


LAYER_LOADS = [
    LayerLoad("layer: send, receive", "pair", aims={"÷": "3"}),
    LayerLoad("layer: group of 100", "group", 100, {"÷": "3"}),
    LayerLoad("layer: group of 1000", "group", 1000, {"÷": "3"}),
    LayerLoad("layer: hop", "hop", aims={"÷": "3", "p50": "0.3 ms"}),
    LayerLoad("layer: lost of 1000", "lost", 1000, {"share": "none lost"}),
]
