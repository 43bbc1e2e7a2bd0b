"""What becomes of open sockets when a process leaves: closed in turn, kept, or begun anew in another process."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import signal
import subprocess
from typing import List, Set, Tuple

import pytest
from support.broker import PATIENCE, SEAWAY, Broker, Ends, Program, until
from support.house import House, Supervisor
from support.socket_browser import SocketBrowser

import seaway


def opened(house: House, programs: List[Ends], path: str, count: int) -> List[SocketBrowser]:
    browsers = [SocketBrowser(house.host, house.port, path) for _ in range(count)]
    programs.extend(browsers)
    assert {browser.status for browser in browsers} == {101}
    return browsers


def replaced(app: Supervisor, number: int = 2) -> None:
    """All processes are replaced, and the old ones have left."""
    app.signal(signal.SIGHUP)
    app.line(f"process {number} is ready")
    app.line(f"process {number - 1} has left")


def test_sockets_are_closed_with_1012_one_after_the_other(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--drain", "10")
    browsers = opened(house, programs, "/echo", 20)
    replaced(app)
    assert {browser.closed() for browser in browsers} == {(1012, "the server restarts")}
    app.line("20 sockets are closed with 1012")
    assert app.output.count("left with 1012") == 20
    (again,) = opened(house, programs, "/echo", 1)
    again.send("pid")
    assert again.text() == str(app.pids[1])


def test_sockets_are_kept_until_they_end(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--sockets", "keep")
    first, second = opened(house, programs, "/echo", 2)
    app.signal(signal.SIGHUP)
    app.line("process 2 is ready")
    until(lambda: house.ask("/pid")[2].decode() == str(app.pids[1]), "the new process alone takes requests")
    for browser in (first, second):
        browser.send("pid")
        assert browser.text() == str(app.pids[0])
        browser.close(1000)
    app.line("process 1 has left")


def test_kept_sockets_are_closed_before_the_time_is_over(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--sockets", "keep", "--drain", "1")
    (browser,) = opened(house, programs, "/echo", 1)
    replaced(app)
    assert browser.closed() == (1012, "the server restarts")


def said(browser: SocketBrowser) -> object:
    return json.loads(browser.text())["message"]


def say(browser: SocketBrowser, message: object) -> None:
    browser.send(json.dumps({"message": message}))


def test_a_chat_goes_on_through_deploys(programs: List[Ends]) -> None:
    pytest.importorskip("channels")
    house = House(programs)
    app = house.serve("asgi", "support.chat_site:application", "--sockets", "resume")
    browsers = opened(house, programs, "/ws/chat/lobby/", 30)
    say(browsers[0], "before")
    assert [said(browser) for browser in browsers] == ["before"] * 30
    for number in (2, 3):
        replaced(app, number)
        app.line(f"process {number} is ready")
        until(lambda: app.output.count("30 of 30 sockets were handed over") == number - 1, "all handed over")  # noqa: B023
        texts = [f"{number}.{count}" for count in range(10)]
        for count, text in enumerate(texts):
            say(browsers[count], text)
            # Each after the other, so that there is one order.
            assert {said(browser) for browser in browsers} == {text}
        say(browsers[3], "pid")
        assert said(browsers[3]) == app.pids[number - 1]
    assert "disconnect" not in app.output
    browsers[0].close(1000)
    app.line("disconnect 1000")
    assert "ERROR" not in app.output


def test_what_is_said_during_a_deploy_arrives_in_order(programs: List[Ends]) -> None:
    pytest.importorskip("channels")
    house = House(programs)
    app = house.serve("asgi", "support.chat_site:application", "--sockets", "resume")
    speaker, *listeners = opened(house, programs, "/ws/chat/lobby/", 8)
    app.signal(signal.SIGHUP)
    count = 0
    while "process 1 has left" not in app.output:
        say(speaker, count)
        count += 1
        # The speaker's own comes last, be it once or, while it is handed over, twice.
        while said(speaker) != count - 1:
            pass
    say(speaker, "the end")
    assert count > 3
    for browser in listeners:
        heard = []
        while (message := said(browser)) != "the end":
            heard.append(message)
        once = list(dict.fromkeys(heard))
        assert once == list(range(count)), heard
        # Those that came twice are of the moment at which both processes were there.
        assert len(heard) - len(once) < count
    assert "ERROR" not in app.output


def test_without_another_process_they_are_closed(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--sockets", "resume")
    (browser,) = opened(house, programs, "/echo", 1)
    assert app.terminate() == 0
    assert browser.closed() == (1012, "the server restarts")


def test_the_sockets_of_a_process_that_is_killed_are_closed_when_the_next_one_is_ready(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--processes", "2")
    app.line("process 2 is ready")
    browsers = opened(house, programs, "/echo", 20)
    pids = []
    for browser in browsers:
        browser.send("pid")
        pids.append(int(browser.text()))
    assert set(pids) == set(app.pids)
    os.kill(app.pids[0], signal.SIGKILL)
    app.line("was ended by signal 9: another one is started")
    dead = [browser for browser, pid in zip(browsers, pids) if pid == app.pids[0]]
    assert {browser.closed() for browser in dead} == {(1012, "the process that served this socket is gone")}
    app.line(f"{len(dead)} sockets of a process that has died are closed with 1012")
    for browser, pid in zip(browsers, pids):
        if browser not in dead:
            browser.send("pid")
            assert browser.text() == str(pid)


def test_sockets_that_were_handed_over_do_not_die_with_the_process_before(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--sockets", "resume", "--drain", "60")
    (browser,) = opened(house, programs, "/echo", 1)
    with house.browser() as slow:
        slow.request("GET", "/slow")
        app.line("slow begins")
        app.signal(signal.SIGHUP)
        app.line("1 of 1 sockets were handed over")
        os.kill(app.pids[0], signal.SIGKILL)
        app.line("process 1 was ended by signal 9")
    app.signal(signal.SIGHUP)
    app.line("0 sockets of a process that has died are closed")
    browser.send("pid")
    assert int(browser.text()) in app.pids[1:]


def test_an_event_that_comes_to_the_wrong_process_finds_the_right_one(programs: List[Ends]) -> None:
    house = House(programs)
    app = house.serve("asgi", "support.raw_asgi:app", "--processes", "2")
    app.line("process 2 is ready")
    browsers = opened(house, programs, "/echo", 4)
    tail = Program(SEAWAY, "tail", "--json", "websocket.worker.*!*", "--broker", house.broker)
    programs.append(tail)
    with seaway.connect(house.broker, patience=PATIENCE) as layer:
        until(lambda: len(layer.members("websocket.workers")) == 2, "both processes to be found")

        def channels() -> Set[Tuple[str, str]]:
            """Of each socket, as its events name them."""
            for browser in browsers:
                browser.send("whose?")
                assert browser.text() == "whose?"
            copies = [json.loads(line).get("message", {}) for line in tail.output.splitlines()]
            return {(copy["reply_channel"], copy["control_channel"]) for copy in copies if "control_channel" in copy}

        def members() -> int:
            names = {group["name"] for group in layer.stats("groups")["groups"]} - {"websocket.workers"}
            return sum(len(layer.members(name)) for name in names)

        # Each becomes a member behind its accept.
        until(lambda: members() == 4, "all sockets to be members")
        until(lambda: len(channels()) == 4, "the names of all")
        sockets = channels()
        orders = itertools.count(1_000_000)

        def event(socket: Tuple[str, str], kind: str, **fields: object) -> None:
            names = {"reply_channel": socket[0], "control_channel": socket[1]}
            fields = {"type": f"websocket.{kind}", "path": "/echo", "order": next(orders), **names, **fields}
            layer.send(f"websocket.{kind}", fields)

        for text in ("one", "two", "three"):
            for socket in sockets:
                event(socket, "receive", text=text)
            assert {browser.text() for browser in browsers} == {text}
        for socket in sockets:
            event(socket, "disconnect", code=1006)
        until(lambda: app.output.count("left with 1006") == 4, "all to have left")
        with layer.listen("websocket.control.test!") as listening:
            event(("websocket.send.test!1", "websocket.control.test!1"), "receive", text="anybody?")
            message = listening.receive(PATIENCE)
        assert message is not None and message["close"] == 1012


def test_sockets_go_on_when_the_broker_comes_back(programs: List[Ends], own_broker: Broker) -> None:
    serving = Program(SEAWAY, "serve", "--http", "127.0.0.1:0", "--broker", own_broker.address)
    programs.append(serving)
    house = House.at(programs, own_broker.address, serving)
    app = house.serve("asgi", "support.raw_asgi:app", "--processes", "2")
    app.line("process 2 is ready")
    browsers = opened(house, programs, "/echo", 8)
    for text in ("before", "after"):
        for browser in browsers:
            browser.send(text)
            assert browser.text() == text
        if text == "before":
            own_broker.kill()
            own_broker.start()


RIGHTS = {
    "server": ["--send", "*", "--listen", "*", "--join", "*"],
    # As protocol/INTERFACE.md has it for workers of HTTP and WebSockets, and no more.
    "app": [
        *("--send", "http.response.*!*", "--send", "websocket.send.*!*", "--send", "websocket.control.*!*"),
        *("--listen", "http.request", "--listen", "websocket.connect", "--listen", "websocket.receive"),
        *("--listen", "websocket.disconnect", "--listen", "websocket.worker.*!"),
    ],
}


def test_a_token_need_not_allow_more_than_sockets_themselves_need(programs: List[Ends], tmp_path: pathlib.Path) -> None:
    for name, rights in RIGHTS.items():
        add = [SEAWAY, "token", "add", name, "--tokens", str(tmp_path / "tokens")]
        subprocess.run([*add, "--token-file", str(tmp_path / name), *rights], check=True, timeout=PATIENCE)
    broker = Broker("--tokens", str(tmp_path / "tokens"))
    programs.append(broker)
    serving = Program(
        SEAWAY, "serve", "--http", "127.0.0.1:0", "--broker", broker.address, "--token-file", str(tmp_path / "server")
    )
    programs.append(serving)
    house = House.at(programs, broker.address, serving)
    app = house.serve("asgi", "support.raw_asgi:app", "--token-file", str(tmp_path / "app"))
    app.line("other processes do not find the sockets of this one: denied")
    (browser,) = opened(house, programs, "/echo", 1)
    app.line("its sockets are closed when they say something: denied")
    browser.send("all the same")
    assert browser.text() == "all the same"
    assert house.ask("/pid")[2] == str(app.pids[0]).encode()
