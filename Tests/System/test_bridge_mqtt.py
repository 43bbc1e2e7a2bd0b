"""`seaway bridge mqtt`, with a real mosquitto on a free port."""

from __future__ import annotations

import getpass
import shutil
import subprocess

import pytest

from bridges import bridge, members, says, send, send_group, summary, taking
from harness import PATIENCE, SEAWAY, House, Wire, free_port, until

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/opt/homebrew/sbin")
pytestmark = pytest.mark.skipif(not MOSQUITTO, reason="mosquitto is not installed")


class Mosquitto:
    """A broker for MQTT; what is published comes from a second bridge, so that no other client is needed."""

    def __init__(self, house: House, folder, *settings: str):
        self.house, self.port = house, free_port()
        folder.mkdir()
        self.configuration = folder / "mosquitto.conf"
        # Started by root it would become another user, who cannot read here.
        lines = [
            f"user {getpass.getuser()}",
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "max_queued_messages 10000",
            *settings,
        ]
        self.configuration.write_text("\n".join(lines) + "\n")

    def start(self) -> Mosquitto:
        self.program = self.house.listening(self.house.start([MOSQUITTO, "-c", self.configuration]), self.port)
        return self

    @property
    def option(self) -> list[str]:
        return ["--mqtt", f"127.0.0.1:{self.port}"]


@pytest.fixture
def mosquitto(house, tmp_path):
    return Mosquitto(house, tmp_path / "mosquitto")


def publisher(house: House, mosquitto: Mosquitto, broker: int, topic: str, channel: str):
    return bridge(house, "mqtt", broker, *mosquitto.option, "--qos", "1", "--from-channel", channel, "--publish", topic)


def test_a_thousand_messages_arrive_in_order_there_and_back(house, ports, mosquitto):
    mosquitto.start()
    house.broker(ports[0], "--capacity", "jobs=2000")
    options = [*mosquitto.option, "--qos", "1", "--subscribe", "home/+/temp", "--to-channel", "temp.{2}", "--json"]
    reader = bridge(house, "mqtt", ports[0], *options)
    says(reader, "reading from mqtt")
    writer = publisher(house, mosquitto, ports[0], "home/kitchen/temp", "jobs")
    with taking(ports[0], "temp.kitchen") as taker:
        send(ports[0], "jobs", *({"n": n} for n in range(1_000)))
        assert taker.wait(1_000) == [{"n": n} for n in range(1_000)]
    assert reader.terminate() == writer.terminate() == 0
    assert "sent=1000" in summary(reader.output()) and "handed-on=1000" in summary(writer.output())


def test_topics_become_names_and_illegal_ones_are_refused_where_asked_for(house, ports, mosquitto):
    mosquitto.start()
    house.broker(ports[0])
    escaping = bridge(house, "mqtt", ports[0], *mosquitto.option, "--subscribe", "#", "--to-group", "mqtt.{name}")
    options = [*mosquitto.option, "--subscribe", "#", "--to-channel", "{name}", "--illegal", "refuse"]
    refusing = bridge(house, "mqtt", ports[0], *options)
    says(escaping, "reading from mqtt")
    says(refusing, "reading from mqtt")
    publisher(house, mosquitto, ports[0], "http.response.s!1", "evil")
    publisher(house, mosquitto, ports[0], "good/one", "good")
    with taking(ports[0], "a!1", "mqtt.http.response.s_211") as escaped, taking(ports[0], "good.one") as good:
        send(ports[0], "evil", {"n": 1})
        assert escaped.wait(1) == [{"source": "http.response.s!1", "data": '{"n":1}'}]
        send(ports[0], "good", {"n": 2})
        assert good.wait(1) == [{"source": "good/one", "data": '{"n":2}'}]
    says(refusing, "dropped", "http.response.s!1")


def test_a_broker_that_is_away_is_waited_for_and_found_again(house, ports, mosquitto):
    house.broker(ports[0])
    reader = bridge(house, "mqtt", ports[0], *mosquitto.option, "--subscribe", "news", "--to-channel", "log", "--json")
    says(reader, f"mqtt 127.0.0.1:{mosquitto.port} is away")
    writer = publisher(house, mosquitto, ports[0], "news", "jobs")
    with taking(ports[0], "log") as taker:
        for n in range(2):
            mosquitto.start()
            until(lambda: reader.output().count("reading from mqtt") == n + 1, "the bridge has subscribed")  # noqa: B023
            send(ports[0], "jobs", {"n": n})
            assert taker.wait(n + 1)[n] == {"n": n}
            mosquitto.program.kill()
    assert reader.terminate() == writer.terminate() == 0


def test_a_kept_session_loses_nothing_while_the_bridge_is_away(house, ports, mosquitto):
    mosquitto.start()
    house.broker(ports[0])
    options = [
        *mosquitto.option,
        "--subscribe",
        "news",
        "--to-channel",
        "log",
        "--json",
        "--qos",
        "1",
        "--client-id",
        "seaway",
    ]
    first = bridge(house, "mqtt", ports[0], *options)
    says(first, "reading from mqtt")
    assert first.terminate() == 0
    writer = publisher(house, mosquitto, ports[0], "news", "jobs")
    send(ports[0], "jobs", *({"n": n} for n in range(50)))
    until(lambda: not pending(ports[0]), "all is taken")
    assert writer.terminate() == 0
    assert "handed-on=50" in summary(writer.output())
    with taking(ports[0], "log") as taker:
        bridge(house, "mqtt", ports[0], *options)
        assert taker.wait(50) == [{"n": n} for n in range(50)]


def pending(port: int) -> int:
    with Wire(port) as wire:
        return wire.look("PEEK jobs")["messages"]


def test_what_is_sent_to_a_group_is_published(house, ports, mosquitto):
    mosquitto.start()
    house.broker(ports[0])
    writer = bridge(house, "mqtt", ports[0], *mosquitto.option, "--from-group", "liveblog", "--publish", "site/blog")
    reader = bridge(house, "mqtt", ports[0], *mosquitto.option, "--subscribe", "site/#", "--to-channel", "log")
    says(reader, "reading from mqtt")
    until(lambda: members(ports[0], "liveblog") == 1, "the bridge has joined")
    with taking(ports[0], "log") as taker:
        send_group(ports[0], "liveblog", {"text": "hi"})
        assert taker.wait(1) == [{"source": "site/blog", "data": '{"text":"hi"}'}]
    assert writer.terminate() == 0


def test_a_wrong_password_is_told(house, ports, tmp_path):
    (tmp_path / "users").write_text("")
    mosquitto = Mosquitto(house, tmp_path / "mosquitto", f"password_file {tmp_path / 'users'}")
    text = mosquitto.configuration.read_text().replace("allow_anonymous true", "allow_anonymous false")
    mosquitto.configuration.write_text(text)
    mosquitto.start()
    house.broker(ports[0])
    (tmp_path / "password").write_text("wrong\n")
    options = [
        "--subscribe",
        "news",
        "--to-channel",
        "log",
        "--user",
        "me",
        "--password-file",
        str(tmp_path / "password"),
    ]
    says(bridge(house, "mqtt", ports[0], *mosquitto.option, *options), "is away", "not authori")


@pytest.mark.parametrize(
    "options, told",
    [
        ([], "--subscribe"),
        (["--subscribe", "a"], "belong together"),
        (["--publish", "a"], "belong together"),
        (["--subscribe", "a", "--to-group", "b", "--qos", "3"], "0 to 2"),
        (["--mqtt", "unix:/x", "--subscribe", "a", "--to-group", "b"], "HOST:PORT"),
    ],
)
def test_a_bad_option_is_named(options, told):
    done = subprocess.run([SEAWAY, "bridge", "mqtt", *options], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 64
    assert told in done.stderr
