"""One layer for each event loop of a process, and one inbox for all of them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import weakref
from typing import Any, Dict, List, Optional, Set, Tuple

from . import _fork, _names, _requests
from ._answers import Sent
from ._errors import Ended, Lost, SeawayError
from ._frames import Frame
from ._inbox import Inbox, Waiter, place
from ._log import logger
from ._reading import Reading
from ._ticket import Ticket
from .aio.layer import Layer

#: Messages that are asked for at a time, however many wait.
_MOST_CREDIT = 64
#: Normal channels that are listened on though nobody waits, so that the next ``receive`` need not say so again.
_MOST_IDLE = 128
#: Seconds between two looks for channels that nobody receives on any more.
_SWEEP = 60.0


class Intake(Reading):
    """Listening on one name for all who wait for it, with no more credit than they need."""

    def __init__(self, name: str, layers: LoopLayers, layer: LoopLayer):
        super().__init__([name])
        self.name = name
        self.layer = layer
        self._layers = layers

    def notify(self) -> None:
        """Messages have come, or listening has begun or ended."""
        inbox = self._layers.inbox
        has_come = bool(self.queue)
        while self.queue:
            delivery = self.queue.popleft()
            for channel in inbox.deliver(delivery.channels, delivery.body):
                self.layer.say(_requests.pause(channel))
        if self.error is not None:
            self._layers.intake_ended(self)
        else:
            self.balance()
            if has_come:
                self._ask_ahead()

    def balance(self) -> None:
        """Asks for as many messages as are waited for, once less than half of them may come."""
        waiting = self._layers.inbox.waiting(self.name)
        wanted = min(waiting, _MOST_CREDIT)
        if 2 * self.credit < wanted and self.error is None:
            self.layer.link.core.readings.grant(self, wanted - self.credit)
            if waiting == 1:
                self.layer.link.flush_alone()
            else:
                self.layer.link.flush_soon()

    def _ask_ahead(self) -> None:
        """Asks for one message of a mailbox for whoever waits next, unless one of these is here and not received yet.

        Who receives one most often answers it and waits for the next: so that both leave in one write.
        """
        if not self.credit and not self._layers.inbox.is_holding and self.name.endswith("!"):
            self.layer.link.core.readings.grant(self, 1)
            self.layer.link.flush_soon()


class LoopLayer:
    """The connection of one loop, on which alone it is used."""

    def __init__(self, loop: asyncio.AbstractEventLoop, options: Dict[str, Any]):
        self.loop = loop
        self._layer = Layer(**options)
        self.link = self._layer.link
        #: What it listens on, as far as it knows: another loop's layer may have taken it over.
        self.intakes: Dict[str, Intake] = {}

    async def put(self, channel: str, body: bytes, bounds: str) -> None:
        """Sends a message in MessagePack, with options for its bounds."""
        await self._layer.put(channel, body, bounds=bounds)

    async def put_group(self, group: str, body: bytes, bounds: str, shown: str) -> Sent:
        """The same to a group; tells the log by which name it is ``shown`` if members had no room."""
        sent = await self._layer.put_group(group, body, bounds=bounds)
        if sent.full:
            logger.info("%d of %d channels over capacity in group %s", sent.full, sent.full + sent.sent, shown)
        return sent

    async def join(self, group: str, channel: str) -> None:
        """Makes a channel a member."""
        await self._layer.join(group, channel)

    async def leave(self, group: str, *channels: str) -> None:
        """Ends memberships."""
        await self._layer.leave(group, *channels)

    async def flush(self, pattern: Optional[str]) -> None:
        """Drops messages and memberships."""
        await self._layer.flush(pattern)

    def say(self, request: bytes) -> None:
        """Says something whose answer nobody waits for."""
        if self.link.core.is_open:
            self.link.core.ask(request, Ticket())
            self.link.flush_soon()

    async def end(self) -> None:
        """Breaks the connection: what waits at the broker for this process stays there for a while (J3, D7)."""
        await self.link.end(Ended("the channel layer was closed"))

    def abandon(self) -> None:
        """The loop was closed with the connection open: closes that."""
        self.link.drop()


class LoopLayers:
    """The layers of a process by their loops; a child process that was forked off begins with none."""

    def __init__(self, options: Dict[str, Any], idle: float, expiry: float):
        self._options = options
        self._idle = idle
        self._expiry = expiry
        self._begin()
        _fork.watch(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._layers: Dict[int, LoopLayer] = {}
        self._intakes: Dict[str, Intake] = {}
        #: Channels that nobody waited for, and whose ``UNLISTEN`` was not answered yet, by which layer it was said.
        self._ending: Dict[str, LoopLayer] = {}
        #: Channels of this process that are members of groups, and of which.
        self._joined: Dict[str, Set[str]] = {}
        self._swept_at = time.monotonic()
        self.inbox = Inbox(self._expiry)
        #: Loops that end their layer when they are closed.
        self.wrapped: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()

    def forked(self) -> None:
        """In a child process: what the parent listens on, it does not."""
        _fork.keep(self._layers, self._intakes, self.inbox)
        self._begin()

    def here(self) -> LoopLayer:
        """Returns the layer of the loop that runs; it connects when it is needed."""
        loop = asyncio.get_running_loop()
        found = self._layers.get(id(loop))
        if found is not None and found.loop is loop and found.link.core.ended is None:
            return found
        layer = LoopLayer(loop, self._options)
        with self._lock:
            for key in [key for key, other in self._layers.items() if other.loop.is_closed()]:
                self._layers.pop(key).abandon()
            self._layers[id(loop)] = layer
        _end_with(loop, self)
        return layer

    async def close(self) -> None:
        """Ends the layer of the loop that runs."""
        with self._lock:
            layer = self._layers.pop(id(asyncio.get_running_loop()), None)
        if layer is not None:
            await layer.end()

    # Receiving

    def keep(self, channel: str, body: bytes, most: int, seconds: float) -> Optional[bool]:
        """Takes what this process sends to a channel of its own: see ``Inbox.keep``."""
        return self.inbox.keep(channel, body, most, seconds)

    def take(self, channel: str) -> Tuple[bytes, Optional[Waiter[bytes]]]:
        """Returns the next message of a channel; or what to wait for, and then it is said when that is ``over``."""
        loop = asyncio.get_running_loop()
        body, may_resume, waiter, found = self.inbox.take_or_wait(channel, loop)
        if may_resume:
            self._resume(channel)
        if body is not None or waiter is None:
            return body or b"", None
        intake = self._intakes.get(found.name)
        try:
            if intake is None or intake.layer.loop is not loop or intake.error is not None:
                self._listen(found.name, self.here())
            elif 2 * intake.credit < found.count and 2 * intake.credit < _MOST_CREDIT:
                intake.balance()
        except BaseException:
            self.over(channel, waiter)
            raise
        return b"", waiter

    def over(self, channel: str, waiter: Waiter[bytes]) -> None:
        """Nobody waits for this any more; a message that has come for it and was not taken is the next one's."""
        self.inbox.give_up(channel, waiter)
        self.rest(channel)

    def _listen(self, name: str, layer: LoopLayer) -> None:
        """Sees to it that messages come for one more who waits."""
        with self._lock:
            ending = self._ending.get(name)
            if ending is not None and self._layers.get(id(ending.loop)) is ending and not ending.loop.is_closed():
                # What is on its way to the listening that ends would be counted for the new one: that begins behind it.
                return
            intake = self._intakes.get(name)
            if intake is not None and intake.layer is not layer and self._is_free(intake):
                intake = None
            former = layer.intakes.get(name)
            if intake is None and former is not None:
                # Another loop has taken it over, and this one has not heard of that yet: it will, and listen again.
                intake = self._intakes[name] = former
            elif intake is None or intake.error is not None:
                intake = self._intakes[name] = layer.intakes[name] = Intake(name, self, layer)
                layer.link.start()
                layer.link.core.readings.listen(intake)
                layer.link.flush_soon()
        if intake.layer is layer:
            intake.balance()
        else:
            # Closed meanwhile: its end is told.
            with contextlib.suppress(RuntimeError):
                intake.layer.loop.call_soon_threadsafe(intake.balance)

    def _is_free(self, intake: Intake) -> bool:
        """Whether another loop may take it over: its own has ended, or nobody else waits."""
        return intake.layer.loop.is_closed() or self.inbox.waiting(intake.name) <= 1

    def _resume(self, channel: str) -> None:
        intake = self._intakes.get(place(channel))
        if intake is not None:
            with contextlib.suppress(RuntimeError):
                intake.layer.loop.call_soon_threadsafe(intake.layer.say, _requests.resume(channel))

    def rest(self, channel: str) -> None:
        """Listens on no more normal channels than a few when nobody waits: their messages are others' too."""
        if "!" in channel:
            return
        intake = self._intakes.get(channel)
        if intake is None or self.inbox.waiting(channel) or intake.error is not None:
            return
        if not intake.credit and len(self._intakes) <= _MOST_IDLE:
            return
        if asyncio._get_running_loop() is not intake.layer.loop:
            return
        with self._lock:
            del self._intakes[channel]
            intake.layer.intakes.pop(channel, None)
            self._ending[channel] = intake.layer
        intake.layer.link.core.readings.unlisten(intake, _Rested(self, channel))
        intake.layer.link.flush_soon()

    def rested(self, channel: str) -> None:
        """The broker knows that this process listens on a channel no more; by now it may want to again."""
        with self._lock:
            self._ending.pop(channel, None)
        for loop in self.inbox.loops(channel):
            layer = self._layers.get(id(loop))
            if layer is not None:
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._listen, channel, layer)
                    return

    def intake_ended(self, intake: Intake) -> None:
        """Nothing more comes by it."""
        with self._lock:
            if intake.layer.intakes.get(intake.name) is intake:
                del intake.layer.intakes[intake.name]
            if self._intakes.get(intake.name) is not intake:
                return
            del self._intakes[intake.name]
        if isinstance(intake.error, (Ended, Lost)):
            # That loop's layer was closed, or another loop's, which has had the channel before, took it back late; who
            # waits takes over.
            for loop in self.inbox.loops(intake.name):
                other = self._layers.get(id(loop))
                if other is not None and (other is not intake.layer or isinstance(intake.error, Lost)):
                    with contextlib.suppress(RuntimeError):
                        loop.call_soon_threadsafe(self._listen, intake.name, other)
                        return
        if intake.error is not None:
            self.inbox.fail(intake.name, intake.error)

    # Channels in groups

    async def join(self, group: str, channel: str) -> None:
        """Makes a channel a member, and ends the memberships of those that nobody has received on for long."""
        layer = self.here()
        await layer.join(group, channel)
        if _names.form(channel) == "reply":
            self.inbox.touch(channel)
            self._joined.setdefault(channel, set()).add(group)
        now = time.monotonic()
        if now - self._swept_at < min(_SWEEP, self._idle):
            return
        self._swept_at = now
        self.inbox.expire(max(self._expiry, _SWEEP))
        over: Dict[str, List[str]] = {}
        for idle in self.inbox.idle(self._idle):
            for one in self._joined.pop(idle, ()):
                over.setdefault(one, []).append(idle)
        for one, channels in over.items():
            logger.info("%d channels leave group %s: nobody has received on them for long", len(channels), one)
            await layer.leave(one, *channels)

    async def leave(self, group: str, channel: str) -> None:
        """Ends a membership."""
        layer = self.here()
        await layer.leave(group, channel)
        groups = self._joined.get(channel)
        if groups is not None:
            groups.discard(group)
            if not groups:
                self._joined.pop(channel, None)
                self.inbox.forget(channel)


class _Rested(Ticket):
    """Waits for the end of listening on a channel."""

    __slots__ = ("_channel", "_layers")

    def __init__(self, layers: LoopLayers, channel: str):
        super().__init__()
        self._layers = layers
        self._channel = channel

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._layers.rested(self._channel)

    def fail(self, error: SeawayError) -> None:
        super().fail(error)
        self._layers.rested(self._channel)


def _end_with(loop: asyncio.AbstractEventLoop, layers: LoopLayers) -> None:
    """Lets the connection end before its loop is closed, whoever closes it."""
    if loop in layers.wrapped:
        return
    layers.wrapped.add(loop)
    close, found = loop.close, weakref.ref(layers)

    def close_both() -> None:
        layers = found()
        if layers is not None and not loop.is_running() and not loop.is_closed():
            loop.run_until_complete(layers.close())
        close()

    # Loops that do not allow it end their tasks, and with them the connection, by themselves.
    with contextlib.suppress(AttributeError):
        loop.close = close_both  # type: ignore[method-assign]
