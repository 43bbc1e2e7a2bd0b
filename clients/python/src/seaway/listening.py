"""Reading channels with the synchronous client."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Iterator, Optional, Tuple, Type

from . import _requests
from ._errors import Unreachable
from ._listening import BaseListening
from ._reading import Delivery
from ._sync import FOREVER
from ._ticket import Ticket
from .message import Message

if TYPE_CHECKING:
    from .layer import Layer


class Listening(BaseListening):
    """Messages as they come: ``for message in layer.listen("chat.log")``.

    Goes on through lost connections. Raises ``Lost`` when another connection has taken a mailbox over, ``Refused``
    when the broker declines to let it listen again, and what ended the layer. As a context manager it stops at the
    end of the block.
    """

    _layer: Layer

    def __init__(self, layer: Layer, names: Tuple[str, ...], credit: int, ack: bool = False):
        super().__init__(layer, names, ack)
        link = layer.link
        with link.lock:
            link.open()
            link.core.readings.listen(self)
            link.core.readings.grant(self, credit)
            if not link.move(lambda: self.in_force or self.error is not None, time.monotonic() + link.timeout):
                link.core.readings.unlisten(self, Ticket())
                raise Unreachable(f"no broker at {link.address}: {link.core.trouble or 'no answer'}")
        if self.error is not None:
            raise self.error

    def receive(self, timeout: Optional[float] = None) -> Optional[Message]:
        """Waits for the next message, at most ``timeout`` seconds; ``None`` when there was none, or after ``stop``.

        With a timeout of 0 it returns what the broker has for this listening now.
        """
        link = self._layer.link
        until = FOREVER if timeout is None else time.monotonic() + timeout
        with link.lock:
            if timeout == 0:
                self._ask_for_what_is_there()
            link.move(self._has_something, until)
            return self._next()

    def stop(self) -> None:
        """Takes nothing more. What has come and was not received stays to be received; then iteration ends."""
        link = self._layer.link
        ticket = Ticket()
        with link.lock:
            self._is_stopped = True
            link.core.readings.unlisten(self, ticket)
            link.wait(ticket)
            link.notify()

    def __iter__(self) -> Iterator[Message]:
        while True:
            message = self.receive()
            if message is None:
                return
            yield message

    def __enter__(self) -> Listening:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.stop()

    def _make(self, channel: str, delivery: Delivery) -> Message:
        return Message(channel, delivery.group, delivery.body, self._layer)

    def _grant(self) -> None:
        self._layer.link.core.readings.grant(self, 1)

    def _ask_for_what_is_there(self) -> None:
        """What is there has come once a ``PING`` is answered (R5)."""
        link = self._layer.link
        if not self._has_something():
            link.open()
            ticket = Ticket()
            link.core.ask(_requests.PING, ticket)
            link.wait(ticket)
