"""Answers the channel ``asgi.delay`` of ASGI 1: what is sent there is delivered later, by the broker's own clock.

::

    await seaway.delay.worker().run()

A message there is ``{"channel": NAME, "delay": MILLISECONDS, "content": {…}}``. The broker has it until it has the
content, which is on its channel from then on and does not need this process any more.
"""

from __future__ import annotations

from typing import Any, Dict, NamedTuple

from . import _names, _requests, _values
from ._errors import BadName, Dead, Full, Gone, LimitReached, Retry, TooLarge
from ._log import logger
from ._message import Fields
from .aio.message import Message
from .aio.worker import Worker

CHANNEL = "asgi.delay"
#: Seconds after which it is tried again where there is no room.
AGAIN = 1.0
#: Messages that are dealt with at a time; each waits for the broker's answer.
CONCURRENCY = 64


class Delayed(NamedTuple):
    """What is sent of one message, and where."""

    channel: str
    #: Milliseconds, at most a day.
    delay: int
    content: Dict[str, Any]


def worker(channel: str = CHANNEL, prefix: str = "", **options: Any) -> Worker:
    """Makes a worker that delivers later what comes on ``channel``.

    - ``prefix``: stands before all names, as the one of ``seaway.asgi1.ChannelLayer`` does.
    - ``options``: those of ``seaway.aio.Worker``.

    What is malformed becomes a dead letter (``CHANNEL.dead``), and so does what meets no room as often as the broker's
    ``--tries`` say, a second after each. What is for somebody who has left is dropped.
    """
    made = Worker(**{"concurrency": CONCURRENCY, **options})
    name = prefix + channel

    async def delay(message: Message) -> None:
        delayed = read(message, name, prefix)
        body = _values.pack(delayed.content)
        try:
            await message._put_last(delayed.channel, body, _requests.terms(delayed.delay / 1_000, None))
        except (Full, LimitReached) as error:
            raise Retry(str(error), in_=AGAIN) from error
        except Gone:
            return
        except TooLarge as error:
            raise Dead(str(error)) from error
        logger.debug("a message for %s is delayed by %d ms", delayed.channel, delayed.delay)

    made.on(name, ack=True)(delay)
    return made


def read(message: Fields, name: str = CHANNEL, prefix: str = "") -> Delayed:
    """Returns what a message asks for; raises ``Dead`` for one that asks for nothing that can be done.

    What is to come after more than a day comes to ``name`` again, after a day.
    """
    channel, milliseconds, content = (message.get(key) for key in ("channel", "delay", "content"))
    if not isinstance(channel, str) or not isinstance(content, dict):
        raise Dead("expected is a channel, a delay in ms and a content, which is a map")
    if type(milliseconds) is not int or milliseconds < 1:
        raise Dead(f"a delay is a whole number of milliseconds from 1, not {milliseconds!r}")
    try:
        wanted = _names.channel(prefix + channel)
    except BadName as error:
        raise Dead(str(error)) from error
    if milliseconds <= _requests.MOST_EXPIRY:
        return Delayed(wanted, milliseconds, content)
    rest = {"channel": channel, "delay": milliseconds - _requests.MOST_EXPIRY, "content": content}
    return Delayed(name, _requests.MOST_EXPIRY, rest)
