"""Reads the body of a request in pieces, as coroutines for both halves (see ``_blocking``)."""

from __future__ import annotations

import contextlib
from typing import Any, Optional

from . import _body
from ._errors import BodyBroken, Gone, SeawayError
from ._message import Fields
from ._stream import Answerable, put_again


class BaseReader:
    """The pieces of a body, one at a time; asks for more as they are taken."""

    def __init__(self, message: Answerable, channel: str):
        self._message = message
        self._channel = channel
        self._pieces = _body.Pieces()
        self._listening: Any = None

    # Hooks

    async def _listen(self) -> Any:
        """Listens on the body's channel."""
        raise NotImplementedError

    async def _piece(self) -> Optional[Fields]:
        """Waits for a piece; ``None`` when none has come for long."""
        raise NotImplementedError

    async def _halt(self) -> None:
        """Ends listening."""
        raise NotImplementedError

    # The pieces

    @property
    def is_whole(self) -> bool:
        """Whether the last piece has come."""
        return self._pieces.is_whole

    async def _next(self) -> bytes:
        """Waits for the next piece, which may be empty; raises ``BodyBroken`` when the rest does not come."""
        if self._listening is None:
            self._listening = await self._listen()
            # Each of its own would be a frame and a write for each piece.
            self._listening.step = _body.CREDIT // 2
        wish = self._pieces.wish()
        if wish is not None:
            await self._ask(wish)
        piece = await self._piece()
        if piece is None:
            raise BodyBroken(f"no piece of the body came for {_body.PATIENCE:g} s")
        try:
            return self._pieces.take(piece)
        except BodyBroken as error:
            if error.is_left:
                self._message.gone()
            raise

    async def _stop(self) -> None:
        """Takes no more."""
        if self._listening is None:
            return
        with contextlib.suppress(SeawayError):
            # What is on its way is for nobody else.
            if not self._pieces.is_whole:
                await self._message.layer._close(self._channel)
            await self._halt()
        self._listening = None

    async def _ask(self, wish: bytes) -> None:
        try:
            await put_again(self._message, self._message.reply_channel or "", wish)
        except Gone:
            self._message.gone()
            raise nobody_waits() from None


def nobody_waits() -> BodyBroken:
    """Why the rest of a body does not come."""
    return BodyBroken("nobody waits for the answer any more", is_left=True)
