"""What the console sees pass, and whom it ends: the event streams and orders of `--admin`."""

import contextlib
import json
import re
import subprocess
import time

import pytest

from admin import Admin, Tail, send
from harness import SEAWAY, Wire, free_port, until

# ---- Looking on


def test_a_tail_shows_what_passes(seen, ports):
    with Tail(seen, "channel=jobs.*") as tail:
        assert tail.response.headers["content-type"] == "text/event-stream"
        assert tail.next()[0] == "started"
        send(ports[0], "other", "no")
        send(ports[0], "jobs.mail", "yes")
        name, event = tail.next()
        assert name == "message" and event["channel"] == "jobs.mail" and event["body"] == {"text": "yes"}
        assert event["kind"] == "sent" and event["size"] > 0 and abs(event["time"] - time.time()) < 60
        assert "\nseaway_admin_tails_open 1\n" in seen.get("/metrics").body.decode()
    until(lambda: "\nseaway_admin_tails_open 0\n" in seen.get("/metrics").body.decode(), "it has ended")
    with Wire(ports[0]) as wire:
        until(lambda: wire.look("STATS")["tails"] == 0, "the broker copies nothing any more")


def test_a_tail_of_a_group_shows_what_comes_through_it(seen, ports):
    with Wire(ports[0]) as wire, Tail(seen, "group=room") as tail:
        assert tail.next()[0] == "started"
        assert wire.ask("JOIN room a b").startswith("OK")
        assert wire.ask("SEND :- a {}") == "OK"
        assert wire.ask('GSEND :- room {"n":1}').startswith("OK")
        _, event = tail.next()
        assert event["group"] == "room" and event["body"] == {"n": 1}


def test_a_tail_over_the_wire(house, ports):
    house.broker(ports[0])
    port = free_port()
    server = house.server(ports[1], ports[0], "--admin", f"127.0.0.1:{port}")
    house.listening(server, port)
    with Tail(Admin(port), "channel=jobs") as tail:
        assert tail.next() == ("started", {"broker": f"127.0.0.1:{ports[0]}"})
        send(ports[0], "jobs", "a")
        assert tail.next()[1]["body"] == {"text": "a"}
    with Wire(ports[0]) as wire:
        until(lambda: wire.look("STATS")["tails"] == 0, "its connection has ended")


def test_a_tail_that_is_not_read_costs_bounded_memory_and_is_told_what_it_missed(seen, ports, house):
    broker = house.programs[0]
    with Tail(seen, "channel=jobs") as tail:
        assert tail.next()[0] == "started"
        before = broker.memory()
        body = json.dumps({"text": "x" * 4_000})
        count = 8_000
        with Wire(ports[0]) as sender:
            for _ in range(count // 100):
                sender.write(100 * f"SEND :- jobs {body}\n")
                for _ in range(100):
                    assert sender.read()[0] == "OK"
                sender.ask("FLUSH jobs")
        assert broker.memory() - before < 24 << 20
        shown, missed = 0, 0
        while shown + missed < count:
            name, event = tail.next()
            shown += name == "message"
            missed += event["count"] if name == "dropped" else 0
        assert missed > 0 and shown + missed == count


def test_no_more_than_a_few_look_on(seen):
    with contextlib.ExitStack() as tails:
        for _ in range(8):
            assert tails.enter_context(Tail(seen, "channel=a")).response.status == 200
        with Tail(seen, "channel=a") as one_more:
            assert one_more.response.status == 503
            assert json.loads(one_more.response.read())["error"]["code"] == "limit"
    until(lambda: "\nseaway_admin_tails_open 0\n" in seen.get("/metrics").body.decode(), "their places are free")


def test_a_pattern_that_is_none_is_told(seen):
    with Tail(seen, "channel=no%20name") as tail:
        name, event = tail.next()
        assert name == "refused" and event["code"] == "name"


def test_sigterm_ends_those_who_look_on(house, ports):
    port = free_port()
    broker = house.broker(ports[0], "--admin", f"127.0.0.1:{port}", "--drain", "100ms")
    house.listening(broker, port)
    with Tail(Admin(port), "channel=a") as tail:
        assert tail.next()[0] == "started"
        assert broker.terminate() == 0, broker.output()


# ---- Ending a connection


def test_a_connection_is_ended(seen, ports):
    with Wire(ports[0]) as client, Wire(ports[0]) as other:
        client.ask("HELLO 1 client=noisy")
        other.ask("HELLO 1 client=quiet")
        state = seen.until(lambda state: state["connections_total"] == 2, "both are shown")
        (noisy,) = [connection for connection in state["connections"] if connection["client"] == "noisy"]
        order = {"broker": 0, "id": noisy["id"], "age": noisy["age"]}
        # One that is so old is not there: the number is another's by now.
        status, answer = seen.post("/api/connections/end", {**order, "age": noisy["age"] + 3_600})
        assert status == 409 and answer["error"]["code"] == "gone"
        assert seen.post("/api/connections/end", order) == (200, {"ok": True})
        assert client.read()[0].startswith("BYE ended ")
        assert other.ask("PING") == "PONG"
    text = seen.get("/metrics").body.decode()
    assert '\nseaway_broker_connections_ended_total{reason="ended"} 1\n' in text


@pytest.mark.parametrize(
    "order",
    [{}, {"broker": 0}, {"id": "7"}, {"broker": 9, "id": "7"}, {"broker": 0, "id": "x"}, {"broker": -1, "id": "7"}],
)  # fmt: skip
def test_what_names_no_connection_is_refused(seen, order):
    status, answer = seen.post("/api/connections/end", order)
    assert status == 400 and answer["error"]["code"] == "bad-request"


def test_a_connection_is_ended_over_the_wire(house, ports):
    house.broker(ports[0])
    port = free_port()
    house.listening(house.server(ports[1], ports[0], "--admin", f"127.0.0.1:{port}"), port)
    admin = Admin(port)
    with Wire(ports[0]) as client:
        client.ask("HELLO 1 client=noisy")
        state = admin.until(
            lambda state: any(connection["client"] == "noisy" for connection in state["connections"]), "it is shown"
        )
        (noisy,) = [connection for connection in state["connections"] if connection["client"] == "noisy"]
        assert admin.post("/api/connections/end", {"broker": 0, "id": noisy["id"]}) == (200, {"ok": True})
        assert client.read()[0].startswith("BYE ended ")


def test_who_may_not_administer_ends_nobody(house, ports, tmp_path):
    tokens = tmp_path / "tokens"
    add = [SEAWAY, "token", "add", "--tokens", tokens]
    for name, rights in (("some", ["--admin", "jobs.*"]), ("all", ["--admin", "*"])):
        token = subprocess.run([*add, *rights, name], check=True, capture_output=True, text=True).stdout.split()[-1]
        (tmp_path / name).write_text(token)
    house.broker(ports[0], "--tokens", str(tokens))
    with Wire(ports[0]) as some, Wire(ports[0]) as operator:
        number = re.search(r"id=(\w+)", some.ask(f"HELLO 1 token={(tmp_path / 'some').read_text()}"))
        own = re.search(r"id=(\w+)", operator.ask(f"HELLO 1 token={(tmp_path / 'all').read_text()}"))
        assert some.ask("END 999").startswith("ERR denied")
        assert operator.ask("END 999") == "OK ended=0"
        assert number and own
        assert operator.ask(f"END {number[1]}") == "OK ended=1"
        assert some.read()[0].startswith("BYE ended ")
        assert operator.ask(f"END {own[1]}").startswith("ERR args"), "one ends oneself by QUIT"
