"""Waits until nobody else uses the machine, since what others do is part of every measurement."""

from __future__ import annotations

import os
import time

TICKS = os.sysconf("SC_CLK_TCK")
#: Cores in use below which the machine counts as quiet, and seconds of each look.
ENOUGH, LOOK = 0.15, 0.5


def busy_seconds() -> float:
    """CPU time of the whole machine since its start, idle time and waiting left out."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, interrupts, soft = map(int, file.readline().split()[1:8])
    return (user + nice + system + interrupts + soft) / TICKS


def busy_cores(seconds: float = LOOK) -> float:
    before, start = busy_seconds(), time.monotonic()
    time.sleep(seconds)
    return (busy_seconds() - before) / (time.monotonic() - start)


def wait(patience: float) -> float:
    """Waits at most so many seconds until the machine is quiet. Returns how many cores others use then."""
    end = time.monotonic() + patience
    busy = busy_cores()
    while busy > ENOUGH and time.monotonic() < end:
        busy = busy_cores()
    return busy
