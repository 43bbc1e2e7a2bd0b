"""What the log says of a broker: that it is there, that it is away and why, that it is back. Once for each change."""

import logging
from typing import Optional

from ._log import logger


class Presence:
    """One broker as a layer sees it.

    A worker's layer says it for everybody to see; any other tells its callers by errors, and the log at debug level.
    """

    def __init__(self, address: object):
        self._address = address
        self._is_loud = False
        self._was_there = False
        #: The broker has greeted, and the connection stands.
        self.is_there = False
        self._reason: Optional[str] = None
        self._is_refused = False

    def speak(self) -> None:
        """It is a worker's from now on."""
        if self._is_loud:
            return
        self._is_loud = True
        if self.is_there:
            self._say(logging.INFO, "connected to the broker at %s", self._address)
        elif self._reason is not None:
            self._say_away(self._reason)

    def came(self) -> None:
        """The broker has greeted."""
        text = "the broker at %s is back" if self._was_there else "connected to the broker at %s"
        self._say(logging.INFO, text, self._address)
        self.is_there = self._was_there = True
        self._reason = None
        self._is_refused = False

    def went(self, why: str, is_untrusted: bool = False) -> None:
        """The connection is over, or could not be made.

        Of one absence the first reason is told; and that the broker ``is_untrusted``, whenever it becomes so, since
        waiting alone does not help then.
        """
        self.is_there = False
        if self._reason is None or (is_untrusted and not self._is_refused):
            self._say_away(why)
            self._reason = why
            self._is_refused = is_untrusted

    def _say_away(self, why: str) -> None:
        self._say(logging.WARNING, "the broker at %s is away: %s; trying again", self._address, why)

    def _say(self, level: int, text: str, *arguments: object) -> None:
        logger.log(level if self._is_loud else logging.DEBUG, text, *arguments)
