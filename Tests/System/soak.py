#!/usr/bin/env python3
"""Faults of brokers in random order, under load, for as long as you like.

    soak.py [SECONDS [SEED]] [--packets] [--only FAULT]

Prints the seed first, each fault with the seconds until the group was reached again, and at the end what was violated
of what `shards.py` says must hold. Ends with 0 when nothing was. The same seed gives the same faults in the same order.
With --packets a broker is cut off by the kernel, in a network namespace; else by a relay before it.
"""

from __future__ import annotations

import argparse
import pathlib
import random
import sys
import tempfile
import time

import packets
from harness import House
from relay import Relay
from shards import FAULTS, Site


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Faults of brokers in random order, under load.")
    parser.add_argument("seconds", nargs="?", type=float, default=60.0, help="60")
    parser.add_argument("seed", nargs="?", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--packets", action="store_true", help="cut by dropping packets; needs root and nft")
    parser.add_argument("--only", choices=FAULTS, action="append", help="this fault alone; repeat it for more")
    return parser.parse_args()


def main(chosen: argparse.Namespace) -> int:
    if chosen.packets:
        if reason := packets.missing():
            sys.exit(f"soak: {reason}")
        packets.enter()
    dice = random.Random(chosen.seed)
    faults = chosen.only or list(FAULTS)
    print(f"soak: {chosen.seconds:.0f} s, seed {chosen.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        house = House(pathlib.Path(folder))
        try:
            site = Site(house, sockets=6, way=packets.Packets if chosen.packets else Relay)
            return soak(site, chosen.seconds, faults, dice)
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
