"""What a client says, as bytes: protocol/PROTOCOL.md, section 4.

Names are checked here, so nothing that a caller gives can break a line.
"""

import math
import re
import urllib.parse
from typing import Iterable, Iterator, List, Optional

from . import _names
from ._errors import BadOption

MOST_LINE = 4_096
MOST_CREDIT = 1_000_000_000
MOST_PAGE = 1_000
MOST_CAPACITY = 1_000_000
#: Milliseconds: a day.
MOST_EXPIRY = 86_400_000
#: Bytes of why a message is given up.
MOST_WHY = 255
_KEY = re.compile("[A-Za-z0-9._-]{1,64}")

PING = b"PING\n"
PONG = b"PONG\n"
QUIT = b"QUIT\n"


_ANSWERS = {b"HELL": "HELLO", b"PING": "PONG", b"MEMB": "DATA", b"PEEK": "DATA", b"STAT": "DATA"}


def answer(request: bytes) -> str:
    """Returns the verb that answers a request which is not refused."""
    return _ANSWERS.get(request[:4], "OK")


def hello(client: str, token: Optional[str], heartbeat: int, brokers: int = 1) -> bytes:
    """The first frame: ``heartbeat`` in milliseconds, 0 for none (H4); how many ``brokers`` the client has (X3)."""
    if not 0 < len(client) <= 64:
        raise BadOption(f"a client's name has 1 to 64 bytes, this one has {len(client)}")
    line = f"HELLO 1 format=msgpack client={_names.group(client)}"
    if token is not None:
        if not 0 < len(token) < 256:
            raise BadOption(f"a token has 1 to 255 bytes, this one has {len(token)}")
        if not all("!" <= character <= "~" for character in token):
            raise BadOption("a token is printable characters of ASCII without a space")
        line += f" token={token}"
    if heartbeat:
        line += f" heartbeat={heartbeat}"
    if brokers > 1:
        line += f" brokers={brokers}"
    return f"{line}\n".encode("ascii")


def send(channel: str, body: bytes, if_heard: bool = False, bounds: str = "") -> bytes:
    """``SEND`` of a body in MessagePack; ``bounds`` are options made by ``capacity_option`` and ``expiry_option``."""
    option = " Here=1" + bounds if if_heard else bounds
    return b"SEND :%d %b\n%b\n" % (len(body), (_names.channel(channel) + option).encode("ascii"), body)


def unacknowledging(request: bytes) -> bytes:
    """A ``SEND`` without its ``Ack``, for another connection: its ID may stand for something else there."""
    head, end, body = request.partition(b"\n")
    return re.sub(rb" Ack=[^ ]+", b"", head) + end + body


def send_group(group: str, body: bytes, except_: Optional[str] = None, bounds: str = "") -> bytes:
    """``GSEND`` of a body in MessagePack."""
    option = bounds if except_ is None else f" except={_names.channel(except_)}{bounds}"
    return b"GSEND :%d %b\n%b\n" % (len(body), (_names.group(group) + option).encode("ascii"), body)


def capacity_option(messages: int) -> str:
    """Messages that may wait in a channel, for one send (S8)."""
    if not 0 < messages <= MOST_CAPACITY:
        raise BadOption(f"a capacity is 1 to {MOST_CAPACITY} messages, not {messages}")
    return f" Capacity={int(messages)}"


def expiry_option(seconds: float) -> str:
    """The time after which a message is dropped, for one send (S9)."""
    milliseconds = round(seconds * 1_000)
    if not 0 < milliseconds <= MOST_EXPIRY:
        raise BadOption(f"a message expires after 0.001 to {MOST_EXPIRY // 1_000} s, not {seconds:g}")
    return f" Expiry={milliseconds}"


def terms(delay: Optional[float], once: Optional[str]) -> str:
    """Seconds after which a message is delivered, and the key under which it is taken once (S11, S12)."""
    option = ""
    if delay is not None:
        milliseconds = round(delay * 1_000) if math.isfinite(delay) else 0
        if not 0 < milliseconds <= MOST_EXPIRY:
            raise BadOption(f"a message is delivered after 0.001 to {MOST_EXPIRY // 1_000} s, not {delay:g}")
        option = f" In={milliseconds}"
    if once is not None:
        if not isinstance(once, str) or _KEY.fullmatch(once) is None:
            raise BadOption("a key has 1 to 64 of the characters of a name: letters, digits, - _ .")
        option += f" Once={once}"
    return option


def bounds(expiry: Optional[float], capacity: Optional[int]) -> str:
    """Both, where they are given."""
    option = "" if capacity is None else capacity_option(capacity)
    return option if expiry is None else option + expiry_option(expiry)


def ready(count: int, account: Optional[str] = None) -> bytes:
    """``READY``, over all names or (``account``) for one; not answered."""
    return f"READY {min(count, MOST_CREDIT)}{'' if account is None else ' ' + account}\n".encode("ascii")


def listen(names: Iterable[str], ack: bool = False) -> List[bytes]:
    """``LISTEN``, in as many frames as its lines need; ``ack``: what comes is to be acknowledged (L8)."""
    return list(_lines("LISTEN", map(_names.listenable, names), " Ack=1" if ack else " members=1"))


def unlisten(names: Iterable[str]) -> List[bytes]:
    """``UNLISTEN``, in as many frames as its lines need."""
    return list(_lines("UNLISTEN", map(_names.listenable, names)))


def ack(channel: str, ids: Iterable[str]) -> bytes:
    """``ACK``, of no more than one line holds."""
    return f"ACK {channel} {' '.join(ids)}\n".encode("ascii")


def hold(channel: str, ids: Iterable[str]) -> bytes:
    """``HOLD``, of no more than one line holds."""
    return f"HOLD {channel} {' '.join(ids)}\n".encode("ascii")


def nak(channel: str, id: str, option: str) -> bytes:
    """``NAK`` of one message."""
    return f"NAK {channel} {id}{option}\n".encode("ascii")


def nak_option(in_: Optional[float] = None, dead: Optional[str] = None) -> str:
    """Seconds after which a message is delivered again, or why never; neither: as the broker has it (D11)."""
    if dead is not None:
        if in_ is not None:
            raise BadOption("what is given up is not delivered again: in_ and dead exclude each other")
        dead = dead[:MOST_WHY]
        # Not within a character.
        while len(urllib.parse.quote(dead, errors="replace")) > MOST_WHY:
            dead = dead[:-1]
        why = urllib.parse.quote(dead, errors="replace")
        return f" Dead=1 Why={why}" if why else " Dead=1"
    if in_ is None:
        return ""
    milliseconds = round(in_ * 1_000) if math.isfinite(in_) else -1
    if not 0 <= milliseconds <= MOST_EXPIRY:
        raise BadOption(f"a message is delivered again after 0 to {MOST_EXPIRY // 1_000} s, not {in_:g}")
    return f" In={milliseconds}"


#: What no function has begun with: to be delivered again at once, and this time does not count (D11).
UNBEGUN = " In=0 begun=0"


def join(group: str, channels: Iterable[str]) -> List[bytes]:
    """``JOIN``, in as many frames as its lines need."""
    return list(_lines(f"JOIN {_names.group(group)}", map(_names.channel, channels)))


def leave(group: str, channels: Iterable[str]) -> List[bytes]:
    """``LEAVE``, in as many frames as its lines need."""
    return list(_lines(f"LEAVE {_names.group(group)}", map(_names.channel, channels)))


def close(channels: Iterable[str]) -> List[bytes]:
    """``CLOSE``, in as many frames as its lines need."""
    return list(_lines("CLOSE", map(_names.channel, channels)))


def pause(channel: str) -> bytes:
    """``PAUSE``."""
    return f"PAUSE {_names.channel(channel)}\n".encode("ascii")


def resume(channel: str) -> bytes:
    """``RESUME``."""
    return f"RESUME {_names.channel(channel)}\n".encode("ascii")


def watch(group: str, channel: str) -> bytes:
    """``WATCH``."""
    return f"WATCH {_names.group(group)} {_names.channel(channel)}\n".encode("ascii")


def unwatch(group: str, channel: str) -> bytes:
    """``UNWATCH``."""
    return f"UNWATCH {_names.group(group)} {_names.channel(channel)}\n".encode("ascii")


def members(group: str, limit: int, after: Optional[str] = None) -> bytes:
    """``MEMBERS``."""
    return f"MEMBERS {_names.group(group)}{_page(limit, after)}\n".encode("ascii")


def peek(channel: str, limit: int, after: Optional[str]) -> bytes:
    """``PEEK``."""
    return f"PEEK {_names.channel(channel)}{_page(limit, after)}\n".encode("ascii")


def stats(kind: Optional[str], limit: int, after: Optional[str]) -> bytes:
    """``STATS``."""
    argument = "" if kind is None else f" {_names.group(kind)}"
    return f"STATS{argument}{_page(limit, after)}\n".encode("ascii")


def flush(pattern: Optional[str]) -> bytes:
    """``FLUSH``."""
    return f"FLUSH{'' if pattern is None else ' ' + _names.pattern(pattern)}\n".encode("ascii")


def _page(limit: int, after: Optional[str]) -> str:
    if not 1 <= limit <= MOST_PAGE:
        raise BadOption(f"a page has 1 to {MOST_PAGE} entries, not {limit}")
    return f" limit={int(limit)}" + ("" if after is None else f" after={_names.listenable(after)}")


def _lines(head: str, names: Iterable[str], option: str = "") -> Iterator[bytes]:
    line = head
    for name in names:
        if len(line) + 1 + len(name) + len(option) > MOST_LINE:
            yield f"{line}{option}\n".encode("ascii")
            line = head
        line += f" {name}"
    if line != head:
        yield f"{line}{option}\n".encode("ascii")
