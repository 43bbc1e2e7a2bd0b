"""Where the commands that talk to brokers find them: options, the environment, contexts."""

from __future__ import annotations

import pathlib
import stat
import subprocess

import pytest

from access import TokenFile
from harness import PATIENCE, SEAWAY, Wire, free_port


class User:
    """Somebody with a home of their own."""

    def __init__(self, home: pathlib.Path):
        self.home = home
        self.path = home / ".config" / "seaway" / "contexts.yaml"

    def run(self, *words, code: int = 0, input: str = "", **variables: str) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [SEAWAY, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, input=input, cwd=self.home,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.home), **variables},
        )  # fmt: skip
        assert done.returncode == code, (words, done)
        return done


@pytest.fixture
def user(tmp_path) -> User:
    return User(tmp_path)


def test_a_context_says_where_the_broker_is_and_what_it_is_shown(house, ports, user, tmp_path):
    tokens = TokenFile(tmp_path)
    token = tokens.add("op", send="jobs", admin="*")
    house.broker(ports[0], "--tokens", str(tokens.path))
    house.broker(ports[1])
    (tmp_path / "op.token").write_text(token + "\n")
    user.run("context", "add", "shop", "--broker", f"127.0.0.1:{ports[0]}", "--token-file", "op.token")
    user.run("context", "add", "open", "--broker", f"127.0.0.1:{ports[1]}")
    user.run("send", "jobs", "{}")
    assert '"messages":1' in user.run("peek", "jobs", "--json").stdout.replace(" ", "")
    # From elsewhere too.
    user.home.joinpath("below").mkdir()
    assert user.run("context", "list").stdout.split() == [
        "*",
        "shop",
        f"127.0.0.1:{ports[0]}",
        "open",
        f"127.0.0.1:{ports[1]}",
    ]
    user.run("send", "other", "{}", "--context", "open")
    user.run("context", "use", "open")
    user.run("send", "other", "{}")
    with Wire(ports[1]) as wire:
        assert wire.look("PEEK other")["messages"] == 2
    user.run("context", "remove", "open")
    assert "open" not in user.run("context", "list").stdout
    user.run("send", "jobs", "{}", SEAWAY_CONTEXT="shop")


def test_a_token_that_stands_in_it_is_its_owners_alone_and_not_printed(house, ports, user, tmp_path):
    tokens = TokenFile(tmp_path)
    token = tokens.add("op", send="jobs")
    house.broker(ports[0], "--tokens", str(tokens.path))
    add = ["context", "add", "shop", "--broker", f"127.0.0.1:{ports[0]}", "--token-stdin"]
    user.run(*add, input=token + "\n")
    assert stat.S_IMODE(user.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(user.path.parent.stat().st_mode) == 0o700
    assert user.run("context", "show").stdout == f"name: shop\nbroker: 127.0.0.1:{ports[0]}\ntoken: ***\n"
    user.run("send", "jobs", "{}")
    user.path.chmod(0o644)
    assert "chmod 600" in user.run("send", "jobs", "{}", code=64).stderr
    user.path.chmod(0o600)
    assert "already" in user.run(*add, input="a.b\n", code=64).stderr
    user.run("send", "jobs", "{}")
    user.run(*add, "--replace", input="a.b\n")
    assert "auth" in user.run("send", "jobs", "{}", code=77).stderr
    assert [path.name for path in user.path.parent.iterdir()] == ["contexts.yaml"]


def test_its_token_is_never_shown_to_a_broker_that_somebody_else_names(house, ports, user, tmp_path):
    tokens = TokenFile(tmp_path)
    token = tokens.add("op", send="jobs")
    house.broker(ports[0], "--tokens", str(tokens.path))
    # It would be let in with the token, so nobody has shown it.
    user.run("context", "add", "else", "--broker", f"127.0.0.1:{free_port()}", "--token-stdin", input=token + "\n")
    address = f"127.0.0.1:{ports[0]}"
    user.run("send", "jobs", "{}", "--broker", address, code=77)
    user.run("send", "jobs", "{}", SEAWAY_BROKER=address, code=77)
    user.run("send", "jobs", "{}", "--broker", address, SEAWAY_CONTEXT="else", code=77)
    # Unless it is named with it.
    user.run("send", "jobs", "{}", "--broker", address, "--context", "else")
    # The environment's token wins over that of the context in use, and a context by name over both.
    user.run("context", "add", "right", "--broker", address, "--use")
    user.run("send", "jobs", "{}", SEAWAY_TOKEN=token)
    user.run("context", "add", "wrong", "--broker", address, "--token-stdin", "--use", input="a.b\n")
    user.run("send", "jobs", "{}", SEAWAY_TOKEN=token)
    user.run("send", "jobs", "{}", "--context", "wrong", SEAWAY_TOKEN=token, code=77)


def test_options_win_over_the_environment_and_that_over_the_context(house, ports, user):
    house.broker(ports[0])
    user.run("context", "add", "away", "--broker", f"127.0.0.1:{free_port()}")
    user.run("send", "a", "{}", "--timeout", "300ms", code=69)
    user.run("send", "a", "{}", SEAWAY_BROKER=f"127.0.0.1:{ports[0]}")
    user.run("send", "a", "{}", "--broker", f"127.0.0.1:{ports[0]}", SEAWAY_BROKER="127.0.0.1:1")
    user.run(
        "send", "a", "{}", "--timeout", "300ms", "--context", "away", SEAWAY_BROKER=f"127.0.0.1:{ports[0]}", code=69
    )


@pytest.mark.parametrize(
    "words, told",
    [
        (["context", "use", "shpo"], "there is no context shpo: is shop meant?"),
        (["context", "remove", "zzz"], "there is no context zzz: there are shop"),
        (["context", "add", "a b", "--broker", "a:1"], "'a b' is no name"),
        (["context", "add", "x", "--broker", "7411"], "its host is missing"),
        (["context", "add", "x"], "--broker"),
        (["send", "a", "{}", "--context", "shpo"], "is shop meant?"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(user, words, told):
    user.run("context", "add", "shop", "--broker", "127.0.0.1:1")
    before = user.path.read_bytes()
    assert told in user.run(*words, code=64).stderr
    assert user.path.read_bytes() == before


def test_a_file_that_cannot_be_read_is_told_with_its_line(user):
    user.path.parent.mkdir(parents=True)
    user.path.write_text("contexts:\n  a:\n    brokre: x\n")
    for words in (["context", "list"], ["send", "a", "{}"]):
        assert (
            f"{user.path}:3: contexts.a.brokre: there is no such key: is broker meant?"
            in user.run(*words, code=64).stderr
        )
    # Who says where the broker is does not need it.
    user.run("send", "a", "{}", "--broker", "127.0.0.1:1", "--timeout", "300ms", code=69)


def test_the_file_is_where_xdg_says(user, tmp_path):
    user.run("context", "add", "a", "--broker", "127.0.0.1:1", XDG_CONFIG_HOME=str(tmp_path / "own"))
    assert (tmp_path / "own" / "seaway" / "contexts.yaml").exists() and not user.path.exists()
