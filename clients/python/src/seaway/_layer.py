"""What the layers of both halves are asked for, each request once."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, Callable, ContextManager, Dict, List, Optional, Sequence

from . import _answers, _names, _requests, _time, _values
from ._answering import note
from ._answers import Flushed, Sent
from ._errors import Refused, SeawayError, TooLarge, Unknown, Unsupported
from ._frames import Frame
from ._held import Held
from ._message import Fields
from ._shard_tickets import Answer, Answers
from ._ticket import Ticket


class BaseLayer:
    """The requests of a layer, as coroutines that wait by ``_ask`` and ``_open``; see ``_blocking``."""

    _link: Any
    _failover = 0.0

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
        - ``heartbeat``: seconds of silence after which each side asks for a sign of life, this side after a third of
          ``failover`` at the latest; 0 for never.
        - ``failover``: seconds of silence after which a broker is taken for dead, 0.3 at least.
        """
        self._failover = failover
        self._link = self._make_link(address, hosts, client, token, tls, patience, timeout, heartbeat, failover)

    def __repr__(self) -> str:
        return f"<{type(self).__module__.rpartition('.')[0]}.{type(self).__name__} to {self._link.address}>"

    # Hooks

    def _make_link(self, *options: Any) -> Any:
        raise NotImplementedError

    async def _ask(self, requests: Sequence[bytes], stream: Optional[str] = None) -> List[Frame]:
        """Says requests one after the other and returns their answers, or raises the first refusal."""
        raise NotImplementedError

    async def _say(self, say: Callable[[Ticket], None]) -> None:
        """Has something said with a ticket, and waits for its answer."""
        raise NotImplementedError

    async def _open(self) -> None:
        """Waits until a broker has greeted."""
        raise NotImplementedError

    @property
    def _guard(self) -> ContextManager[Any]:
        """Held where what is known of memberships, watches and what is to be acknowledged is changed."""
        raise NotImplementedError

    # Sending

    async def _send(
        self,
        channel: str,
        message: Mapping[str, Any],
        *,
        if_heard: bool = False,
        stream: Optional[str] = None,
        expiry: Optional[float] = None,
        capacity: Optional[int] = None,
        delay: Optional[float] = None,
        once: Optional[str] = None,
    ) -> None:
        """Puts a message on a channel; returns when the broker has it.

        - ``if_heard``: only if somebody listens there; else raises ``Away``.
        - ``stream``: a reply channel; of several brokers, all messages of one stream go through the same one, so that
          they stay in order (protocol/SHARDING.md, B7).
        - ``expiry``: seconds, 0.001 to 86,400, after which the message is dropped if nobody has taken it; the
          channel's own time unless given (S9).
        - ``capacity``: messages that may wait in the channel, this one not counted, 1 to 1,000,000; else raises
          ``Full``. The channel's own number unless given (S8).
        - ``delay``: seconds, 0.001 to 86,400, before which the message is not delivered (S11).
        - ``once``: a key of 1 to 64 of ``A–Z a–z 0–9 - _ .``: of several messages with the same one, on the same
          channel within the broker's ``--once-window`` (120 s), the first alone is taken (S12). So a send whose
          outcome is unknown may be said again, which the layer does for its ``failover`` time while the same broker
          is there, before it raises ``Unknown``. Over several brokers the key chooses the broker, and the send is not
          said again: another one knows nothing of the key.

        Raises ``Unsupported``, and sends nothing, when the broker is too old for ``delay`` or ``once``.
        """
        body = _values.pack(message)
        terms = _requests.terms(delay, once)
        for feature, value in (("delay", delay), ("once", once)):
            if value is not None:
                await self._needs(feature)
        if once is not None and stream is None and _names.form(channel) == "normal":
            stream = f"once?{once}"
        put = self._put if once is None else self._put_once
        bounds = _requests.bounds(expiry, capacity) + terms
        await put(channel, body, if_heard=if_heard, stream=stream, bounds=bounds)
        note((channel,), body)

    async def _send_packed(
        self, channel: str, body: bytes, *, if_heard: bool = False, stream: Optional[str] = None
    ) -> None:
        """Like ``send``, for a message that is in MessagePack already."""
        await self._put(channel, body, if_heard=if_heard, stream=stream)
        note((channel,), body)

    async def _send_group(
        self,
        group: str,
        message: Mapping[str, Any],
        *,
        except_: Optional[str] = None,
        expiry: Optional[float] = None,
        capacity: Optional[int] = None,
    ) -> Sent:
        """Sends a message to every member of a group that has room, but to ``except_``; returns how many those were.

        ``expiry`` and ``capacity`` are those of ``send``, for each member.
        """
        body = _values.pack(message)
        sent = await self._put_group(group, body, except_, bounds=_requests.bounds(expiry, capacity))
        note((), body)
        return sent

    async def _put(
        self, channel: str, body: bytes, *, if_heard: bool = False, stream: Optional[str] = None, bounds: str = ""
    ) -> None:
        """Like ``send_packed``, for what a message says of itself; not part of the public interface."""
        if len(body) > self._link.core.max_body:
            await self._fits(body)
        try:
            await self._ask([_requests.send(channel, body, if_heard, bounds)], _names.stream(stream))
        except (Refused, Unknown) as error:
            error.name = channel
            raise

    async def _put_once(self, channel: str, body: bytes, **options: Any) -> None:
        """Like ``_put``, for a message with a key: said again while the broker that may have it remembers."""
        until, epoch = _time.monotonic() + self._failover, self._link.core.epoch
        while True:
            try:
                await self._put(channel, body, **options)
            except Unknown as error:
                try:
                    await self._open()
                except SeawayError:
                    raise error from None
                if not epoch or self._link.core.epoch != epoch or _time.monotonic() > until:
                    raise
            else:
                return

    async def _needs(self, feature: str) -> None:
        """Raises ``Unsupported`` rather than send what the broker would take for something else."""
        await self._open()
        if feature not in self._link.core.features:
            raise Unsupported(f"the broker does not know the feature {feature} of HELLO")

    async def _put_group(self, group: str, body: bytes, except_: Optional[str] = None, *, bounds: str = "") -> Sent:
        """Like ``send_group``, for a message in MessagePack; not part of the public interface."""
        if len(body) > self._link.core.max_body:
            await self._fits(body)
        try:
            return _answers.sent((await self._ask([_requests.send_group(group, body, except_, bounds)]))[0])
        except Refused as error:
            error.name = group
            raise

    async def _fits(self, body: bytes) -> None:
        """Raises ``TooLarge`` rather than send what would be thrown away."""
        await self._open()
        core = self._link.core
        if len(body) > core.max_body:
            raise TooLarge(f"a message has at most {core.max_body} bytes, this one has {len(body)}")

    # Groups

    async def _join(self, group: str, *channels: str) -> None:
        """Makes channels members of a group; in force when it returns.

        Memberships of channels that this layer listens on are made again when a broker has lost them.
        """
        await self._ask(_requests.join(group, channels))
        with self._guard:
            self._link.core.readings.joined(group, channels)
        note(channels)

    async def _leave(self, group: str, *channels: str) -> None:
        """Ends memberships; leaving a group that one is not in does nothing."""
        await self._ask(_requests.leave(group, channels))
        with self._guard:
            self._link.core.readings.left(group, channels)

    async def _watch(self, group: str, channel: str) -> None:
        """Lets a channel be told who joins and leaves a group, until ``unwatch`` or the layer ends (PROTOCOL, WATCH).

        The first message is a snapshot: ``group``, ``count``, ``members``; the next ones are changes: ``joined``,
        ``left``. After a lost connection there is a snapshot again.
        """
        await self._ask([_requests.watch(group, channel)])
        with self._guard:
            self._link.core.watches.began(group, channel)

    async def _unwatch(self, group: str, channel: str) -> None:
        """Ends ``watch``."""
        with self._guard:
            self._link.core.watches.ended(group, channel)
        await self._ask([_requests.unwatch(group, channel)])

    # Reading

    async def _pause(self, channel: str) -> None:
        """Holds back one reply or pinned channel that this layer reads, so that its senders meet ``Full``.

        Ends with the connection.
        """
        await self._ask([_requests.pause(channel)])

    async def _resume(self, channel: str) -> None:
        """Ends ``pause``."""
        await self._ask([_requests.resume(channel)])

    async def _close(self, *channels: str) -> None:
        """Says that reply or pinned channels that this layer reads are over: later senders meet ``Gone``.

        To leave the broker, call ``quit``.
        """
        if not channels:
            raise TypeError("close takes the channels that are over; to leave the broker, call quit")
        await self._ask(_requests.close(channels))
        with self._guard:
            self._link.core.readings.closed(channels)

    # Acknowledging

    async def _ack(self, *messages: Fields) -> None:
        """Says that messages are done, which came with ``ack``: they are never delivered again once this returns.

        In few frames, each to the broker that gave the messages out. May be said late, and over a later connection.
        Raises ``Unknown`` when the connection breaks before the answer: it is said again by itself once that broker is
        back.
        """
        held = _held(messages)
        if held:
            await self._open()
            await self._say(lambda ticket: _for_each(held, ticket, Held.ack))

    async def _nak(self, message: Fields, *, in_: Optional[float] = None, dead: Optional[str] = None) -> None:
        """Gives a message back, so that another, or this one, gets it again.

        - ``in_``: after so many seconds, 0 to 86,400; unless given, 1 s, and twice as much each time.
        - ``dead``: in place of it, why nobody is to get it again: it becomes a dead letter.

        Raises ``Late`` when it is held no more.
        """
        (held,) = _held([message])
        option = _requests.nak_option(in_, dead)
        await self._say(lambda ticket: held.nak(option, ticket))

    async def _hold(self, *messages: Fields) -> None:
        """Lets the time begin anew for which messages are held; raises ``Late`` when one of them is held no more."""
        held = _held(messages)
        if held:
            await self._say(lambda ticket: _for_each(held, ticket, Held.hold))

    # Looking

    async def _members(self, group: str) -> List[str]:
        """Returns all members of a group, sorted."""
        members, after = _answers.members((await self._ask([_requests.members(group, 1_000)]))[0])
        while after is not None:
            page, after = _answers.members((await self._ask([_requests.members(group, 1_000, after)]))[0])
            members += page
        return members

    async def _peek(self, channel: str, *, limit: int = 100, after: Optional[str] = None) -> Dict[str, Any]:
        """Returns what a channel holds (PROTOCOL.md, Q3) without taking it; ``next`` is the next page's ``after``."""
        return _answers.data((await self._ask([_requests.peek(channel, limit, after)]))[0])

    async def _stats(
        self, kind: Optional[str] = None, *, limit: int = 100, after: Optional[str] = None
    ) -> Dict[str, Any]:
        """Returns the broker's counters, or a page of its ``channels``, ``groups`` or ``connections`` (Q4)."""
        return _answers.data((await self._ask([_requests.stats(kind, limit, after)]))[0])

    async def _flush(self, pattern: Optional[str] = None) -> Flushed:
        """Drops the messages of channels, and the memberships of groups, whose names match (all without a pattern)."""
        return _answers.flushed((await self._ask([_requests.flush(pattern)]))[0])

    async def _ping(self) -> None:
        """Waits until the broker has answered."""
        await self._ask([_requests.PING])


def _held(messages: Sequence[Fields]) -> List[Held]:
    """What of messages is to be acknowledged."""
    held = [message.held for message in messages if message.held is not None and message.held.id]
    if len(held) != len(messages):
        raise SeawayError("there is a message that is not to be acknowledged: listen with ack=True")
    return held


def _for_each(held: Sequence[Held], ticket: Ticket, say: Callable[[Held, Ticket], None]) -> None:
    answers = Answers(len(held), ticket)
    for one in held:
        say(one, Answer(answers))
