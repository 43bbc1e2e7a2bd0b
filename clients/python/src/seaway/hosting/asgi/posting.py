"""Sends that nobody waits for: whole answers, and what lets the next event of a socket come."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Coroutine, Optional, Set

from ... import _requests
from ..._errors import Gone, SeawayError
from ..._frames import Frame
from ..._held import Held
from ..._log import logger
from ..._ticket import Ticket
from ...aio.layer import Layer
from ...aio.message import ANSWER_PATIENCE, Message, put_again

#: Sends without an answer, and bytes that wait to be written, beyond which one is made in a task of its own.
_MOST_PENDING = 4_096
_MOST_UNSENT = 1 << 20


class Posts:
    """Sends at once what does no harm when it comes twice, and again where it was refused for the moment."""

    def __init__(self, layer: Layer):
        self._layer = layer
        #: Sends without an answer.
        self.pending = 0
        self._tasks: Set[asyncio.Task[None]] = set()

    @property
    def has_room(self) -> bool:
        """Whether something may be posted now; else it is waited for."""
        core = self._layer.link.core
        return self.pending < _MOST_PENDING and core.is_open and core.unsent < _MOST_UNSENT

    def post(self, message: Message, channel: str, body: bytes) -> None:
        """Sends to a channel of those who wait for a message's answer."""
        self._post(message, channel, body, None, "")

    def answer(self, message: Message, channel: str, body: bytes) -> None:
        """Sends the last of an answer, which acknowledges the message where it is held."""
        held = message.held
        if held is None or held.is_over:
            self._post(message, channel, body, None, "")
            return
        carried = held.carried
        held.is_over = True
        self._post(message, channel, body, held, carried)

    def _post(self, message: Message, channel: str, body: bytes, held: Optional[Held], carried: str) -> None:
        link = self._layer.link
        core = link.core
        if self.has_room and len(body) <= core.max_body:
            request = _requests.send(channel, body, bounds=carried)
            core.ask(request, _Post(self, message, channel, body, held, bool(carried)))
            self.pending += 1
            link.flush_soon()
        else:
            self.again(message, channel, body, held)

    def ask(self, request: bytes, on_failure: Callable[[SeawayError], None]) -> None:
        """Says a request whose answer matters only if it is a refusal; without a connection it is not said."""
        link = self._layer.link
        if self.has_room:
            link.core.ask(request, _Asking(on_failure))
            link.flush_soon()

    def again(self, message: Message, channel: str, body: bytes, held: Optional[Held] = None) -> None:
        """Sends it in a task of its own, until there is room; then ``held`` is done."""
        self.keep(self._again(message, channel, body, held))

    async def _again(self, message: Message, channel: str, body: bytes, held: Optional[Held]) -> None:
        try:
            await put_again(message, channel, body, ANSWER_PATIENCE, is_last=False)
        except Gone:
            message.gone()
        except SeawayError as error:
            logger.warning("%s was not told: %s", channel, error)
        self.is_answered(held, False)

    def is_answered(self, held: Optional[Held], is_carried: bool) -> None:
        """The broker has the answer to what is held, or never will have; ``is_carried``: it knows that this is done."""
        if held is not None:
            held.answered(is_carried)
            if not is_carried:
                self._layer.link.flush_soon()

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Begins some work that nobody waits for but ``finish``."""
        task = self._layer.link.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, timeout: float) -> None:
        """Waits until all was sent."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout)
        for task in self._tasks:
            task.cancel()


class _Asking(Ticket):
    __slots__ = ("_on_failure",)

    def __init__(self, on_failure: Callable[[SeawayError], None]):
        super().__init__()
        self._on_failure = on_failure

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        try:
            self.result()
        except SeawayError as error:
            self._on_failure(error)


class _Post(Ticket):
    __slots__ = ("_body", "_channel", "_held", "_is_carried", "_message", "_posts")

    def __init__(
        self, posts: Posts, message: Message, channel: str, body: bytes, held: Optional[Held], is_carried: bool
    ):
        self.again = None
        self._posts = posts
        self._message = message
        self._channel = channel
        self._body = body
        self._held = held
        self._is_carried = is_carried

    def settle(self, frame: Frame) -> None:
        self._posts.pending -= 1
        is_refused = frame.verb == "ERR"
        if is_refused and frame.args[:1] != ["gone"]:
            self._posts.again(self._message, self._channel, self._body, self._held)
            return
        if is_refused:
            self._message.gone()
        self._posts.is_answered(self._held, self._is_carried and not is_refused)

    def fail(self, error: SeawayError) -> None:
        self._posts.pending -= 1
        self._posts.again(self._message, self._channel, self._body, self._held)
