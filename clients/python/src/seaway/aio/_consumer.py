"""Gives messages to the coroutine functions of a worker, and sees to whatever these leave open."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Awaitable, Deque, List, Optional

from .. import _endings, _fork, _requests
from .._answering import WHOLE, in_hand
from .._errors import PASSING, Dead, Unknown
from .._held import Held
from .._log import logger
from .._reading import Delivery
from .._routes import Routes
from .._settling import comes_again, conclude
from ._ends import RequestEnds
from ._passing import passes
from .message import ANSWER_PATIENCE, Message, break_off, put_again

if TYPE_CHECKING:
    from .layer import Layer


class Consumer:
    """Works off one message in each task; no error of a function leaves it."""

    def __init__(self, layer: Layer, routes: Routes[Message, Awaitable[Any]]):
        self._layer = layer
        self._routes = routes
        self.ends = RequestEnds(layer.link)
        self._generation = _fork.generation
        #: The worker does not wait for its functions any more.
        self.is_cancelled = False
        self._back: List[Held] = []
        self._has_left = False

    async def consume(self, delivery: Delivery) -> None:
        """Works off a message, for each of its channels."""
        task = asyncio.current_task()
        held = delivery.held
        for channel in delivery.channels:
            message = Message(channel, delivery.group, delivery.body, self._layer, task, time.monotonic())
            message.held = held
            in_hand.set(message)
            self.ends.began(message)
            error: Optional[BaseException] = None
            try:
                function, answer = self._routes.find(message)
                if function is not None:
                    await function(message)
                elif answer is not None:
                    await message.respond(*answer)
                elif held is not None and not held.is_over and not held.is_wished:
                    raise Dead("no function takes it")
                else:
                    logger.warning("no function takes this message on %s", channel)
            except BaseException as caught:
                if passes(caught, task):
                    raise
                error = caught
            finally:
                self.ends.ended(message)
            if _fork.generation != self._generation:
                _fork.leave(error)
            if error is not None or not message.flags & WHOLE:
                await settle(message, error)
            if held is not None:
                conclude(message, error, self.is_cancelled)
                self._layer.link.flush_soon()
            # It knows this frame.
            error = None
            if self.is_cancelled:
                return

    def give_back(self, deliveries: Deque[Delivery], is_at_once: bool = False) -> None:
        """Lets others take what is not begun and to be acknowledged, once it would not come to this worker again.

        Requests only with ``is_at_once``: one that has time to leave works them off.
        """
        rest: List[Delivery] = []
        for delivery in deliveries:
            held = delivery.held
            if held is not None and not held.is_over and (is_at_once or not held.is_wished):
                self._back.append(held)
            else:
                rest.append(delivery)
        if len(rest) < len(deliveries):
            deliveries.clear()
            deliveries.extend(rest)
            if self._has_left:
                self.left()

    def left(self) -> None:
        """The worker has said that it listens no more."""
        self._has_left = True
        for held in self._back:
            held.nak(_requests.UNBEGUN)
        self._back.clear()
        self._layer.link.flush_soon()

    async def give_up(self, deliveries: Deque[Delivery]) -> None:
        """Answers what no function will get, since the worker leaves."""
        self.give_back(deliveries, True)
        while deliveries:
            delivery = deliveries.popleft()
            for channel in delivery.channels:
                message = Message(channel, delivery.group, delivery.body, self._layer)
                try:
                    body, reply_channel = _endings.refused(message), message.reply_channel
                    if body is not None and reply_channel is not None:
                        await self._layer.put(reply_channel, body)
                except Exception as trouble:
                    logger.warning("a message was lost: %s", trouble)


async def settle(message: Message, error: Optional[BaseException]) -> None:
    """Answers what the function of a message has left open, whatever it has met, and tells the log."""
    was_open, body = False, None
    _endings.note_end(message, error)
    again = message.held is not None and comes_again(message, error)
    is_done = not again and not isinstance(error, Dead)
    try:
        was_open = _endings.is_open(message)
        if was_open:
            await break_off(message)
        body = _endings.owed(message, error)
        channel = message.reply_channel
        if body is not None and channel is not None:
            message.end()
            # Where the broker is the failure it was waited for already.
            is_away = isinstance(error, (*PASSING, Unknown))
            is_last = is_done and message.owed_done is None
            await put_again(message, channel, body, 0 if is_away else ANSWER_PATIENCE, is_last)
    except Exception as trouble:
        logger.warning("the failure of %s could not be told: %s", _endings.describe(message), trouble)
    _endings.report(message, error, body is not None, was_open)
    try:
        owed = None if again else message.owed_done
        if owed is not None:
            await put_again(message, owed[0], _endings.done(owed[1]), ANSWER_PATIENCE, is_done)
    except Exception as trouble:
        logger.debug("the end of %s could not be told: %s", _endings.describe(message), trouble)
