"""Acknowledged channels keep what they promise while what they rest on is killed, stopped and cut off."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import packets
from chaos import Memory, run
from harness import ROOT

SEED = 14
#: At the end of it what a killed broker had in hand is waited for.
pytestmark = pytest.mark.timeout(180)


def test_nothing_is_lost_invented_or_doubled_over_a_cluster_of_nats():
    """Each NATS server is on a host of its own, where hosts can be made."""
    ways = [] if packets.missing() else ["--packets"]
    soak = ROOT / "Tests" / "System" / "soak.py"
    done = subprocess.run(
        [sys.executable, soak, "14", "7", "--durable", *ways], capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "chaos: 0 violations" in done.stdout
    faults = re.findall(r"^chaos: (\w+ \w+): ", done.stdout, re.MULTILINE)
    assert len(faults) >= 4, done.stdout
    assert not ways or any(fault.startswith("cut ") for fault in faults), done.stdout


def test_nothing_is_invented_or_doubled_in_memory(house):
    chaos = Memory(house, SEED)
    assert run(chaos, 6) == []
    assert chaos.counted["kill broker"] and chaos.counted["kill worker"]
