"""Who may do what, with real processes (PROTOCOL.md, section 9)."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import stat
import subprocess
import sys

import pytest
from websockets.sync.client import connect

from access import ECHO_WORKER, RIGHTS, Authority, TokenFile, documented, seaway
from harness import PATIENCE, ROOT, SEAWAY, Program, Wire, free_port, get, until

HELLO = "import json, sys; m = json.load(sys.stdin); print(json.dumps({'status': 200, 'content': 'hello\\n'}))"


@pytest.fixture
def tokens(tmp_path) -> TokenFile:
    return TokenFile(tmp_path)


class Guest(Wire):
    """A client that has logged in."""

    def __init__(self, port: int, token: str):
        super().__init__(port)
        assert self.ask(f"HELLO 1 token={token}").startswith("HELLO 1 ")


def test_the_file_is_for_its_owner_alone_and_holds_no_secret(tokens):
    token = tokens.add("web", send="a b.*", listen="c!")
    assert token.startswith("web.") and len(token) > 40
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    text = tokens.path.read_text()
    assert text.startswith("web sha256:") and text.endswith(" send=a,b.* listen=c!\n")
    assert token.removeprefix("web.") not in text
    tokens.path.write_text("# mine\n" + text)
    tokens.add("op", admin="*")
    assert seaway("token", "list", "--tokens", tokens.path).stdout == "web send=a,b.* listen=c!\nop admin=*\n"
    seaway("token", "remove", "web", "--tokens", tokens.path)
    assert seaway("token", "list", "--tokens", tokens.path).stdout == "op admin=*\n"
    assert tokens.path.read_text().startswith("# mine\nop sha256:")
    assert os.listdir(tokens.path.parent) == ["tokens"]


@pytest.mark.parametrize("command", [["add", "op"], ["remove", "web"]])
def test_a_file_that_others_could_read_is_its_owners_alone_when_it_is_changed(tokens, command):
    tokens.add("web")
    tokens.path.chmod(0o666)
    seaway("token", *command, "--tokens", tokens.path)
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600


def test_a_token_can_be_written_where_only_its_owner_reads_it(tokens, tmp_path):
    own = tmp_path / "web.token"
    done = seaway("token", "add", "web", "--tokens", tokens.path, "--token-file", own)
    assert done.stdout == ""
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert own.read_text().startswith("web.")
    told = seaway("token", "add", "other", "--tokens", tokens.path, "--token-file", own, code=64).stderr
    assert "web.token" in told and "exists" in told and told.count("\n") == 1
    assert seaway("token", "list", "--tokens", tokens.path).stdout == "web\n"


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["add", "web"], "name web"),
        (["add", "a b"], "1 to 64"),
        (["add", "new", "--send", "a,,b"], "pattern"),
        (["add", "new", "--token-file", "/no/such/folder/token"], "/no/such/folder/token"),
        (["remove", "nobody"], "nobody"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(tokens, arguments, told):
    tokens.add("web")
    before = tokens.path.read_text()
    assert told in seaway("token", *arguments, "--tokens", tokens.path, code=64).stderr
    assert tokens.path.read_text() == before


def test_a_file_with_a_fault_is_told_with_its_line(tokens):
    tokens.add("web")
    tokens.path.write_text(tokens.path.read_text() + "op sha256:zz:zz\n")
    for command in (["broker", "--tokens", tokens.path], ["token", "list", "--tokens", tokens.path]):
        told = seaway(*command, code=64).stderr
        assert "line 2" in told and str(tokens.path) in told and told.count("\n") == 1
    missing = tokens.path.with_name("none")
    assert "No such file" in seaway("broker", "--tokens", missing, code=64).stderr


@pytest.mark.parametrize("command", ["broker", "up"])
@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:7411"])
def test_without_tokens_nobody_from_elsewhere_is_let_in(command, address):
    told = seaway(command, "--listen", address, code=64).stderr
    assert "--tokens" in told and address.rsplit(":", 1)[0].strip("[]") in told


def test_with_tokens_a_broker_listens_wherever_it_is_told(house, tokens):
    tokens.add("web")
    port = free_port()
    command = [SEAWAY, "broker", "--listen", f"0.0.0.0:{port}", "--tokens", tokens.path]
    house.listening(house.start(command), port)
    with Wire(port) as wire:
        assert wire.ask("SEND :- a {}").startswith("ERR denied")


def test_a_worker_that_may_only_read_one_channel_reaches_nothing_else(house, ports, tokens):
    site = tokens.add_site()
    worker = tokens.add("bigdata", listen="bigdata.process", send="http.response.*!*")
    reader_of_answers = tokens.add("reader", listen="bigdata.process")
    house.broker(ports[0], "--tokens", str(tokens.path))
    with Guest(ports[0], site["server"]) as server, Guest(ports[0], worker) as guest:
        assert server.ask("LISTEN http.response.k3!").startswith("OK")
        server.write("READY 10 http.response.k3!\n")
        assert guest.ask("LISTEN bigdata.process") == "OK"
        assert guest.ask('SEND :- http.response.k3!1 {"status":200}') == "OK"
        assert server.take() == {"status": 200}
        for line in (
            "LISTEN http.response.k3!", "LISTEN http.response.k3!1", "LISTEN bigdata.process http.response.k3!",
            "LISTEN http.request", "MEMBERS room", "WATCH room bigdata.process", "WATCH room http.response.k3!1",
            "TAIL *", "TAIL http.response.*", "TAIL bigdata.process", "PEEK http.response.k3!1", "PEEK bigdata.process",
            "JOIN room bigdata.process", "JOIN room http.response.k3!1", "LEAVE room http.response.k3!1",
            "GSEND :- room {}", "SEND :- bigdata.process {}", "STATS", "STATS channels", "FLUSH", "FLUSH bigdata.*",
        ):  # fmt: skip
            assert guest.ask(line).startswith("ERR denied"), line
        # What it may not is not said to be there or not; and nothing has become of it.
        assert guest.ask("PAUSE http.response.k3!1").startswith("ERR reader")
        assert guest.ask('SEND :- http.response.k3!1 {"still":"there"}') == "OK"
        assert server.take() == {"still": "there"}
    with Guest(ports[0], reader_of_answers) as guest:
        assert guest.ask('SEND :- http.response.k3!1 {"status":200}').startswith("ERR denied")


def test_joining_a_channel_to_a_group_does_not_reach_it(house, ports, tokens):
    member = tokens.add("member", join="room", send="room mine.*", listen="mine.*")
    victim = tokens.add("victim", listen="theirs")
    house.broker(ports[0], "--tokens", str(tokens.path))
    with Guest(ports[0], member) as guest, Guest(ports[0], victim) as other:
        assert other.ask("LISTEN theirs") == "OK"
        other.write("READY 10\n")
        assert guest.ask("JOIN room theirs").startswith("ERR denied")
        assert guest.ask("JOIN room mine.a theirs").startswith("ERR denied")
        assert guest.ask("JOIN room mine.a") == "OK"
        assert guest.ask("GSEND :- room {}").startswith("OK sent=1")
        assert other.ask("PING") == "PONG"


def test_failed_logins_are_slowed_ended_and_counted(house, ports, tokens):
    tokens.add("web")
    operator = tokens.add("op", admin="*")
    house.broker(ports[0], "--tokens", str(tokens.path), "--login-delay", "200ms")
    with Wire(ports[0]) as wire, Guest(ports[0], operator) as looker:
        wire.write("HELLO 1 token=web.wrong\n" * 4)
        assert [wire.read()[0].split()[:2] for _ in range(4)] == [["ERR", "auth"]] * 3 + [["BYE", "auth"]]
        with pytest.raises(EOFError):
            wire.read()
        totals = looker.look("STATS")
        assert totals["refused"]["auth"] == 3
        assert totals["ended"]["auth"] == 1
        assert totals["bounds"]["login-delay"] >= 1
        names = [row.get("token") for row in looker.look("STATS connections")["connections"]]
        assert "op" in names


def hang_up(broker: Program, told: str) -> None:
    """Has the file read again, and waits for what the broker says of it."""
    count = broker.output().count(told)
    broker.process.send_signal(signal.SIGHUP)
    until(lambda: broker.output().count(told) > count, f"the broker says: {told}")


def test_a_hangup_has_the_file_read_again_and_a_bad_one_changes_nothing(house, ports, tokens):
    first = tokens.add("first", send="a")
    broker = house.broker(ports[0], "--tokens", str(tokens.path))

    with Guest(ports[0], first) as guest:
        second = tokens.add("second", send="a")
        hang_up(broker, "tokens read again")
        Guest(ports[0], second).close()
        good = tokens.path.read_text()
        tokens.path.write_text("nonsense\n")
        hang_up(broker, "tokens stay as they were")
        assert "line 1" in broker.output()
        assert guest.ask("SEND :- a {}") == "OK"
        tokens.path.write_text(good)
        seaway("token", "remove", "first", "--tokens", tokens.path)
        hang_up(broker, "tokens read again")
        assert guest.read()[0].startswith("BYE auth")
    Guest(ports[0], second).close()


@pytest.mark.parametrize("place", ["a FIFO", "a folder", "a link to a device"])
def test_what_is_no_regular_file_is_not_waited_for(house, ports, tokens, place):
    first = tokens.add("first", send="a")
    broker = house.broker(ports[0], "--tokens", str(tokens.path))

    good = tokens.path.with_name("good")
    tokens.path.rename(good)
    if place == "a FIFO":
        os.mkfifo(tokens.path)
    elif place == "a folder":
        tokens.path.mkdir()
    else:
        tokens.path.symlink_to("/dev/zero")
    with Guest(ports[0], first) as guest:
        for _ in range(3):
            hang_up(broker, "is no regular file")
            assert guest.ask("SEND :- a {}") == "OK"
        assert broker.output().count("tokens stay as they were") == 3
        assert "regular file" in seaway("token", "list", "--tokens", tokens.path, code=64).stderr
        if place == "a folder":
            tokens.path.rmdir()
        good.replace(tokens.path)
        second = tokens.add("second", send="a")
        hang_up(broker, "tokens read again")
        Guest(ports[0], second).close()
        assert guest.ask("SEND :- a {}") == "OK"


def test_a_certificate_that_is_a_fifo_is_named_and_changes_nothing(house, ports, tokens, tmp_path):
    certificate, key = Authority(tmp_path, "ca").issue("localhost", "DNS:localhost")
    tokens.add("first")
    address = f"tls://127.0.0.1:{ports[0]}"
    command = [SEAWAY, "broker", "--listen", address, "--tokens", tokens.path, "--tls-certificate", certificate]
    broker = house.listening(house.start([*command, "--tls-key", key]), ports[0])
    certificate.unlink()
    os.mkfifo(certificate)
    for count in (1, 2):
        broker.process.send_signal(signal.SIGHUP)
        until(lambda count=count: broker.output().count("certificates stay as they were") == count, "it is told")
        until(lambda count=count: broker.output().count("nothing was changed") == count, "it is told")
    assert "tokens read again" not in broker.output()
    assert f"{certificate} is no regular file" in broker.output()


def test_commands_take_their_token_from_a_file_or_the_environment(house, ports, tokens, tmp_path):
    token = tokens.add("jobs", send="jobs", listen="jobs")
    own = tmp_path / "own"
    own.write_text(token + "\n")
    house.broker(ports[0], "--tokens", str(tokens.path))
    broker = ["--broker", f"127.0.0.1:{ports[0]}"]
    seaway("send", "jobs", '{"n":1}', *broker, "--token-file", own)
    seaway("send", "jobs", '{"n":2}', *broker, environment={"SEAWAY_TOKEN": token})
    done = seaway("listen", "--count", "2", "jobs", *broker, "--token-file", own)
    assert done.stdout.count("\n") == 2
    told = seaway("send", "other", "{}", *broker, "--token-file", own, code=77).stderr
    assert "denied" in told and told.count("\n") == 1
    for environment in ({}, {"SEAWAY_TOKEN": "jobs.wrong"}, {"SEAWAY_TOKEN": "jobs. wrong"}):
        told = seaway("send", "jobs", "{}", *broker, environment=environment, code=77).stderr
        assert "auth" in told and told.count("\n") == 1, told
    own.write_text("")
    assert "--token-file" in seaway("send", "jobs", "{}", *broker, "--token-file", own, code=64).stderr
    assert "--token" not in seaway("send", "--help").stdout.replace("--token-file", "")


def test_an_interface_server_without_a_good_token_gives_up(house, ports, tokens):
    tokens.add("web")
    house.broker(ports[0], "--tokens", str(tokens.path))
    command = [SEAWAY, "serve", "--broker", f"127.0.0.1:{ports[0]}", "--http", f"127.0.0.1:{ports[1]}"]
    server = house.start(command, {"SEAWAY_TOKEN": "web.wrong"})
    assert server.process.wait(PATIENCE) == 77
    assert "refused by the broker" in server.output() and "auth" in server.output()


@pytest.mark.parametrize("who", RIGHTS)
def test_the_rights_are_those_of_the_page(who):
    for patterns in RIGHTS[who].values():
        assert all(documented(pattern) for pattern in patterns.split())


def test_the_tokens_of_the_guide_are_those(tmp_path):
    page = (ROOT / "Sources" / "Seaway.docc" / "WhoMayDoWhat.md").read_text().replace("\\\n", " ")
    lines = [shlex.split(line) for line in page.split("\n") if line.startswith("seaway token add ")]
    assert [line[3] for line in lines] == ["web", "hello"]
    for line in lines:
        subprocess.run([SEAWAY, *line[1:]], cwd=tmp_path, check=True, timeout=PATIENCE)
    assert sorted(os.listdir(tmp_path)) == ["hello.token", "tokens", "web.token"]
    web, hello = seaway("token", "list", "--tokens", tmp_path / "tokens").stdout.splitlines()
    rights = dict(word.split("=") for word in web.split()[1:])
    for right in ("send", "listen"):
        assert set(rights[right].split(",")) == set(RIGHTS["server"][right].split())
    assert hello == "hello send=http.response.*!* listen=http.request,http.request.body?*,http.disconnect.*!"


@contextlib.contextmanager
def socket(port: int):
    with connect(f"ws://127.0.0.1:{port}/live", open_timeout=PATIENCE, close_timeout=PATIENCE) as browser:
        yield browser


def test_a_site_runs_with_just_the_rights_that_the_page_names(house, ports, tokens):
    site = tokens.add_site()
    broker_port, http_port = ports
    broker = house.broker(broker_port, "--tokens", str(tokens.path))
    address = f"127.0.0.1:{broker_port}"

    def start(token: str, *command) -> None:
        house.start([*command, "--broker", address], {"SEAWAY_TOKEN": site[token]})

    start("server", SEAWAY, "serve", "--http", f"127.0.0.1:{http_port}")
    start("sockets", ECHO_WORKER, "--group", "room")
    command = [SEAWAY, "bridge", "exec", "--from-channel", "http.request", "--broker", address]
    house.start([*command, "--", sys.executable, "-c", HELLO], {"SEAWAY_TOKEN": site["pages"]})
    until(lambda: get(http_port, "/").body == b"hello\n", "a page comes")

    def publish() -> None:
        seaway("gsend", "room", "--text", "Goal!", "--broker", address, environment={"SEAWAY_TOKEN": site["publisher"]})

    with socket(http_port) as first, socket(http_port) as second:
        first.send("one")
        assert first.recv(PATIENCE) == "one"
        publish()
        assert [first.recv(PATIENCE), second.recv(PATIENCE)] == ["Goal!", "Goal!"]
        # The server joins its sockets again when the broker comes back empty.
        broker.kill()
        house.broker(broker_port, "--tokens", str(tokens.path))
        until(lambda: get(http_port, "/").body == b"hello\n", "a page comes again")

        def both_hear() -> bool:
            publish()
            with contextlib.suppress(TimeoutError):
                return first.recv(1) == second.recv(1) == "Goal!"
            return False

        until(both_hear, "the group has its members back")
