"""A channel layer for Django Channels 4, over a Seaway broker.

    CHANNEL_LAYERS = {
        "default": {"BACKEND": "seaway.channels.SeawayChannelLayer", "CONFIG": {"hosts": ["127.0.0.1:7411"]}},
    }

Groups are those of the broker, open to workers in any language: ``Group("chat").send({"type": "chat.message"})``.
"""

from __future__ import annotations

import itertools
import re
import secrets
import string
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple, Union

from . import _address, _fork, _names, _values
from ._address import Host
from ._errors import BadName, Full, SeawayError
from ._loop_layers import LoopLayers
from ._requests import capacity_option, expiry_option
from ._sealing import Sealing

try:
    from channels.exceptions import ChannelFull
    from channels.layers import BaseChannelLayer
except ImportError as _error:
    raise ImportError("seaway.channels needs Django Channels 4: pip install 'channels>=4'") from _error

#: Names that are remembered as good ones.
_MOST_NAMES = 65_536
#: What may be in two messages at once.
_IMMUTABLE = frozenset((str, bytes, bool, int, float, type(None)))
_ALPHABET = string.ascii_lowercase + string.digits
#: Of a message that is no dict.
_BARE = "__value__"
#: Patterns of names that the broker understands: ``*`` alone has a meaning there.
_GLOB = re.compile(r"[A-Za-z0-9._!*-]+")


class _Own:
    """What a process calls its channels, and what it knows of names; a child process has another one."""

    __slots__ = ("names", "prefix", "shared")

    def __init__(self) -> None:
        self.prefix = "".join(secrets.choice(_ALPHABET) for _ in range(16))
        #: Names that were found good: that at the broker, and whether only this process receives there.
        self.names: Dict[str, Tuple[str, bool]] = {}
        #: Channels of this process that are, or were, in groups.
        self.shared: Set[str] = set()


class SeawayChannelLayer(BaseChannelLayer):  # type: ignore[misc]
    """The interface of Channels 4.3: ``send``, ``receive``, ``new_channel``, groups, ``flush``, ``close``.

    There is one connection for each process and event loop, made when it is needed, made again when it is lost, and
    given up with its loop. A layer may be used from several loops and threads, through ``async_to_sync``, and in
    processes that were forked off. While no broker answers, calls raise ``seaway.Unreachable`` after ``patience``.

    A message to a channel of this process waits at the broker until ``receive`` asks for it, so that a consumer which
    is slow fills its own channel and no other (one of them all is asked for ahead, for whoever receives next). One that
    the process sends itself to a channel that is in no group waits here, by the same capacity and expiry, and needs no
    broker. A ``group_send`` reaches all members that have room, or is refused whole; members without room are logged.
    """

    extensions = ("groups", "flush")

    def __init__(
        self,
        hosts: Optional[Sequence[Host]] = None,
        prefix: str = "",
        expiry: Optional[float] = None,
        group_expiry: float = 86_400,
        capacity: Optional[int] = None,
        channel_capacity: Optional[Mapping[Any, int]] = None,
        symmetric_encryption_keys: Optional[Sequence[Union[str, bytes]]] = None,
        **options: Any,
    ):
        """Connects to nothing yet.

        - ``hosts``: brokers, as ``HOST:PORT``, ``tls://HOST:PORT`` or ``unix:PATH``; unless given what
          ``SEAWAY_BROKER`` says.
        - ``prefix``: stands in front of every name at the broker, for several sites at one broker.
        - ``expiry``: seconds after which a message that nobody has received is dropped; the broker's (60) unless given.
        - ``capacity``: messages that may wait in a channel, else ``ChannelFull``; the broker's (100) unless given.
        - ``channel_capacity``: the same for channels by pattern (``*`` for any run of characters) or regular
          expression; the first that matches counts. The latter hold for ``send`` alone.
        - ``group_expiry``: seconds without a ``receive`` after which a channel of this process that is in a group is
          given up. Memberships also end with their process, after the broker's ``mailbox-grace``.
        - ``symmetric_encryption_keys``: messages are encrypted with the first and read with any; needs the package
          ``cryptography``.
        - ``options``: those of ``seaway.aio.Layer``: ``token``, ``tls``, ``patience``, ``heartbeat`` …
        """
        super().__init__(expiry=60 if expiry is None else expiry, capacity=100 if capacity is None else capacity)
        self.group_expiry = group_expiry
        self.channel_capacity = self.compile_capacities(channel_capacity or {})
        self.prefix = prefix
        self._front = f"{prefix}." if prefix else ""
        self._sealing = Sealing(symmetric_encryption_keys, expiry) if symmetric_encryption_keys else None
        self._expiry = "" if expiry is None else expiry_option(expiry)
        self._default_capacity = capacity
        self._group_bounds = self._capacities(capacity, channel_capacity or {}) + self._expiry
        addresses = [_address.of_host(host) for host in hosts] if hosts else None
        options.setdefault("client", "channels")
        if addresses is not None:
            options["hosts"] = addresses
        self._loops = LoopLayers(options, group_expiry, self.expiry)
        self._own = _Own()
        _fork.watch(self)
        self._numbers = itertools.count()
        self._decoded: Tuple[bytes, Dict[str, Any]] = (b"", {})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._front}*>"

    @property
    def client_prefix(self) -> str:
        """What the names of this process's channels have in front of the ``!``; another one in each child process."""
        return self._own.prefix

    def forked(self) -> None:
        """In a child process: its channels are called otherwise than the parent's."""
        self._own = _Own()

    # Channels

    async def send(self, channel: str, message: Any) -> None:
        """Puts a message on a channel, or raises ``ChannelFull``."""
        name, is_own = self._own.names.get(channel) or self._name(channel)
        capacity = self._capacity(channel) if self.channel_capacity else self._default_capacity
        body = self._pack(message)
        if is_own and self._may_keep(name):
            kept = self._loops.keep(name, body, self.capacity if capacity is None else capacity, self.expiry)
            if kept is not None:
                if not kept:
                    raise ChannelFull(channel)
                return
        bounds = self._expiry if capacity is None else self._expiry + capacity_option(capacity)
        try:
            await self._loops.here().put(name, body, bounds)
        except Full as error:
            raise ChannelFull(channel) from error

    async def receive(self, channel: str) -> Any:
        """Waits for the next message of a channel; of several that wait for one channel each gets another message.

        One that is cancelled takes no message with it.
        """
        name, is_own = self._own.names.get(channel) or self._name(channel)
        assert is_own or "!" not in channel, "a channel of another process"
        loops = self._loops
        body, waiter = loops.take(name)
        if waiter is not None:
            try:
                body = await waiter
            except BaseException:
                loops.over(name, waiter)
                raise
            if not is_own:
                loops.rest(name)
        before, message = self._decoded
        # Of the many channels that one message to a group is for, each gets a map of its own.
        return message.copy() if body is before else self._unpack(body)

    async def new_channel(self, prefix: str = "specific") -> str:
        """Returns the name of a channel that only this process can receive on."""
        # Short, since a message to a group names every member; not to be guessed, and never the same.
        return f"{prefix}.{self.client_prefix}!{next(self._numbers):x}-{secrets.token_hex(4)}"

    # Groups

    async def group_add(self, group: str, channel: str) -> None:
        """Makes a channel a member of a group; in force when it returns."""
        self.require_valid_group_name(group)
        name, is_own = self._own.names.get(channel) or self._name(channel)
        shared = self._own.shared
        if is_own and len(shared) < _MOST_NAMES:
            shared.add(name)
        await self._loops.join(self._front + group, name)

    async def group_discard(self, group: str, channel: str) -> None:
        """Ends a membership; ending one that is not there does nothing."""
        self.require_valid_group_name(group)
        self.require_valid_channel_name(channel)
        await self._loops.leave(self._front + group, self._front + channel)

    async def group_send(self, group: str, message: Any) -> None:
        """Sends a message to every member of a group that has room; how many have none is logged."""
        self.require_valid_group_name(group)
        layer = self._loops.here()
        await layer.put_group(self._front + group, self._pack(message), self._group_bounds, group)

    # Flush

    async def flush(self) -> None:
        """Drops all messages and groups of this layer's prefix; without a prefix, all that the broker holds."""
        self._loops.inbox.flush(self._front)
        layer = self._loops.here()
        await layer.flush(f"{self._front}*" if self._front else None)

    async def close(self) -> None:
        """Gives up this loop's connection; it is made again when it is needed."""
        await self._loops.close()

    async def close_pools(self) -> None:
        """The same, by the name that channels_redis has for it."""
        await self.close()

    # Names

    def _name(self, channel: str) -> Tuple[str, bool]:
        """Looks at a name that was not seen before."""
        own = self._own
        self.require_valid_channel_name(channel)
        head, _, local = channel.partition("!")
        if len(own.names) >= _MOST_NAMES:
            own.names = {}
        try:
            name = _names.channel(self._front + channel)
        except BadName as error:
            raise TypeError(str(error)) from error
        found = own.names[channel] = (name, bool(local) and head.endswith(f".{own.prefix}"))
        return found

    def _may_keep(self, name: str) -> bool:
        """Whether what this process sends there may stay in it.

        What comes to members of groups goes through the broker in all, which keeps its order and counts it.
        """
        shared = self._own.shared
        return name not in shared and len(shared) < _MOST_NAMES

    # Bounds

    def _capacity(self, channel: str) -> Optional[int]:
        for pattern, capacity in self.channel_capacity:
            if pattern.match(channel):
                return int(capacity)
        return self._default_capacity

    def _capacities(self, capacity: Optional[int], patterns: Mapping[Any, int]) -> str:
        rules: List[str] = []
        for pattern, count in patterns.items():
            if isinstance(pattern, str) and _GLOB.fullmatch(pattern):
                rules.append(f"{self._front}{pattern}:{int(count)}")
        if capacity is not None:
            rules.append(str(int(capacity)))
        return f" Capacity={','.join(rules)}" if rules else ""

    # Messages

    def _pack(self, message: Any) -> bytes:
        body = message if isinstance(message, Mapping) else {_BARE: message}
        packed = _values.pack(body)
        return packed if self._sealing is None else _values.pack(self._sealing.seal(packed))

    def _unpack(self, body: bytes) -> Any:
        message = _values.unpack(body)
        if self._sealing is None and _IMMUTABLE.issuperset(map(type, message.values())) and _BARE not in message:
            self._decoded = (body, message)
            return message.copy()
        if self._sealing is not None:
            message = _values.unpack(self._sealing.open(message))
        return message[_BARE] if len(message) == 1 and _BARE in message else message


__all__ = ["ChannelFull", "SeawayChannelLayer", "SeawayError"]
