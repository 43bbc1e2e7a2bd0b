"""The messages of ASGI 1 and those of protocol/INTERFACE.md, where they differ.

Both sides are the same interface, eight years apart, so most fields are the same by name and meaning. What differs is
set right where a message leaves this process, or comes in; the table is in the README of the Python client.
"""

from typing import Any, Dict, List, Optional

#: What an interface server of ASGI 1 reads: whatever else comes on such a channel is not for it.
_REPLY_CHANNELS = ("daphne.response.", "http.response.", "websocket.send.")
_HTTP = ("status", "headers", "content", "more_content", "request")
_WEBSOCKET = ("accept", "text", "bytes", "close")
#: What workers say there besides answers.
_ASIDE = ("disconnect_channel", "body_wanted", "done", "receive_channel")

_REQUESTS = "http.request"
_DISCONNECTS = "http.disconnect"
_EVENTS = ("websocket.connect", "websocket.receive", "websocket.disconnect")
_BODIES = "http.request.body?"


def is_body(channel: str) -> bool:
    """Whether the body of a request comes there, in pieces that are asked for."""
    return channel.startswith(_BODIES)


def is_for_listeners(channel: str) -> bool:
    """Whether a message there is for those who listen now, and kept for nobody (INTERFACE.md, I17)."""
    return _is(_DISCONNECTS, channel)


def outgoing(channel: str, message: Dict[str, Any]) -> Dict[str, Any]:
    """Returns what is sent for a message of ASGI 1.

    An event of a socket says of which kind it is, and where the socket is told what must not wait: here, on the same
    channel as everything else.
    """
    kind = next((event for event in _EVENTS if _is(event, channel)), None)
    reply_channel = message.get("reply_channel")
    if kind is None or not isinstance(reply_channel, str) or message.get("type") is not None:
        return message
    event = dict(message, type=kind)
    event.setdefault("control_channel", reply_channel)
    return event


def incoming(channel: str, message: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """Returns a message as ASGI 1 has it; ``None`` for one that says nothing there."""
    if "!" in channel:
        return _reply(message) if channel.startswith(_REPLY_CHANNELS) else message
    if is_body(channel):
        return dict(message, content=_bytes(message.get("content")))
    if _is(_REQUESTS, channel) or any(_is(event, channel) for event in _EVENTS):
        message = {field: value for field, value in message.items() if value is not None}
        for field in ("query_string", "body", "bytes"):
            if isinstance(message.get(field), str):
                message[field] = _bytes(message[field])
        if message.get("headers") is not None:
            message["headers"] = _headers(message["headers"])
    return message


def _reply(message: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """What an interface server takes of a worker's message; it would refuse one with any other field."""
    fields = _WEBSOCKET if any(message.get(field) is not None for field in _WEBSOCKET) else _HTTP
    reply = {field: message[field] for field in fields if message.get(field) is not None}
    if not reply:
        # The last piece of an answer may hold nothing but its place.
        return None if any(field in message for field in _ASIDE) and "offset" not in message else {"content": b""}
    for field in ("content", "bytes"):
        if isinstance(reply.get(field), str):
            reply[field] = _bytes(reply[field])
    if "headers" in reply:
        reply["headers"] = _headers(reply["headers"])
    return reply


def _is(kind: str, channel: str) -> bool:
    """Whether a channel is of a kind: ``http.request``, or one beside it for a part of a site, ``http.request.go``."""
    return channel == kind or (channel.startswith(kind + ".") and "?" not in channel)


def _headers(headers: Any) -> List[List[bytes]]:
    """The list of pairs of bytes, whoever has written them."""
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [[_bytes(name), _bytes(value)] for name, value in pairs]


def _bytes(value: Any) -> bytes:
    """Where a field means bytes, a string is taken as its UTF-8 (V10)."""
    return value.encode("utf-8") if isinstance(value, str) else bytes(value or b"")
