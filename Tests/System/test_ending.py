"""`seaway end`: an operator ends connections by their IDs (PROTOCOL.md, Q6)."""

import json

from access import TokenFile
from harness import Wire, free_port


def connected(port: int, name: str) -> tuple[Wire, str]:
    """A client, and the ID that the broker has given it."""
    client = Wire(port)
    words = client.ask(f"HELLO 1 client={name}").split()
    return client, next(word.removeprefix("id=") for word in words if word.startswith("id="))


def test_connections_are_ended_and_told_so_and_others_stay(console):
    clients = [connected(console.port, name) for name in ("one", "two", "three")]
    (first, one), (second, two), (third, _) = clients
    lines = console.ok("end", one, two).splitlines()
    assert [line.split()[:3] for line in lines] == [[one, "ended", "client=one"], [two, "ended", "client=two"]]
    assert all(" address=127.0.0.1:" in line for line in lines)
    for client in (first, second):
        assert client.read()[0].startswith("BYE ended")
    assert third.ask("PING") == "PONG"
    for client, _ in clients:
        client.close()


def test_an_id_that_is_nobodys_is_told_and_the_others_are_ended(console):
    client, number = connected(console.port, "web")
    done = console.run("end", "999999", number)
    assert (done.returncode, done.stderr) == (1, "seaway: there is no connection 999999\n")
    assert done.stdout.startswith(f"{number} ended client=web")
    assert client.read()[0].startswith("BYE ended")
    client.close()


def test_a_young_connection_is_not_the_one_that_was_seen(console):
    client, number = connected(console.port, "web")
    done = console.run("end", "--age", "1h", number)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"seaway: not so old is connection {number}\n"
    assert client.ask("PING") == "PONG"
    client.close()


def test_the_id_is_that_of_the_list(console):
    client, number = connected(console.port, "web")
    listed = json.loads(console.ok("stats", "connections", "--json"))["connections"]
    assert [entry["id"] for entry in listed if entry["client"] == "web"] == [number]
    client.close()


def test_who_may_not_is_told_so(house, console, tmp_path):
    tokens = TokenFile(tmp_path)
    token = tokens.add("jobs", send="*")
    port = free_port()
    house.broker(port, "--tokens", str(tokens.path))
    console.port = port
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    done = console.run("end", "--token-file", str(file), "1")
    assert done.returncode == 77 and "denied" in done.stderr


def test_what_is_no_id_and_whose_id_it_is(console):
    assert console.run("end", "web").returncode == 64
    assert console.run("end").returncode == 64
    other = ("--broker", "127.0.0.1:1")
    done = console.run("end", "1", *other)
    assert done.returncode == 64 and "an ID is of one broker" in done.stderr


def test_a_broker_that_is_away_is_told(console):
    console.port = free_port()
    assert console.run("end", "1", "--timeout", "300ms").returncode == 69
