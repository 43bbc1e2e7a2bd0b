"""Messages of the synchronous client, and how to answer them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generator, Optional, Type

from . import _body, _http, _stream, _sync_body, _time, _values
from ._answering import BEGUN, BODY_TAKEN, GONE, IN_WORKER, WHOLE
from ._blocking import blocking, run
from ._errors import SeawayError, Unreachable
from ._frames import Frame
from ._held import Held
from ._log import logger
from ._stream import Answerable, BaseStream
from ._ticket import Ticket

if TYPE_CHECKING:
    from ._sync_ends import RequestEnds
    from .layer import Layer

#: How long a worker's whole answer waits for a broker.
ANSWER_PATIENCE = 10.0


class _Waits:
    """Sleeps."""

    monotonic = staticmethod(_time.monotonic)

    async def sleep(self, seconds: float) -> None:
        """Lets them pass."""
        _time.sleep(seconds)


WAITS = _Waits()


class Pending(Ticket):
    """An answer that is on its way to the broker.

    In a worker it leaves at once, or with those of the other messages that came in the same moment; a refusal is only
    logged, unless somebody waits for it with ``wait``.
    """

    __slots__ = ("_before", "_channel", "_layer", "held", "is_carried", "message")

    def __init__(self, layer: Layer, channel: str, message: Optional[Message] = None, before: int = 0):
        super().__init__()
        self._layer = layer
        self._channel = channel
        #: What it answers, until that is of no interest any more.
        self.message = message
        self._before = before
        #: What is done once the broker has the answer, and whether that says so itself (S13).
        self.held: Optional[Held] = None
        self.is_carried = False

    def settle(self, frame: Frame) -> None:
        """The answer has come."""
        super().settle(frame)
        message, self.message = self.message, None
        held, self.held = self.held, None
        if held is not None:
            held.answered(self.is_carried and frame.verb == "OK")
        if frame.verb != "OK":
            is_gone = frame.args[:1] == ["gone"]
            if message is not None:
                message.refused(self._before, is_gone)
            logger.log(10 if is_gone else 30, "an answer to %s was refused: %s", self._channel, " ".join(frame.args))

    def fail(self, error: SeawayError) -> None:
        """No answer will come."""
        super().fail(error)
        self.message = None
        held, self.held = self.held, None
        if held is not None:
            held.answered(False)
        logger.warning("what became of an answer to %s is unknown: %s", self._channel, error)

    def wait(self) -> None:
        """Waits until the broker has it; raises ``Refused`` (with ``Gone`` nobody waits any more) or ``Unknown``."""
        self._layer.settle(self)
        self.result()


class Message(Answerable):
    """A received message that knows how to answer."""

    __slots__ = ("_ends", "pending")

    layer: Layer
    waits = WAITS

    def __init__(
        self,
        channel: str,
        group: Optional[str],
        body: bytes,
        layer: Layer,
        ends: Optional[RequestEnds] = None,
        began: float = 0.0,
    ):
        super().__init__(channel, group, body)
        #: On which it came.
        self.layer = layer
        if ends is not None:
            self.flags = IN_WORKER
        self._ends = ends
        #: The answer on its way that was sent last.
        self.pending: Optional[Pending] = None
        self.began = began

    @property
    def is_gone(self) -> bool:
        """Whether nobody waits for the answer any more, as far as is known now.

        For functions that take long: the browser may have left, or the server given up. Known of the requests of a
        worker from 250 ms on, once the server has been told whom to tell, which the first look does (I27). What is
        written to a stream raises ``Gone`` then.
        """
        if not self.flags & GONE and self._ends is not None:
            self._ends.look(self)
        return bool(self.flags & GONE)

    def stream_body(self) -> Generator[bytes, None, None]:
        """The body of the request in pieces, as they come: ``for piece in message.stream_body(): ...``.

        Holds at most 512 KiB, and the browser is not read faster than the pieces are taken. Raises ``BodyBroken`` when
        the rest does not come; a function that takes no more of them leaves the rest unread. A body in pieces can be
        gone through once.
        """
        channel = _body.channel(self)
        if channel is None or self._content is not None:
            return _sync_body.whole(self.content)
        if self.flags & BODY_TAKEN:
            raise SeawayError("the body was read before")
        self.flags |= BODY_TAKEN
        return _sync_body.stream(self, channel)

    def read(self, limit: int = _body.MOST_CONTENT) -> bytes:
        """Returns the whole body of the request, at most ``limit`` bytes, 16 MiB unless told otherwise.

        Raises ``BodyTooLarge`` beyond it, which a worker answers with 413.
        """
        if self._content is None:
            content = _body.Content(limit)
            with contextlib.closing(self.stream_body()) as pieces:
                for piece in pieces:
                    content.add(piece)
            self._content = content.whole()
        return _body.within(self._content, limit)

    def _read_content(self) -> bytes:
        return self.read()

    def ack(self) -> None:
        """Says that the message is done, where it is to be acknowledged; see ``Layer.ack``."""
        self.layer.ack(self)

    def nak(self, *, in_: Optional[float] = None, dead: Optional[str] = None) -> None:
        """Gives the message back; see ``Layer.nak``."""
        self.layer.nak(self, in_=in_, dead=dead)

    def hold(self) -> None:
        """Lets the time begin anew for which the message is held; see ``Layer.hold``."""
        self.layer.hold(self)

    def reply(self, message: Mapping[str, Any]) -> Pending:
        """Sends a message to the reply channel.

        In a worker it is only on its way when this returns: see ``Pending``. Elsewhere the broker has it.
        Raises ``Refused``, ``Unknown``, or ``SeawayError`` when the message has no reply channel, and when an HTTP
        request was answered before.
        """
        message = self.in_order(message)
        body = _values.pack(message)
        return self._send(self._channel(), body, self.begin_reply(message))

    def respond(
        self, status: int = 200, headers: Optional[_http.Headers] = None, content: _http.Text = b"", json: Any = None
    ) -> Optional[Pending]:
        """Answers an HTTP request whole, once.

        ``content`` is bytes, or a string that is sent as UTF-8 text; ``json`` is any value that can be printed as
        JSON. Content of more than 1 MiB is sent in pieces, and then ``None`` is returned: the broker has it. Else
        like ``reply``.
        """
        answer = _http.answer(status, headers, content, json)
        if len(answer.content) <= _http.WHOLE:
            return self.respond_packed(answer.packed(self.told()))
        with self.stream(status, answer.headers) as stream:
            for start in range(0, len(answer.content), _http.PIECE):
                stream.write(answer.content[start : start + _http.PIECE])
        return None

    def respond_packed(self, body: bytes) -> Pending:
        """Like ``respond``, with the one message of the answer; not part of the public interface."""
        return self._send(self._channel(), body, self.begin(WHOLE), True)

    def stream(self, status: int = 200, headers: Optional[_http.Headers] = None) -> Stream:
        """Answers an HTTP request in pieces: ``with message.stream() as stream: stream.write(...)``."""
        if self.is_open or self.is_whole:
            self.begin(BEGUN)
        return Stream(self, self._channel(), status, headers)

    def wait_for_replies(self) -> None:
        """Waits until the broker has what was replied; not part of the public interface."""
        if self.pending is not None and not self.pending.done:
            self.layer.settle(self.pending)

    def post(self, channel: str, body: bytes, is_last: bool) -> None:
        """Sends what a worker says of this message by itself, and may say twice; not part of the public interface.

        ``is_last``: it is done with that.
        """
        pending = Pending(self.layer, channel)
        if is_last:
            self._post_last(channel, body, pending)
        else:
            self.layer.post(channel, body, pending, again=True)

    def _post_last(self, channel: str, body: bytes, pending: Pending) -> None:
        """Sends what acknowledges this message where it is held: by itself, or behind the broker's answer."""
        held = self.held
        if held is None or held.is_over:
            self.layer.post(channel, body, pending, again=True)
            return
        carried = held.carried
        pending.held, pending.is_carried = held, bool(carried)
        held.is_over = True
        try:
            self.layer.post(channel, body, pending, again=True, option=carried)
        except SeawayError:
            if not pending.done:
                pending.held, held.is_over = None, False
            raise

    def _send(self, channel: str, body: bytes, before: int, is_whole: bool = False) -> Pending:
        """``is_whole``: what comes behind a whole answer is dropped (I18), so a worker may say it twice."""
        pending = self.pending = Pending(self.layer, channel, self, before)
        again = is_whole and bool(self.flags & IN_WORKER)
        until = _time.monotonic() + (ANSWER_PATIENCE if again else 0)
        try:
            while True:
                try:
                    if again:
                        self._post_last(channel, body, pending)
                    else:
                        self.layer.post(channel, body, pending)
                    break
                except Unreachable:
                    if _time.monotonic() >= until:
                        raise
        except SeawayError:
            self.take_back(before)
            raise
        if not self.flags & IN_WORKER:
            pending.wait()
        return pending


class Stream(BaseStream):
    """The body of an answer, written piece by piece.

    Each piece waits until the broker has it, for up to 60 s with a slow client (I11). If the block ends with an error
    the answer is broken off, so that the client does not take it for whole.
    """

    write = blocking(BaseStream._write)
    end = blocking(BaseStream._end)

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        run(self._leave(error))


break_off = blocking(_stream.break_off)
put_again = blocking(_stream.put_again)
