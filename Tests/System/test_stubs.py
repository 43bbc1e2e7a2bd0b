"""The stubs of clients/stubs, which a stranger reads first, against a real broker: the same of every language."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading

import pytest
from websockets.sync.client import connect

from access import TokenFile
from harness import PATIENCE, ROOT, SEAWAY, House, Wire, free_port, get, until
from relay import Relay

STUBS = ROOT / "clients" / "stubs"
#: Of each language its file, the program that runs it, and the package of Debian that has that program.
LANGUAGES = {
    "python": ("stub.py", sys.executable, "python3"),
    "go": ("stub.go", "go", "golang-go"),
    "node": ("stub.js", "node", "nodejs"),
    "ruby": ("stub.rb", "ruby", "ruby"),
    "perl": ("stub.pl", "perl", "perl"),
    "php": ("stub.php", "php", "php-cli"),
}


@pytest.fixture(params=LANGUAGES)
def language(request) -> str:
    return request.param


def command(language: str) -> list:
    """How the stub is run; fails where its interpreter is missing."""
    file, interpreter, package = LANGUAGES[language]
    program = shutil.which(interpreter)
    assert program, f"{interpreter} is missing: install Debian's {package} (.ci/setup.sh test does)"
    if language == "go":
        binary = ROOT / ".build" / "demo" / "stub-go"
        binary.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([program, "build", "-o", binary, STUBS / file], check=True)
        return [binary]
    # Of Python nothing but its standard library.
    return [program, *(["-I"] if language == "python" else []), STUBS / file]


@pytest.fixture
def site(house, ports):
    """`seaway up`: the ports of its broker and of its interface server."""
    addresses = ["--listen", f"127.0.0.1:{ports[0]}", "--http", f"127.0.0.1:{ports[1]}"]
    house.listening(house.start([SEAWAY, "up", *addresses]), ports[1])
    return ports


def at_work(house: House, language: str, port: int, broker: int):
    """A stub that has reached the broker by this port, and listens."""
    stub = house.start([*command(language), f"127.0.0.1:{port}"])

    def listens() -> bool:
        assert stub.is_running, f"the stub has ended:\n{stub.output()}"
        return house.readers(broker, "http.request") == 1

    until(listens, f"the stub in {language} listens")
    return stub


def test_it_answers_requests_one_after_the_other(house, site, language):
    broker, http = site
    stub = at_work(house, language, broker, broker)
    # A path with more bytes than characters; and more requests at once than it has granted.
    for path, shown in (("/moon", "/moon"), ("/K%C3%A4se%22%5C", '/Käse"\\')):
        answer = get(http, path)
        assert (answer.status, answer.body.decode()) == (200, f"hello from {language}: {shown}\n")
    answers: list[str] = []
    browsers = [threading.Thread(target=lambda n=n: answers.append(get(http, f"/{n}").body.decode())) for n in range(9)]
    for browser in browsers:
        browser.start()
    for browser in browsers:
        browser.join()
    assert sorted(answers) == [f"hello from {language}: /{n}\n" for n in range(9)]
    assert stub.is_running and stub.output() == ""


def test_what_it_sends_to_the_group_reaches_a_browsers_socket(house, site, language):
    broker, http = site
    at_work(house, language, broker, broker)
    with Wire(broker) as listening, Wire(broker) as sending:
        listening.listen("websocket.connect")
        opened: list = []
        opening = threading.Thread(
            target=lambda: opened.append(connect(f"ws://127.0.0.1:{http}/", open_timeout=PATIENCE))
        )
        opening.start()
        channel = listening.take()["reply_channel"]
        assert sending.ask(f"JOIN stubs {channel}") == "OK"
        assert sending.ask(f"SEND :- {channel} {json.dumps({'accept': True})}") == "OK"
        opening.join()
        with opened[0] as browser:
            assert get(http, "/K%C3%A4se").status == 200
            assert browser.recv(PATIENCE) == f"{language} has answered /Käse"


def test_it_answers_heartbeats_and_works_on(house, site, language):
    broker, http = site
    pongs = Heartbeats(broker)
    stub = at_work(house, language, pongs.port, broker)
    try:
        # Without an answer to two of them the broker would have ended the connection.
        pongs.wait(4)
        assert get(http, "/after").body.decode() == f"hello from {language}: /after\n"
        assert stub.is_running and stub.output() == ""
    finally:
        pongs.close()


def test_a_token_is_shown_and_a_bad_one_is_told(house, language, tmp_path):
    tokens = TokenFile(tmp_path)
    good = tokens.add("stub", listen="http.request", send="http.response.*!*")
    asker = tokens.add("asker", listen="http.response.test!", send="http.request")
    port = free_port()
    house.broker(port, "--tokens", str(tokens.path))
    unknown = house.start([*command(language), f"127.0.0.1:{port}"], {"SEAWAY_TOKEN": "no.body"})
    assert unknown.process.wait(PATIENCE) == 1
    assert re.fullmatch(r"seaway: HELLO was refused: auth .*\n", unknown.output()), unknown.output()
    # This one may answer requests, but not send to the group: that is told, and it goes on.
    known = house.start([*command(language), f"127.0.0.1:{port}"], {"SEAWAY_TOKEN": good})
    with Wire(port) as wire:
        assert wire.ask(f"HELLO 1 token={asker}").startswith("HELLO ")
        assert wire.ask("LISTEN http.response.test!").startswith("OK")
        wire.write("READY 9\n")
        for number in (1, 2):
            request = {"reply_channel": f"http.response.test!{number}", "path": f"/{number}"}
            wire.write(f"SEND :- http.request {json.dumps(request)}\n")
            assert wire.take() == {"status": 200, "content": f"hello from {language}: /{number}\n"}
    told = r"(seaway: GSEND was refused: denied .*\n)+"
    until(lambda: known.output().count("\n") == 2, "both refusals are told")
    assert known.is_running and re.fullmatch(told, known.output()), known.output()


def test_the_end_of_the_broker_and_its_absence_are_told(house, site, language):
    broker, _ = site
    stub = at_work(house, language, broker, broker)
    house.programs[0].kill()
    assert stub.process.wait(PATIENCE) != 0
    assert re.fullmatch(r"seaway: [^\n]+\n", stub.output()), stub.output()
    absent = house.start([*command(language), f"127.0.0.1:{broker}"])
    assert absent.process.wait(PATIENCE) != 0
    assert re.fullmatch(r"seaway: no broker[^\n]*\n", absent.output()), absent.output()


# The files


def test_each_is_short_and_needs_nothing_but_its_language():
    assert sorted(path.name for path in STUBS.iterdir()) == sorted(file for file, _, _ in LANGUAGES.values())
    for path in STUBS.iterdir():
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 100, path
        assert max(map(len, text.splitlines())) <= 120, path
        assert "msgpack" not in text.lower() and "import seaway" not in text


def test_the_readme_shows_each_of_them_as_it_stands():
    page = (ROOT / "clients" / "README.md").read_text(encoding="utf-8")
    for language, (file, _, _) in LANGUAGES.items():
        assert f"stubs/{file}" in page
        for excerpt in re.findall(rf"^<!-- {file} -->\n```\w+\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
            assert unindented(excerpt) in unindented((STUBS / file).read_text(encoding="utf-8")), language
        assert f"<!-- {file} -->" in page


def unindented(text: str) -> str:
    return re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE)


# What stands between


class Heartbeats(Relay):
    """The way to a broker on which the heartbeat that is asked for becomes a short one; counts what is answered."""

    def __init__(self, target: int):
        self._came = threading.Condition()
        self._count = 0
        super().__init__(target)

    def wait(self, count: int) -> None:
        with self._came:
            assert self._came.wait_for(lambda: self._count >= count, PATIENCE), "heartbeats are answered"

    def passing(self, data: bytes) -> bytes:
        data = data.replace(b" heartbeat=20000", b" heartbeat=100")
        with self._came:
            self._count += data.count(b"PONG\n")
            self._came.notify_all()
        return data
