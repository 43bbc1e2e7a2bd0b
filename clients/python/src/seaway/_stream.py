"""Answers in pieces, and what is put again until it is taken, as coroutines for both halves (see ``_blocking``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Awaitable, Callable, Dict, Optional, Protocol

from . import _http
from ._answering import ANSWERED, BEGUN
from ._errors import PASSING, Gone, SeawayError, Unknown
from ._log import logger
from ._message import Fields

if TYPE_CHECKING:
    from ._layer import BaseLayer

#: How long a piece of an answer that meets ``full``, or no broker, is tried again.
STREAM_PATIENCE = 60.0


class Waits(Protocol):
    """How a half waits."""

    def monotonic(self) -> float:
        """Seconds since some moment."""

    def sleep(self, seconds: float) -> Awaitable[Any]:
        """Lets them pass."""


class Answerable(Fields):
    """A message that knows where its answer goes, and how its half waits."""

    __slots__ = ("began", "layer")

    #: On which it came.
    layer: BaseLayer
    waits: Waits
    #: When a worker's function has got it, by ``time.monotonic``; 0 outside of workers.
    began: float

    def told(self) -> Optional[Dict[str, Any]]:
        """What the first message of its answer says of who has made it (I83); not part of the public interface."""
        return _http.told(self.began) if self.began and self.data.get("request_id") is not None else None

    def refused(self, before: int, is_gone: bool) -> None:
        """What was sent was not stored; not part of the public interface."""
        self.take_back(before)
        if is_gone:
            self.gone()

    async def _put_last(self, channel: str, body: bytes, terms: str = "") -> None:
        """Puts what is the last that is said of this message, which acknowledges it where it is held (S13)."""
        held = self.held
        if held is None or held.is_over:
            await self.layer._put(channel, body, bounds=terms)
            return
        carried = held.carried
        await self.layer._put(channel, body, bounds=terms + carried)
        with self.layer._guard:
            held.answered(bool(carried))

    def _channel(self) -> str:
        channel = self.reply_channel
        if channel is None:
            raise SeawayError(f"the message on {self.channel} has no reply channel")
        return channel


class BaseStream:
    """Each piece waits until the broker has it, so that no later one overtakes a refused one.

    With a slow client pieces meet ``full`` and are tried again for up to 60 s (I11).
    """

    def __init__(self, message: Answerable, channel: str, status: int, headers: Optional[_http.Headers]):
        self._message = message
        self._channel = channel
        self._status = status
        self._headers = _http.listed(headers)
        self._has_begun = False
        self._before = 0
        #: Bytes of content in all pieces so far.
        self.offset = 0

    async def _write(self, content: _http.Text) -> None:
        """Sends one piece, best of about 65,536 bytes; raises ``Gone`` when nobody reads the answer any more."""
        await self._put(content.encode("utf-8") if isinstance(content, str) else content, True)

    async def _end(self) -> None:
        """Says that the answer is whole, as the end of a ``with`` block does."""
        await self._put(b"", False)

    async def _leave(self, error: Optional[BaseException]) -> None:
        if error is None:
            await self._end()
        elif self._has_begun:
            await break_off(self._message, _http.next_piece(b"", self.offset + 1, False))

    async def _put(self, content: bytes, more: bool) -> None:
        if self._has_begun:
            piece = _http.next_piece(content, self.offset, more)
        else:
            piece = _http.first_piece(self._status, self._headers, content, more, self._message.told())
            self._before = self._message.begin(BEGUN)
        try:
            await insist(self._message.waits, lambda is_last_try: self._try(piece, more, is_last_try))
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

    async def _try(self, piece: bytes, more: bool, is_last_try: bool) -> bool:
        message = self._message
        try:
            if more:
                await message.layer._put(self._channel, piece)
            else:
                await message._put_last(self._channel, piece)
        except PASSING:
            if is_last_try:
                raise
            return False
        except Unknown:
            # A further piece may be sent again, since its offset shows that it is the same (I12).
            if is_last_try or not self._has_begun:
                raise
            return False
        return True


async def break_off(message: Answerable, hole: bytes = _http.HOLE) -> None:
    """Lets the server see a hole, so that nobody takes what came for the whole; not part of the public interface."""
    channel = message.reply_channel
    message.end()
    if channel is None or message.is_known_gone:
        return

    try:
        # What becomes of the message is said by whoever knows why.
        await put_again(message, channel, hole, is_last=False)
    except Gone:
        message.gone()
    except SeawayError as error:
        logger.warning("an answer to %s could not be broken off: %s", channel, error)


async def put_again(
    message: Answerable, channel: str, body: bytes, patience: Optional[float] = None, is_last: bool = True
) -> None:
    """Puts what does no harm when it comes twice, again while there is no room or nobody knows whether it came.

    ``is_last``: nothing more is said of the message, which is done with it.
    """
    put = message._put_last if is_last else message.layer._put

    async def attempt(is_last_try: bool) -> bool:
        try:
            await put(channel, body)
        except (*PASSING, Unknown):
            if is_last_try:
                raise
            return False
        return True

    await insist(message.waits, attempt, patience)


async def insist(waits: Waits, attempt: Callable[[bool], Awaitable[bool]], patience: Optional[float] = None) -> None:
    """Tries again while there is no room; the last attempt is told so."""
    until = waits.monotonic() + (STREAM_PATIENCE if patience is None else patience)
    pause = 0.005
    while not await attempt(waits.monotonic() > until):
        await waits.sleep(pause)
        pause = min(pause * 2, 0.2)
