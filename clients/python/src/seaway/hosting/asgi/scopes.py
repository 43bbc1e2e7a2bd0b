"""The scopes of requests and sockets, from what the interface server says of them (protocol/INTERFACE.md)."""

from __future__ import annotations

from itertools import chain
from typing import Any, Awaitable, Callable, Dict, List, Mapping, MutableMapping, Optional, Tuple

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Scope = Dict[str, Any]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: The version of the specification of HTTP and WebSocket messages: ``send`` raises ``OSError`` to who has left.
SPEC_VERSION = "2.4"
#: The extension that says how often a request, or a connect, was delivered.
DELIVERY = "seaway.delivery"
#: The extension that says what all logs call a request, ``{"id": "3f2a…"}``, where it has a name.
REQUEST = "seaway.request"
_ALL_BYTES = {bytes}
_SOCKET_EXTENSIONS = ("websocket.http.response",)


class Disconnected(OSError):
    """Nobody is there any more to whom something could be sent."""


def http(data: Mapping[str, Any], root_path: str, state: Optional[Dict[str, Any]], times: int = 1) -> Scope:
    """The scope of a request. ``path`` is the whole path as ever, ``root_path`` at its beginning or not.

    ``times``: how often the request was delivered, 2 if a worker before this one has died with it.
    """
    scope = _common("http", data, root_path, state)
    scope["method"] = data["method"]
    scope["scheme"] = data.get("scheme") or "http"
    scope["extensions"] = _extensions(data, times)
    return scope


def websocket(data: Mapping[str, Any], root_path: str, state: Optional[Dict[str, Any]], times: int = 1) -> Scope:
    """The scope of a socket, from its connect."""
    scope = _common("websocket", data, root_path, state)
    scope["scheme"] = data.get("scheme") or "ws"
    scope["subprotocols"] = list(data.get("subprotocols") or ())
    scope["extensions"] = {**_extensions(data, times), **{name: {} for name in _SOCKET_EXTENSIONS}}
    return scope


def lifespan(state: Dict[str, Any]) -> Scope:
    """The scope of a process."""
    return {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}


def _common(kind: str, data: Mapping[str, Any], root_path: str, state: Optional[Dict[str, Any]]) -> Scope:
    get = data.get
    path = get("path") or "/"
    scope: Scope = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": SPEC_VERSION},
        "http_version": get("http_version") or "1.1",
        "path": path,
        "raw_path": _bytes(get("raw_path")) or path.encode("utf-8"),
        "query_string": _bytes(get("query_string")),
        "root_path": root_path or get("root_path") or "",
        "headers": _headers(get("headers")),
        "client": _address(get("client")),
        "server": _address(get("server")),
    }
    if state is not None:
        scope["state"] = state.copy()
    return scope


def _extensions(data: Mapping[str, Any], times: int) -> Dict[str, Any]:
    extensions: Dict[str, Any] = {DELIVERY: {"times": times}}
    name = data.get("request_id")
    if name is not None:
        extensions[REQUEST] = {"id": name}
    return extensions


def _headers(fields: Optional[List[List[Any]]]) -> List[Tuple[bytes, bytes]]:
    if not fields:
        return []
    if set(map(type, chain.from_iterable(fields))) == _ALL_BYTES:
        return [(name, value) for name, value in fields]
    return [(_bytes(name), _bytes(value)) for name, value in fields]


def _bytes(value: Any) -> bytes:
    """Where a field means bytes, a string is taken as its UTF-8."""
    if type(value) is bytes:
        return value
    return value.encode("utf-8") if isinstance(value, str) else b""


def _address(pair: Optional[List[Any]]) -> Optional[Tuple[str, int]]:
    return (pair[0], pair[1]) if pair else None
