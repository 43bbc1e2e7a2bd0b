"""Sockets that outlive the process that serves them: another process begins their coroutines anew.

The process that leaves sends the connect of each socket to ``websocket.resume`` (beside ``websocket.connect``, W2),
where all processes of the application listen. One of them calls the application with it, and swallows its
``websocket.accept``, since the socket is open. Then the socket's events go there (``receive_channel``, W18), the
coroutine here is cancelled, and what the new one sends is held back until it was.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from ... import _values, _websocket
from ..._errors import PASSING, Away, Gone, SeawayError
from ..._log import logger
from ...aio.message import Message, insist
from . import scopes
from .socket import Socket, State

if TYPE_CHECKING:
    from .sockets import Sockets

#: How many sockets are handed over at a time.
AT_ONCE = 256
#: Seconds in which another process has to take a socket, and in which the coroutine here has to come to rest.
TAKEN_WITHIN = 10.0
AT_REST_WITHIN = 4.0
#: How long a coroutine must have said nothing: what was sent to its groups before the other one joined is on its way.
QUIET = 0.1
#: How long what the new coroutine sends is held back at most.
HELD = 5.0
#: RFC 6455, 7.4.1: the socket is refused by the rules of the application.
_REFUSED = 1008

_TAKEN, _REFUSES, _OVER = "taken", "refused", "over"


def channel(connect: str) -> str:
    """The channel beside that of connects to which sockets are handed over."""
    standard = "websocket.connect"
    return f"websocket.resume{connect[len(standard) :]}" if connect.startswith(standard) else f"{connect}.resume"


class Resumed(Socket):
    """A socket that was another process's: the application begins anew on it."""

    def __init__(self, sockets: Sockets, connect: Message, receive_channel: str, before: str):
        super().__init__(sockets, connect, receive_channel)
        #: Where the process that has served it hears of it.
        self._before = before
        #: The coroutine of that process has ended.
        self.is_alone = asyncio.Event()

    async def _accept(self, event: scopes.Event) -> None:
        await self.put(self.control_channel, _values.pack({"receive_channel": self.receive_channel}))
        self._answer(_TAKEN)
        self.is_open()

    async def _refuse(self, message: Dict[str, Any], code: int) -> None:
        await super()._put(_websocket.closing(code if code not in (1000, 1006) else _REFUSED, ""))
        self._answer(_REFUSES)
        self.left(code)

    async def _leave_nothing_open(self, error: Optional[BaseException]) -> None:
        if self.state in (State.ASKED, State.DENYING):
            # Closed by the process that has it.
            self._answer(_REFUSES)
            self.over()
        else:
            await super()._leave_nothing_open(error)

    async def _put(self, message: Dict[str, Any]) -> None:
        if not self.is_alone.is_set():
            try:
                await asyncio.wait_for(self.is_alone.wait(), HELD)
            except asyncio.TimeoutError:
                self.is_alone.set()
        await super()._put(message)

    def _answer(self, what: str) -> None:
        self.sockets.host.posts.post(self.connect, self._before, _said(what, self))


class Handovers:
    """Hands sockets over, and takes those of others."""

    def __init__(self, sockets: Sockets):
        self._sockets = sockets
        self._waiting: Dict[str, asyncio.Future[Optional[str]]] = {}
        self.channel = channel(sockets.channels.connect)

    # What others hand over

    def take(self, order: Message) -> Socket:
        """A socket of another process: the application begins anew on it."""
        connect = Message(self._sockets.channels.connect, None, order["connect"], order.layer)
        socket = Resumed(self._sockets, connect, self._sockets.next_channel(), order["hand_over"])
        return self._sockets.begin(socket)

    def answered(self, message: Message) -> None:
        """What the other process says of a socket."""
        if "connect" in message:
            self.take(message)
            return
        said, socket = message["hand_over"], self._sockets.find(message.get("socket"))
        if said == _OVER and isinstance(socket, Resumed):
            socket.is_alone.set()
        waiting = self._waiting.get(message.get("socket", ""))
        if said in (_TAKEN, _REFUSES) and waiting is not None and not waiting.done():
            waiting.set_result(message.get("events") if said == _TAKEN else None)

    # What is handed over

    async def hand_over_all(self, sockets: List[Socket], until: float) -> None:
        """Hands sockets over, many at a time, in random order, as long as there is somebody to take them."""
        random.shuffle(sockets)
        places = asyncio.Semaphore(AT_ONCE)

        async def one(socket: Socket) -> bool:
            async with places:
                return loop.time() < until and await self._hand_over(socket)

        loop = self._sockets.host.loop
        outcomes = await asyncio.gather(*map(one, sockets))
        if sockets:
            logger.info("%d of %d sockets were handed over to other processes", sum(outcomes), len(sockets))

    async def _hand_over(self, socket: Socket) -> bool:
        waiting = self._waiting[socket.channel] = self._sockets.host.loop.create_future()
        try:
            await self._offer(socket)
            events = await asyncio.wait_for(waiting, TAKEN_WITHIN)
        except (SeawayError, asyncio.TimeoutError) as error:
            logger.debug("nobody takes a socket of %s: %r", socket.connect.path, error)
            return False
        finally:
            del self._waiting[socket.channel]
        if events is None:
            return False
        await self._come_to_rest(socket)
        socket.successor = events
        self._sockets.is_handed_over(socket)
        assert socket.task is not None
        if socket.task.done():
            socket._hand_on(events)
        socket.task.cancel()
        # One that will not end goes on, and what it says is lost.
        await asyncio.wait((socket.task,), timeout=HELD - AT_REST_WITHIN)
        self._sockets.host.posts.post(socket.connect, events, _said(_OVER, socket))
        return True

    async def _offer(self, socket: Socket) -> None:
        body = _values.pack({"connect": socket.connect.body, "hand_over": socket.receive_channel})
        layer, successor = self._sockets.host.layer, self._sockets.host.successor()
        # To the process in place of this one, which has the new code; else to any.
        channels = [f"{successor}!new", self.channel] if successor else [self.channel]

        async def attempt(is_last_try: bool) -> bool:
            try:
                await layer.put(channels[0], body, if_heard=True)
            except (Away, Gone):
                if len(channels) == 1:
                    raise
                del channels[0]
                return False
            except PASSING:
                if is_last_try:
                    raise
                return False
            return True

        await insist(attempt, TAKEN_WITHIN)

    async def _come_to_rest(self, socket: Socket) -> None:
        loop = self._sockets.host.loop
        began = loop.time()
        while loop.time() < began + AT_REST_WITHIN and socket.state is State.OPEN:
            quiet = loop.time() - max(began, socket.sent_at)
            if socket.is_idle and (quiet >= QUIET or loop.time() > began + 10 * QUIET):
                return
            await asyncio.sleep(QUIET / 4)


def _said(what: str, socket: Socket) -> bytes:
    return _values.pack({"hand_over": what, "socket": socket.channel, "events": socket.receive_channel})
