"""What class-based consumers know, of both halves: groups by template, JSON, streams of one socket. Sends nothing."""

from __future__ import annotations

import inspect
import json
from string import Formatter
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from . import _names, _websocket
from ._websocket import Data, SocketFields

#: RFC 6455, 7.4.1: data of a kind that is not taken, and data that is not what its kind should be.
_NO_TEXT, _NOT_FIT = 1003, 1007
_MOST_SHOWN = 64


class Unfit(Exception):
    """What a browser has said is nothing that the consumer takes: its socket closes with this code and reason."""

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Envelope(NamedTuple):
    """A message of one of the streams of a socket."""

    stream: str
    payload: Any


def check_groups(groups: Sequence[str], path: Optional[str]) -> None:
    """Raises ``ValueError`` for a template that is no group's name, or has a part that the route's path does not name.

    A part is ``{room}``, as in the path.
    """
    if isinstance(groups, str):
        raise ValueError("groups is a list of names, not a string")
    named = {part[1:-1] for part in (path or "").split("/") if part.startswith("{") and part.endswith("}")}
    for group in groups:
        parts = [name for _, name, _, _ in Formatter().parse(group) if name is not None]
        for part in parts:
            if part not in named:
                raise ValueError(f"the group {group!r} has {{{part}}}, which the path {path!r} does not name")
        _names.group(group.format(**dict.fromkeys(parts, "x")))


def group_names(groups: Sequence[str], parameters: Mapping[str, str]) -> List[str]:
    """Returns the groups of a socket; raises ``BadName`` when what its path names is no part of a group's name."""
    return [_names.group(group.format(**parameters)) for group in groups]


def from_json(content: Data) -> Any:
    """Returns what a text holds as JSON, or raises ``Unfit``."""
    if not isinstance(content, str):
        raise Unfit(_NO_TEXT, "a text with JSON is expected")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Unfit(_NOT_FIT, "the text is no JSON") from None


def enveloped(value: Any) -> Envelope:
    """Reads ``{"stream": NAME, "payload": VALUE}``, or raises ``Unfit``."""
    if not isinstance(value, dict) or not isinstance(value.get("stream"), str) or "payload" not in value:
        raise Unfit(_NOT_FIT, 'expected is {"stream": NAME, "payload": …}')
    return Envelope(value["stream"], value["payload"])


def no_stream(name: str) -> Unfit:
    """There is no stream of that name."""
    return Unfit(_NOT_FIT, f"there is no stream {name[:_MOST_SHOWN]!a}"[:120])


def envelope(stream: Optional[str], value: Any) -> str:
    """Returns a value as JSON text, in the envelope of its stream if it has one."""
    return _websocket.json(value if stream is None else {"stream": stream, "payload": value})


def session(socket: SocketFields, stream: Optional[str]) -> Dict[str, Any]:
    """Returns the socket's session, or the part of it that is the stream's own."""
    values = socket.session
    if stream is None:
        return values
    found: Dict[str, Any] = values.setdefault("streams", {}).setdefault(stream, {})
    return found


def check_streams(streams: Mapping[str, type], base: type) -> None:
    """Raises ``ValueError`` or ``TypeError`` for what cannot be served as the streams of one socket."""
    if not streams:
        raise ValueError("a demultiplexer has streams: give it some, by name")
    for name, consumer in streams.items():
        if not isinstance(name, str):
            raise TypeError(f"a stream's name is a string, not {name!r}")
        if not isinstance(consumer, type) or not issubclass(consumer, base):
            raise TypeError(f"what serves the stream {name!r} is a {base.__name__}, not {consumer!r}")


def check_methods(consumer: type, are_coroutines: bool) -> None:
    """Raises ``TypeError`` for a method of the other kind, which would never run."""
    for name in ("connect", "receive", "receive_json", "disconnect"):
        method = getattr(consumer, name, None)
        if method is not None and inspect.iscoroutinefunction(method) is not are_coroutines:
            kind = "no" if are_coroutines else "a"
            raise TypeError(f"{consumer.__name__}.{name} is {kind} coroutine function")


def first(errors: List[BaseException]) -> None:
    """Raises the first of the errors, if there are any: the others were caught so that all could be heard."""
    if errors:
        raise errors[0]
