"""What acknowledges a request or an event of a socket: the last that is said of it, in one frame (S13)."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Callable, Dict, Iterator, Optional

import pytest
from support.broker import PATIENCE
from support.fake import Connection, FakeBroker
from support.halves import AsyncioHalf
from support.threads import in_thread

import seaway
from seaway import _values, aio
from seaway.hosting.asgi import Host
from seaway.hosting.environ import Environs
from seaway.hosting.wsgi import Host as WsgiHost

KNOWS = b"HELLO 1 id=1 epoch=1 features=ack max-body=2097152\n"
KINDS = ["sync", "asyncio", "asgi", "wsgi"]
REPLY = "http.response.x!1"


class Serving:
    """Something that takes requests, or events of sockets, at a broker by script."""

    def __init__(self, fake: FakeBroker, greeting: bytes, run: Callable[[], Any], stop: Callable[[], Any]):
        self._ended = in_thread(run)
        self._stop = stop
        self.connection: Connection = fake.accept(greeting)

    def listens(self, *names: str, option: str = "Ack=1") -> None:
        self.connection.expect(f"LISTEN {' '.join(names)} {option}")
        self.connection.say(b"OK\n")
        self.connection.expect("READY")

    def gives(self, fields: Dict[str, Any], channel: str = "http.request", options: str = "ack=s17 times=2") -> None:
        body = _values.pack({"reply_channel": REPLY, **fields})
        self.connection.say(b"MSG :%d %b\n%b\n" % (len(body), f"{channel} {options}".strip().encode(), body))

    def asks(self, path: str = "/", options: str = "ack=s17 times=2") -> None:
        self.gives({"method": "GET", "path": path, "headers": []}, options=options)

    def says(self, channel: str, option: str = "", answer: bytes = b"OK\n") -> Dict[str, Any]:
        """The next that it says, with just this option."""
        frame = self.connection.hear()
        while frame.verb in ("PING", "READY"):
            if frame.verb == "PING":
                self.connection.say(b"PONG\n")
            frame = self.connection.hear()
        words = [frame.verb, *frame.args, *(f"{key}={value}" for key, value in frame.options.items())]
        assert " ".join(words) == f"SEND {channel} {option}".strip()
        self.connection.say(answer)
        return _values.unpack(frame.body or b"")

    def says_line(self, line: str) -> None:
        frame = self.connection.hear()
        while frame.verb in ("PING", "READY"):
            frame = self.connection.hear()
        assert " ".join([frame.verb, *frame.args]) == line
        self.connection.say(b"OK\n")

    def is_told_to_leave(self) -> None:
        """It takes no more."""
        self._stop()
        self.connection.expect("UNLISTEN http.request")
        self.connection.say(b"OK\n")

    def leaves(self) -> None:
        """Nothing more is said of what it had."""
        self._stop()
        frame = self.connection.hear()
        while frame.verb != "QUIT":
            assert frame.verb in ("UNLISTEN", "READY", "PING"), frame
            if frame.verb != "READY":
                self.connection.say(b"OK\n" if frame.verb == "UNLISTEN" else b"PONG\n")
            frame = self.connection.hear()
        self.connection.say(b"OK\n")
        self.connection.expect_end()
        self._ended()


Serve = Callable[..., Serving]


def does(path: str) -> Optional[str]:
    if path == "/fails":
        raise ValueError("failed")
    return None if path == "/silent" else path


#: Set when requests for ``/waits`` may be answered.
free = threading.Event()


async def until_free(path: str) -> None:
    if path == "/waits":
        await asyncio.get_running_loop().run_in_executor(None, free.wait, PATIENCE)


@pytest.fixture
def half() -> Iterator[AsyncioHalf]:
    made = AsyncioHalf()
    yield made
    made.close()


@pytest.fixture
def serve(fake: FakeBroker, half: AsyncioHalf) -> Serve:
    """Serves requests in one of the ways."""

    def start(kind: str, greeting: bytes = KNOWS) -> Serving:
        if kind in ("sync", "wsgi"):
            worker = seaway.Worker(fake.address, prefetch=0)
            host = WsgiHost(wsgi, Environs())
            worker.on("http.request")(host.serve if kind == "wsgi" else answer)
            return Serving(fake, greeting, worker.run, worker.stop)
        if kind == "asyncio":
            async_worker = aio.Worker(fake.address, concurrency=1)
            async_worker.on("http.request")(async_answer)
            return Serving(fake, greeting, lambda: half.run(async_worker.run), lambda: half.run(async_worker.stop))

        made: Dict[str, Host] = {}

        async def run() -> None:
            layer = aio.Layer(fake.address)
            made["host"] = Host(asgi, layer, concurrency=1, websocket_channel=None)
            try:
                await made["host"].run()
            finally:
                await layer.quit()

        return Serving(fake, greeting, lambda: half.run(run), lambda: half.run(lambda: made["host"].stop()))

    return start


def answer(message: seaway.Message) -> None:
    if does(message.path) == "/pieces":
        with message.stream() as stream:
            stream.write(b"one")
            stream.write(b"two")
    elif message.path != "/silent":
        message.respond(content=f"times {message.times}")


async def async_answer(message: aio.Message) -> None:
    if does(message.path) == "/pieces":
        async with message.stream() as stream:
            await stream.write(b"one")
            await stream.write(b"two")
    elif message.path != "/silent":
        await until_free(message.path)
        await message.respond(content=f"times {message.times}")


async def asgi(scope: Dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan" or does(scope["path"]) is None:
        return
    await until_free(scope["path"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/pieces":
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two", "more_body": True})
        await send({"type": "http.response.body"})
    else:
        times = scope["extensions"]["seaway.delivery"]["times"]
        await send({"type": "http.response.body", "body": f"times {times}".encode()})


def wsgi(environ: Dict[str, Any], start: Any) -> Any:
    if does(environ["PATH_INFO"]) is None:
        return []
    start("200 OK", [])
    if environ["PATH_INFO"] == "/pieces":
        return iter([b"one", b"two"])
    return [f"times {environ['seaway.times']}".encode()]


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_message_of_an_answer_acknowledges_the_request(serve: Serve, kind: str) -> None:
    serving = serve(kind)
    serving.listens("http.request")
    serving.asks()
    assert serving.says(REPLY, "Ack=s17")["content"] == b"times 2"
    serving.asks("/pieces")
    pieces = [serving.says(REPLY), serving.says(REPLY)]
    last = serving.says(REPLY, "Ack=s17")
    assert b"".join(piece.get("content", b"") for piece in [*pieces, last]) == b"onetwo"
    assert not last.get("more_content")
    serving.leaves()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["/fails", "/silent"])
def test_no_answer_is_a_500_that_acknowledges(
    serve: Serve, kind: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    serving = serve(kind)
    serving.listens("http.request")
    serving.asks(path)
    assert serving.says(REPLY, "Ack=s17")["status"] == 500
    serving.leaves()
    assert [record.levelname for record in caplog.records if record.levelno > 30] == ["ERROR"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_refused_is_acknowledged_apart(serve: Serve, kind: str) -> None:
    """Nobody waits for the answer any more: its function has ended all the same."""
    serving = serve(kind)
    serving.listens("http.request")
    serving.asks()
    serving.says(REPLY, "Ack=s17", b"ERR gone closed\n")
    serving.says_line("ACK http.request s17")
    serving.leaves()


@pytest.mark.parametrize("kind", ["asyncio", "asgi"])
def test_who_leaves_finishes_and_acknowledges(serve: Serve, kind: str) -> None:
    free.clear()
    serving = serve(kind)
    serving.listens("http.request")
    serving.asks("/waits")
    serving.is_told_to_leave()
    free.set()
    serving.says(REPLY, "Ack=s17")
    serving.leaves()


@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_that_cannot_do_it_gives_each_out_once(serve: Serve, kind: str) -> None:
    serving = serve(kind, b"HELLO 1 id=1 epoch=1 max-body=2097152\n")
    serving.listens("http.request", option="members=1")
    serving.asks(options="")
    assert serving.says(REPLY)["content"] == b"times 1"
    serving.leaves()


@pytest.mark.parametrize("kind", KINDS)
def test_over_another_connection_it_is_said_apart(serve: Serve, fake: FakeBroker, kind: str) -> None:
    serving = serve(kind)
    serving.listens("http.request")
    serving.asks()
    while (frame := serving.connection.hear()).verb != "SEND":
        pass
    assert frame.options == {"Ack": "s17"}
    serving.connection.close()
    serving.connection = fake.accept(KNOWS)
    serving.connection.expect("LISTEN http.request Ack=1")
    serving.connection.say(b"OK\n")
    # There it might stand for another message.
    serving.says(REPLY)
    serving.says_line("ACK http.request s17")
    serving.leaves()


@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_done_acknowledges_an_event(fake: FakeBroker, half: AsyncioHalf, kind: str) -> None:
    names = ("websocket.connect", "websocket.receive", "websocket.disconnect")
    if kind == "sync":
        worker: Any = seaway.Worker(fake.address, prefetch=0)

        def said(socket: Any, content: Any) -> None:
            does(str(content))

        worker.websocket()(said)
        serving = Serving(fake, KNOWS, worker.run, worker.stop)
    else:
        worker = aio.Worker(fake.address, concurrency=1)

        async def async_said(socket: Any, content: Any) -> None:
            does(str(content))

        worker.websocket()(async_said)
        serving = Serving(fake, KNOWS, lambda: half.run(worker.run), lambda: half.run(worker.stop))
    serving.listens(*names)
    event = {"type": names[1], "path": "/", "control_channel": "websocket.control.x!1", "order": 4, "serial": True}
    serving.gives({**event, "type": names[0], "order": 0}, names[0])
    assert serving.says(REPLY, "Ack=s17")["accept"] is True
    serving.gives({**event, "text": "hi"}, names[1])
    assert serving.says("websocket.control.x!1", "Ack=s17") == {"done": 4}
    serving.gives({**event, "text": "/fails", "order": 5}, names[1])
    assert serving.says(REPLY)["close"] == 1011
    assert serving.says("websocket.control.x!1", "Ack=s17") == {"done": 5}
    serving.gives({**event, "type": names[2], "code": 1000, "order": 6, "serial": False}, names[2])
    serving.says_line(f"ACK {names[2]} s17")
    serving.leaves()


@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_a_request_comes_again_by_retry_alone(fake: FakeBroker, half: AsyncioHalf, kind: str) -> None:
    if kind == "sync":
        worker: Any = seaway.Worker(fake.address, prefetch=0)

        def later(message: Any) -> None:
            raise seaway.Retry("later", in_=2)

        worker.on("http.request")(later)
        serving = Serving(fake, KNOWS, worker.run, worker.stop)
    else:
        worker = aio.Worker(fake.address, concurrency=1)

        async def async_later(message: Any) -> None:
            await asyncio.sleep(0)
            raise seaway.Retry("later", in_=2)

        worker.on("http.request")(async_later)
        serving = Serving(fake, KNOWS, lambda: half.run(worker.run), lambda: half.run(worker.stop))
    serving.listens("http.request")
    serving.asks()
    serving.says_line("NAK http.request s17")
    serving.leaves()


def test_names_too_long_for_dead_letters_are_not_acknowledged(fake: FakeBroker) -> None:
    worker = seaway.Worker(fake.address, prefetch=0)
    name = "http.request." + "x" * 238
    worker.on(name)(answer)
    serving = Serving(fake, KNOWS, worker.run, worker.stop)
    serving.listens(name, option="members=1")
    serving.leaves()
