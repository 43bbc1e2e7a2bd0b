#!/usr/bin/env python3
"""Faults of brokers in random order, under load, for as long as you like.

    soak.py [SECONDS [SEED]]

Prints the seed first, each fault with the seconds until the group was reached again, and at the end what was violated
of what `shards.py` says must hold. Ends with 0 when nothing was. The same seed gives the same faults in the same order.
"""

from __future__ import annotations

import pathlib
import random
import sys
import tempfile
import time

from harness import House
from shards import FAULTS, Site


def main(seconds: float, seed: int | None) -> int:
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    dice = random.Random(seed)
    print(f"soak: {seconds:.0f} s, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        house = House(pathlib.Path(folder))
        try:
            return soak(Site(house, sockets=6), seconds, dice)
        finally:
            house.end()


def soak(site: Site, seconds: float, dice: random.Random) -> int:
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            name, number = dice.choice(list(FAULTS)), dice.randrange(len(site.shards))
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
    seconds, seed = [*sys.argv[1:], "", ""][:2]
    sys.exit(main(float(seconds or 60), int(seed) if seed else None))
