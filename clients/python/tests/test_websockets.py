"""Sockets: workers of both halves, as processes, at a real broker, with this test as the interface server."""

from __future__ import annotations

import itertools
from typing import Any, Dict, Iterator, List

import pytest
from support.broker import PATIENCE, Broker, Ends, until, worker
from support.server import Server

import seaway
import seaway.aio
from seaway import _websocket


class Browser:
    """One socket, as an interface server speaks for it."""

    numbers = itertools.count(1)

    def __init__(self, server: Server, path: str):
        self.server = server
        self.path = path
        self.number = next(self.numbers)
        self.order = -1
        #: Where its worker has its events sent.
        self.kept = ""
        self.channel = f"websocket.send.test!{self.number}"
        self.control = f"websocket.control.test!{self.number}"

    def event(self, kind: str, on: str = "", **fields: Any) -> None:
        """Says an event to the workers."""
        self.order += 1
        message: Dict[str, Any] = {
            "type": f"websocket.{kind}",
            "reply_channel": self.channel,
            "control_channel": self.control,
        }
        message.update(path=self.path, order=self.order, **fields)
        self.server.layer.send(on or f"websocket.{kind}", message)

    def connect(self, **fields: Any) -> Dict[str, Any]:
        """Asks to be let in; returns the answer."""
        self.event("connect", **fields)
        return self.next()

    def say(self, content: Any, on: str = "") -> None:
        """Says one message."""
        self.event("receive", on, **{"text" if isinstance(content, str) else "bytes": content})

    def next(self) -> Dict[str, Any]:
        """What comes to the browser next."""
        return self.server.next(self.channel).data

    def told(self) -> Dict[str, Any]:
        """What comes to the control channel next."""
        return self.server.next(self.control).data


class Site:
    """A broker, a worker and an interface server with sockets."""

    def __init__(self, place: str, *options: str):
        self.broker = Broker("--capacity", "websocket.send.slow!*=2")
        self.worker = worker(
            f"support.{place}:worker", self.broker.address, *options, SEAWAY_BROKER=self.broker.address
        )
        self.server = Server(
            self.broker.address, "websocket.send.test!", "websocket.control.test!", "websocket.send.slow!"
        )
        assert self.browser("/chat/first").connect() == {"accept": True, "serial": True}

    def browser(self, path: str) -> Browser:
        return Browser(self.server, path)

    def close(self) -> None:
        self.server.kill()
        self.worker.kill()
        self.broker.kill()


@pytest.fixture(
    scope="module",
    params=[("sync_site",), ("sync_site", "--concurrency", "3"), ("aio_site",)],
    ids=["sync", "threads", "asyncio"],
)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    one = Site(*request.param)
    yield one
    one.close()


def test_a_socket_is_accepted_in_its_group_and_hears_its_echo(site: Site) -> None:
    browser = site.browser("/chat/blue")
    assert browser.connect() == {"accept": True, "serial": True}
    assert site.server.layer.members("blue") == [browser.channel]
    for content, answer in [("hi", {"text": "hi"}), ("", {"text": ""}), (b"\xff", {"bytes": b"\xff"})]:
        browser.say(content)
        assert browser.next() == answer
        assert browser.told() == {"done": browser.order}
    browser.say("leave")
    assert [browser.told(), browser.told()] == [{"close": 1000}, {"done": browser.order}]
    assert site.server.layer.members("blue") == []


def test_a_failure_closes_with_1011_and_is_done(site: Site) -> None:
    browser = site.browser("/chat/red")
    browser.connect()
    browser.say("fail")
    assert browser.next() == {"close": 1011}
    assert browser.told() == {"done": 1}
    browser.event("receive")
    assert browser.next() == {"close": 1011}
    assert browser.told() == {"done": 2}
    site.worker.line("RuntimeError: failed as told")


def test_a_socket_is_closed_with_code_and_reason_and_its_end_is_told(site: Site) -> None:
    browser = site.browser("/chat/green")
    browser.connect()
    browser.say("close")
    assert browser.next() == {"close": 4000, "reason": "enough"}
    with site.server.layer.listen("ended") as ended:
        browser.event("disconnect", code=4000, reason="enough")
        message = ended.receive(PATIENCE)
        assert message is not None
        assert message.data == {"socket": browser.channel, "code": 4000, "reason": "enough"}


@pytest.mark.parametrize(
    ("path", "answers"),
    [
        ("/decide/return", [{"accept": True}]),
        (
            "/decide/accept",
            [
                {"accept": True, "subprotocol": "b", "headers": [["x", "1"]], "bytes": b"\xff"},
                {"text": "and more"},
            ],
        ),
        ("/decide/send", [{"accept": True, "text": ""}]),
        ("/decide/reject", [{"accept": False, "status": 302, "headers": [["location", "/"]], "content": b"go"}]),
        ("/decide/close", [{"accept": False, "status": 403}]),
        ("/decide/fail", [{"accept": False, "status": 500}]),
        ("/decide/late", [{"accept": True}, {"close": 1011}]),
        ("/decide/exit", [{"accept": False, "status": 500}]),
        ("/nowhere", [{"accept": False, "status": 404}]),
    ],
)
def test_a_connect_is_decided(site: Site, path: str, answers: List[Dict[str, Any]]) -> None:
    browser = site.browser(path)
    assert [browser.connect(subprotocols=["a", "b"])] + [browser.next() for _ in answers[1:]] == answers


def test_what_is_not_serial_has_no_done(site: Site) -> None:
    browser = site.browser("/decide/return")
    browser.connect()
    browser.say("hi")
    assert browser.next() == {"text": '{"said":"hi"}'}
    other = site.browser("/chat/x")
    other.connect()
    other.say("hi")
    # Behind what would have come.
    assert site.server.next(other.control).data == {"done": 1}
    assert site.server.came(browser.control) == 0


def test_what_is_no_event_harms_nobody_else(site: Site) -> None:
    site.server.layer.send("websocket.receive", {"path": "/chat/a", "text": "hi"})
    site.server.layer.send("websocket.connect", {"path": "/nowhere", "type": "websocket.connect"})
    browser = site.browser("/chat/a")
    browser.event("dance", on="websocket.receive")
    browser.event("receive", text="after it")
    assert browser.next() == {"text": "after it"}


def test_what_is_sent_to_a_slow_socket_waits_for_room(site: Site) -> None:
    browser = site.browser("/decide/return")
    browser.connect()
    browser.channel = "websocket.send.slow!1"
    site.server.layer.pause(browser.channel)
    for text in ("one", "two"):
        site.server.layer.send(browser.channel, {"text": text})
    browser.say("three")
    until(lambda: site.server.layer.stats()["refused"].get("full", 0) >= 2, "a message that was refused")
    site.server.layer.resume(browser.channel)
    assert [browser.next()["text"] for _ in range(3)] == ["one", "two", '{"said":"three"}']


def test_a_socket_that_is_gone_harms_nobody_else(site: Site) -> None:
    browser = site.browser("/decide/return")
    site.server.layer.close(browser.channel)
    browser.event("connect")
    browser.say("hi")
    other = site.browser("/decide/return")
    assert other.connect() == {"accept": True}


@pytest.mark.parametrize("options", [("sync_site",), ("sync_site", "--concurrency", "3"), ("aio_site",)])
def test_a_sticky_socket_is_kept_and_given_back(options: List[str], programs: List[Ends]) -> None:
    site = Site(*options)
    programs.extend([site.server, site.worker, site.broker])
    browser, ended = site.browser("/keep"), site.browser("/keep")
    channel = browser.connect()["receive_channel"]
    other = ended.connect()["receive_channel"]
    assert channel != other
    browser.say("hi", on=channel)
    assert browser.next() == {"text": f"{site.worker.process.pid} {channel}"}
    ended.event("disconnect", on=other)
    browser.say("again", on=channel)
    assert browser.next() == {"text": f"{site.worker.process.pid} {channel}"}
    site.worker.signal(15)
    assert browser.told() == {"receive_channel": None}
    # On its way when the socket was given back.
    browser.say("late", on=channel)
    assert browser.next() == {"text": f"{site.worker.process.pid} {channel}"}
    assert site.worker.wait() == 0
    assert site.server.came(ended.control) == 0


@pytest.mark.parametrize("options", [("sync_site",), ("sync_site", "--concurrency", "3"), ("aio_site",)])
def test_sockets_with_sessions_are_closed_by_a_worker_that_leaves(options: List[str], programs: List[Ends]) -> None:
    site = Site(*options)
    programs.extend([site.server, site.worker, site.broker])
    browsers = [site.browser("/remember") for _ in range(3)]
    for browser in browsers:
        browser.kept = browser.connect()["receive_channel"]
        browser.say("hi", on=browser.kept)
        assert browser.next() == {"text": "1"}
    site.worker.signal(15)
    for browser in browsers:
        assert browser.told() == {"close": 1012, "reason": "its worker leaves"}
        browser.say("late", on=browser.kept)
        assert browser.next() == {"text": "2"}
    for browser in browsers:
        browser.event("disconnect", on=browser.kept, code=1012)
        assert browser.next() == {"text": "2 and 1012"}
    assert site.worker.wait() == 0


# Parts


@pytest.mark.parametrize(
    ("connect", "others"),
    [
        ("websocket.connect", ("websocket.receive", "websocket.disconnect")),
        ("websocket.connect.python", ("websocket.receive.python", "websocket.disconnect.python")),
        ("chat", ("chat.receive", "chat.disconnect")),
    ],
)
def test_the_other_events_come_in_beside_the_connects(connect: str, others: Any) -> None:
    assert _websocket.beside(connect) == (connect, *others)


@pytest.mark.parametrize(("code", "reason"), [(999, ""), (1004, ""), (1015, ""), (5000, ""), (1000, "ä" * 62)])
def test_a_close_that_the_server_would_not_take_is_refused(code: int, reason: str) -> None:
    with pytest.raises(ValueError, match=r"code|reason"):
        _websocket.closing(code, reason)


def test_a_function_of_the_other_kind_is_refused() -> None:
    async def coroutine(socket: Any, content: Any) -> None: ...

    def function(socket: Any, content: Any) -> None: ...

    with pytest.raises(TypeError, match="aio"):
        seaway.Worker().websocket("/")(coroutine)
    with pytest.raises(TypeError, match="no coroutine"):
        seaway.aio.Worker().websocket("/")(function)  # type: ignore[arg-type]
