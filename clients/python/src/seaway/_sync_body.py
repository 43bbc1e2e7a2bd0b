"""Reads the body of a request in pieces, in the thread that asks for them."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Generator

from . import _body
from ._errors import BodyBroken, Gone, SeawayError

if TYPE_CHECKING:
    from .listening import Listening
    from .message import Message

#: Seconds without a piece after which it is looked whether anybody waits for the answer.
_LOOK = 1.0


def whole(content: bytes) -> Generator[bytes, None, None]:
    """A body that is here."""
    if content:
        yield content


def stream(message: Message, channel: str) -> Generator[bytes, None, None]:
    """The pieces of a body as they come; asks for more as they are taken."""
    pieces = _body.Pieces()
    layer = message.layer
    listening = layer.listen(channel, credit=_body.CREDIT)
    try:
        while not pieces.is_whole:
            wish = pieces.wish()
            if wish is not None:
                _ask(message, wish)
            piece = _next(message, listening)
            content = _taken(message, pieces, piece)
            if content:
                yield content
    finally:
        with contextlib.suppress(SeawayError):
            # What is on its way is for nobody else.
            if not pieces.is_whole:
                layer.close(channel)
            listening.stop()


def _next(message: Message, listening: Listening) -> Message:
    until = time.monotonic() + _body.PATIENCE
    while time.monotonic() < until:
        piece = listening.receive(_LOOK)
        if piece is not None:
            return piece
        # The server may have lost the broker through which the pieces come, and with it the way to say so there.
        if message.is_gone:
            raise BodyBroken("nobody waits for the answer any more", is_left=True)
    raise BodyBroken(f"no piece of the body came for {_body.PATIENCE:g} s")


def _taken(message: Message, pieces: _body.Pieces, piece: Message) -> bytes:
    try:
        return pieces.take(piece)
    except BodyBroken as error:
        if error.is_left:
            message.gone()
        raise


def _ask(message: Message, wish: bytes) -> None:
    from .message import put_again

    try:
        put_again(message, message.reply_channel or "", wish)
    except Gone:
        message.gone()
        raise BodyBroken("nobody waits for the answer any more", is_left=True) from None
