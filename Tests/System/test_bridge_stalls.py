"""Half-dead connections of bridges: noticed in bounded time, made again, and told (BRIDGES.md, B28 and B29)."""

from __future__ import annotations

import json
import os
import shutil
import signal

import pytest

from bridges import bridge, says, send, summary, taking
from fakes import FakeRedis
from harness import until
from relay import Relay
from test_bridge_mqtt import MOSQUITTO, Mosquitto
from test_bridge_postgres import BINARIES, Postgres
from test_bridge_redis import Redis
from test_bridge_silence import Silent

TIMES = ["--service-timeout", "1s", "--service-check", "500ms"]
needs_postgres = pytest.mark.skipif(not BINARIES or not shutil.which("psql"), reason="postgresql is not installed")
needs_redis = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")


@pytest.fixture
def relays():
    made: list[Relay] = []

    def make(port: int) -> Relay:
        made.append(Relay(port))
        return made[-1]

    yield make
    for relay in made:
        relay.close()


@pytest.fixture
def postgres(house, tmp_path):
    return Postgres(house, tmp_path / "postgres")


def at(port: int) -> str:
    return f"host=127.0.0.1 port={port} user=test dbname=postgres"


@needs_postgres
def test_postgres_is_listened_to_again_when_its_connection_stalls(house, ports, postgres, relays):
    postgres.start()
    house.broker(ports[0])
    relay = relays(postgres.port)
    options = ["--postgres", at(relay.port), "--listen", "orders", "--to-channel", "log", *TIMES]
    program = bridge(house, "postgres", ports[0], *options)
    says(program, "reading from postgres")
    with taking(ports[0], "log") as taker:
        postgres.say("notify orders, 'before'")
        assert taker.wait(1)[0]["data"] == "before"
        relay.stall()
        says(program, "postgres is away", "no answer within", "postgres is back")
        until(lambda: program.output().count("reading from postgres") == 2, "it listens again")
        postgres.say("notify orders, 'after'")
        assert taker.wait(2)[1]["data"] == "after"
    assert program.terminate() == 0


@needs_postgres
def test_an_idle_connection_to_postgres_is_kept_by_signs_of_life(house, ports, postgres):
    postgres.start()
    house.broker(ports[0])
    options = ["--postgres", postgres.address, "--listen", "orders", "--to-channel", "log", "--service-check", "300ms"]
    program = bridge(house, "postgres", ports[0], *options)
    asked = "select count(*) from pg_stat_activity where application_name = 'seaway-bridge' and query = 'SELECT 1'"
    until(lambda: postgres.say(asked) == ["1"], "a sign of life is asked for")
    assert "is away" not in program.output() and program.terminate() == 0


@needs_postgres
def test_notifying_goes_on_when_its_connection_stalls(house, ports, postgres, relays):
    postgres.start()
    house.broker(ports[0])
    relay = relays(postgres.port)
    reader = bridge(
        house, "postgres", ports[0], "--postgres", postgres.address, "--listen", "done", "--to-channel", "log", "--json"
    )
    writer = bridge(
        house, "postgres", ports[0], "--postgres", at(relay.port), "--from-channel", "jobs", "--notify", "done", *TIMES
    )
    says(reader, "reading from postgres")
    with taking(ports[0], "log") as taker:
        send(ports[0], "jobs", {"n": 0})
        assert taker.wait(1) == [{"n": 0}]
        relay.stall()
        send(ports[0], "jobs", {"n": 1}, {"n": 2}, {"n": 3})
        until(lambda: taker.messages[-1] == {"n": 3}, "the last one has come")
        numbers = [message["n"] for message in taker.messages]
    # At most the one that was on its way is lost, and counted.
    assert numbers in ([0, 1, 2, 3], [0, 2, 3])
    assert writer.terminate() == 0
    assert f"handed-on={len(numbers)}" in summary(writer.output())
    assert ("dropped-unknown=1" in summary(writer.output())) == (len(numbers) == 3)


@needs_postgres
def test_a_notification_that_postgres_refuses_for_a_while_waits(house, ports, postgres):
    """Nobody may call pg_notify: a right that an operator can give back."""
    postgres.start()
    house.broker(ports[0])
    postgres.say("create role app login", "revoke execute on function pg_notify(text, text) from public")
    options = ["--postgres", at(postgres.port).replace("user=test", "user=app"), "--from-channel", "jobs"]
    program = bridge(house, "postgres", ports[0], *options, "--notify", "done")
    send(ports[0], "jobs", {"n": 0}, {"n": 1})
    says(program, "postgres is away", "permission denied for function pg_notify")
    postgres.say("grant execute on function pg_notify(text, text) to public")
    says(program, "postgres is back")
    assert program.terminate() == 0
    assert "handed-on=2" in summary(program.output()) and "dropped" not in summary(program.output())


@needs_postgres
def test_the_next_host_is_tried_when_the_first_takes_connections_and_says_nothing(house, ports, postgres):
    postgres.start()
    house.broker(ports[0])
    silent = Silent()
    try:
        hosts = f"host=127.0.0.1,127.0.0.1 port={silent.port},{postgres.port} user=test dbname=postgres"
        options = ["--postgres", hosts, "--listen", "orders", "--to-channel", "log", *TIMES]
        program = bridge(house, "postgres", ports[0], *options)
        says(program, "postgres is away", "reading from postgres")
        assert silent.connections
        assert program.terminate() == 0
    finally:
        silent.close()


@needs_redis
@pytest.mark.parametrize("point", [["--subscribe", "news"], ["--stream", "news"]])
def test_redis_is_read_from_again_when_its_connection_stalls(house, ports, tmp_path, relays, point):
    redis = Redis(house, tmp_path / "redis").start()
    house.broker(ports[0])
    relay = relays(redis.port)
    options = ["--redis", f"127.0.0.1:{relay.port}", *point, "--to-channel", "log", *TIMES]
    program = bridge(house, "redis", ports[0], *options)
    says(program, "reading from redis")
    relay.stall()
    says(program, "is away", "no answer within", "is back")
    until(lambda: program.output().count("reading from redis") == 2, "it reads again")
    with taking(ports[0], "log") as taker:
        redis.say("publish news hi" if "--subscribe" in point else "xadd news * text hi")
        assert taker.wait(1)[0]["source"] == "news"
    assert program.terminate() == 0


@needs_redis
def test_a_redis_that_hangs_gets_everything_once_and_in_order(house, ports, tmp_path):
    redis = Redis(house, tmp_path / "redis").start()
    house.broker(ports[0])
    options = ["--redis", f"127.0.0.1:{redis.port}", "--from-channel", "jobs", "--append", "s", *TIMES]
    program = bridge(house, "redis", ports[0], *options)
    send(ports[0], "jobs", {"n": 0})
    until(lambda: redis.say("xlen s") == ["1"], "the first is there")
    redis.program.freeze()
    try:
        send(ports[0], "jobs", *({"n": n} for n in range(1, 10)))
        says(program, "is away", "no answer within")
    finally:
        os.kill(redis.program.pid, signal.SIGCONT)
    says(program, "is back")
    until(lambda: numbers(redis)[-1] == 9, "the last is there")
    assert numbers(redis) == list(range(10))
    assert program.terminate() == 0


def numbers(redis: Redis) -> list[int]:
    return [json.loads(text)["n"] for text in redis.say("xrange s - +")[2::3]]


def test_a_full_channel_is_not_taken_for_a_silent_redis(house, ports):
    """The time counts only while the bridge reads: signs of life that it does not read are not missing."""
    house.broker(ports[0], "--capacity", "log=1")
    pushed = "*4\r\n$8\r\npmessage\r\n$4\r\nnews\r\n$4\r\nnews\r\n$2\r\nhi"
    subscribed = "*3\r\n$10\r\npsubscribe\r\n$4\r\nnews\r\n:1"

    def answer(words: list[str]) -> str:
        return "\r\n".join([subscribed, *[pushed] * 50]) if words[0] == "PSUBSCRIBE" else "*2\r\n$4\r\npong\r\n$0\r\n"

    fake = FakeRedis(answer)
    try:
        options = ["--redis", f"127.0.0.1:{fake.port}", "--subscribe", "news", "--to-channel", "log", "--queue", "1"]
        times = ["--service-check", "50ms", "--service-timeout", "500ms"]
        program = bridge(house, "redis", ports[0], *options, *times)
        until(lambda: len(fake.commands) > 25, "it has asked for signs of life")
        with taking(ports[0], "log") as taker:
            assert len(taker.wait(50)) == 50
        assert fake.connections == 1 and "is away" not in program.output()
    finally:
        fake.close()


@pytest.mark.skipif(not MOSQUITTO, reason="mosquitto is not installed")
def test_an_mqtt_broker_is_read_from_again_when_its_connection_stalls(house, ports, tmp_path, relays):
    mosquitto = Mosquitto(house, tmp_path / "mosquitto").start()
    house.broker(ports[0])
    relay = relays(mosquitto.port)
    options = ["--subscribe", "news", "--to-channel", "log", "--service-check", "1s"]
    program = bridge(house, "mqtt", ports[0], "--mqtt", f"127.0.0.1:{relay.port}", *options)
    says(program, "reading from mqtt")
    relay.stall()
    # libmosquitto takes no less than 5 s, twice.
    until(lambda: program.output().count("reading from mqtt") == 2, "it reads again")
    says(program, "is away", "is back")
    writer = bridge(house, "mqtt", ports[0], *mosquitto.option, "--from-channel", "jobs", "--publish", "news")
    with taking(ports[0], "log") as taker:
        send(ports[0], "jobs", {"n": 1})
        assert taker.wait(1) == [{"source": "news", "data": '{"n":1}'}]
    assert program.terminate() == writer.terminate() == 0
