"""The asyncio client: a channel layer over one connection, for one loop."""

from __future__ import annotations

import contextlib
import ssl
import time
from types import TracebackType
from typing import Any, Callable, ContextManager, List, Optional, Sequence, Type, Union

from .. import _address, _fork, _requests
from .._asyncio import FutureTicket, Link
from .._core import Core
from .._errors import Ended, SeawayError
from .._frames import Frame
from .._layer import BaseLayer
from .._shard_core import ShardCore
from .._shard_links import ShardLink
from .._ticket import Ticket
from .listening import Listening


async def connect(address: Optional[str] = None, **options: Any) -> Layer:
    """Returns a layer that is connected: to ``HOST:PORT``, ``tls://HOST:PORT`` or ``unix:PATH``.

    Without an address it is what ``SEAWAY_BROKER`` says, one or several. Options are those of ``Layer``. Raises
    ``Unreachable`` when no broker answers within ``patience``.
    """
    layer = Layer(address, **options)
    try:
        await layer.ping()
    except SeawayError:
        await layer.quit()
        raise
    return layer


class Layer(BaseLayer):
    """A broker, spoken to over one connection that is made when it is needed and made again when it is lost.

    With ``hosts`` it is several brokers; of those, ``stats`` and the ``peek`` at a normal channel ask only one at a
    time.

    Belongs to the loop on which it is first used. A call waits for the broker's answer and raises ``Refused``
    (nothing was stored or changed; its subclasses say why) or ``Unknown`` (the connection broke before the answer); a
    task that is cancelled while it waits leaves the same doubt.
    """

    _link: Union[Link, ShardLink]

    send = BaseLayer._send
    send_packed = BaseLayer._send_packed
    send_group = BaseLayer._send_group
    join = BaseLayer._join
    leave = BaseLayer._leave
    watch = BaseLayer._watch
    unwatch = BaseLayer._unwatch
    pause = BaseLayer._pause
    resume = BaseLayer._resume
    close = BaseLayer._close
    members = BaseLayer._members
    peek = BaseLayer._peek
    stats = BaseLayer._stats
    flush = BaseLayer._flush
    ping = BaseLayer._ping
    put = BaseLayer._put
    ack = BaseLayer._ack
    nak = BaseLayer._nak
    hold = BaseLayer._hold
    put_group = BaseLayer._put_group

    async def listen(self, *names: str, credit: int = 16, ack: bool = False) -> Listening:
        """Takes part in reading channels; a name that ends in ``!`` is a mailbox.

        At most ``credit`` messages are held here at a time. With ``ack`` each message is to be acknowledged: until
        ``message.ack()`` the broker keeps it, for as long as ``message.hold()`` is said within its ``--hold`` (600 s),
        and gives it to another where the connection ends, or after ``message.nak()``. Raises ``Refused`` when the
        broker declines, ``Unsupported`` when it does not know acknowledgement.
        """
        if credit < 1:
            raise ValueError(f"credit is at least 1, not {credit}")
        listening = Listening(self, names, ack)
        await listening.begin(credit)
        return listening

    # Leaving

    async def quit(self) -> None:
        """Leaves the broker and ends the layer: all listening ends, with its mailboxes' messages and memberships."""
        link = self._link
        if link.core.is_open:
            ticket = FutureTicket(link.loop)
            link.core.ask(_requests.QUIT, ticket)
            link.flush_soon()
            await ticket.future
        await link.end(Ended("the layer was left"))

    async def __aenter__(self) -> Layer:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        await self.quit()

    # For the rest of this package

    @property
    def link(self) -> Union[Link, ShardLink]:
        """What moves the bytes; not part of the public interface."""
        return self._link

    # Hooks

    def _make_link(
        self,
        address: Optional[str],
        hosts: Optional[Sequence[str]],
        client: str,
        token: Optional[str],
        tls: Optional[ssl.SSLContext],
        patience: float,
        timeout: float,
        heartbeat: float,
        failover: float,
    ) -> Union[Link, ShardLink]:
        token = _address.token(token)
        names, addresses = _address.several(address, hosts, tls)

        def make_core() -> ShardCore:
            return ShardCore(names, client, token, heartbeat, timeout, failover, time.monotonic)

        made: Union[Link, ShardLink]
        if len(addresses) == 1:
            made = Link(addresses[0], lambda: Core(client, token, heartbeat, timeout, failover), patience, failover)
        else:
            made = ShardLink(addresses, make_core, patience, failover)
        _fork.watch(made)
        return made

    async def _ask(self, requests: Sequence[bytes], stream: Optional[str] = None) -> List[Frame]:
        return await self._link.ask(requests, stream)

    async def _say(self, say: Callable[[Ticket], None]) -> None:
        ticket = FutureTicket(self._link.loop)
        say(ticket)
        self._link.flush_soon()
        await ticket.future
        ticket.result()

    async def _open(self) -> None:
        await self._link.open()

    @property
    def _guard(self) -> ContextManager[Any]:
        return contextlib.nullcontext()
