"""What workers and sockets say to each other: protocol/INTERFACE.md, section 8.

Sends nothing, so the same for both halves.
"""

from __future__ import annotations

import json as _json
import secrets
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

from . import _http, _values
from ._errors import BadPayload, SeawayError
from ._kept import Kept
from ._message import Fields

Data = Union[str, bytes]

#: How long something is sent again while the socket takes nothing more (W13).
PATIENCE = 60.0
#: RFC 6455: the server cannot fulfil the request.
FAILED = 1011
#: The service restarts: the browser may come again.
RESTART = 1012

NOT_FOUND = _values.pack({"accept": False, "status": 404})


class Channels(NamedTuple):
    """Where a socket's events come in (W2)."""

    connect: str
    receive: str
    disconnect: str


def beside(connect: str) -> Channels:
    """Returns the channel for connects and those beside it."""
    standard = "websocket.connect"
    if connect.startswith(standard):
        rest = connect[len(standard) :]
        return Channels(connect, f"websocket.receive{rest}", f"websocket.disconnect{rest}")
    return Channels(connect, f"{connect}.receive", f"{connect}.disconnect")


def mailbox() -> str:
    """Returns the name of a mailbox for sockets that nobody else has."""
    return f"websocket.worker.{secrets.token_hex(16)}!"


def data(content: Data) -> Dict[str, Any]:
    """Returns a string as text, bytes as bytes; either may be empty."""
    if isinstance(content, str):
        return {"text": content}
    if isinstance(content, (bytes, bytearray, memoryview)):
        return {"bytes": bytes(content)}
    raise BadPayload(f"a socket takes a string or bytes, not {type(content).__name__}")


def json(value: Any) -> str:
    """Returns a value as JSON text."""
    return _json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def reject(status: int, headers: Optional[_http.Headers], content: _http.Text) -> Dict[str, Any]:
    """Returns the message that refuses a socket."""
    answer = _http.answer(status, headers, content)
    message: Dict[str, Any] = {"accept": False, "status": answer.status}
    if answer.headers:
        message["headers"] = answer.headers
    if answer.content:
        message["content"] = answer.content
    return message


def closing(code: int, reason: str) -> Dict[str, Any]:
    """Returns the message that closes a socket; raises ``ValueError`` for what would close it with 1011 (W11)."""
    if not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise ValueError(f"a close code is 1000 to 1003, 1007 to 1014 or 3000 to 4999, not {code}")
    size = len(reason.encode("utf-8"))
    if size > 123:
        raise ValueError(f"a reason has at most 123 bytes, this one has {size}")
    return {"close": code, "reason": reason} if reason else {"close": code}


class SocketFields:
    """What an event says of its socket."""

    __slots__ = (
        "_is_decided",
        "_is_rejected",
        "_receive_channel",
        "_serial",
        "channel",
        "control_channel",
        "kept",
        "message",
    )

    def __init__(self, message: Fields):
        channel, control = message.reply_channel, message.get("control_channel")
        if channel is None or not isinstance(control, str):
            raise SeawayError(f"a message on {message.channel} is no event of a socket")
        #: Its name: what is sent there goes to the browser, and it may be a member of groups.
        self.channel = channel
        #: For what must not wait behind data (W14).
        self.control_channel = control
        #: The event: its path, and in a connect its query string and headers.
        self.message = message
        self._is_decided: bool = message.get("type") != "websocket.connect"
        self._is_rejected = False
        self._serial = False
        self._receive_channel: Optional[str] = None
        #: Of a sticky route; not part of the public interface.
        self.kept: Optional[Kept] = None

    @property
    def path(self) -> str:
        """The path, percent-decoded."""
        return self.message.path

    @property
    def parameters(self) -> Dict[str, str]:
        """What the route's path names: ``/chat/{room}``."""
        return self.message.parameters

    @property
    def subprotocols(self) -> List[str]:
        """What the browser offers, in its order; only in a connect."""
        return list(self.message.get("subprotocols", []))

    @property
    def is_decided(self) -> bool:
        """Whether the socket was accepted or rejected."""
        return self._is_decided

    @property
    def is_rejected(self) -> bool:
        """Whether the socket was rejected here, in the connect."""
        return self._is_rejected

    @property
    def session(self) -> Dict[str, Any]:
        """Values that live as long as the socket, from its connect to the end of its disconnect.

        They are in the memory of the worker that has accepted the socket, so the route has to be ``sticky``, else it is
        a ``SeawayError``. When that worker leaves it closes the sockets that have a session with 1012; an event of one
        whose session is not here, since the worker died or had more than 65,536 sockets, raises ``NoSession``, which
        closes it so too.
        """
        if self.kept is None:
            raise SeawayError("a session needs a route with sticky=True: else a socket's events go to any worker")
        return self.kept.session(self.channel)

    def told(self, serial: bool, receive_channel: Optional[str]) -> None:
        """Keeps what the route wants, for when the socket is accepted; not part of the public interface."""
        self._serial = serial
        self._receive_channel = receive_channel

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.channel} of {self.path}>"

    def _accepting(
        self, subprotocol: Optional[str], headers: Optional[_http.Headers], greeting: Optional[Data]
    ) -> Dict[str, Any]:
        self._decide()
        message: Dict[str, Any] = {"accept": True}
        if self._serial:
            message["serial"] = True
        if self._receive_channel is not None:
            message["receive_channel"] = self._receive_channel
        if subprotocol is not None:
            message["subprotocol"] = subprotocol
        if headers:
            message["headers"] = _http.listed(headers)
        if greeting is not None:
            message.update(data(greeting))
        return message

    def _rejecting(self, status: int, headers: Optional[_http.Headers], content: _http.Text) -> Dict[str, Any]:
        message = reject(status, headers, content)
        self._decide()
        self._is_rejected = True
        return message

    def _decide(self) -> None:
        if self._is_decided:
            raise SeawayError(f"the socket {self.channel} was accepted or rejected before")
        self._is_decided = True


def received(message: Fields) -> Data:
    """Returns what the browser has said."""
    text = message.get("text")
    if text is not None:
        return str(text)
    content = message.get("bytes")
    if content is None:
        raise SeawayError(f"a message on {message.channel} has neither text nor bytes")
    return content.encode("utf-8") if isinstance(content, str) else bytes(content)


def ended(message: Fields) -> Tuple[int, str]:
    """Returns the code with which a socket has ended, and the browser's reason (W10)."""
    return int(message.get("code", 1005)), str(message.get("reason", ""))


def pauses() -> Iterator[float]:
    """How long to wait before something is sent to a socket again."""
    pause = 0.005
    while True:
        yield pause
        pause = min(pause * 2, 0.25)
