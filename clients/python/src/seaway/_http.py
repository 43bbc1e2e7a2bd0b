"""The messages of an answer to an HTTP request: protocol/INTERFACE.md, section 3."""

from __future__ import annotations

import functools
import json as _json
import os
import socket
import time
from collections.abc import Mapping
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple, Union

from . import _fork, _values
from ._errors import BadPayload

Text = Union[str, bytes]
Headers = Union[Mapping[str, Text], Iterable[Tuple[Text, Text]]]

#: The size of the pieces in which a large answer is sent.
PIECE = 65_536
#: Content up to which an answer is sent in one message: with its headers it stays below max-body.
WHOLE = 1_048_576

#: What the server takes (I15).
MOST_FIELDS = 256
MOST_FIELD_BYTES = 65_536


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    headers: List[Tuple[Text, Text]]
    content: bytes

    def packed(self, told: Optional[Mapping[str, Any]] = None) -> bytes:
        """Returns the answer as one message, which says who has made it."""
        return first_piece(self.status, self.headers, self.content, False, told)


def answer(status: int = 200, headers: Optional[Headers] = None, content: Text = b"", json: Any = None) -> Answer:
    """Makes an answer.

    A ``content`` that is a string is sent as UTF-8, and as ``text/plain`` unless the headers say otherwise; ``json``
    is any value that the ``json`` module prints, sent as ``application/json``.
    """
    fields = listed(headers)
    kind = ""
    if json is not None:
        if content:
            raise ValueError("give content or json, not both")
        content = _json.dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        kind = "application/json"
    elif isinstance(content, str):
        kind = "text/plain; charset=utf-8"
    if kind and not any(_is_content_type(name) for name, _ in fields):
        fields.insert(0, ("content-type", kind))
    return Answer(status, fields, content.encode("utf-8") if isinstance(content, str) else content)


def listed(headers: Optional[Headers]) -> List[Tuple[Text, Text]]:
    """Returns header fields as pairs, in their order."""
    if headers is None:
        return []
    return list(headers.items() if isinstance(headers, Mapping) else headers)


def first_piece(
    status: int, headers: List[Tuple[Text, Text]], content: bytes, more: bool, told: Optional[Mapping[str, Any]] = None
) -> bytes:
    """Returns the first message of an answer.

    ``told``: what it says of who has made it (protocol/INTERFACE.md, I83).
    """
    if (type(status) is not int and not isinstance(status, int)) or not 200 <= status <= 599:
        raise BadPayload(f"a status is 200 to 599, not {status!r}")
    for name, value in headers:
        if not isinstance(name, (str, bytes)) or not isinstance(value, (str, bytes)):
            raise BadPayload(f"a header is a name and a value, not {name!r}: {value!r}")
    return pack_first(int(status), headers, _bytes(content), more, told)


def pack_first(
    status: int,
    headers: Sequence[Tuple[Text, Text]],
    content: bytes,
    more: bool,
    told: Optional[Mapping[str, Any]] = None,
) -> bytes:
    """Like ``first_piece``, of what was seen to be of these types."""
    message: Dict[str, Any] = {"status": status, "headers": headers, "content": content}
    if more:
        message["more_content"] = True
    if told:
        message.update(told)
    packed = _values.pack_unchecked(message)
    # Each field takes three bytes at least, so that few answers need to be looked at.
    if len(packed) - len(content) > MOST_FIELDS:
        _check_fields(headers)
    return packed


def _check_fields(headers: Sequence[Tuple[Text, Text]]) -> None:
    if len(headers) > MOST_FIELDS:
        raise BadPayload(f"an answer has at most {MOST_FIELDS} fields, this one has {len(headers)}")
    size = sum(len(name) + len(value) for name, value in headers)
    if size > MOST_FIELD_BYTES:
        raise BadPayload(f"the fields of an answer have at most {MOST_FIELD_BYTES} bytes, these have {size}")


def told(began: float) -> Dict[str, Any]:
    """What an answer says of who has made it, which had the request since ``began``, by ``time.monotonic``."""
    return {"worker": _process_name(_fork.generation), "took": int((time.monotonic() - began) * 1_000_000)}


@functools.lru_cache(maxsize=1)
def _process_name(_generation: int) -> str:
    """``HOST:PID``, at most 64 bytes of visible ASCII; another one in each child."""
    host = "".join(character for character in socket.gethostname() if "!" <= character <= "~")
    return f"{host[:48] or 'worker'}:{os.getpid()}"


def next_piece(content: bytes, offset: int, more: bool) -> bytes:
    """Returns a further message; ``offset`` counts the bytes of content in all before it."""
    message = {"content": _bytes(content), "offset": offset}
    if more:
        message["more_content"] = True
    return _values.pack_unchecked(message)


def _bytes(content: Any) -> bytes:
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise BadPayload(f"content is bytes or a string, not {type(content).__name__}")
    return bytes(content)


def _is_content_type(name: Text) -> bool:
    return (name.decode("latin-1") if isinstance(name, bytes) else name).lower() == "content-type"


#: Breaks an answer off, however much of it has come (I12).
HOLE = next_piece(b"", 1 << 53, False)
