"""Messages in JSON, as they stand in the answers of ``PEEK``: protocol/PROTOCOL.md, section 5, V8 and V9."""

import base64
import binascii
import json
import re
from math import isfinite
from typing import Any, Dict, List, Tuple

from . import _values
from ._errors import BadPayload

_ESCAPED_KEY = re.compile(r"\$\$+bytes")
_SURROGATE = re.compile("[\ud800-\udfff]")


def from_json(text: bytes, most_depth: int = _values.MOST_DEPTH) -> Dict[str, Any]:
    """Returns the map that a JSON text holds, its ``{"$bytes": …}`` turned into bytes, or raises ``BadPayload``."""
    try:
        message = _DECODER.decode(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadPayload(str(error) or type(error).__name__) from error
    if type(message) is not dict:
        raise BadPayload("a message is a map")
    _values.check((message,), _values.MOST_DEPTH - most_depth)
    return message


def _map(pairs: List[Tuple[str, Any]]) -> Any:
    for key, value in pairs:
        _text(key)
        _checked(value)
    if len(pairs) == 1:
        key, value = pairs[0]
        if key == "$bytes":
            return _bytes(value)
        if _ESCAPED_KEY.fullmatch(key):
            return {key[1:]: value}
    return dict(pairs)


def _checked(value: Any) -> None:
    if type(value) is str:
        _text(value)
    elif type(value) is list:
        for item in value:
            _checked(item)


def _text(text: str) -> None:
    if _SURROGATE.search(text):
        raise ValueError("a lone surrogate")


def _bytes(value: Any) -> bytes:
    if type(value) is not str:
        raise ValueError("$bytes is no base64")
    try:
        data = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(f"$bytes is no base64: {error}") from error
    # Unused bits that are not zero, and padding that is not needed, do not come back.
    if base64.b64encode(data).decode("ascii") != value:
        raise ValueError("$bytes is no base64 in its one form")
    return data


def _double(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"{text} is beyond the range of a double")
    return value


def _integer(text: str) -> int:
    # The longest of 64 bits has 20 characters.
    if len(text) > 20:
        raise ValueError("an integer has more than 64 bits")
    return int(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_map, parse_float=_double, parse_int=_integer, parse_constant=_constant, strict=True
)
