"""Messages in MessagePack: protocol/PROTOCOL.md, section 5."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Dict, Iterable

from . import _msgpack
from ._errors import BadPayload

MOST_DEPTH = 64
LEAST_INTEGER = -(2**63)
MOST_INTEGER = 2**63 - 1

_PLAIN = frozenset((str, bytes, bool, type(None)))


def pack(message: "Mapping[str, Any]") -> bytes:
    """Returns a message in MessagePack.

    Values are ``None``, ``bool``, ``int`` of 64 bits, finite ``float``, ``str``, ``bytes``, lists and tuples, and
    maps with string keys, at most 64 deep. Raises ``BadPayload`` for anything else.
    """
    if not isinstance(message, Mapping):
        raise BadPayload(f"a message is a map, not {type(message).__name__}")
    check((message,), 0)
    return pack_unchecked(message)


def pack_unchecked(message: "Mapping[str, Any]") -> bytes:
    """Like ``pack``, for a message that this package has made itself."""
    try:
        return _pack(message)
    except UnicodeEncodeError as error:
        raise BadPayload(f"a string is not Unicode text: {error}") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise BadPayload(str(error)) from error


def string(text: bytes) -> bytes:
    """Returns how a string of these bytes stands in a message."""
    return _msgpack.packb(text.decode("ascii"))


def unpack(body: bytes) -> Dict[str, Any]:
    """Returns the message that a body in MessagePack holds, or raises ``BadPayload``."""
    message = unpack_unchecked(body)
    check((message,), 0)
    return message


def unpack_unchecked(body: bytes) -> Dict[str, Any]:
    """Like ``unpack``, for who looks at single fields and minds neither large integers nor numbers that are none."""
    try:
        message = _msgpack.unpackb(body)
    except (ValueError, RecursionError) as error:
        raise BadPayload(str(error) or type(error).__name__) from error
    if type(message) is not dict:
        raise BadPayload("a message is a map")
    return message


def check(values: Iterable[Any], depth: int) -> None:
    """Raises ``BadPayload`` unless the values may stand in a message, inside ``depth`` maps and lists (V2 to V7)."""
    for value in values:
        kind = type(value)
        if kind in _PLAIN:
            continue
        if kind is int:
            if not LEAST_INTEGER <= value <= MOST_INTEGER:
                raise BadPayload("an integer has more than 64 bits")
        elif kind is list or kind is tuple:
            if depth == MOST_DEPTH:
                raise BadPayload(f"maps and lists nest more than {MOST_DEPTH} deep")
            check(value, depth + 1)
        elif kind is dict:
            if depth == MOST_DEPTH:
                raise BadPayload(f"maps and lists nest more than {MOST_DEPTH} deep")
            for key in value:
                if type(key) is not str:
                    raise BadPayload(f"a key is no string but {type(key).__name__}")
            check(value.values(), depth + 1)
        elif kind is float:
            if not isfinite(value):
                raise BadPayload(f"{value} is no number of a message")
        else:
            _check_kin(value, depth)


def _check_kin(value: Any, depth: int) -> None:
    """Takes subclasses and the like for what they stand for."""
    if isinstance(value, Mapping):
        check((dict(value),), depth)
    elif isinstance(value, (list, tuple)):
        check((list(value),), depth)
    elif isinstance(value, int):
        check((int(value),), depth)
    elif isinstance(value, float):
        check((float(value),), depth)
    elif not isinstance(value, (str, bytes, bytearray, memoryview)):
        raise BadPayload(f"{type(value).__name__} is no value of a message")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise BadPayload(f"{type(value).__name__} is no value of a message")


_pack = _msgpack.packing(_plain)
