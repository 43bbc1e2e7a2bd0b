"""Reading channels with the asyncio client."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import TYPE_CHECKING, Optional, Tuple, Type

from .._asyncio import FutureTicket
from .._listening import BaseListening
from .._reading import Delivery
from .._ticket import Ticket
from .message import Message

if TYPE_CHECKING:
    from .layer import Layer


class Listening(BaseListening):
    """Messages as they come: ``async for message in await layer.listen("chat.log")``.

    Goes on through lost connections. Raises ``Lost`` when another connection has taken a mailbox over, ``Refused``
    when the broker declines to let it listen again, and what ended the layer. As a context manager it stops at the
    end of the block.
    """

    _layer: Layer

    def __init__(self, layer: Layer, names: Tuple[str, ...], ack: bool = False):
        super().__init__(layer, names, ack)
        self._change: Optional[asyncio.Future[None]] = None

    async def begin(self, credit: int) -> None:
        """Waits until listening is in force; called by ``Layer.listen``."""
        link = self._layer.link
        await link.open()
        link.core.readings.listen(self)
        link.core.readings.grant(self, credit)
        link.flush_soon()
        try:
            while not self.in_force and self.error is None:
                await self._changed()
        except BaseException:
            link.core.readings.unlisten(self, Ticket())
            raise
        if self.error is not None:
            raise self.error

    async def receive(self, timeout: Optional[float] = None) -> Optional[Message]:
        """Waits for the next message, at most ``timeout`` seconds; ``None`` when there was none, or after ``stop``.

        With a timeout of 0 it returns what the broker has for this listening now.
        """
        if timeout == 0 and not self._has_something():
            # What is there has come once this is answered (R5).
            await self._layer.ping()
        elif timeout is None:
            await self._something()
        elif timeout > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._something(), timeout)
        return self._next()

    async def stop(self) -> None:
        """Takes nothing more. What has come and was not received stays to be received; then iteration ends."""
        link = self._layer.link
        ticket = FutureTicket(link.loop)
        link.core.readings.unlisten(self, ticket)
        link.flush_soon()
        await ticket.future
        self._is_stopped = True
        self.notify()

    def notify(self) -> None:
        """Something has changed."""
        if self._change is not None and not self._change.done():
            self._change.set_result(None)
        self._change = None

    def __aiter__(self) -> Listening:
        return self

    async def __anext__(self) -> Message:
        message = await self.receive()
        if message is None:
            raise StopAsyncIteration
        return message

    async def __aenter__(self) -> Listening:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        await self.stop()

    async def _something(self) -> None:
        while not self._has_something():
            await self._changed()

    async def _changed(self) -> None:
        if self._change is None:
            self._change = self._layer.link.loop.create_future()
        await asyncio.shield(self._change)

    def _make(self, channel: str, delivery: Delivery) -> Message:
        return Message(channel, delivery.group, delivery.body, self._layer)

    def _grant(self) -> None:
        self._layer.link.core.readings.grant(self, 1)
        self._layer.link.flush_soon()
