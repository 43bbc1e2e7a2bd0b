"""Reads the body of a request in pieces, in the task that asks for them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, AsyncGenerator

from .. import _body
from .._errors import BodyBroken, Gone, SeawayError

if TYPE_CHECKING:
    from .message import Message


async def whole(content: bytes) -> AsyncGenerator[bytes, None]:
    """A body that is here."""
    if content:
        yield content


async def stream(message: Message, channel: str) -> AsyncGenerator[bytes, None]:
    """The pieces of a body as they come; asks for more as they are taken."""
    pieces = _body.Pieces()
    layer = message.layer
    listening = await layer.listen(channel, credit=_body.CREDIT)
    try:
        while not pieces.is_whole:
            wish = pieces.wish()
            if wish is not None:
                await _ask(message, wish)
            piece = await listening.receive(_body.PATIENCE)
            if piece is None:
                raise BodyBroken(f"no piece of the body came for {_body.PATIENCE:g} s")
            content = _taken(message, pieces, piece)
            if content:
                yield content
    finally:
        with contextlib.suppress(SeawayError):
            # What is on its way is for nobody else.
            if not pieces.is_whole:
                await layer.close(channel)
            await listening.stop()


def _taken(message: Message, pieces: _body.Pieces, piece: Message) -> bytes:
    try:
        return pieces.take(piece)
    except BodyBroken as error:
        if error.is_left:
            message.gone()
        raise


async def _ask(message: Message, wish: bytes) -> None:
    from .message import put_again

    try:
        await put_again(message, message.reply_channel or "", wish)
    except Gone:
        message.gone()
        raise BodyBroken("nobody waits for the answer any more", is_left=True) from None
