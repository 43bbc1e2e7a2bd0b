"""What services refuse for a while waits, in order; what they refuse for good is dropped (BRIDGES.md, section 7)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from bridges import bridge, says, send, summary, taking
from fakes import FakeMQTT, FakeRedis
from harness import PATIENCE, ROOT, SEAWAY, Wire, until
from test_bridge_redis import Redis

RULES = (ROOT / "protocol" / "BRIDGES.md").read_text()


def table(first: str) -> list[str]:
    """The codes of the table in BRIDGES.md whose first column is called so."""
    lines = RULES.split(f"| {first} |")[1].split("\n\n")[0].splitlines()[2:]
    return [code for line in lines for code in re.findall(r"`([^`]+)`", line.split("|")[1])]


@pytest.fixture
def fakes():
    made: list = []

    def make(fake):
        made.append(fake)
        return fake

    yield make
    for fake in made:
        fake.close()


def refusing(text: str, times: int):
    """Refuses so many commands that write, and takes all others."""
    left = [times]

    def answer(words: list[str]) -> str | None:
        if words[0] not in ("XADD", "PUBLISH"):
            return "+OK"
        if left[0] > 0:
            left[0] -= 1
            return f"-{text}"
        return ":1"

    return answer


def written(fake: FakeRedis) -> list[int]:
    return [json.loads(words[-1])["n"] for words in fake.commands if words[0] in ("XADD", "PUBLISH")]


@pytest.mark.parametrize("code", table("Redis"))
@pytest.mark.parametrize("how", ["--append", "--publish"])
def test_what_redis_refuses_for_a_while_waits_in_order(house, ports, fakes, how, code):
    house.broker(ports[0])
    fake = fakes(FakeRedis(refusing(f"{code} for a while", 2)))
    program = bridge(house, "redis", ports[0], "--redis", f"127.0.0.1:{fake.port}", "--from-channel", "jobs", how, "s")
    send(ports[0], "jobs", *({"n": n} for n in range(3)))
    until(lambda: written(fake) == [0, 0, 0, 1, 2], f"all are written: {written(fake)}")
    says(program, "is away", f"{code} for a while", "is back")
    assert program.terminate() == 0
    assert "handed-on=3 retried=2" in summary(program.output())


@pytest.mark.parametrize("code", ["WRONGTYPE", "ERR", "SOMETHING"])
def test_what_redis_refuses_for_good_is_dropped_and_the_next_goes_on(house, ports, fakes, code):
    house.broker(ports[0])
    fake = fakes(FakeRedis(refusing(f"{code} no", 1)))
    options = ["--redis", f"127.0.0.1:{fake.port}", "--from-channel", "jobs", "--append", "s"]
    program = bridge(house, "redis", ports[0], *options)
    send(ports[0], "jobs", *({"n": n} for n in range(3)))
    until(lambda: written(fake) == [0, 1, 2], "each is written once")
    says(program, "dropped", f"{code} no")
    assert program.terminate() == 0
    assert "dropped-service=1 handed-on=2" in summary(program.output())


@pytest.mark.parametrize("point", [["--subscribe", "news"], ["--stream", "news"]])
def test_a_redis_that_loads_its_data_is_read_from_afterwards(house, ports, fakes, point):
    house.broker(ports[0])
    left = [3]

    def answer(words: list[str]) -> str | None:
        if left[0] > 0:
            left[0] -= 1
            return "-LOADING Redis is loading the dataset in memory"
        if words[0] == "PSUBSCRIBE":
            pushed = "*4\r\n$8\r\npmessage\r\n$4\r\nnews\r\n$4\r\nnews\r\n$2\r\nhi"
            return f"*3\r\n$10\r\npsubscribe\r\n$4\r\nnews\r\n:1\r\n{pushed}"
        if words[0] == "XREAD":
            entry = "*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$2\r\nhi"
            return f"*1\r\n*2\r\n$4\r\nnews\r\n*1\r\n{entry}" if words[-1] == "0-0" else None
        return "*0"

    fake = fakes(FakeRedis(answer))
    program = bridge(house, "redis", ports[0], "--redis", f"127.0.0.1:{fake.port}", *point, "--to-channel", "log")
    with taking(ports[0], "log") as taker:
        assert taker.wait(1)[0]["source"] == "news"
    says(program, "is away", "LOADING", "is back")


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
@pytest.mark.parametrize(
    "refuse, allow, told",
    [
        ("replicaof 127.0.0.1 1", "replicaof no one", "READONLY"),
        ("config set maxmemory 1", "config set maxmemory 0", "OOM"),
        ("config set min-replicas-to-write 1", "config set min-replicas-to-write 0", "NOREPLICAS"),
    ],
)
def test_a_real_redis_that_refuses_for_a_while_gets_everything_in_order(house, ports, tmp_path, refuse, allow, told):
    redis = Redis(house, tmp_path / "redis").start()
    house.broker(ports[0])
    options = ["--redis", f"127.0.0.1:{redis.port}", "--from-channel", "jobs", "--append", "s"]
    program = bridge(house, "redis", ports[0], *options)
    redis.say(refuse)
    send(ports[0], "jobs", *({"n": n} for n in range(20)))
    says(program, told)
    redis.say(allow)
    until(lambda: redis.say("xlen s") == ["20"], "all are there")
    assert [json.loads(text)["n"] for text in redis.say("xrange s - +")[2::3]] == list(range(20))
    assert program.terminate() == 0
    assert "dropped" not in summary(program.output())


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
def test_a_redis_that_is_killed_and_comes_back_gets_everything_in_order(house, ports, tmp_path):
    redis = Redis(house, tmp_path / "redis").start()
    house.broker(ports[0])
    options = ["--redis", f"127.0.0.1:{redis.port}", "--from-channel", "jobs", "--append", "s"]
    program = bridge(house, "redis", ports[0], *options)
    send(ports[0], "jobs", {"n": 0})
    until(lambda: redis.say("xlen s") == ["1"], "the first is there")
    redis.program.kill()
    send(ports[0], "jobs", *({"n": n} for n in range(1, 20)))
    says(program, "is away")
    redis.start()
    until(lambda: redis.say("xlen s") == ["20"], "all are there")
    assert [json.loads(text)["n"] for text in redis.say("xrange s - +")[2::3]] == list(range(20))


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
def test_entries_that_are_too_much_at_once_are_read_in_smaller_pieces(house, ports, tmp_path):
    redis = Redis(house, tmp_path / "redis").start()
    house.broker(ports[0], "--capacity", "log=1000,64M")
    entry = "redis.call('xadd', KEYS[1], '*', 'n', n, 'text', string.rep('x', 200000))"
    redis.say(f'eval "for n = 0, 109 do {entry} end" 1 big')
    options = ["--redis", f"127.0.0.1:{redis.port}", "--stream", "big", "--from-id", "0", "--to-channel", "log"]
    program = bridge(house, "redis", ports[0], *options)
    with taking(ports[0], "log") as taker:
        assert [message["fields"]["n"] for message in taker.wait(110)] == [str(n) for n in range(110)]
    says(program, "a value of more than 16777216 bytes")
    assert program.terminate() == 0


@pytest.mark.parametrize("point", ["channel", "group"])
def test_a_broker_that_has_no_room_for_another_reader_is_asked_again(house, ports, point):
    house.broker(ports[0], "--max-channels", "1")
    send(ports[0], "other", {"n": 1})
    program = bridge(house, "stdin", ports[0], f"--from-{point}", "news")
    says(program, f"{point} news is away", "limit")
    with Wire(ports[0]) as wire:
        wire.listen("other")
        assert wire.take() == {"n": 1}
    says(program, f"{point} news is back")
    if point == "channel":
        send(ports[0], "news", {"n": 2})
        says(program, '{"n":2}')
    assert program.terminate() == 0


def test_a_refused_subscription_is_told_with_its_filter_and_asked_again(house, ports, fakes):
    house.broker(ports[0])
    fake = fakes(FakeMQTT(lambda name: 128 if name == "secret/#" and fake_asks(fake) < 2 else 0))
    options = ["--mqtt", f"127.0.0.1:{fake.port}", "--subscribe", "secret/#", "--subscribe", "news"]
    program = bridge(house, "mqtt", ports[0], *options, "--to-channel", "log")
    says(program, "refuses a subscription", "filter=secret/#", 'topics=["news"]')
    with taking(ports[0], "log") as taker:
        fake.publish("news", b"one")
        assert taker.wait(1) == [{"source": "news", "data": "one"}]
        says(program, 'topics=["secret/#", "news"]')
    assert fake.asked == ["secret/#", "news", "secret/#"] and fake.connections == 1
    assert program.output().count("refuses a subscription") == 1
    assert program.terminate() == 0


def fake_asks(fake: FakeMQTT) -> int:
    return fake.asked.count("secret/#")


def test_a_lower_quality_of_service_is_told(house, ports, fakes):
    house.broker(ports[0])
    fake = fakes(FakeMQTT(lambda name: 0))
    options = ["--mqtt", f"127.0.0.1:{fake.port}", "--subscribe", "news", "--qos", "2", "--to-channel", "log"]
    says(bridge(house, "mqtt", ports[0], *options), "a lower quality of service", "asked=2", "granted=0")


@pytest.mark.parametrize(
    "kind, options, told",
    [
        ("mqtt", ["--subscribe", "a/#/b", "--to-group", "x"], "--subscribe: # is the last level"),
        ("mqtt", ["--subscribe", "a+/b", "--to-group", "x"], "--subscribe: 'a+': + and # stand alone between two /"),
        ("mqtt", ["--subscribe", "", "--to-group", "x"], "has 1 to 65535 bytes, this one has 0"),
        ("mqtt", ["--subscribe", "a" * 65_536, "--to-group", "x"], "has 1 to 65535 bytes, this one has 65536"),
        ("mqtt", ["--from-group", "x", "--publish", "a/+"], "--publish: a topic that is published on has no '+'"),
        ("mqtt", ["--from-group", "x", "--publish", ""], "has 1 to 65535 bytes, this one has 0"),
        ("mqtt", ["--subscribe", "a", "--to-group", "x", "--client-id", ""], "--client-id has 1 to 65535 bytes"),
        ("mqtt", ["--subscribe", "a", "--to-group", "x", "--password-file", "/x"], "--password-file needs --user"),
        ("mqtt", ["--subscribe", "a", "--to-group", "x", "--service-timeout", "0"], "allowed is 1ms to 1h"),
        ("postgres", ["--listen", "a" * 64, "--to-group", "x"], "has 1 to 63 bytes, this one has 64"),
        ("postgres", ["--from-group", "x", "--notify", ""], "--notify: a channel's name has 1 to 63 bytes"),
        ("postgres", ["--from-group", "x", "--notify", "ü" * 32], "this one has 64"),
        ("redis", ["--stream", "a", "--to-group", "x", "--from-id", "$"], "--from-id is '$'"),
        ("redis", ["--subscribe", "a", "--to-group", "x", "--from-id", "0"], "--from-id is for --stream"),
        ("http", ["--hmac-header", "x y"], "--hmac-header is 'x y'; allowed is the name of a field"),
        ("http", ["--hmac-header", ""], "--hmac-header is ''"),
        ("http", ["--hmac-header", "Content-Length"], "--hmac-header is 'Content-Length'"),
        ("http", ["--hmac-header", "x:\r\ny"], "--hmac-header is"),
        ("exec", ["--from-group", "x", "--max-line", "0", "--", "true"], "allowed is 1 byte to 64M"),
    ],
)  # fmt: skip
def test_what_can_never_be_is_refused_as_an_option(kind, options, told):
    done = subprocess.run([SEAWAY, "bridge", kind, *options], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 64
    assert told in done.stderr
