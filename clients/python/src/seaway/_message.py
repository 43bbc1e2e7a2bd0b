"""What every received message knows, whoever moves it."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Optional, Tuple

from . import _answers, _values
from ._answering import Answering
from ._answers import DeadLetter
from ._errors import SeawayError
from ._held import Held


class Fields(Answering):
    """A received message: its fields, the channel on which it came, and what an HTTP request holds.

    Fields are read like those of a ``dict``; a field that is ``None`` counts as absent. The body is decoded when it
    is first looked at.
    """

    __slots__ = ("_content", "_data", "body", "channel", "group", "held", "parameters")

    def __init__(self, channel: str, group: Optional[str], body: bytes):
        self.flags = 0
        self.heard_on = None
        #: The full name on which the message came, also of a mailbox's.
        self.channel = channel
        #: The group through which it came.
        self.group = group
        #: What its broker has said of it beside, where it is to be acknowledged or is a dead letter.
        self.held: Optional[Held] = None
        #: The message in MessagePack, as it came.
        self.body = body
        #: What a route's path names: ``/users/{id}``.
        self.parameters: Dict[str, str] = {}
        self._data: Optional[Dict[str, Any]] = None
        self._content: Optional[bytes] = None

    @property
    def data(self) -> Dict[str, Any]:
        """All fields."""
        if self._data is None:
            self._data = _values.unpack(self.body)
        return self._data

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def __contains__(self, key: object) -> bool:
        return self.data.get(key) is not None if isinstance(key, str) else False

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def get(self, key: str, default: Any = None) -> Any:
        """Returns a field, or the default where it is absent or ``None``."""
        value = self.data.get(key)
        return default if value is None else value

    @property
    def reply_channel(self) -> Optional[str]:
        """Where the sender waits for an answer."""
        channel = self.data.get("reply_channel")
        return channel if isinstance(channel, str) else None

    # Acknowledgement (protocol/PROTOCOL.md, D9 to D14)

    @property
    def times(self) -> int:
        """How often the message was delivered, this time included; 1 unless it is to be acknowledged."""
        return 1 if self.held is None else _answers.times(self.held.options)

    @property
    def dead(self) -> Optional[DeadLetter]:
        """Why the message was given up; ``None`` unless it is a dead letter."""
        return None if self.held is None else _answers.dead_letter(self.held.options)

    # http.request (protocol/INTERFACE.md, section 2)

    @property
    def method(self) -> str:
        """``GET``, ``POST`` …; empty when the message is no HTTP request."""
        return str(self.get("method", ""))

    @property
    def path(self) -> str:
        """The path, percent-decoded; empty when the message is no HTTP request."""
        return str(self.get("path", ""))

    @property
    def request_id(self) -> str:
        """What all logs call the request; empty where requests have no names (protocol/INTERFACE.md, I82)."""
        name = self.get("request_id", "")
        return name if isinstance(name, str) else ""

    @property
    def query_string(self) -> str:
        """What stands behind the first ``?``, undecoded."""
        return _text(self.get("query_string", b""))

    @property
    def headers(self) -> List[Tuple[str, str]]:
        """The header fields in their order, names in lower case."""
        return [(_text(name), _text(value)) for name, value in self.get("headers", [])]

    def header(self, name: str, default: str = "") -> str:
        """Returns the first header field of that name."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), default)

    @property
    def content(self) -> bytes:
        """The whole body of the request.

        One of more than 64 KiB comes in pieces, which this waits for, as ``read`` does; in an asyncio worker it is
        there once it was awaited: ``await message.read()``.
        """
        if self._content is not None:
            return self._content
        if "body_channel" in self:
            return self._read_content()
        body = self.get("body", b"")
        return body.encode("utf-8") if isinstance(body, str) else bytes(body)

    def _read_content(self) -> bytes:
        raise SeawayError("the body comes in pieces: await message.read(), or go through message.stream_body()")

    def json(self) -> Any:
        """Returns what the body of the request holds as JSON, or raises ``ValueError``."""
        return json.loads(self.content)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {self.channel}, {len(self.body)} bytes>"


def _text(value: Any) -> str:
    """Where a field means bytes, a string is taken as its UTF-8 (V10)."""
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")
