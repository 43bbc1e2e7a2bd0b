"""How a synchronous worker's function learns that nobody waits for its answer: when it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from . import _ends, _time
from ._errors import Gone, SeawayError
from ._log import logger
from ._ticket import Ticket

if TYPE_CHECKING:
    from ._shard_thread import ShardThread
    from ._sync import Link
    from .message import Message


class RequestEnds:
    """Looks when it is asked, in the thread that asks: nothing runs beside the functions."""

    def __init__(self, link: Union[Link, ShardThread]):
        self._link = link
        self._ends = _ends.Ends(link.core.readings.grant, lambda message: None)

    def look(self, message: Message) -> None:
        """Takes what has come; first has the server told, once the message has been worked on for a while."""
        link = self._link
        with link.lock:
            if message.heard_on is None and self._is_due(message):
                try:
                    self._announce(message)
                except SeawayError as error:
                    logger.debug("the server was not told who works on %s: %s", message.reply_channel, error)
            else:
                link.look()

    def ended(self, message: Message) -> None:
        """Its function has ended."""
        if message.heard_on is not None:
            with self._link.lock:
                self._ends.ended(message)

    def leave(self) -> None:
        """The worker leaves. With the lock held."""
        self._ends.end(self._link.core.readings)

    def _is_due(self, message: Message) -> bool:
        return (
            not self._ends.is_denied
            and self._link.core.is_open
            and message.is_request
            and not message.is_whole
            and not message.is_handed_on
            and _time.monotonic() - message.began >= _ends.AFTER
        )

    def _announce(self, message: Message) -> None:
        link, ends = self._link, self._ends
        ends.begin(link.core.readings)
        request, ticket = ends.announcement(message), Ticket()
        link.core.ask(request, ticket)
        link.wait(ticket)
        try:
            ticket.result()
        except SeawayError as error:
            # To be told another time, when there is room for it.
            ends.ended(message)
            message.heard_on = None
            if isinstance(error, Gone):
                message.gone()
            else:
                raise
