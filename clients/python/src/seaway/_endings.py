"""What becomes of a message whose function has ended, in whatever way. Sends nothing, so the same for both halves."""

from __future__ import annotations

import asyncio
from typing import Any, Dict, Optional

from . import _http, _values
from ._errors import BodyBroken, BodyTooLarge, Dead, Gone, Retry, SeawayError
from ._log import logger
from ._message import Fields
from ._settling import comes_again
from ._stream import Answerable

_MOST_SHOWN = 256
#: Characters of a request's name; longer ones are no interface server's.
_MOST_OF_NAME = 128

_FAILED = _http.answer(500, content="Internal Server Error\n")
_TOO_LARGE = _http.answer(413, content="Content Too Large\n")
_LEAVING = _http.answer(503, {"retry-after": "1"}, "Service Unavailable\n").packed()
#: For events of sockets whose function has not said what becomes of them: RFC 6455, the server cannot fulfil it.
_NOT_OPENED = _values.pack({"accept": False, "status": 500})
_NOT_OPENED_NOW = _values.pack({"accept": False, "status": 503})
_CLOSED = _values.pack({"close": 1011})


def describe(message: Fields) -> str:
    """What a message is, for people: ``GET /moon``, ``websocket.receive of /chat`` or ``a message of jobs``.

    A request that has a name (protocol/INTERFACE.md, I82) is told with it: ``GET /moon (request 3f2a)``.
    """
    try:
        path = message.path
        path = path if len(path) <= _MOST_SHOWN else f"{path[:_MOST_SHOWN]}…"
        if message.event:
            return f"{message.event} of {path}"
        if message.get("method") is not None:
            return f"{message.method} {path}{named(message)}"
    except SeawayError:
        pass
    return f"a message of {message.channel}"


def named(message: Fields) -> str:
    """What stands behind a request in a line of the log: what all logs call it, if it has a name."""
    name = message.get("request_id")
    return f" (request {name[:_MOST_OF_NAME]})" if isinstance(name, str) else ""


def is_open(message: Fields) -> bool:
    """Whether an answer in pieces has been left without its end."""
    return message.is_open and not message.is_handed_on and not message.is_known_gone


def owed(message: Answerable, error: Optional[BaseException]) -> Optional[bytes]:
    """What is to be said on the reply channel since the function has not.

    A piece that breaks an answer off is no part of it: see ``is_open``.
    """
    if comes_again(message, error) or message.answered or message.is_known_gone or _reply_channel(message) is None:
        return None
    event = message.event
    if event == "websocket.receive":
        return _CLOSED if error is not None else None
    if event == "websocket.disconnect" or message.is_handed_on:
        return None
    if event == "websocket.connect":
        return _NOT_OPENED
    if isinstance(error, BodyTooLarge) and message.is_request:
        return _TOO_LARGE.packed(message.told())
    return _FAILED.packed(message.told()) if error is not None or message.is_request else None


def refused(message: Fields) -> Optional[bytes]:
    """What is to be said of a message that no function will get, since the worker must leave."""
    if _reply_channel(message) is None:
        return None
    if message.event:
        return _NOT_OPENED_NOW if message.event == "websocket.connect" else None
    return _LEAVING if message.is_request else None


def done(order: int) -> bytes:
    """What lets the next event of a socket come (W16)."""
    body: Dict[str, Any] = {"done": order}
    return _values.pack(body)


def note_end(message: Fields, error: Optional[BaseException]) -> None:
    """Notes that nobody waits for the answer, where that is what the function has met."""
    if isinstance(error, Gone) and error.name is not None and error.name == _reply_channel(message):
        message.gone()


def report(message: Fields, error: Optional[BaseException], lacks_answer: bool, was_open: bool) -> None:
    """Tells in the log what a function has left, if there is anything to tell."""
    if error is not None:
        if message.is_known_gone and isinstance(error, (Gone, BodyBroken, asyncio.CancelledError)):
            logger.debug("nobody waits for the answer to %s any more", describe(message))
        elif message.held is not None and isinstance(error, Retry):
            logger.info("%s is to be done later: %s", describe(message), error)
        elif message.held is not None and isinstance(error, Dead):
            logger.warning("%s is given up: %s", describe(message), error)
        elif isinstance(error, BodyTooLarge):
            logger.info("the body of %s is larger than its function reads", describe(message))
        else:
            logger.error("a function failed on %s", describe(message), exc_info=error)
    elif was_open:
        logger.error("a function ended in the middle of its answer to %s: it is broken off", describe(message))
    elif lacks_answer:
        logger.error("a function ended without an answer to %s", describe(message))


def _reply_channel(message: Fields) -> Optional[str]:
    """None also where the message is unreadable."""
    try:
        return message.reply_channel
    except SeawayError:
        return None
