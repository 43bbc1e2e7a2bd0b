"""The synchronous client: a channel layer over one connection, for any number of threads."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Dict, List, Optional, Sequence, Type, Union

from . import _address, _answers, _names, _requests, _values
from ._answering import note
from ._answers import Flushed, Sent
from ._core import Core
from ._errors import Ended, Refused, SeawayError, TooLarge
from ._shard_core import ShardCore
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


class Layer:
    """A broker, spoken to over one connection that is made when it is needed and made again when it is lost.

    With ``hosts`` it is several brokers, spoken to by a thread of its own; of those, ``stats`` and the ``peek`` at a
    normal channel ask only one at a time.

    Every method may be called from any thread. A call waits for the broker's answer and raises ``Refused`` (nothing was
    stored or changed; its subclasses say why) or ``Unknown`` (the connection broke before the answer).
    """

    def __init__(
        self,
        address: Optional[str] = None,
        *,
        hosts: Optional[Sequence[str]] = None,
        client: str = "seaway-python",
        token: Optional[str] = None,
        tls: Optional[ssl.SSLContext] = None,
        patience: float = 2.0,
        timeout: float = 10.0,
        heartbeat: float = 20.0,
        failover: float = 2.0,
    ):
        """Connects to nothing yet.

        - ``address``: of one broker; ``SEAWAY_BROKER`` of the environment unless given, which may name several between
          commas.
        - ``hosts``: the addresses of several brokers, in place of ``address``: a layer over all of them
          (protocol/SHARDING.md).
        - ``client``: shown to the broker's operators, 1 to 64 of ``A–Z a–z 0–9 - _ .``
        - ``token``: who this is, where the broker has tokens; ``SEAWAY_TOKEN`` of the environment unless given. A layer
          whose token is not known has ended: ``NotAuthenticated``.
        - ``tls``: whom to trust at ``tls://`` addresses, and this side's certificate; unless given, the authorities in
          the file that ``SEAWAY_TLS_CA`` names, else the system's, and what ``SEAWAY_TLS_CERTIFICATE`` and
          ``SEAWAY_TLS_KEY`` name.
        - ``patience``: seconds that a request waits for a connection before it is ``Unreachable``.
        - ``timeout``: seconds without an answer after which the connection is given up.
        - ``heartbeat``: seconds of silence after which each side asks for a sign of life, 0 for never.
        - ``failover``: seconds of silence after which one of several brokers is taken for dead, 0.3 at least.
        """
        token = _address.token(token)
        names, addresses = _address.several(address, hosts, tls)
        if len(addresses) == 1:
            self._link: Union[Link, ShardThread] = Link(
                addresses[0], lambda: Core(client, token, heartbeat, timeout), patience, timeout
            )
            return

        def make_core() -> ShardCore:
            return ShardCore(names, client, token, heartbeat, timeout, failover, time.monotonic)

        self._link = ShardThread(addresses, make_core, patience, timeout, failover)

    def __repr__(self) -> str:
        return f"<seaway.Layer to {self._link.address}>"

    # Sending

    def send(
        self, channel: str, message: Mapping[str, Any], *, if_heard: bool = False, stream: Optional[str] = None
    ) -> None:
        """Puts a message on a channel; returns when the broker has it.

        - ``if_heard``: only if somebody listens there; else raises ``Away``.
        - ``stream``: a reply channel; of several brokers, all messages of one stream go through the same one, so that
          they stay in order (protocol/SHARDING.md, B7).
        """
        self.send_packed(channel, _values.pack(message), if_heard=if_heard, stream=stream)

    def send_packed(self, channel: str, body: bytes, *, if_heard: bool = False, stream: Optional[str] = None) -> None:
        """Like ``send``, for a message that is in MessagePack already."""
        self.put(channel, body, if_heard=if_heard, stream=stream)
        note((channel,), body)

    def send_group(self, group: str, message: Mapping[str, Any], *, except_: Optional[str] = None) -> Sent:
        """Sends a message to every member of a group that has room, but to ``except_``; returns how many those were."""
        body = _values.pack(message)
        self._fits(body)
        try:
            sent = _answers.sent(self._link.ask([_requests.send_group(group, body, except_)])[0])
        except Refused as error:
            error.name = group
            raise
        note((), body)
        return sent

    # Groups

    def join(self, group: str, *channels: str) -> None:
        """Makes channels members of a group; in force when it returns.

        Memberships of channels that this layer listens on are made again when a broker has lost them.
        """
        self._link.ask(_requests.join(group, channels))
        with self._link.lock:
            self._link.core.readings.joined(group, channels)
        note(channels)

    def leave(self, group: str, *channels: str) -> None:
        """Ends memberships; leaving a group that one is not in does nothing."""
        self._link.ask(_requests.leave(group, channels))
        with self._link.lock:
            self._link.core.readings.left(group, channels)

    def watch(self, group: str, channel: str) -> None:
        """Lets a channel be told who joins and leaves a group, until ``unwatch`` or the layer ends (PROTOCOL, WATCH).

        The first message tells the whole: ``group``, ``count``, ``members``; the next ones ``joined`` and ``left``.
        After a lost connection the whole is told again.
        """
        self._link.ask([_requests.watch(group, channel)])
        with self._link.lock:
            self._link.core.watches.began(group, channel)

    def unwatch(self, group: str, channel: str) -> None:
        """Ends ``watch``."""
        with self._link.lock:
            self._link.core.watches.ended(group, channel)
        self._link.ask([_requests.unwatch(group, channel)])

    # Reading

    def listen(self, *names: str, credit: int = 16) -> Listening:
        """Takes part in reading channels; a name that ends in ``!`` is a mailbox.

        At most ``credit`` messages are held here at a time. Raises ``Refused`` when the broker declines.
        """
        if credit < 1:
            raise ValueError(f"credit is at least 1, not {credit}")
        return Listening(self, names, credit)

    def pause(self, channel: str) -> None:
        """Holds back one reply or pinned channel that this layer reads, so that its senders meet ``Full``.

        Ends with the connection.
        """
        self._link.ask([_requests.pause(channel)])

    def resume(self, channel: str) -> None:
        """Ends ``pause``."""
        self._link.ask([_requests.resume(channel)])

    def close(self, *channels: str) -> None:
        """Says that reply or pinned channels that this layer reads are over: later senders meet ``Gone``.

        To leave the broker, call ``quit``.
        """
        if not channels:
            raise TypeError("close takes the channels that are over; to leave the broker, call quit")
        self._link.ask(_requests.close(channels))
        with self._link.lock:
            self._link.core.readings.closed(channels)

    # Looking

    def members(self, group: str) -> List[str]:
        """Returns all members of a group, sorted."""
        members, after = _answers.members(self._link.ask([_requests.members(group, 1_000)])[0])
        while after is not None:
            page, after = _answers.members(self._link.ask([_requests.members(group, 1_000, after)])[0])
            members += page
        return members

    def peek(self, channel: str, *, limit: int = 100, after: Optional[str] = None) -> Dict[str, Any]:
        """Returns what a channel holds (PROTOCOL.md, Q3) without taking it; ``next`` is the next page's ``after``."""
        return _answers.data(self._link.ask([_requests.peek(channel, limit, after)])[0])

    def stats(self, kind: Optional[str] = None, *, limit: int = 100, after: Optional[str] = None) -> Dict[str, Any]:
        """Returns the broker's counters, or a page of its ``channels``, ``groups`` or ``connections`` (Q4)."""
        return _answers.data(self._link.ask([_requests.stats(kind, limit, after)])[0])

    def flush(self, pattern: Optional[str] = None) -> Flushed:
        """Drops the messages of channels, and the memberships of groups, whose names match (all without a pattern)."""
        return _answers.flushed(self._link.ask([_requests.flush(pattern)])[0])

    def ping(self) -> None:
        """Waits until the broker has answered."""
        self._link.ask([_requests.PING])

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

    def put(self, channel: str, body: bytes, *, if_heard: bool = False, stream: Optional[str] = None) -> None:
        """Like ``send_packed``, for what a message says of itself; not part of the public interface."""
        self._fits(body)
        try:
            self._link.ask([_requests.send(channel, body, if_heard)], _names.stream(stream))
        except Refused as error:
            error.name = channel
            raise

    def post(self, channel: str, body: bytes, ticket: Ticket) -> None:
        """Sends a message with the next write; not part of the public interface."""
        self._fits(body)
        self._link.post(_requests.send(channel, body), ticket)

    def settle(self, ticket: Ticket) -> None:
        """Waits for what was posted; not part of the public interface."""
        with self._link.lock:
            self._link.wait(ticket)

    def _fits(self, body: bytes) -> None:
        """Raises ``TooLarge`` rather than send what would be thrown away."""
        core = self._link.core
        if len(body) > core.max_body and not core.is_open:
            with self._link.lock:
                self._link.open()
        if len(body) > core.max_body:
            raise TooLarge(f"a message has at most {core.max_body} bytes, this one has {len(body)}")
