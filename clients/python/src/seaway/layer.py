"""The synchronous client: a channel layer over one connection, for any number of threads."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Callable, ContextManager, List, Optional, Sequence, Type, Union

from . import _requests
from ._blocking import blocking
from ._errors import Ended, SeawayError
from ._frames import Frame
from ._layer import BaseLayer
from ._linking import link
from ._shard_thread import ShardThread
from ._sync import Link
from ._ticket import Ticket
from .listening import Listening


def connect(address: Optional[str] = None, **options: Any) -> Layer:
    """Returns a layer that is connected: to ``HOST:PORT``, ``tls://HOST:PORT`` or ``unix:PATH``.

    Without an address it is what ``SEAWAY_BROKER`` says, one or several. Options are those of ``Layer``. Raises
    ``Unreachable`` when no broker answers within ``patience``.
    """
    layer = Layer(address, **options)
    try:
        layer.ping()
    except SeawayError:
        layer.quit()
        raise
    return layer


class Layer(BaseLayer):
    """A broker, spoken to over one connection that is made when it is needed and made again when it is lost.

    With ``hosts`` it is several brokers, spoken to by a thread of its own; of those, ``stats`` and the ``peek`` at a
    normal channel ask only one at a time.

    Every method may be called from any thread. A call waits for the broker's answer and raises ``Refused`` (nothing was
    stored or changed; its subclasses say why) or ``Unknown`` (the connection broke before the answer).
    """

    _link: Union[Link, ShardThread]

    send = blocking(BaseLayer._send)
    send_packed = blocking(BaseLayer._send_packed)
    send_group = blocking(BaseLayer._send_group)
    join = blocking(BaseLayer._join)
    leave = blocking(BaseLayer._leave)
    watch = blocking(BaseLayer._watch)
    unwatch = blocking(BaseLayer._unwatch)
    pause = blocking(BaseLayer._pause)
    resume = blocking(BaseLayer._resume)
    close = blocking(BaseLayer._close)
    members = blocking(BaseLayer._members)
    peek = blocking(BaseLayer._peek)
    stats = blocking(BaseLayer._stats)
    flush = blocking(BaseLayer._flush)
    ping = blocking(BaseLayer._ping)
    put = blocking(BaseLayer._put)
    ack = blocking(BaseLayer._ack)
    nak = blocking(BaseLayer._nak)
    hold = blocking(BaseLayer._hold)

    def listen(self, *names: str, credit: int = 16, ack: bool = False) -> Listening:
        """Takes part in reading channels; a name that ends in ``!`` is a mailbox.

        At most ``credit`` messages are held here at a time. With ``ack`` each message is to be acknowledged: until
        ``message.ack()`` the broker keeps it, for as long as ``message.hold()`` is said within its ``--hold`` (600 s),
        and gives it to another where the connection ends, or after ``message.nak()``. Raises ``Refused`` when the
        broker declines, ``Unsupported`` when it does not know acknowledgement.
        """
        if credit < 1:
            raise ValueError(f"credit is at least 1, not {credit}")
        return Listening(self, names, credit, ack)

    # Leaving

    def quit(self) -> None:
        """Leaves the broker and ends the layer: all listening ends, with its mailboxes' messages and memberships."""
        link = self._link
        ticket = Ticket()
        with link.lock:
            if link.core.is_open:
                link.core.ask(_requests.QUIT, ticket)
                link.wait(ticket)
        link.end(Ended("the layer was left"))

    def __enter__(self) -> Layer:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.quit()

    # For the rest of this package

    @property
    def link(self) -> Union[Link, ShardThread]:
        """What moves the bytes; not part of the public interface."""
        return self._link

    def post(self, channel: str, body: bytes, ticket: Ticket, *, again: bool = False, option: str = "") -> None:
        """Sends a message with the next write; not part of the public interface.

        ``again``: also when its broker leaves or is lost, since it does no harm when it comes twice. ``option``: what
        stands behind the channel.
        """
        if len(body) > self._link.core.max_body:
            blocking(self._fits)(body)
        request = _requests.send(channel, body, bounds=option)
        if again:
            ticket.again = request
        self._link.post(request, ticket)

    def settle(self, ticket: Ticket) -> None:
        """Waits for what was posted; not part of the public interface."""
        with self._link.lock:
            self._link.wait(ticket)

    # Hooks

    def _make_link(self, *options: Any) -> Union[Link, ShardThread]:
        return link(*options)

    async def _ask(self, requests: Sequence[bytes], stream: Optional[str] = None) -> List[Frame]:
        return self._link.ask(requests, stream)

    async def _say(self, say: Callable[[Ticket], None]) -> None:
        ticket = Ticket()
        with self._link.lock:
            say(ticket)
            self._link.wait(ticket)
        ticket.result()

    async def _open(self) -> None:
        with self._link.lock:
            self._link.open()

    @property
    def _guard(self) -> ContextManager[Any]:
        return self._link.lock
