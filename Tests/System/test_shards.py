"""Three brokers, of which one dies, hangs, is cut off, leaves or comes back empty, while all else goes on."""

import pathlib
import subprocess
import sys

import pytest

import packets
from harness import ROOT, SEAWAY, free_port, until
from relay import Relay
from shard_load import CONTENT, SLOW
from shards import FAILOVER, FAULTS, STREAMER, Site


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


@pytest.mark.timeout(60)
def test_a_broker_that_is_cut_off_gives_up_those_who_have_given_it_up(house):
    """Else it would go on handing them messages, for which nobody is there, when it can be reached again."""
    port, other = free_port(), free_port()
    house.broker(port)
    house.broker(other)
    relay = Relay(port)
    brokers = [f"127.0.0.1:{relay.port}", f"127.0.0.1:{other}"]
    given = [word for broker in brokers for word in ("--broker", broker)]
    house.start([pathlib.Path(SEAWAY).parent / "seaway-demo-worker", *given, "--failover", "1000"])
    paths = {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
    house.start([sys.executable, "-c", STREAMER, FAILOVER, 512, CONTENT, *brokers], paths)
    channels = ("http.request.swift", "http.request.stream")
    until(lambda: all(house.readers(port, channel) == 1 for channel in channels), "the workers listen")
    relay.cut()
    until(lambda: all(house.readers(port, channel) == 0 for channel in channels), "nobody listens there", patience=SLOW)
    relay.close()


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
