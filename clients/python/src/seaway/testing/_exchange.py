"""One HTTP request as the fake interface server has it: protocol/INTERFACE.md, sections 2 and 3."""

from __future__ import annotations

import json as _json
from typing import TYPE_CHECKING, Any, Deque, Dict, List, Optional, Tuple

if TYPE_CHECKING:
    from ._server import FakeServer

#: Bytes of a body beyond which it comes in pieces, and the largest piece (I9, I41).
INLINE = PIECE = 65_536
#: Seconds from the request to the first message of the answer, and between two (section 7).
TIMEOUT = 120.0


class Answer:
    """What the browser has got."""

    def __init__(self, status: int, headers: List[Tuple[str, str]], content: bytes):
        self.status = status
        #: The fields in their order, as the worker gave them.
        self.headers = headers
        self.content = content

    @property
    def text(self) -> str:
        """The content as UTF-8."""
        return self.content.decode("utf-8")

    def json(self) -> Any:
        """What the content holds as JSON."""
        return _json.loads(self.content)

    def header(self, name: str, default: str = "") -> str:
        """Returns the first field of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), default)

    def __repr__(self) -> str:
        return f"<Answer {self.status}, {len(self.content)} bytes>"


class Exchange:
    """A request, and what has come of its answer so far."""

    def __init__(self, server: FakeServer, number: int, pieces: Deque[bytes]):
        self._server = server
        self.reply_channel = f"http.response.{server.name}!{number}"
        self.body_channel: Optional[str] = None
        #: Of the answer; 0 until it has begun.
        self.status = 0
        self.headers: List[Tuple[str, str]] = []
        #: What has come of it.
        self.content = b""
        #: All of it has come.
        self.is_complete = False
        #: Why it was broken off, if it was: what came is not the whole.
        self.broken = ""
        #: Bytes of the body that the worker has asked for.
        self.wanted = 0
        self.due = server.clock.now + TIMEOUT
        self._pieces = pieces
        self._is_body_over = False
        self._offset = 0
        self._told: Optional[str] = None
        self.path = ""

    @property
    def is_over(self) -> bool:
        """Nobody waits for more."""
        return self.is_complete or bool(self.broken)

    def answer(self) -> Answer:
        """Returns the answer; ``AssertionError`` when it is not there, or was broken off."""
        assert not self.broken, f"the answer was broken off: {self.broken}"
        assert self.is_complete, (
            f"there is no answer yet to {self.path}: "
            + ("it has begun, and its end has not come" if self.status else "no function has answered")
            + "; advance() lets time pass"
        )
        return Answer(self.status, self.headers, self.content)

    def leave(self) -> None:
        """The browser leaves: the worker is told, if it waits to be (I17, I27)."""
        if not self.is_over:
            self.fail("left", 0)
            message = {"reply_channel": self.reply_channel, "path": self.path, "reason": "left"}
            self._server.try_send("http.disconnect", message, here=True)
            self._server.work()

    def send_body(self, piece: bytes, *, is_last: bool = False) -> None:
        """The browser sends one more piece of the body."""
        self._pieces.extend(piece[start : start + PIECE] for start in range(0, len(piece), PIECE))
        self._is_body_over = self._is_body_over or is_last
        self.feed()
        self._server.work()

    # For the server

    def body_ends(self) -> None:
        """No more pieces come than there are."""
        self._is_body_over = True

    def fail(self, why: str, status: int) -> None:
        """The answer will not come, or not all of it."""
        if self.status == 0 and status:
            self.status, self.is_complete = status, True
        else:
            self.broken = why
        self._server.broker.close(None, [self.reply_channel])
        self._tell(why)

    def _tell(self, why: str) -> None:
        told, self._told = self._told, None
        if told is not None:
            message = {"reply_channel": self.reply_channel, "path": self.path, "reason": why}
            self._server.try_send(told, message, here=True)
        if self.body_channel is not None and self.wanted and not self._is_body_sent:
            self._server.try_send(self.body_channel, {"closed": True, "offset": self._offset}, here=True)

    @property
    def _is_body_sent(self) -> bool:
        return self._is_body_over and not self._pieces

    def hear(self, message: Dict[str, Any]) -> None:
        """Something came on the reply channel."""
        if self.is_over:
            self._server.broker.close(None, [self.reply_channel])
            return
        if isinstance(message.get("disconnect_channel"), str):
            self._told = message["disconnect_channel"]
        if isinstance(message.get("body_wanted"), int):
            self.wanted = max(self.wanted, message["body_wanted"])
            self.feed()
        if any(message.get(key) is not None for key in ("status", "content", "more_content")):
            why = self._wrong_with(message)
            if why:
                self._server.faults.append(f"{self.path}: {why}")
                self.fail("malformed", 502)
                return
            self._take(message)

    def _wrong_with(self, message: Dict[str, Any]) -> str:
        status = message.get("status")
        if self.status == 0 and not (type(status) is int and 200 <= status <= 599):
            return f"the answer's status is no number of 200 to 599: {status!r}"
        if self.status and status is not None:
            return "a second message has a status"
        offset = message.get("offset")
        if offset is not None and offset > len(self.content):
            return f"a piece is missing at {len(self.content)}"
        return ""

    def _take(self, message: Dict[str, Any]) -> None:
        content = message.get("content") or b""
        content = content.encode() if isinstance(content, str) else content
        more = message.get("more_content") is True
        offset = message.get("offset")
        if offset is not None and offset + len(content) <= len(self.content) and more and content:
            return
        if self.status == 0:
            self.status = message["status"]
            self.headers = [(_text(name), _text(value)) for name, value in message.get("headers") or []]
        self.content += content
        self.due = self._server.clock.now + TIMEOUT
        self.is_complete = not more

    def feed(self) -> None:
        """Sends of the body what the worker has asked for (I40)."""
        channel = self.body_channel
        while channel is not None and self.wanted and (self._pieces or self._is_body_over):
            piece = self._pieces[0] if self._pieces else b""
            piece = piece[: self.wanted - self._offset]
            if self._pieces and not piece:
                return
            is_last = self._is_body_over and len(self._pieces) <= 1 and (not self._pieces or piece == self._pieces[0])
            message: Dict[str, Any] = {"content": piece, "offset": self._offset}
            if not is_last:
                message["more_content"] = True
            if not self._server.try_send(channel, message, here=True):
                return
            self._offset += len(piece)
            if self._pieces:
                self._pieces[0] = self._pieces[0][len(piece) :]
                if not self._pieces[0]:
                    self._pieces.popleft()
            if is_last:
                self.body_channel = None
                return


def _text(value: Any) -> str:
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")
