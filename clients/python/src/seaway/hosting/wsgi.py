"""Gives HTTP requests to a WSGI application, and sends what it answers: PEP 3333."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Any, Callable, Iterable, List, Optional, Tuple, Type

from .._errors import SeawayError
from .._http import PIECE, WHOLE, pack_first
from ..message import Message, Stream
from .environ import Environ, Environs

Fault = Tuple[Type[BaseException], BaseException, Optional[TracebackType]]
Write = Callable[[bytes], None]
Application = Callable[[Any, Any], Iterable[bytes]]

#: Is told of a request and its answer, which is over.
Served = Callable[[Environ, "Answer"], None]

#: Content of a known length up to which it is gathered, so that it leaves in one message.
_GATHERED = 65_536
#: Statuses whose answers have no content (I14).
_BARE = (204, 205, 304)
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


class Host:
    """Calls an application for each request, in the thread that has the message."""

    def __init__(self, application: Application, environs: Environs, served: Optional[Served] = None):
        """``served`` is called behind each request, with its environ."""
        self._application = application
        self._environs = environs
        self._served = served

    def serve(self, message: Message) -> None:
        """Answers a request.

        What the application raises, or leaves without an answer, is the worker's to tell; ``Gone`` says that nobody
        waits for the rest. Its iterable is closed however this ends.
        """
        environ = self._environs.make(message)
        body = environ["wsgi.input"]
        answer = Answer(message, environ["REQUEST_METHOD"] == "HEAD")
        try:
            pieces = self._application(environ, answer.start)
            try:
                answer.send(pieces)
            finally:
                close = getattr(pieces, "close", None)
                if close is not None:
                    close()
        finally:
            body.close()
            if self._served is not None:
                self._served(environ, answer)


class Answer:
    """What an application answers to one request."""

    __slots__ = ("_headers", "_is_head", "_left", "_message", "_stream", "is_begun", "size", "status")

    def __init__(self, message: Message, is_head: bool):
        self._message = message
        self._is_head = is_head
        #: 0 until the application has said it.
        self.status = 0
        #: Bytes of content that were sent.
        self.size = 0
        #: Whether something was sent.
        self.is_begun = False
        self._headers: List[Tuple[Any, Any]] = []
        #: Bytes that are to come by ``Content-Length``.
        self._left: Optional[int] = None
        self._stream: Optional[Stream] = None

    def start(self, status: str, headers: List[Tuple[str, str]], exc_info: Optional[Fault] = None) -> Write:
        """``start_response``."""
        if exc_info is not None:
            try:
                if self._stream is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status:
            raise AssertionError("start_response was called before")
        if status[3:4] not in (" ", "") or not status[:3].isdigit() or not "200" <= status[:3] <= "599":
            raise ValueError(f"a status is 200 to 599 and a reason, not {status!r}")
        self._left = None
        # All at once, since hardly ever there is anything to be found.
        text = "".join([part for field in headers for part in field])
        is_plain = text.isascii() and text.isprintable()
        self._headers = headers if is_plain else [_encoded(name, value) for name, value in headers]
        for name, value in headers:
            if len(name) == 14 and name.lower() == "content-length":
                if not value.isdigit():
                    raise ValueError(f"a Content-Length is a number, not {value!r}")
                self._left = int(value)
        self.status = int(status[:3])
        return self.write

    def write(self, content: bytes) -> None:
        """Sends a piece at once, which the application must not have done before ``start_response``."""
        if content:
            self._begin()
            self._put(content)

    def send(self, pieces: Iterable[bytes]) -> None:
        """Sends all that the application gives, whole where it can be seen to be small, else as it comes."""
        # What Django answers says by itself whether it is whole.
        is_whole = isinstance(pieces, (list, tuple)) or getattr(pieces, "streaming", None) is False
        if self._stream is None and is_whole:
            self._need_status()
            self._send_whole(b"".join(pieces))
            return
        rest = iter(pieces)
        if self._stream is None and self._answer_at_once(rest):
            for _ in rest if not self._is_bare else ():
                # Beyond its own length: nobody gets it, but what stands behind it in the application is run.
                pass
            return
        for piece in rest:
            self.write(piece)
        self._begin()
        if self._left:
            raise SeawayError(f"the application has left out {self._left} bytes of its Content-Length")
        assert self._stream is not None
        self._stream.end()

    def _answer_at_once(self, rest: Iterable[bytes]) -> bool:
        """Takes what comes first; sends all, or begins a stream with it and returns false."""
        gathered, size = [], 0
        for piece in rest:
            if not piece:
                continue
            self._need_status()
            if self._is_bare:
                break
            gathered.append(piece)
            size += len(piece)
            if self._left is None or self._left > _GATHERED:
                if size == self._left:
                    break
                self.write(piece)
                return False
            if size >= self._left:
                break
        self._need_status()
        self._send_whole(b"" if self._is_bare else b"".join(gathered))
        return True

    def _send_whole(self, content: bytes) -> None:
        if self._left is not None and content:
            if len(content) < self._left and not self._is_bare:
                raise SeawayError(
                    f"the application has left out {self._left - len(content)} bytes of its Content-Length"
                )
            content = content[: self._left]
        if self._is_head and self._left is not None:
            # With what it would be, which stays there since there is no content (I13).
            content = b""
        self.is_begun = True
        self.size = len(content)
        if len(content) > WHOLE:
            self._message.respond(self.status, self._headers, content)
        else:
            self._message.respond_packed(pack_first(self.status, self._headers, content, False, self._message.told()))

    @property
    def _is_bare(self) -> bool:
        return self._is_head or self.status in _BARE

    def _need_status(self) -> None:
        if not self.status:
            raise AssertionError("the application has not called start_response")

    def _begin(self) -> None:
        if self._stream is None:
            self._need_status()
            self._stream = self._message.stream(self.status, self._headers)
            self.is_begun = True

    def _put(self, content: bytes) -> None:
        assert self._stream is not None
        if self._is_bare:
            self._left = None
            return
        if self._left is not None:
            content = content[: self._left]
            self._left -= len(content)
            if not content:
                return
        self.size += len(content)
        if len(content) <= PIECE:
            self._stream.write(content)
            return
        for start in range(0, len(content), PIECE):
            self._stream.write(content[start : start + PIECE])


def _encoded(name: str, value: str) -> Tuple[Any, Any]:
    """A field as bytes; raises ``ValueError`` for one that would begin another."""
    if _CONTROL.search(name) or _CONTROL.search(value):
        raise ValueError(f"the field {name!r} of the answer holds a control character")
    return name.encode("latin-1"), value.encode("latin-1")
