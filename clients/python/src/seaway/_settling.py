"""What a worker says of a message that is to be acknowledged, its function over: done, again, or never (D10, D11)."""

from __future__ import annotations

from typing import Optional

from . import _requests
from ._errors import Dead, Retry, SeawayError
from ._message import Fields


def comes_again(message: Fields, error: Optional[BaseException]) -> bool:
    """Whether it is given back for what its function has raised, so that whoever waits for an answer still waits.

    An HTTP request is not, unless by ``Retry`` before an answer has begun: its browser is told of the failure.
    """
    held = message.held
    if held is None or held.is_over or error is None or isinstance(error, Dead) or message.is_known_gone:
        return False
    if held.is_wished and not isinstance(error, Retry):
        return False
    try:
        return not message.is_request or (isinstance(error, Retry) and not message.answered)
    except SeawayError:
        # It is unreadable.
        return True


def conclude(message: Fields, error: Optional[BaseException], at_once: bool = False) -> None:
    """Acknowledges it or gives it back; ``at_once``: since the worker leaves. Where the layer may be changed."""
    held = message.held
    if held is None or held.is_over:
        return
    if isinstance(error, Dead):
        held.nak(_requests.nak_option(dead=error.reason))
    elif comes_again(message, error):
        in_ = 0.0 if at_once else error.in_ if isinstance(error, Retry) else None
        try:
            held.nak(_requests.nak_option(in_))
        except SeawayError:
            # A time out of its range is no reason to keep it.
            held.nak()
    else:
        held.ack()
