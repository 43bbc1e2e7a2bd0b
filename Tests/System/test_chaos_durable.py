"""Acknowledged channels keep what they promise while workers, brokers and NATS servers are killed and stopped."""

from __future__ import annotations

import pytest

from chaos import Durable, Memory, run

SEED = 14
#: At the end of it what a killed broker had in hand is waited for.
pytestmark = pytest.mark.timeout(180)


def test_nothing_is_lost_invented_or_doubled_over_a_cluster_of_nats(house):
    chaos = Durable(house, SEED)
    assert run(chaos, 12) == []
    assert sum(chaos.counted.values()) >= 4


def test_nothing_is_invented_or_doubled_in_memory(house):
    chaos = Memory(house, SEED)
    assert run(chaos, 6) == []
    assert chaos.counted["kill broker"] and chaos.counted["kill worker"]
