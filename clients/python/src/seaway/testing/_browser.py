"""One WebSocket as the fake interface server has it: protocol/INTERFACE.md, section 8."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any, Deque, Dict, List, Optional, Tuple

from .. import _websocket
from .._websocket import Channels, Data

if TYPE_CHECKING:
    from ._server import FakeServer

#: Seconds: W8, W17.
CONNECT_TIMEOUT = 5.0
DONE_TIMEOUT = 30.0
_CLOSED_BY_WORKER = 1011


class FakeSocket:
    """A browser's socket: what it says goes to the worker, and what the worker says comes here."""

    def __init__(self, server: FakeServer, number: int, channels: Channels, path: str):
        self._server = server
        self._channels = channels
        self.path = path
        #: What is sent here comes to the browser; it may be a member of groups.
        self.channel = f"websocket.send.{server.name}!{number}"
        self.control_channel = f"websocket.control.{server.name}!{number}"
        self.is_open = False
        #: Of the answer to the handshake: 101 when it was accepted, 0 until it was decided.
        self.status = 0
        self.headers: List[Tuple[str, str]] = []
        self.subprotocol: Optional[str] = None
        #: What came with a refusal.
        self.content = b""
        #: With which code and reason the worker, or the server, has closed it.
        self.closed: Optional[Tuple[int, str]] = None
        #: What has come and was not received.
        self.messages: Deque[Data] = deque()
        #: Where the worker has its events sent (W18).
        self.receive_channel: Optional[str] = None
        self._serial = False
        self._order = -1
        self._awaited: Optional[int] = None
        self._since = server.clock.now
        self._events: Deque[Dict[str, Any]] = deque()
        self._ended: Optional[Tuple[int, str]] = None

    # What the browser does

    def send(self, content: Data) -> None:
        """Says a text, or bytes."""
        assert self.is_open, "the socket is not open"
        self._event("websocket.receive", **_websocket.data(content))

    def send_json(self, value: Any) -> None:
        """Says a value as JSON text."""
        self.send(_websocket.json(value))

    def receive(self) -> Data:
        """Returns what came next; ``AssertionError`` when there is nothing."""
        closed = f", and it was closed with {self.closed[0]} {self.closed[1]!r}" if self.closed else ""
        assert self.messages, f"nothing has come to the socket{closed}"
        return self.messages.popleft()

    def receive_json(self) -> Any:
        """The same, as the JSON that it holds."""
        return json.loads(self.receive())

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the socket, or leaves while it waits to be accepted."""
        self._end(code if self.is_open else 1006, reason)
        self._server.work()

    def pause(self) -> None:
        """Reads no more: the worker meets ``Full`` (W13)."""
        self._server.broker.pause(None, self.channel)

    def resume(self) -> None:
        """Reads again."""
        self._server.broker.resume(None, self.channel)
        self._server.work()

    # What the server does

    def ask(self, fields: Dict[str, Any]) -> None:
        """Asks to be let in."""
        self._event("websocket.connect", **fields)

    def hear(self, message: Dict[str, Any], group: Optional[str]) -> None:
        """Something came on the send channel."""
        if self._ended is not None:
            self._server.broker.close(None, [self.channel])
        elif self.status:
            self._take(message, group)
        elif group is None:
            self._decide(message)

    def control(self, message: Dict[str, Any]) -> None:
        """Something came on the control channel."""
        if message.get("done") is not None and message["done"] == self._awaited:
            self._awaited = None
            self.flush()
        if "receive_channel" in message:
            self.receive_channel = message["receive_channel"]
        if message.get("close") is not None and self._ended is None:
            self._close(message)

    def look(self) -> None:
        """Does what is due by now."""
        if self.due <= self._server.clock.now:
            self._awaited = None
            if not self.status and self._ended is None:
                self.status = 503
                self._end(1006, "")
        self.flush()

    @property
    def due(self) -> float:
        """When the worker has let its time pass."""
        if not self.status:
            return self._since + CONNECT_TIMEOUT
        return float("inf") if self._awaited is None else self._since + DONE_TIMEOUT

    def _decide(self, message: Dict[str, Any]) -> None:
        has_data = message.get("text") is not None or message.get("bytes") is not None
        accepts = message.get("accept")
        if accepts is None:
            accepts = True if has_data else False if message.get("close") is not None else None
        self.headers = [(_text(name), _text(value)) for name, value in message.get("headers") or []]
        if accepts is not True:
            self.status = 502 if accepts is None else message.get("status") or 403
            if accepts is None:
                self._server.faults.append(f"{self.path}: a connect was neither accepted nor rejected: {message}")
            content = message.get("content") or b""
            self.content = content.encode() if isinstance(content, str) else content
            self._end(1006, "")
            return
        self.status, self.is_open = 101, True
        self.subprotocol = message.get("subprotocol")
        self._serial = message.get("serial") is True
        self.receive_channel = message.get("receive_channel")
        if has_data or message.get("close") is not None:
            self._take(message, None)
        self.flush()

    def _take(self, message: Dict[str, Any], group: Optional[str]) -> None:
        text, content, close = message.get("text"), message.get("bytes"), message.get("close")
        if (text is not None and content is not None) or (text is None and content is None and close is None):
            self._server.faults.append(f"{self.path}: a message for a socket needs text or bytes; this is {message}")
            if group is None:
                self._close({"close": _CLOSED_BY_WORKER})
            return
        if text is not None:
            self.messages.append(text)
        elif content is not None:
            self.messages.append(content.encode() if isinstance(content, str) else content)
        if close is not None:
            self._close(message)

    def _close(self, message: Dict[str, Any]) -> None:
        code = 1000 if message["close"] is True else message["close"]
        if code is False:
            return
        self.closed = (code, message.get("reason") or "")
        self._end(*self.closed)

    def _end(self, code: int, reason: str) -> None:
        if self._ended is not None:
            return
        self._ended = (code, reason)
        self.is_open = False
        self._server.broker.close(None, [self.channel])
        self._event("websocket.disconnect", code=code, reason=reason)

    # Events (W5, W6, W16, W18)

    def _event(self, kind: str, **fields: Any) -> None:
        self._order += 1
        event: Dict[str, Any] = {"type": kind, "reply_channel": self.channel, "control_channel": self.control_channel}
        event.update(path=self.path, order=self._order, **fields)
        self._events.append(event)
        self.flush()
        self._server.work()

    def flush(self) -> None:
        """Sends the events that may go."""
        while self._events and self._awaited is None:
            event = self._events[0]
            is_connect = event["type"] == "websocket.connect"
            if not (is_connect or self.status or self._ended is not None):
                return
            waits = self._serial and event["type"] == "websocket.receive"
            if waits:
                event["serial"] = True
            if not self._put(event):
                return
            self._events.popleft()
            self._since = self._server.clock.now
            if waits:
                self._awaited = event["order"]
            if event["type"] == "websocket.disconnect":
                self._server.broker.close(None, [self.control_channel])
                self._server.forget(self)

    def _put(self, event: Dict[str, Any]) -> bool:
        if self.receive_channel is not None:
            if self._server.try_send(self.receive_channel, event, here=True):
                return True
            self.receive_channel = None
        place = {"connect": 0, "receive": 1, "disconnect": 2}[event["type"].partition(".")[2]]
        if self._server.try_send(self._channels[place], event):
            return True
        if place == 0:
            # A connect never waits for room (W8).
            self.status = 503
            self._ended = (1006, "")
            return True
        return False


def _text(value: Any) -> str:
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")
