"""Messages of the synchronous client, and how to answer them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Generator, Optional, Type

from . import _body, _http, _sync_body, _values
from ._answering import ANSWERED, BEGUN, BODY_TAKEN, GONE, IN_WORKER, WHOLE
from ._errors import Full, Gone, SeawayError, Unknown
from ._frames import Frame
from ._log import logger
from ._message import Fields
from ._ticket import Ticket

if TYPE_CHECKING:
    from ._sync_ends import RequestEnds
    from .layer import Layer

#: How long a piece of an answer that meets ``full`` is tried again.
STREAM_PATIENCE = 60.0


class Pending(Ticket):
    """An answer that is on its way to the broker.

    In a worker it leaves at once, or with those of the other messages that came in the same moment; a refusal is only
    logged, unless somebody waits for it with ``wait``.
    """

    __slots__ = ("_before", "_channel", "_layer", "message")

    def __init__(self, layer: Layer, channel: str, message: Optional[Message] = None, before: int = 0):
        super().__init__()
        self._layer = layer
        self._channel = channel
        #: What it answers, until that is of no interest any more.
        self.message = message
        self._before = before

    def settle(self, frame: Frame) -> None:
        """The answer has come."""
        super().settle(frame)
        message, self.message = self.message, None
        if frame.verb != "OK":
            is_gone = frame.args[:1] == ["gone"]
            if message is not None:
                message.refused(self._before, is_gone)
            logger.log(10 if is_gone else 30, "an answer to %s was refused: %s", self._channel, " ".join(frame.args))

    def fail(self, error: SeawayError) -> None:
        """No answer will come."""
        super().fail(error)
        self.message = None
        logger.warning("what became of an answer to %s is unknown: %s", self._channel, error)

    def wait(self) -> None:
        """Waits until the broker has it; raises ``Refused`` (with ``Gone`` nobody waits any more) or ``Unknown``."""
        self._layer.settle(self)
        self.result()


class Message(Fields):
    """A received message that knows how to answer."""

    __slots__ = ("_ends", "began", "layer", "pending")

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
        #: When a worker's function has got it.
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
            body = answer.packed()
            return self._send(self._channel(), body, self.begin(WHOLE))
        with self.stream(status, answer.headers) as stream:
            for start in range(0, len(answer.content), _http.PIECE):
                stream.write(answer.content[start : start + _http.PIECE])
        return None

    def stream(self, status: int = 200, headers: Optional[_http.Headers] = None) -> Stream:
        """Answers an HTTP request in pieces: ``with message.stream() as stream: stream.write(...)``."""
        if self.is_open or self.is_whole:
            self.begin(BEGUN)
        return Stream(self, self._channel(), status, headers)

    def refused(self, before: int, is_gone: bool) -> None:
        """What was sent was not stored; not part of the public interface."""
        self.take_back(before)
        if is_gone:
            self.gone()

    def wait_for_replies(self) -> None:
        """Waits until the broker has what was replied; not part of the public interface."""
        if self.pending is not None and not self.pending.done:
            self.layer.settle(self.pending)

    def _channel(self) -> str:
        channel = self.reply_channel
        if channel is None:
            raise SeawayError(f"the message on {self.channel} has no reply channel")
        return channel

    def _send(self, channel: str, body: bytes, before: int) -> Pending:
        pending = self.pending = Pending(self.layer, channel, self, before)
        try:
            self.layer.post(channel, body, pending)
        except SeawayError:
            self.take_back(before)
            raise
        if not self.flags & IN_WORKER:
            pending.wait()
        return pending


class Stream:
    """The body of an answer, written piece by piece.

    Each piece waits until the broker has it, so that no later one overtakes a refused one; with a slow client pieces
    meet ``full`` and are tried again for up to 60 s (I11). If the block ends with an error the answer is broken off,
    so that the client does not take it for whole.
    """

    def __init__(self, message: Message, channel: str, status: int, headers: Optional[_http.Headers]):
        self._message = message
        self._channel = channel
        self._status = status
        self._headers = _http.listed(headers)
        self._has_begun = False
        self._before = 0
        #: Bytes of content in all pieces so far.
        self.offset = 0

    def write(self, content: _http.Text) -> None:
        """Sends one piece, best of about 65,536 bytes; raises ``Gone`` when nobody reads the answer any more."""
        self._put(content.encode("utf-8") if isinstance(content, str) else content, True)

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        if error is None:
            self._put(b"", False)
        elif self._has_begun:
            break_off(self._message, _http.next_piece(b"", self.offset + 1, False))

    def _put(self, content: bytes, more: bool) -> None:
        if self._has_begun:
            piece = _http.next_piece(content, self.offset, more)
        else:
            piece = _http.first_piece(self._status, self._headers, content, more)
            self._before = self._message.begin(BEGUN)
        try:
            insist(lambda is_last_try: self._try(piece, is_last_try))
        except Unknown:
            raise
        except SeawayError as error:
            is_gone = isinstance(error, Gone)
            self._message.refused(self._before if not self._has_begun else ANSWERED | BEGUN, is_gone)
            raise
        self._has_begun = True
        self.offset += len(content)
        if not more:
            self._message.end()

    def _try(self, piece: bytes, is_last_try: bool) -> bool:
        try:
            self._message.layer.put(self._channel, piece)
        except Full:
            if is_last_try:
                raise
            return False
        except Unknown:
            # A further piece may be sent again, since its offset shows that it is the same (I12).
            if is_last_try or not self._has_begun:
                raise
            return False
        return True


def break_off(message: Message, hole: bytes = _http.HOLE) -> None:
    """Lets the server see a hole, so that nobody takes what came for the whole; not part of the public interface."""
    channel = message.reply_channel
    message.end()
    if channel is None or message.is_known_gone:
        return

    try:
        put_again(message, channel, hole)
    except Gone:
        message.gone()
    except SeawayError as error:
        logger.warning("an answer to %s could not be broken off: %s", channel, error)


def put_again(message: Message, channel: str, body: bytes) -> None:
    """Puts what does no harm when it comes twice, again while there is no room or nobody knows whether it came."""

    def attempt(is_last_try: bool) -> bool:
        try:
            message.layer.put(channel, body)
        except (Full, Unknown):
            if is_last_try:
                raise
            return False
        return True

    insist(attempt)


def insist(attempt: Callable[[bool], bool]) -> None:
    """Tries again while there is no room; the last attempt is told so."""
    until = time.monotonic() + STREAM_PATIENCE
    pause = 0.005
    while not attempt(time.monotonic() > until):
        time.sleep(pause)
        pause = min(pause * 2, 0.2)
