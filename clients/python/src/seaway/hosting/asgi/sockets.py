"""All sockets that a process serves: whose event is whose, and what becomes of them when it leaves."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Dict, Iterator, List, Optional

from ... import _requests, _values, _websocket
from ..._errors import Denied, SeawayError
from ..._log import logger
from ..._reading import Delivery, Reading
from ...aio.message import Message
from .socket import RESTARTS, Socket, State
from .strangers import CLOSED, Strangers, asks

if TYPE_CHECKING:
    from .host import Host

#: Sockets of one process; beyond them it takes no more connects.
MOST = 65_536
#: Events that may be on their way here.
CREDIT = 1_024
#: How many are told something at a time; and how many a second are closed at least, of those that are closed in turn.
AT_ONCE = 64
RATE = 100.0


class Mailbox(Reading):
    """Where the events of this process's sockets come in, and those of all others."""

    def __init__(self, sockets: Sockets, names: List[str], credit: int):
        super().__init__(names)
        self._sockets = sockets
        self._first_credit = credit
        self._was_in_force = False

    def begin(self) -> None:
        """Listens."""
        readings = self._sockets.host.layer.link.core.readings
        readings.listen(self)
        readings.grant(self, self._first_credit)

    def notify(self) -> None:
        """Events have come, or listening has begun or ended."""
        host = self._sockets.host
        while self.queue:
            delivery = self.queue.popleft()
            if self.error is None:
                host.layer.link.core.readings.grant(self, 1)
            self._sockets.take(delivery)
        if self.in_force != self._was_in_force:
            self._was_in_force = self.in_force
            if self.in_force:
                self._sockets.in_force(self)
        host.link_has_changed(self)


class Sockets:
    """The sockets of a process, by their send channel."""

    def __init__(self, host: Host, connect_channel: str):
        self.host = host
        self.channels = _websocket.beside(connect_channel)
        self.name = _websocket.mailbox()
        #: The group of the control channels of all sockets that are open here.
        self.group = self.name[:-1]
        self._is_denied = False
        self._sockets: Dict[str, Socket] = {}
        #: Sockets that are asked for and not decided, each of which has one of the credit for connects.
        self._undecided: Dict[Socket, None] = {}
        self._count = 0
        self.is_leaving = False
        #: Those that are open are closed, and so are those that come to be.
        self.is_closing = False
        self.strangers = Strangers(self)
        self.mailbox = Mailbox(self, [self.name], CREDIT)
        self.strays = [Mailbox(self, [name], 16) for name in (self.channels.receive, self.channels.disconnect)]
        self._was_there = False

    def __len__(self) -> int:
        return len(self._sockets)

    # Beginnings and ends

    def ask(self, delivery: Delivery) -> None:
        """A browser asks for a socket: the application decides."""
        missing = len(delivery.channels)
        for message in self._messages(delivery):
            socket = Socket(self, message, self.next_channel())
            if not socket.channel or not socket.control_channel or socket.channel in self._sockets:
                logger.warning("a message on %s asks for no socket", message.channel)
                self.host.is_over(message.held)
                continue
            missing -= 1
            self._undecided[socket] = None
            self.begin(socket)
        for _ in range(missing):
            self.host.connects.done()

    def next_channel(self) -> str:
        """A channel for the events of one socket, so that a busy one leaves the others their room."""
        self._count += 1
        return f"{self.name}{self._count}"

    def find(self, channel: object) -> Optional[Socket]:
        """The socket of a send channel, if it is served here."""
        return self._sockets.get(channel) if isinstance(channel, str) else None

    def begin(self, socket: Socket) -> Socket:
        """Lets the application serve a socket."""
        self._sockets[socket.channel] = socket
        socket.task = self.host.loop.create_task(socket.run())
        socket.task.add_done_callback(lambda task: self._ended(socket, task))
        return socket

    def is_decided(self, socket: Socket) -> None:
        """A connect was answered, or will not be: another may come."""
        if socket in self._undecided:
            del self._undecided[socket]
            self.host.is_over(socket.connect.held)
            self.host.connects.done()

    def is_open(self, socket: Socket) -> None:
        """It was accepted: should this process die, the next one finds its control channel in the group."""
        self.is_decided(socket)
        if not self._is_denied:
            self.host.posts.ask(_requests.join(self.group, [socket.control_channel])[0], self._deny)

    def is_handed_over(self, socket: Socket) -> None:
        """The end of this process does not concern it any more."""
        self.host.posts.ask(_requests.leave(self.group, [socket.control_channel])[0], self._deny)

    def _deny(self, error: SeawayError) -> None:
        if isinstance(error, Denied) and not self._is_denied:
            self._is_denied = True
            logger.info("should this process die, its sockets are closed when they say something: %s", error)

    async def close_those_of(self, group: str) -> None:
        """Closes the sockets of a process that has died."""
        try:
            sent = await self.host.layer.put_group(group, CLOSED)
            logger.info("%d sockets of a process that has died are closed with 1012", sent.sent)
        except SeawayError as error:
            logger.warning("the sockets of a process that has died are not closed: %s", error)

    def _ended(self, socket: Socket, task: asyncio.Task[None]) -> None:
        self.is_decided(socket)
        if socket.successor is None and self._sockets.get(socket.channel) is socket:
            del self._sockets[socket.channel]
        if not task.cancelled() and task.exception() is not None:
            logger.error("a socket was not served", exc_info=task.exception())
        self.host.connects.resume()

    # Events

    def take(self, delivery: Delivery) -> None:
        """An event has come, by the mailbox or by the channels that all processes share."""
        for message in self._messages(delivery):
            try:
                self._take(message)
            except Exception as error:
                logger.error("an event on %s could not be taken", message.channel, exc_info=error)

    def _take(self, message: Message) -> None:
        if "hand_over" in message:
            self._take_note(message)
            return
        socket = self.find(message.reply_channel)
        if socket is None:
            self.strangers.take(message)
        elif socket.successor is not None:
            self.host.posts.post(message, socket.successor, message.body)
        else:
            socket.event(message)
            if not message.channel.startswith(self.name):
                # It came by the shared channels, since nobody was found here.
                self.tell(socket)

    def _take_note(self, message: Message) -> None:
        """Another process says something."""
        if asks(message):
            self.strangers.told(message)
        else:
            self.host.handovers.answered(message)

    def _messages(self, delivery: Delivery) -> Iterator[Message]:
        for channel in delivery.channels:
            message = Message(channel, delivery.group, delivery.body, self.host.layer)
            message.held = delivery.held
            try:
                message._data = _values.unpack_unchecked(delivery.body)
            except SeawayError as error:
                logger.warning("a message on %s cannot be read: %s", channel, error)
                self.host.is_over(message.held)
                continue
            yield message

    def in_force(self, mailbox: Mailbox) -> None:
        """Events can come again: while there was no connection they went to the shared channels."""
        if mailbox is not self.mailbox:
            return
        if self._was_there:
            for socket in self._sockets.values():
                if socket.state is State.OPEN and socket.successor is None:
                    self.tell(socket)
        self._was_there = True

    def tell(self, socket: Socket) -> None:
        """Has the events of a socket come here."""
        body = _values.pack({"receive_channel": socket.receive_channel})
        self.host.posts.post(socket.connect, socket.control_channel, body)

    # Leaving

    async def leave(self, policy: str, until: float) -> None:
        """Closes or hands over all, or waits for their ends, until then by the loop's clock; then cancels the rest."""
        self.is_leaving = True
        self.strangers.end()
        loop = self.host.loop
        if policy == "resume":
            await self.host.handovers.hand_over_all(self._open(), until)
        elif policy == "keep":
            # What does not end by itself is closed at last, so that browsers come back to another process.
            await self._ends(loop.time() + (until - loop.time()) * 0.75)
        await self._close_all(loop.time() + (until - loop.time()) / 2)
        await self._ends(until)
        late = [socket.task for socket in self._sockets.values() if socket.task is not None and not socket.task.done()]
        if late:
            logger.error("%d sockets had not ended in time", len(late))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _open(self) -> List[Socket]:
        return [one for one in self._sockets.values() if one.state is State.OPEN and one.successor is None]

    async def _close_all(self, until: float) -> None:
        """Closes all in random order and not all at once, so that not all browsers come back at the same moment."""
        self.is_closing = True
        sockets = self._open()
        if not sockets:
            return
        logger.info("%d sockets are closed with 1012", len(sockets))
        random.shuffle(sockets)
        loop = self.host.loop
        pause = min(1 / RATE, max(0.0, until - loop.time()) / len(sockets))
        due = loop.time()
        for socket in sockets:
            self.host.posts.keep(socket.close(RESTARTS, "the server restarts"))
            due += pause
            if due > loop.time():
                await asyncio.sleep(due - loop.time())

    async def _ends(self, until: float) -> None:
        while True:
            tasks = [one.task for one in self._sockets.values() if one.task is not None and not one.task.done()]
            left = until - self.host.loop.time()
            if not tasks or left <= 0:
                return
            await asyncio.wait(tasks, timeout=left)
