"""Three brokers, of which one dies, hangs, is cut off, leaves or comes back empty, while all else goes on."""

import pathlib
import subprocess
import sys

import pytest

import packets
from shards import FAILOVER, FAULTS, Site


@pytest.fixture
def site(house):
    sites = []

    def make(**options) -> Site:
        sites.append(Site(house, **options))
        return sites[-1]

    yield make
    for each in sites:
        each.close()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_site_goes_on_over_the_others(site, fault):
    site = site()
    # Each in turn, so that the one that the group is at is among them.
    for shard in site.shards:
        # Most of the time is for a machine that does much else.
        assert FAULTS[fault](site, shard) < FAILOVER * 3
        site.quiet()
    violations = site.violations()
    print(site.summary())
    assert violations == []


@pytest.mark.timeout(60)
def test_a_broker_that_is_added_takes_its_part(site):
    site = site(absent=1)
    site.add(site.shards[2])
    site.quiet()
    violations = site.violations()
    print(site.summary())
    assert violations == []


@pytest.mark.timeout(120)
@pytest.mark.skipif(packets.missing() is not None, reason=str(packets.missing()))
def test_packets_that_are_dropped_are_noticed():
    soak = pathlib.Path(__file__).with_name("soak.py")
    done = subprocess.run(
        [sys.executable, soak, "12", "1", "--packets", "--only", "cut"], capture_output=True, text=True, timeout=110,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "soak: cut of broker" in done.stdout and "soak: 0 violations" in done.stdout
