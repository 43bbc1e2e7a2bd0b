"""`seaway bridge postgres`, with a real PostgreSQL on a free port."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
import tempfile

import pytest

from bridges import bridge, members, says, send, send_group, summary, taking
from harness import PATIENCE, SEAWAY, House, free_port, until

BINARIES = next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)), None) or (
    os.path.dirname(shutil.which("initdb") or "")
)


def as_nobody(command: list) -> list:
    """PostgreSQL does not run as root."""
    if os.getuid() != 0:
        return command
    user = "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"
    return ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups", *command]


class Postgres:
    """A server that keeps its data from start to start."""

    def __init__(self, house: House, folder):
        self.house, self.data, self.port = house, folder / "data", free_port()
        folder.mkdir()
        # Whoever it runs as has to get there.
        for place in [folder, *folder.parents]:
            if str(place) == tempfile.gettempdir():
                break
            place.chmod(0o755)
        self.data.mkdir()
        if os.getuid() == 0:
            shutil.chown(self.data, "postgres" if "postgres" in as_nobody([])[1] else "nobody")
        initdb = [
            f"{BINARIES}/initdb",
            "-D",
            str(self.data),
            "-U",
            "test",
            "-A",
            "trust",
            "-N",
            "--locale=C",
            "-E",
            "UTF8",
        ]
        subprocess.run(as_nobody(initdb), check=True, capture_output=True, timeout=60)

    @property
    def address(self) -> str:
        return f"postgresql://test@127.0.0.1:{self.port}/postgres"

    def start(self) -> Postgres:
        server = [f"{BINARIES}/postgres", "-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1", "-k", ""]
        self.program = self.house.start(as_nobody([*server, "-c", "fsync=off"]))
        until(lambda: self.say("select 1", check=False) == ["1"], "postgres answers")
        return self

    def say(self, *statements: str, check: bool = True) -> list[str]:
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", self.address], input=";\n".join(statements) + ";\n",
            capture_output=True, text=True, timeout=PATIENCE, check=check,
        )  # fmt: skip
        return done.stdout.split("\n")[:-1]

    def kill(self) -> None:
        self.program.kill()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def is_listened_to(self) -> bool:
        return self.say("select count(*) from pg_stat_activity where query like 'LISTEN%'") == ["1"]


pytestmark = pytest.mark.skipif(not BINARIES or not shutil.which("psql"), reason="postgresql is not installed")


@pytest.fixture
def postgres(house, tmp_path):
    return Postgres(house, tmp_path / "postgres")


def test_a_thousand_notifications_arrive_in_order(house, ports, postgres):
    postgres.start()
    house.broker(ports[0])
    options = [
        "--postgres",
        postgres.address,
        "--listen",
        "orders",
        "--listen",
        'Odd "name"',
        "--to-channel",
        "pg.{name}",
    ]
    program = bridge(house, "postgres", ports[0], *options)
    until(postgres.is_listened_to, "the bridge listens")
    with taking(ports[0], "pg.orders") as orders, taking(ports[0], "pg.Odd_20_22name_22") as odd:
        postgres.say(*(f"notify orders, '{n}'" for n in range(1_000)), "select pg_notify('Odd \"name\"', '')")
        assert orders.wait(1_000) == [{"source": "orders", "data": str(n)} for n in range(1_000)]
        assert odd.wait(1) == [{"source": 'Odd "name"', "data": ""}]
    assert program.terminate() == 0
    assert "sent=1001" in summary(program.output())


def test_json_is_the_message(house, ports, postgres):
    postgres.start()
    house.broker(ports[0])
    options = ["--postgres", postgres.address, "--listen", "orders", "--to-group", "shop", "--json"]
    program = bridge(house, "postgres", ports[0], *options)
    until(postgres.is_listened_to, "the bridge listens")
    with taking(ports[0], "a!1", "shop") as taker:
        postgres.say("notify orders, 'no'", """notify orders, '{"n":1}'""")
        assert taker.wait(1) == [{"n": 1}]
    assert program.terminate() == 0
    assert "dropped-payload=1" in summary(program.output())


def test_a_server_that_is_away_is_waited_for_and_found_again(house, ports, postgres):
    house.broker(ports[0])
    options = ["--postgres", postgres.address, "--listen", "orders", "--to-channel", "log"]
    program = bridge(house, "postgres", ports[0], *options)
    says(program, "postgres is away", "Connection refused")
    with taking(ports[0], "log") as taker:
        for n in range(2):
            postgres.start()
            until(postgres.is_listened_to, "the bridge listens")
            postgres.say(f"notify orders, '{n}'")
            assert taker.wait(n + 1)[n]["data"] == str(n)
            postgres.kill()
    assert program.terminate() == 0


def test_a_full_channel_holds_up_the_source_and_loses_nothing(house, ports, postgres):
    postgres.start()
    house.broker(ports[0], "--capacity", "log=5")
    options = ["--postgres", postgres.address, "--listen", "orders", "--to-channel", "log", "--queue", "5"]
    program = bridge(house, "postgres", ports[0], *options)
    until(postgres.is_listened_to, "the bridge listens")
    postgres.say(*(f"notify orders, '{n}'" for n in range(100)))
    with taking(ports[0], "log") as taker:
        assert [message["data"] for message in taker.wait(100)] == [str(n) for n in range(100)]
    assert program.terminate() == 0


def test_what_is_sent_is_notified_in_order(house, ports, postgres):
    postgres.start()
    house.broker(ports[0])
    back = ["--postgres", postgres.address, "--from-group", "liveblog", "--notify", "Site blog"]
    writer = bridge(house, "postgres", ports[0], *back)
    there = ["--postgres", postgres.address, "--listen", "Site blog", "--to-channel", "log", "--json"]
    reader = bridge(house, "postgres", ports[0], *there)
    until(postgres.is_listened_to, "the bridge listens")
    until(lambda: members(ports[0], "liveblog") == 1, "the bridge has joined")
    with taking(ports[0], "log") as taker:
        send_group(ports[0], "liveblog", {"text": "x" * 8_000}, *({"n": n, "text": "it's"} for n in range(50)))
        assert taker.wait(50) == [{"n": n, "text": "it's"} for n in range(50)]
    assert reader.terminate() == writer.terminate() == 0
    assert "handed-on=50" in summary(writer.output()) and "dropped-size=1" in summary(writer.output())


def test_notifying_waits_for_the_server(house, ports, postgres):
    house.broker(ports[0])
    options = ["--postgres", postgres.address, "--from-channel", "jobs", "--notify", "done"]
    program = bridge(house, "postgres", ports[0], *options)
    send(ports[0], "jobs", {"n": 1})
    says(program, "postgres is away")
    postgres.start()
    notified = "select count(*) from pg_stat_activity where query like 'SELECT pg_notify(%'"
    until(lambda: postgres.say(notified) == ["1"], "it is notified")
    assert program.terminate() == 0
    assert "handed-on=1" in summary(program.output())


@pytest.mark.parametrize(
    "options, told",
    [
        ([], "--listen"),
        (["--listen", "a"], "belong together"),
        (["--notify", "a"], "belong together"),
        (["--listen", "a", "--to-group", "{x}"], "{name}"),
    ],
)
def test_a_bad_option_is_named(options, told):
    done = subprocess.run([SEAWAY, "bridge", "postgres", *options], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 64
    assert told in done.stderr
