"""Where a worker hears that nobody waits for the answer to a request any more: protocol/INTERFACE.md, I27.

Sends nothing and knows no clock, so the same for both halves.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Callable, Dict, Union

from . import _requests, _values
from ._errors import Refused, SeawayError
from ._log import logger
from ._message import Fields
from ._reading import Reading
from ._ticket import Ticket

if TYPE_CHECKING:
    from ._readings import Readings
    from ._shard_readings import ShardReadings

#: Seconds of work on a request before the server is told, so that a quick one costs no frame more.
AFTER = 0.25
CREDIT = 64


class Ends(Reading):
    """One mailbox for all requests of a worker, with a channel for each that takes long."""

    def __init__(self, grant: Callable[[Reading, int], None], on_end: Callable[[Fields], None]):
        super().__init__([f"http.disconnect.{secrets.token_hex(16)}!"])
        self._grant = grant
        self._on_end = on_end
        self._count = 0
        self._watched: Dict[str, Fields] = {}
        self._is_begun = False
        self._is_denied = False

    @property
    def is_denied(self) -> bool:
        """The broker does not let this worker listen there: it goes on without."""
        return self.error is not None

    def begin(self, readings: Union[Readings, ShardReadings]) -> None:
        """Listens, unless it does already; raises where that cannot be."""
        if self._is_begun:
            return
        self._is_begun = True
        try:
            readings.listen(self)
        except SeawayError as error:
            self.error = error
            self.notify()
            raise
        self._grant(self, CREDIT)

    def end(self, readings: Union[Readings, ShardReadings]) -> None:
        """Listens no more."""
        if self._is_begun:
            readings.unlisten(self, Ticket())

    def announcement(self, message: Fields) -> bytes:
        """The request that tells the server where to say that nobody waits; raises for a name that is none."""
        self._count += 1
        channel = f"{self.names[0]}{self._count}"
        request = _requests.send(message.reply_channel or "", _values.pack({"disconnect_channel": channel}))
        self._watched[channel] = message
        message.heard_on = channel
        return request

    def ended(self, message: Fields) -> None:
        """Its function has ended."""
        if message.heard_on is not None:
            self._watched.pop(message.heard_on, None)

    def notify(self) -> None:
        """Something came, or the broker declines."""
        while self.queue:
            delivery = self.queue.popleft()
            self._grant(self, 1)
            for channel in delivery.channels:
                message = self._watched.pop(channel, None)
                if message is not None:
                    message.gone()
                    self._on_end(message)
        if isinstance(self.error, Refused) and not self._is_denied:
            self._is_denied = True
            logger.info("this worker does not hear of the end of its requests on %s: %s", self.names[0], self.error)
