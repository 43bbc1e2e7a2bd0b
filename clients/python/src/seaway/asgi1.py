"""A channel layer of ASGI 1, as Django Channels 1 and Daphne 1 have it, over a Seaway broker. Python 3.6 or later.

    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "seaway.asgi1.ChannelLayer",
            "CONFIG": {"hosts": ["127.0.0.1:7411"]},
            "ROUTING": "shop.routing.channel_routing",
        },
    }

``manage.py runworker`` then answers what Seaway's interface server asks, and Daphne 1 asks Seaway's workers, in any
language: HTTP, WebSockets and groups.
"""

import importlib.util
import random
import string
import time
import warnings
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import _address, _answers, _asgi1_messages, _fork, _names, _requests, _values
from ._asgi1_bodies import Bodies
from ._asgi1_bounds import Bounds
from ._asgi1_groups import Ages
from ._errors import PASSING, Away, BadName, Ended, Gone, TooLarge, Unknown
from ._linking import link
from ._log import logger
from ._pulling import Pulled, Pullings
from ._sealing import Sealing

if TYPE_CHECKING:
    from ._asgi1_twisted import Readers
    from ._frames import Frame

#: Seconds that ``receive`` waits at most, so that its caller looks up now and then.
BLOCK = 5.0
#: Bytes of a request that the broker is not even asked about.
MOST_REQUEST = 60 << 20
#: Seconds between two attempts to reach a broker that is away.
_RETRY = 0.5

_Received = Tuple[Optional[str], Optional[Dict[str, Any]]]


class ChannelFull(Exception):
    """Nothing was stored, and the same may be taken a little later: there is no room, or no broker in reach."""


class MessageTooLarge(Exception):
    """The message is over what the broker takes: 2 MiB unless it was told otherwise. Nothing was stored."""


class ChannelLayer:
    """The interface of ASGI 1 with ``groups``, ``flush``, ``statistics`` and, where it is installed, ``twisted``.

    May be used from any thread, and in child processes. Connections are made when they are needed, and made again when
    they are lost. Messages are delivered at most once; what is not received waits at the broker, where other workers
    find it, but for channels that end in ``!``: of those 64 messages may come here ahead.
    """

    ChannelFull = ChannelFull
    MessageTooLarge = MessageTooLarge
    extensions = ["groups", "flush", "statistics"] + (["twisted"] if importlib.util.find_spec("twisted") else [])

    def __init__(
        self,
        hosts: "Optional[Sequence[_address.Host]]" = None,
        prefix: str = "",
        expiry: float = 60,
        group_expiry: float = 86_400,
        capacity: int = 100,
        channel_capacity: Optional[Mapping[Any, int]] = None,
        symmetric_encryption_keys: Optional[Sequence[Union[str, bytes]]] = None,
        *,
        client: str = "asgi1",
        token: Optional[str] = None,
        patience: float = 2.0,
        timeout: float = 10.0,
        heartbeat: float = 20.0,
        failover: float = 2.0,
    ):
        """Connects to nothing yet.

        - ``hosts``: brokers, as ``HOST:PORT``, ``tls://HOST:PORT`` or ``unix:PATH``; unless given what
          ``SEAWAY_BROKER`` says. Several need Python 3.9.
        - ``prefix``: stands in front of every name at the broker, for several sites at one broker. What Seaway's
          servers and workers are to read has none.
        - ``expiry``: seconds after which a message that nobody has received is dropped.
        - ``group_expiry``: seconds after which a membership ends that this process has made and not made again.
        - ``capacity``: messages that may wait in a channel, 1 to 1,000,000, else ``ChannelFull``; of channels of one
          process (``x!``) all together.
        - ``channel_capacity``: the same for channels by pattern or regular expression; the first that matches counts.
          For messages to groups only patterns count whose one special character is ``*``.
        - ``symmetric_encryption_keys``: messages are encrypted with the first and read with any; needs the package
          ``cryptography``.
        - ``client``, ``token``, ``patience``, ``timeout``, ``heartbeat``, ``failover``: as for ``seaway.Layer``.
        """
        if not group_expiry > 0:
            raise ValueError(f"group_expiry is above 0, not {group_expiry!r}")
        self.expiry = expiry
        self.group_expiry = group_expiry
        self.capacity = capacity
        self._front = f"{_names.group(prefix)}." if prefix else ""
        self._bounds = Bounds(self._front, expiry, capacity, channel_capacity or {})
        self._sealing = Sealing(symmetric_encryption_keys, expiry) if symmetric_encryption_keys else None
        addresses = [_address.of_host(host) for host in hosts] if hosts else None

        def make_link() -> Any:
            return link(None, addresses, client, token, None, patience, timeout, heartbeat, failover)

        def make_loud_link() -> Any:
            # Who waits for messages is told nothing of a broker that is away: the log is.
            made = make_link()
            made.speak()
            return made

        self._link = make_link()
        self._pullings = Pullings(make_loud_link)
        self._ages = Ages(group_expiry, time.monotonic)
        self._bodies = Bodies(self.send)
        self._readers: Optional[Readers] = None

    def __repr__(self) -> str:
        return f"<seaway.asgi1.ChannelLayer to {self._link.address}>"

    # Channels

    def send(self, channel: str, message: Dict[str, Any]) -> None:
        """Puts a message on a channel.

        Raises ``ChannelFull``, also when no broker is in reach, ``MessageTooLarge``, ``TypeError`` for a name that is
        none, and ``seaway._errors.BadPayload`` for values that no message holds. A message for somebody who does not
        wait any more is dropped.
        """
        name = self._name(_names.channel, channel)
        request = _requests.send(
            name,
            self._pack(_asgi1_messages.outgoing(channel, message)),
            _asgi1_messages.is_for_listeners(channel),
            self._bounds.of(channel),
        )
        try:
            self._say(request, channel)
        except (Away, Gone) as error:
            logger.debug("a message to %s is for nobody: %s", channel, error.code)

    def receive(self, channels: Sequence[str], block: bool = False) -> _Received:
        """Takes a message of one of the channels: its channel and itself, or ``(None, None)`` where there is none.

        Names that end in ``!`` stand for all channels of this process that begin so. With ``block`` it waits up to 5
        seconds, also for a broker; without it, ``Unreachable`` is raised when there is none. Of one channel, several
        processes each get other messages; none is given to a process before it asks, so that nothing waits behind
        what that is busy with.
        """
        names = self._listened(channels)
        until = time.monotonic() + (BLOCK if block else 0)
        while True:
            pulled = self._pull(names, until, block)
            if pulled is None:
                return None, None
            received = self._received(pulled)
            if received is not None:
                return received

    def receive_many(self, channels: Sequence[str], block: bool = False) -> _Received:
        """The former name of ``receive``."""
        warnings.warn("receive_many is deprecated; please use receive", DeprecationWarning, stacklevel=2)
        return self.receive(channels, block)

    def receive_twisted(self, channels: Sequence[str]) -> Any:
        """Returns a ``Deferred`` of what ``receive`` with ``block`` returns.

        A message that comes for one that was cancelled stays for the next.
        """
        from ._asgi1_twisted import Readers

        if self._readers is None:
            self._readers = Readers(self)
        return self._readers.receive(list(channels))

    def new_channel(self, pattern: str) -> str:
        """Returns a name that nobody has, for one reader: ``pattern`` ends in ``?``."""
        if not isinstance(pattern, str) or not pattern.endswith("?"):
            raise ValueError(f"the pattern of a new channel ends in ?, {pattern!r} does not")
        system = random.SystemRandom()
        name = pattern + "".join(system.choice(string.ascii_letters) for _ in range(12))
        self._name(_names.channel, name)
        return name

    # Groups

    def group_add(self, group: str, channel: str) -> None:
        """Makes a channel a member of a group; in force when it returns. Again: its time begins anew."""
        self._end_old()
        full, names = self._name(_names.group, group), [self._name(_names.channel, channel)]
        try:
            for request in _requests.join(full, names):
                self._ask(request, group)
        except Gone:
            logger.debug("%s is over: it joins nothing", channel)
            return
        with self._link.lock:
            # Of several brokers, those that come later are told too.
            self._link.core.readings.joined(full, names)
        self._ages.made(group, channel)

    def group_discard(self, group: str, channel: str) -> None:
        """Ends a membership; one that is not there is ended already."""
        self._ages.ended(group, channel)
        self._leave(self._name(_names.group, group), self._name(_names.channel, channel))

    def group_channels(self, group: str) -> List[str]:
        """Returns the members of a group, sorted."""
        self._end_old()
        found: List[str] = []
        after: Optional[str] = None
        while True:
            name = self._name(_names.group, group)
            page, after = _answers.members(self._ask(_requests.members(name, _requests.MOST_PAGE, after), group))
            found += map(self._shown, page)
            if after is None:
                return found

    def send_group(self, group: str, message: Dict[str, Any]) -> None:
        """Sends a message to every member that has room. Raises ``MessageTooLarge``, never ``ChannelFull``."""
        self._end_old()
        name = self._name(_names.group, group)
        request = _requests.send_group(name, self._pack(message), None, self._bounds.of_group)
        try:
            answer = self._say(request, group)
        except ChannelFull as error:
            logger.warning("a message to group %s is dropped: %s", group, error)
            return
        sent = _answers.sent(answer) if answer is not None else _answers.Sent(0, 0, 0)
        if sent.full:
            logger.info("%d of %d channels over capacity in group %s", sent.full, sent.full + sent.sent, group)

    # Flush, statistics

    def flush(self) -> None:
        """Drops all messages and groups with this layer's prefix; without a prefix, all that the broker holds."""
        self._ask(_requests.flush(self._front + "*" if self._front else None), "all")
        self._pullings.drop()
        self._ages.clear()

    def global_statistics(self) -> Dict[str, Any]:
        """Returns what the broker has counted since it was started."""
        stats = _answers.data(self._ask(_requests.stats(None, 1, None), "all"))
        seconds = max(stats["uptime"] / 1_000, 0.001)
        full = stats["refused"].get("full", 0) + stats["group-full"]
        return {
            "messages_count": stats["sent"],
            "messages_count_per_second": stats["sent"] / seconds,
            "messages_pending": stats["messages"],
            "channel_full_count": full,
            "channel_full_count_per_second": full / seconds,
        }

    def channel_statistics(self, channel: str) -> Dict[str, Any]:
        """Returns what waits in a channel, and for how many seconds the oldest of it has."""
        found = _answers.data(self._ask(_requests.peek(self._name(_names.channel, channel), 1, None), channel))
        ages = [one["age"] for one in found["head"]]
        return {"messages_pending": found["messages"], "messages_max_age": max(ages, default=0) / 1_000}

    def close(self) -> None:
        """Ends all connections; of what is received ahead nothing is kept."""
        if self._readers is not None:
            self._readers.end()
        self._pullings.end()
        self._link.end(Ended("the channel layer was closed"))

    # For the rest of this package

    def give_back(self, channels: Sequence[str], channel: str, message: Dict[str, Any]) -> None:
        """Lets a message that was received be received again, by this process."""
        pulled = Pulled(self._front + channel, self._pack(message))
        self._pullings.of(self._listened(channels)).give_back(pulled)

    def _ask(self, request: bytes, name: str) -> "Frame":
        """Returns the answer to a request; what to do about a refusal is said in the terms of ASGI 1."""
        if not _fork.TELLS:
            _fork.look()
        if len(request) > MOST_REQUEST:
            raise MessageTooLarge(f"a message for {name} has {len(request)} bytes")
        try:
            frame: Frame = self._link.ask([request])[0]
        except PASSING as error:
            raise ChannelFull(f"{name}: {error}") from error
        except TooLarge as error:
            raise MessageTooLarge(str(error)) from error
        return frame

    def _say(self, request: bytes, name: str) -> "Optional[Frame]":
        """The same for a message, which is said once: it is lost when its connection is."""
        try:
            return self._ask(request, name)
        except Unknown as error:
            logger.warning("it is not known whether a message to %s came: %s", name, error)
            return None

    def _pull(self, names: List[str], until: float, block: bool) -> Optional[Pulled]:
        if not _fork.TELLS:
            _fork.look()
        while True:
            try:
                if len(names) == 1 and _asgi1_messages.is_body(self._shown(names[0])):
                    # Listened on first, since it is sent to nobody who does not listen (I42).
                    self._pullings.of(names).begin()
                    self._bodies.wanted(self._shown(names[0]))
                return self._pullings.take(names, until - time.monotonic())
            except PASSING:
                left = until - time.monotonic()
                if left <= 0:
                    if block:
                        return None
                    raise
                time.sleep(min(left, _RETRY))

    def _received(self, pulled: Pulled) -> Optional[Tuple[str, Dict[str, Any]]]:
        channel = self._shown(pulled.channel)
        try:
            message = _values.unpack(pulled.body)
            if self._sealing is not None:
                message = _values.unpack(self._sealing.open(message))
        except Exception as error:
            logger.error("a message on %s is dropped: %s", channel, repr(error))
            return None
        found = _asgi1_messages.incoming(channel, message)
        if found is None:
            return None
        if _asgi1_messages.is_body(channel):
            found = self._bodies.took(channel, found)
            if not found["more_content"]:
                self._pullings.forget([pulled.channel])
        elif isinstance(found.get("body_channel"), str) and isinstance(found.get("reply_channel"), str):
            self._bodies.begins(found["body_channel"], found["reply_channel"])
        return channel, found

    def _pack(self, message: Dict[str, Any]) -> bytes:
        packed = _values.pack(message)
        return packed if self._sealing is None else _values.pack(self._sealing.seal(packed))

    def _end_old(self) -> None:
        """Ends the memberships that are too old; how many there are costs nothing until one is."""
        for group, channel in self._ages.take_old():
            self._leave(self._front + group, self._front + channel)

    def _leave(self, group: str, channel: str) -> None:
        for request in _requests.leave(group, [channel]):
            self._ask(request, self._shown(group))
        with self._link.lock:
            self._link.core.readings.left(group, [channel])

    def _listened(self, channels: Sequence[str]) -> List[str]:
        if isinstance(channels, str) or not channels:
            raise ValueError("receive takes a list of channels, with one at least")
        names: List[str] = []
        for channel in channels:
            name = self._name(_names.listenable, channel)
            if _names.form(name) == "reply":
                raise TypeError(f"{channel!r} is received by its name up to the !")
            names.append(name)
        return names

    def _name(self, check: Callable[[str], str], name: str) -> str:
        try:
            return check(self._front + name if isinstance(name, str) else name)
        except BadName as error:
            raise TypeError(str(error)) from error

    def _shown(self, name: str) -> str:
        return name[len(self._front) :]
