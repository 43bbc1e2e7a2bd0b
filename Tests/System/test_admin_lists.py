"""Lists of the console that are longer than its snapshot: the first rows of all, in the order that is asked for."""

from __future__ import annotations

import pytest

from admin import Admin
from harness import SEAWAY, Wire, free_port


@pytest.fixture
def site(house):
    """Two brokers with many channels, and a bridge that shows both."""
    ports = [free_port(), free_port()]
    for port in ports:
        house.broker(port, "--capacity", "*=1000")
    admin = free_port()
    brokers = [word for port in ports for word in ("--broker", f"127.0.0.1:{port}")]
    words = ["serve", *brokers, "--http", f"127.0.0.1:{free_port()}", "--admin", f"127.0.0.1:{admin}"]
    house.listening(house.start([SEAWAY, *words]), admin)
    with Wire(ports[0]) as first, Wire(ports[1]) as second:
        for number in range(1_200):
            # Many at once: nothing is read before.
            first.write(f"SEND :- many.{number:04} {{}}\n")
        for _ in range(1_200):
            assert first.read()[0] == "OK"
        # Behind the first 500 by name, at both.
        for _ in range(3):
            assert second.ask("SEND :- many.0777 {}") == first.ask("SEND :- many.0777 {}") == "OK"
        for _ in range(5):
            assert second.ask("SEND :- many.1100 {}") == "OK"
        assert second.ask("LISTEN box!") == "OK state=fresh" and second.ask("SEND :- box!1 {}") == "OK"
        yield Admin(admin)


def test_the_deepest_channels_of_all_brokers_are_the_first(site):
    assert "many.0777" not in [row["name"] for row in site.state()["channels"]]
    answer = site.json("/api/lists/channels?sort=depth&inboxes=hidden")
    rows = [(row["name"], row["depth"], row["brokers"]) for row in answer["rows"]]
    assert rows[:2] == [("many.0777", 7, [0, 1]), ("many.1100", 6, [0, 1])]
    assert len(rows) == 500 and answer["whole"] is True
    assert answer["total"] == answer["matching"] == 1_200
    assert answer["hidden"] >= 1
    shown = site.json("/api/lists/channels?sort=name&order=rising")
    assert shown["total"] == 1_200 + answer["hidden"] and shown["hidden"] == 0


def test_one_broker_a_filter_and_the_other_direction(site):
    rows = site.json("/api/lists/channels?sort=depth&broker=1")["rows"]
    assert [(row["name"], row["depth"]) for row in rows[:2]] == [("many.1100", 5), ("many.0777", 3)]
    answer = site.json("/api/lists/channels?sort=name&order=falling&filter=NY.11")
    assert answer["matching"] == 100 and answer["rows"][0]["name"] == "many.1199"
    rows = site.json("/api/lists/connections?sort=age")["rows"]
    assert rows[0]["age"] >= rows[-1]["age"] and {row["broker"] for row in rows} == {0, 1}
    assert site.get("/api/lists/channels?broker=2").status == 400
    assert site.get("/api/lists/channels?sort=colour").status == 400


def test_a_broker_that_is_away_is_left_out_and_said(house, site):
    house.programs[1].terminate()
    answer = site.json("/api/lists/channels?sort=depth")
    assert answer["whole"] is False and answer["rows"][0]["name"] == "many.0777"
    house.programs[0].terminate()
    assert site.get("/api/lists/groups").status == 503
