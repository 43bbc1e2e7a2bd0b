"""Three brokers, of which one dies, hangs, is cut off, leaves or comes back empty, while all else goes on."""

import pytest

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
