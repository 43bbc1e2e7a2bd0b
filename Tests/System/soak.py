#!/usr/bin/env python3
"""Faults in random order, under load, for as long as you like.

    soak.py [SECONDS [SEED]] [--packets] [--only FAULT]
    soak.py [SECONDS [SEED]] --durable [--packets] | --memory

First brokers of a site fail; then, for as long again each, brokers, workers and NATS servers of durable channels
(--durable, alone), and the broker and workers of acknowledged channels in memory (--memory, alone): `chaos.py`.

Prints the seed first, each fault with the seconds until the group was reached again, and at the end what was violated
of what `shards.py` says must hold. Ends with 0 when nothing was. The same seed gives the same faults in the same order.
With --packets a broker is cut off by the kernel, in a network namespace, else by a relay before it; and of durable
channels each NATS server has a namespace of its own, and is cut off too.
"""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator

import packets
from chaos import Apart, Durable, Memory, run
from harness import House
from relay import Relay
from shards import FAULTS, Site


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Faults in random order, under load.")
    parser.add_argument("seconds", nargs="?", type=float, default=60.0, help="60")
    parser.add_argument("seed", nargs="?", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--packets", action="store_true", help="cut by dropping packets; needs root and nft")
    parser.add_argument(
        "--only", choices=FAULTS, action="append", help="this fault of brokers alone; repeat it for more"
    )
    parser.add_argument("--durable", action="store_true", help="the faults of durable channels alone")
    parser.add_argument("--memory", action="store_true", help="those of acknowledged channels in memory alone")
    return parser.parse_args()


def main(chosen: argparse.Namespace) -> int:
    if chosen.packets:
        if reason := packets.missing():
            sys.exit(f"soak: {reason}")
        packets.enter()
    print(f"soak: {chosen.seconds:.0f} s, seed {chosen.seed}", flush=True)
    code = 0
    if not (chosen.durable or chosen.memory):
        dice, way = random.Random(chosen.seed), packets.Packets if chosen.packets else Relay
        with home() as house:
            code |= soak(Site(house, sockets=6, way=way), chosen.seconds, chosen.only or list(FAULTS), dice)
    everything = not (chosen.durable or chosen.memory or chosen.packets or chosen.only)
    durable = Apart if chosen.packets else Durable
    for kind, wanted in ((durable, chosen.durable), (Memory, chosen.memory)):
        if wanted or everything:
            with home() as house:
                code |= bool(run(kind(house, chosen.seed), chosen.seconds))
    return code


@contextlib.contextmanager
def home() -> Iterator[House]:
    """A folder and programs that are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(pathlib.Path(folder))
        try:
            yield house
        finally:
            house.end()


def soak(site: Site, seconds: float, faults: list[str], dice: random.Random) -> int:
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            name, number = dice.choice(faults), dice.randrange(len(site.shards))
            took = FAULTS[name](site, site.shards[number])
            print(f"soak: {name} of broker {number}: groups go on after {took:.2f} s", flush=True)
            # Sometimes the next comes before the last has quite settled.
            if dice.random() < 0.5:
                site.quiet()
        violations = site.violations()
    finally:
        site.close()
    print(f"soak: {site.summary()}")
    for violation in violations[:50]:
        print(f"soak: VIOLATED: {violation}")
    print(f"soak: {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(options()))
