"""Gives messages to the functions of a synchronous worker, and sees to whatever these leave open."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Deque, Iterable, List, Optional

from . import _endings, _fork, _requests
from ._answering import WHOLE, in_threads
from ._errors import Dead
from ._held import Held
from ._log import logger
from ._reading import Delivery
from ._routes import Routes
from ._settling import comes_again, conclude
from ._shard_thread import ShardThread
from ._signals import is_interrupt
from ._sync_ends import RequestEnds
from .message import Message, break_off

if TYPE_CHECKING:
    from .layer import Layer


class Consumer:
    """Works off one message at a time in each thread; no error of a function leaves it."""

    def __init__(self, layer: Layer, routes: Routes[Message, Any]):
        self._layer = layer
        self._routes = routes
        self.ends = RequestEnds(layer.link)
        self._generation = _fork.generation
        #: What is not begun and to be acknowledged is given back.
        self.is_leaving = False
        self._back: List[Held] = []
        self._has_left = False

    def consume(self, delivery: Delivery, now: float) -> None:
        """Works off a message, for each of its channels; raises an operator's second signal alone."""
        held = delivery.held
        if held is not None and self.is_leaving and not held.is_over and not held.is_wished:
            self._give_back(held)
            return
        me = threading.get_ident()
        for channel in delivery.channels:
            message = Message(channel, delivery.group, delivery.body, self._layer, self.ends, now)
            message.held = held
            in_threads[me] = message
            error: Optional[BaseException] = None
            try:
                function, answer = self._routes.find(message)
                if function is not None:
                    function(message)
                elif answer is not None:
                    message.respond(*answer)
                elif held is not None and not held.is_over and not held.is_wished:
                    raise Dead("no function takes it")
                else:
                    logger.warning("no function takes this message on %s", channel)
            except BaseException as caught:
                error = caught
            if _fork.generation != self._generation:
                _fork.leave(error)
            if error is not None or not message.flags & WHOLE:
                self._settle(message, error)
            if held is not None and not held.is_over:
                with self._layer.link.lock:
                    conclude(message, error)
                if self._layer.link.batching != me:
                    self._layer.link.flush()
            if message.heard_on is not None:
                self.ends.ended(message)
            if error is not None and is_interrupt(error):
                raise error
            # It knows this frame; and what waits for the broker's answer need not hold the whole message.
            error = None
            if message.pending is not None:
                message.pending.message = None
        in_threads.pop(me, None)

    def give_up(self, deliveries: Deque[Delivery]) -> None:
        """Answers what no function will get, since the worker must leave at once."""
        while deliveries:
            delivery = deliveries.popleft()
            if delivery.held is not None and not delivery.held.is_over:
                self._give_back(delivery.held)
                continue
            for channel in delivery.channels:
                message = Message(channel, delivery.group, delivery.body, self._layer)
                try:
                    body = _endings.refused(message)
                    if body is not None:
                        self._post(message, body)
                except Exception as trouble:
                    logger.warning("a message was lost: %s", trouble)

    def abandon(self, threads: Iterable[Optional[int]]) -> None:
        """Answers what is worked on in these threads, which the worker does not wait for."""
        for thread in threads:
            message = in_threads.get(thread or 0)
            if isinstance(message, Message):
                late = TimeoutError("the worker leaves")
                self._settle(message, late)
                with self._layer.link.lock:
                    conclude(message, late, True)

    def _settle(self, message: Message, error: Optional[BaseException]) -> None:
        was_open, body = False, None
        _endings.note_end(message, error)
        again = message.held is not None and comes_again(message, error)
        is_done = not again and not isinstance(error, Dead)
        try:
            was_open = _endings.is_open(message)
            if was_open:
                break_off(message)
            body = _endings.owed(message, error)
            if body is not None:
                self._post(message, body, is_done and message.owed_done is None)
                message.end()
        except Exception as trouble:
            logger.warning("the failure of %s could not be told: %s", _endings.describe(message), trouble)
        _endings.report(message, error, body is not None, was_open)
        try:
            owed = None if again else message.owed_done
            if owed is not None:
                self._say_done(message, *owed, is_done)
        except Exception as trouble:
            logger.warning("the end of %s could not be told: %s", _endings.describe(message), trouble)

    def _give_back(self, held: Held) -> None:
        """Lets another take what no function here will get, once it would not come to this worker again."""
        with self._layer.link.lock:
            self._back.append(held)
            if self._has_left:
                self.left()
        self._layer.link.flush()

    def left(self) -> None:
        """The worker has said that it listens no more. With the lock held."""
        self._has_left = True
        for held in self._back:
            held.nak(_requests.UNBEGUN)
        self._back.clear()

    def _say_done(self, message: Message, control: str, order: int, is_done: bool) -> None:
        if isinstance(self._layer.link, ShardThread):
            # It may go to another broker than what was replied, and so overtake it.
            message.wait_for_replies()
        message.post(control, _endings.done(order), is_done)

    def _post(self, message: Message, body: bytes, is_done: bool = False) -> None:
        channel = message.reply_channel
        if channel is not None:
            message.post(channel, body, is_done)
