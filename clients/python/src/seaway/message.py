"""Messages of the synchronous client, and how to answer them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional, Type

from . import _http, _values
from ._errors import Full, Gone, SeawayError, Unknown
from ._frames import Frame
from ._log import logger
from ._message import Fields
from ._ticket import Ticket

if TYPE_CHECKING:
    from .layer import Layer

#: How long a piece of an answer that meets ``full`` is tried again.
STREAM_PATIENCE = 60.0


class Pending(Ticket):
    """An answer that is on its way to the broker.

    In a worker it leaves at once, or with those of the other messages that came in the same moment; a refusal is only
    logged, unless somebody waits for it with ``wait``.
    """

    __slots__ = ("_channel", "_layer")

    def __init__(self, layer: Layer, channel: str):
        super().__init__()
        self._layer = layer
        self._channel = channel

    def settle(self, frame: Frame) -> None:
        """The answer has come."""
        super().settle(frame)
        if frame.verb != "OK":
            is_gone = frame.args[:1] == ["gone"]
            logger.log(10 if is_gone else 30, "an answer to %s was refused: %s", self._channel, " ".join(frame.args))

    def fail(self, error: SeawayError) -> None:
        """No answer will come."""
        super().fail(error)
        logger.warning("what became of an answer to %s is unknown: %s", self._channel, error)

    def wait(self) -> None:
        """Waits until the broker has it; raises ``Refused`` (with ``Gone`` nobody waits any more) or ``Unknown``."""
        self._layer.settle(self)
        self.result()


class Message(Fields):
    """A received message that knows how to answer."""

    __slots__ = ("_is_posted", "layer")

    def __init__(self, channel: str, group: Optional[str], body: bytes, layer: Layer, is_posted: bool = False):
        super().__init__(channel, group, body)
        #: On which it came.
        self.layer = layer
        self._is_posted = is_posted

    def reply(self, message: Mapping[str, Any]) -> Pending:
        """Sends a message to the reply channel.

        In a worker it is only on its way when this returns: see ``Pending``. Elsewhere the broker has it.
        Raises ``Refused``, ``Unknown``, or ``SeawayError`` when the message has no reply channel.
        """
        return self._send(_values.pack(message))

    def respond(
        self, status: int = 200, headers: Optional[_http.Headers] = None, content: _http.Text = b"", json: Any = None
    ) -> Optional[Pending]:
        """Answers an HTTP request whole.

        ``content`` is bytes, or a string that is sent as UTF-8 text; ``json`` is any value that can be printed as
        JSON. Content of more than 1 MiB is sent in pieces, and then ``None`` is returned: the broker has it. Else
        like ``reply``.
        """
        answer = _http.answer(status, headers, content, json)
        if len(answer.content) <= _http.WHOLE:
            return self._send(answer.packed())
        with self.stream(status, answer.headers) as stream:
            for start in range(0, len(answer.content), _http.PIECE):
                stream.write(answer.content[start : start + _http.PIECE])
        return None

    def stream(self, status: int = 200, headers: Optional[_http.Headers] = None) -> Stream:
        """Answers an HTTP request in pieces: ``with message.stream() as stream: stream.write(...)``."""
        return Stream(self, self._channel(), status, headers)

    def _channel(self) -> str:
        channel = self.reply_channel
        if channel is None:
            raise SeawayError(f"the message on {self.channel} has no reply channel")
        return channel

    def _send(self, body: bytes) -> Pending:
        channel = self._channel()
        pending = Pending(self.layer, channel)
        self.layer.post(channel, body, pending)
        self.answered = True
        if not self._is_posted:
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
            self._break_off()

    def _put(self, content: bytes, more: bool) -> None:
        if self._has_begun:
            piece = _http.next_piece(content, self.offset, more)
        else:
            piece = _http.first_piece(self._status, self._headers, content, more)
        until = time.monotonic() + STREAM_PATIENCE
        pause = 0.005
        while not self._try(piece, time.monotonic() > until):
            time.sleep(pause)
            pause = min(pause * 2, 0.2)
        self._has_begun = True
        self.offset += len(content)

    def _try(self, piece: bytes, is_last_try: bool) -> bool:
        try:
            self._message.layer.send_packed(self._channel, piece)
        except Full:
            if is_last_try:
                raise
            return False
        except Unknown:
            self._message.answered = True
            # A further piece may be sent again, since its offset shows that it is the same (I12).
            if is_last_try or not self._has_begun:
                raise
            return False
        self._message.answered = True
        return True

    def _break_off(self) -> None:
        """Lets the server see a hole."""
        try:
            self._message.layer.send_packed(self._channel, _http.next_piece(b"", self.offset + 1, False))
        except Gone:
            pass
        except SeawayError as error:
            logger.warning("an answer to %s could not be broken off: %s", self._channel, error)
