"""`seaway bridge redis`, with a real Redis on a free port."""

import json
import shutil
import subprocess

import pytest

from bridges import bridge, members, piped, says, send, send_group, summary, taking
from harness import PATIENCE, SEAWAY, free_port, until

pytestmark = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")


class Redis:
    """A Redis server, and `redis-cli` for it."""

    def __init__(self, house, folder, *options: str):
        self.house, self.folder, self.options = house, folder, options
        self.port = free_port()
        self.folder.mkdir(exist_ok=True)

    def start(self):
        command = ["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
                   "--appendonly", "yes", *self.options]  # fmt: skip
        self.program = self.house.listening(self.house.start(command), self.port)
        return self

    def say(self, *commands: str) -> list[str]:
        """Each line a command, in one connection."""
        done = subprocess.run(
            ["redis-cli", "-p", str(self.port), "--no-auth-warning"], input="\n".join(commands) + "\n",
            capture_output=True, text=True, timeout=PATIENCE, check=True,
        )  # fmt: skip
        return done.stdout.split("\n")[:-1]


@pytest.fixture
def redis(house, tmp_path):
    return Redis(house, tmp_path / "redis")


def subscribed(redis, count: int = 1) -> None:
    until(lambda: redis.say("pubsub numpat") == [str(count)], "the bridge has subscribed")


def test_a_thousand_published_messages_arrive_in_order(house, ports, redis):
    redis.start()
    house.broker(ports[0])
    options = ["--redis", f"127.0.0.1:{redis.port}", "--subscribe", "news.*", "--to-channel", "redis.{2}"]
    program = bridge(house, "redis", ports[0], *options)
    subscribed(redis)
    with taking(ports[0], "redis.sport") as taker:
        redis.say(*(f"publish news.sport {n}" for n in range(1_000)))
        assert taker.wait(1_000) == [{"source": "news.sport", "data": str(n)} for n in range(1_000)]
    assert program.terminate() == 0
    assert "sent=1000" in summary(program.output())


def test_names_are_escaped_and_json_is_the_message(house, ports, redis):
    redis.start()
    house.broker(ports[0])
    options = ["--redis", f"127.0.0.1:{redis.port}", "--subscribe", "*", "--to-group", "{name}", "--json"]
    program = bridge(house, "redis", ports[0], *options)
    subscribed(redis)
    with taking(ports[0], "a!1", "user.7._21_20x") as taker:
        redis.say('publish "user:7:! x" no', """publish "user:7:! x" '{"n":1}'""")
        assert taker.wait(1) == [{"n": 1}]
    assert program.terminate() == 0
    assert "dropped-payload=1" in summary(program.output())


def test_a_name_that_is_to_be_refused_is_dropped_and_told(house, ports, redis):
    redis.start()
    house.broker(ports[0])
    options = [
        "--redis",
        f"127.0.0.1:{redis.port}",
        "--subscribe",
        "*",
        "--to-channel",
        "{name}",
        "--illegal",
        "refuse",
    ]
    program = bridge(house, "redis", ports[0], *options)
    subscribed(redis)
    with taking(ports[0], "good") as taker:
        redis.say("publish http.response.s!1 evil", "publish good 1")
        assert taker.wait(1) == [{"source": "good", "data": "1"}]
    says(program, "dropped", "http.response.s!1")


def test_a_redis_that_is_away_is_waited_for_and_found_again(house, ports, redis):
    house.broker(ports[0])
    options = ["--redis", f"127.0.0.1:{redis.port}", "--subscribe", "news", "--to-channel", "log"]
    program = bridge(house, "redis", ports[0], *options)
    says(program, f"redis 127.0.0.1:{redis.port} is away")
    with taking(ports[0], "log") as taker:
        for n in range(2):
            redis.start()
            subscribed(redis)
            redis.say(f"publish news {n}")
            assert taker.wait(n + 1)[n]["data"] == str(n)
            redis.program.kill()
    assert program.terminate() == 0


def test_a_stream_loses_nothing_while_redis_is_away(house, ports, redis):
    redis.start()
    house.broker(ports[0])
    redis.say("xadd orders * n before")
    options = ["--redis", f"127.0.0.1:{redis.port}", "--stream", "orders", "--to-channel", "{name}"]
    program = bridge(house, "redis", ports[0], *options)
    says(program, "reading from redis")
    with taking(ports[0], "orders") as taker:
        redis.say(*(f"xadd orders * n {n} text x" for n in range(500)))
        first = taker.wait(500)[0]
        assert (first["source"], first["fields"]) == ("orders", {"n": "0", "text": "x"})
        redis.program.kill()
        redis.start()
        redis.say(*(f"xadd orders * n {n}" for n in range(500, 600)))
        assert [message["fields"]["n"] for message in taker.wait(600)] == [str(n) for n in range(600)]
    assert program.terminate() == 0


def test_a_stream_may_be_read_from_its_beginning(house, ports, redis):
    redis.start()
    house.broker(ports[0])
    redis.say(*(f"xadd orders * n {n}" for n in range(250)))
    options = [
        "--redis",
        f"127.0.0.1:{redis.port}",
        "--stream",
        "orders",
        "--from-id",
        "0",
        "--json",
        "--to-channel",
        "log",
    ]
    with taking(ports[0], "log") as taker:
        bridge(house, "redis", ports[0], *options)
        assert taker.wait(250) == [{"n": str(n)} for n in range(250)]


def test_what_waits_is_bounded_and_nothing_is_lost(house, ports, redis):
    """A full channel holds the stream back: the bridge reads on only when there is room."""
    redis.start()
    house.broker(ports[0], "--capacity", "log=5")
    redis.say(*(f"xadd orders * n {n}" for n in range(300)))
    options = [
        "--redis",
        f"127.0.0.1:{redis.port}",
        "--stream",
        "orders",
        "--from-id",
        "0",
        "--json",
        "--to-channel",
        "log",
    ]
    program = bridge(house, "redis", ports[0], *options, "--queue", "10")
    says(program, "reading from redis")
    with taking(ports[0], "log") as taker:
        assert taker.wait(300) == [{"n": str(n)} for n in range(300)]


def test_what_is_sent_to_a_group_is_published_in_order(house, ports, redis):
    redis.start()
    house.broker(ports[0])
    options = ["--redis", f"127.0.0.1:{redis.port}", "--from-group", "liveblog", "--publish", "site:blog"]
    program = bridge(house, "redis", ports[0], *options)
    until(lambda: members(ports[0], "liveblog") == 1, "the bridge has joined")
    reader = piped(["redis-cli", "-p", str(redis.port), "subscribe", "site:blog"], stdout=subprocess.PIPE)
    try:
        assert [reader.stdout.readline().strip() for _ in range(3)] == ["subscribe", "site:blog", "1"]
        send_group(ports[0], "liveblog", *({"n": n} for n in range(50)))
        lines = [reader.stdout.readline().strip() for _ in range(150)]
        assert [json.loads(line) for line in lines[2::3]] == [{"n": n} for n in range(50)]
    finally:
        reader.kill()
        reader.wait()
        reader.stdout.close()
    assert program.terminate() == 0
    assert "handed-on=50" in summary(program.output())


def test_what_comes_is_appended_to_a_stream_in_order(house, ports, redis):
    redis.start()
    house.broker(ports[0], "--capacity", "audit=1000")
    options = ["--redis", f"127.0.0.1:{redis.port}", "--from-channel", "audit", "--append", "audit", "--keep", "500"]
    program = bridge(house, "redis", ports[0], *options)
    send(ports[0], "audit", *({"n": n} for n in range(1_000)))
    until(lambda: redis.say("xrevrange audit + - count 1")[-1:] == ['{"n":999}'], "the last one is there")
    entries = redis.say("xrange audit - +")
    kept = [json.loads(text)["n"] for text in entries[2::3]]
    # Redis cuts whole nodes of 100 entries.
    assert 500 <= len(kept) < 1_000 and kept == list(range(1_000))[-len(kept) :]
    assert set(entries[1::3]) == {"message"}
    assert program.terminate() == 0
    assert "handed-on=1000" in summary(program.output())


def test_publishing_waits_for_redis(house, ports, redis):
    house.broker(ports[0])
    options = ["--redis", f"127.0.0.1:{redis.port}", "--from-channel", "jobs", "--publish", "out"]
    program = bridge(house, "redis", ports[0], *options)
    send(ports[0], "jobs", {"n": 1})
    says(program, "is away")
    redis.start()
    until(lambda: "cmdstat_publish:calls=1" in "".join(redis.say("info commandstats")), "it is published")
    assert program.terminate() == 0


def test_a_password_is_given_and_a_wrong_one_told(house, ports, tmp_path):
    redis = Redis(house, tmp_path / "redis", "--requirepass", "s3cret").start()
    house.broker(ports[0])
    (tmp_path / "right").write_text("s3cret\n")
    (tmp_path / "wrong").write_text("other\n")
    options = ["--redis", f"127.0.0.1:{redis.port}", "--subscribe", "news", "--to-channel", "log", "--password-file"]
    says(bridge(house, "redis", ports[0], *options, str(tmp_path / "wrong")), "WRONGPASS")
    says(bridge(house, "redis", ports[0], *options, str(tmp_path / "right")), "reading from redis")


@pytest.mark.parametrize(
    "options, told",
    [
        ([], "--publish"),
        (["--subscribe", "a"], "belong together"),
        (["--to-group", "a"], "belong together"),
        (["--from-group", "a"], "belong together"),
        (["--subscribe", "a", "--stream", "b", "--to-group", "c"], "one of them"),
        (["--from-group", "a", "--publish", "b", "--append", "c"], "one of them"),
        (["--from-group", "a", "--append", "c", "--keep", "0"], "--keep"),
        (["--redis", "nowhere", "--subscribe", "a", "--to-group", "c"], "--redis"),
    ],
)
def test_a_bad_option_is_named(options, told):
    done = subprocess.run([SEAWAY, "bridge", "redis", *options], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 64
    assert told in done.stderr
