"""Events of sockets that another process serves: while that has no connection they come by the shared channels (W18).

They are sent on to all processes of the application, by a group; the one that serves the socket takes them. Where
nobody says that it does, the process that served it is gone, and the socket is closed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Dict

from ... import _endings, _requests, _values
from ..._errors import SeawayError
from ..._log import logger
from ...aio.message import Message

if TYPE_CHECKING:
    from .sockets import Sockets

#: Seconds in which a process has to say that a socket is its own, and between two questions: one that has lost its
#: connection may take so long to come back.
PATIENCE, PERIOD = 6.0, 0.5
#: Events that are asked about at a time; more are dropped.
MOST = 10_000

CLOSED = _values.pack({"close": 1012, "reason": "the process that served this socket is gone"})
_WHOSE, _MINE = "whose", "mine"


class Strangers:
    """Finds the processes of sockets that are not this one's."""

    def __init__(self, sockets: Sockets):
        self._sockets = sockets
        standard = "websocket.receive"
        rest = sockets.channels.receive
        #: The group of the mailboxes of all processes of the application.
        self.group = f"websocket.workers{rest[len(standard) :]}" if rest.startswith(standard) else f"{rest}.workers"
        self._asked: Dict[str, asyncio.TimerHandle] = {}
        self._channel = f"{sockets.name}whose"

    def begin(self) -> None:
        """Lets the others find this process."""
        self._sockets.host.posts.keep(self._join())

    async def _join(self) -> None:
        try:
            await self._sockets.host.layer.join(self.group, self._channel)
        except SeawayError as error:
            logger.info("other processes do not find the sockets of this one: %s", error)

    def end(self) -> None:
        """Nobody is asked about any more."""
        for timer in self._asked.values():
            timer.cancel()
        self._asked.clear()

    def take(self, message: Message) -> None:
        """An event of a socket that this process does not serve, or not any more."""
        control, channel = message.get("control_channel"), message.reply_channel
        if not isinstance(control, str) or channel is None:
            return
        is_receive = message.get("type") == "websocket.receive"
        if message.channel.startswith(self._sockets.name):
            # One that has ended here, and does not know yet.
            order = message.get("order")
            if is_receive and message.get("serial") is True and isinstance(order, int):
                self._sockets.host.posts.post(message, control, _endings.done(order))
        elif len(self._asked) < MOST:
            self._ask(message, _key(message), self._sockets.host.loop.time() + PATIENCE)

    def _ask(self, message: Message, key: str, until: float) -> None:
        loop = self._sockets.host.loop
        if loop.time() >= until:
            del self._asked[key]
            if message.get("type") == "websocket.receive":
                logger.warning("the process that served a socket of %s is gone: it is closed with 1012", message.path)
                self._sockets.host.posts.post(message, message["control_channel"], CLOSED)
            return
        self._asked[key] = loop.call_later(PERIOD, self._ask, message, key, until)
        body = _values.pack({"hand_over": _WHOSE, "event": message.body, "back": self._channel})
        request = _requests.send_group(self.group, body, except_=self._channel)
        self._sockets.host.posts.ask(request, lambda error: logger.warning("no process was asked: %s", error))

    def told(self, message: Message) -> None:
        """Another process asks whose an event is, or says that it is its own."""
        if message["hand_over"] == _MINE:
            timer = self._asked.pop(message.get("asked", ""), None)
            if timer is not None:
                timer.cancel()
            return
        event = Message(message.channel, None, message["event"], message.layer)
        socket = self._sockets.find(event.reply_channel)
        if socket is None or socket.successor is not None:
            return
        mine = _values.pack({"hand_over": _MINE, "asked": _key(event)})
        self._sockets.host.posts.post(event, message["back"], mine)
        if socket.is_new(event):
            socket.event(event)
            self._sockets.tell(socket)


def _key(event: Message) -> str:
    return f"{event.reply_channel} {event.get('order')}"


def asks(message: Message) -> bool:
    """Whether a message is one of these."""
    return message.get("hand_over") in (_WHOSE, _MINE)
