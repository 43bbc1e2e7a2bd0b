"""Bodies of requests that come in pieces: protocol/INTERFACE.md, section 2.1."""

from __future__ import annotations

from typing import Any, Callable, List

import pytest
from support.broker import PATIENCE
from support.fake import Connection, FakeBroker
from support.halves import Half
from support.running import Running
from support.threads import in_thread

from seaway import BodyBroken, BodyTooLarge, SeawayError, _values, aio
from seaway._frames import Frame

CHANNEL = "http.request.body?x.1"
REPLY = "http.response.x!1"


def piece(offset: int, content: bytes = b"", more: bool = True, **fields: Any) -> bytes:
    """What the server says on the body's channel."""
    body = _values.pack({"offset": offset, "more_content": more, "content": content, **fields})
    return b"MSG :%d %b\n%b\n" % (len(body), CHANNEL.encode(), body)


def hears(connection: Connection, beginning: str, wire: bytes = b"OK\n") -> Frame:
    """Takes the next request that begins so, behind what is granted, and answers it."""
    frame = connection.hear()
    while frame.verb == "READY":
        frame = connection.hear()
    assert " ".join([frame.verb, *frame.args]) == beginning
    connection.say(wire)
    return frame


class Upload:
    """A request whose body comes in pieces, and the broker through which they come."""

    def __init__(self, half: Half, fake: FakeBroker, **fields: Any):
        self.layer = half.layer(fake.address, patience=PATIENCE)
        pinged = in_thread(self.layer.ping)
        self.connection = fake.accept()
        self.connection.expect("PING")
        self.connection.say(b"PONG\n")
        pinged()
        request = {"reply_channel": REPLY, "method": "POST", "path": "/", "body": b"", "body_channel": CHANNEL}
        body = _values.pack({**request, **fields})
        layer = getattr(self.layer, "_inner", self.layer)
        self.message = half.wrap(half.module.Message("http.request", None, body, layer))

    def read(self, *limit: int) -> Callable[[], bytes]:
        """Begins to read all of it; the broker lets it listen."""
        reading: Callable[[], bytes] = in_thread(lambda: self.message.read(*limit))
        self.connection.expect(f"LISTEN {CHANNEL}")
        self.connection.say(b"OK\n")
        self.connection.expect(f"READY 256 {CHANNEL}")
        return reading

    def asks(self, wire: bytes = b"OK\n") -> int:
        """It says how far it takes the body."""
        said = _values.unpack(hears(self.connection, f"SEND {REPLY}", wire).body or b"")
        assert list(said) == ["body_wanted"]
        return int(said["body_wanted"])

    def stops(self, closes: bool = False) -> None:
        """It listens no more."""
        stops(self.connection, closes)


def stops(connection: Connection, closes: bool = False) -> None:
    """The body's channel is listened on no more."""
    if closes:
        hears(connection, f"CLOSE {CHANNEL}")
    hears(connection, f"UNLISTEN {CHANNEL}")


def test_a_body_is_put_together_from_its_pieces(half: Half, fake: FakeBroker) -> None:
    upload = Upload(half, fake)
    reading = upload.read()
    assert upload.asks() == 524_288
    upload.connection.say(piece(0, b"one ") + piece(4, b"two") + piece(7, more=False))
    upload.stops()
    assert reading() == b"one two"
    assert upload.message.content == b"one two"
    assert upload.message.read() == b"one two"
    with pytest.raises(BodyTooLarge):
        upload.message.read(6)


def test_more_is_asked_for_when_half_of_it_has_come(half: Half, fake: FakeBroker) -> None:
    upload = Upload(half, fake)
    reading = upload.read()
    assert upload.asks() == 524_288
    size = 65_536
    for number in range(4):
        upload.connection.say(piece(number * size, bytes(size)))
    assert upload.asks() == 524_288 + 4 * size
    upload.connection.say(piece(4 * size, b"end", more=False))
    upload.stops()
    assert len(reading()) == 4 * size + 3


def test_a_client_that_leaves_breaks_the_body_off(half: Half, fake: FakeBroker) -> None:
    upload = Upload(half, fake)
    reading = upload.read()
    upload.asks()
    upload.connection.say(piece(0, b"one ") + piece(4, closed=True))
    upload.stops(closes=True)
    with pytest.raises(BodyBroken) as caught:
        reading()
    assert caught.value.is_left
    assert upload.message.is_known_gone
    with pytest.raises(SeawayError, match="read before"):
        upload.message.read()


def test_a_request_that_is_over_has_no_body(half: Half, fake: FakeBroker) -> None:
    upload = Upload(half, fake)
    reading = upload.read()
    upload.asks(b"ERR gone\n")
    upload.stops(closes=True)
    with pytest.raises(BodyBroken) as caught:
        reading()
    assert caught.value.is_left


def test_asking_waits_for_room(half: Half, fake: FakeBroker) -> None:
    upload = Upload(half, fake)
    reading = upload.read()
    assert upload.asks(b"ERR full by=mailbox\n") == upload.asks() == 524_288
    upload.connection.say(piece(0, b"one", more=False))
    upload.stops()
    assert reading() == b"one"


@pytest.mark.parametrize("wrong", [piece(3, b"two"), piece(0, content=7), piece(-1, b"x")])  # type: ignore[arg-type]
def test_what_does_not_follow_is_not_taken(half: Half, fake: FakeBroker, wrong: bytes) -> None:
    upload = Upload(half, fake)
    reading = upload.read()
    upload.asks()
    upload.connection.say(wrong)
    upload.stops(closes=True)
    with pytest.raises(BodyBroken) as caught:
        reading()
    assert not caught.value.is_left


def test_a_body_beyond_the_limit_is_not_read_on(half: Half, fake: FakeBroker) -> None:
    upload = Upload(half, fake)
    reading = upload.read(5)
    upload.asks()
    upload.connection.say(piece(0, b"one ") + piece(4, b"two"))
    upload.stops(closes=True)
    with pytest.raises(BodyTooLarge):
        reading()


def test_a_body_in_its_request_is_read_alike(half: Half, fake: FakeBroker) -> None:
    upload = Upload(half, fake, body=b"whole", body_channel=None)
    assert upload.message.content == b"whole"
    assert upload.message.read() == b"whole"
    with pytest.raises(BodyTooLarge):
        upload.message.read(4)


def leaves(running: Running) -> None:
    """The worker is told to leave, and does."""
    running.stop()
    hears(running.connection, "UNLISTEN a")
    hears(running.connection, "QUIT")
    running.connection.expect_end()
    running.ended()


def test_a_worker_answers_a_body_beyond_the_limit_with_413(half: Half, fake: FakeBroker) -> None:
    def function(message: Any) -> Any:
        return message.read(5)

    running = Running(half, fake, function, concurrency=1)
    running.connection.expect("READY")
    running.connection.say(running.request("/", body_channel=CHANNEL))
    running.connection.expect(f"LISTEN {CHANNEL}")
    running.connection.say(b"OK\n")
    running.connection.expect(f"READY 256 {CHANNEL}")
    assert list(running.says("x!1")) == ["body_wanted"]
    running.connection.say(piece(0, b"more than that"))
    stops(running.connection, closes=True)
    assert running.says("x!1")["status"] == 413
    leaves(running)


def test_a_function_may_take_pieces_and_leave_the_rest(half: Half, fake: FakeBroker) -> None:
    pieces: List[bytes] = []

    def take(message: Any) -> Any:
        stream: Any = message.stream_body()
        if not hasattr(stream, "aclose"):
            pieces.append(next(stream))
            stream.close()
            return message.respond(401)

        async def take_one() -> None:
            pieces.append(await stream.__anext__())
            await stream.aclose()
            await message.respond(401)

        return take_one()

    running = Running(half, fake, take, concurrency=1)
    running.connection.expect("READY")
    running.connection.say(running.request("/", body_channel=CHANNEL))
    running.connection.expect(f"LISTEN {CHANNEL}")
    running.connection.say(b"OK\n")
    running.connection.expect(f"READY 256 {CHANNEL}")
    running.says("x!1")
    running.connection.say(piece(0, b"one "))
    stops(running.connection, closes=True)
    assert running.says("x!1")["status"] == 401
    assert pieces == [b"one "]
    leaves(running)


def test_a_function_that_waits_for_a_piece_hears_that_nobody_waits(
    fake: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seaway._ends.AFTER", 0.0)
    monkeypatch.setattr("seaway._sync_body._LOOK", 0.01)
    running = Running(Half(), fake, lambda message: message.read(), concurrency=1)
    connection = running.connection
    connection.expect("READY")
    connection.say(running.request("/", body_channel=CHANNEL))
    hears(connection, f"LISTEN {CHANNEL}")
    hears(connection, "SEND x!1")
    mailbox = connection.expect("LISTEN http.disconnect.").args[0]
    connection.say(b"OK\n")
    said = _values.unpack(hears(connection, "SEND x!1").body or b"")
    body = _values.pack({"reply_channel": "x!1", "path": "/", "reason": "lost"})
    connection.say(b"MSG :%d %b\n%b\n" % (len(body), said["disconnect_channel"].encode(), body))
    stops(connection, closes=True)
    running.stop()
    hears(connection, f"UNLISTEN {mailbox}")
    hears(connection, "UNLISTEN a")
    hears(connection, "QUIT")
    connection.expect_end()
    running.ended()


def test_an_asyncio_function_is_told_to_wait_for_the_body() -> None:
    body = _values.pack({"reply_channel": REPLY, "method": "POST", "path": "/", "body_channel": CHANNEL})
    message = aio.Message("http.request", None, body, aio.Layer("127.0.0.1:1"))
    with pytest.raises(SeawayError, match=r"await message\.read"):
        _ = message.content
