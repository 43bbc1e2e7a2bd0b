"""A request as PEP 3333 has it, with the names and values that an application finds under gunicorn."""

from __future__ import annotations

import io
import sys
from typing import Any, Dict
from urllib.parse import unquote_to_bytes

from .. import _values
from .._errors import BodyBroken
from .._http import PIECE
from ..message import Message

Environ = Dict[str, Any]

#: Names of fields that are kept beside their keys; what clients make up beyond these is worked out each time.
_MOST_KEYS = 512
#: These have keys without ``HTTP_``, and the last one counts.
_PLAIN = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class FileWrapper:
    """``wsgi.file_wrapper``: a file that is answered from, in pieces of 65,536 bytes whatever size is asked for."""

    def __init__(self, file: Any, size: int = PIECE):
        self._file = file
        if hasattr(file, "close"):
            self.close = file.close

    def __iter__(self) -> FileWrapper:
        return self

    def __next__(self) -> bytes:
        piece: bytes = self._file.read(PIECE)
        if not piece:
            raise StopIteration
        return piece


class Environs:
    """Makes the environ of each request."""

    def __init__(self, script_name: str = "", *, is_multithread: bool = False, is_multiprocess: bool = False):
        """``script_name``: where the application is mounted, such as ``/shop``; that of the request unless given.

        A path below it is given without it. Any other is given whole, as behind a proxy that leaves it out. Raises
        ``ValueError`` for one that is no such path.
        """
        self._script_name = mounted(script_name)
        self._keys: Dict[Any, str] = dict(_PLAIN)
        self._base: Environ = {
            "wsgi.version": (1, 0),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": is_multithread,
            "wsgi.multiprocess": is_multiprocess,
            "wsgi.run_once": False,
            "wsgi.file_wrapper": FileWrapper,
            "wsgi.input_terminated": True,
            "SERVER_SOFTWARE": "seaway",
        }

    def make(self, message: Message) -> Environ:
        """Returns the environ of a request; raises ``SeawayError`` for a message that is unreadable."""
        get = self._data(message).get
        raw_path, query = _latin(get("raw_path")), _latin(get("query_string"))
        path = unquote_to_bytes(raw_path).decode("latin-1") if "%" in raw_path else raw_path
        if not raw_path:
            raw_path = path = _latin(get("path"))
        script_name = self._script_name
        if not script_name and get("root_path"):
            script_name = mounted(_latin(get("root_path")))
        if script_name and path.startswith(script_name) and path[len(script_name) :][:1] in ("", "/"):
            path = path[len(script_name) :]
        scheme = get("scheme") or "http"
        environ = {
            **self._base,
            "wsgi.url_scheme": scheme,
            "wsgi.input": body_input(message) if get("body_channel") else io.BytesIO(_bytes(get("body"))),
            "REQUEST_METHOD": get("method"),
            "SCRIPT_NAME": script_name,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "RAW_URI": f"{raw_path}?{query}" if query else raw_path,
            "SERVER_PROTOCOL": f"HTTP/{get('http_version') or '1.1'}",
            # How often it was delivered: 2 if a worker before this one has died with it.
            "seaway.times": message.times,
        }
        keys = self._keys
        for name, value in get("headers") or ():
            key = keys.get(name) or self._key(name)
            value = value.decode("latin-1") if type(value) is bytes else _latin(value)
            if key in environ:
                value = _joined(key, environ[key], value)
            environ[key] = value
        client, server = get("client"), get("server")
        if client:
            environ["REMOTE_ADDR"] = client[0]
            if client[1]:
                environ["REMOTE_PORT"] = str(client[1])
        else:
            environ["REMOTE_ADDR"] = ""
        if server:
            environ["SERVER_NAME"] = server[0]
            environ["SERVER_PORT"] = str(server[1])
        else:
            _name_server(environ, scheme)
        return environ

    def _data(self, message: Message) -> Dict[str, Any]:
        """The fields; the server's are of the kinds that it says, so that they need not be looked through first."""
        if message._data is None:
            message._data = _values.unpack_unchecked(message.body)
        return message._data

    def _key(self, name: Any) -> str:
        """The key of a field's name; names with ``_`` do not come (I8)."""
        text = _latin(name)
        key = _PLAIN.get(text.encode("latin-1")) or "HTTP_" + text.upper().replace("-", "_")
        if len(self._keys) < _MOST_KEYS:
            self._keys[name] = key
        return key


def mounted(script_name: str) -> str:
    """Returns where an application is mounted as ``SCRIPT_NAME`` says it: empty, or ``/shop``."""
    if not script_name.startswith("/") and script_name:
        raise ValueError(f"a script name is empty or begins with /, not {script_name!r}")
    return script_name.rstrip("/")


def body_input(message: Message) -> io.BufferedReader:
    """``wsgi.input`` of a body in pieces: takes what is read and 512 KiB beyond, and waits for the client."""
    return io.BufferedReader(_Body(message), PIECE)


class _Body(io.RawIOBase):
    """Raises ``OSError`` when the rest does not come, as a socket would."""

    def __init__(self, message: Message):
        self._pieces = message.stream_body()
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            try:
                piece = next(self._pieces, None)
            except BodyBroken as error:
                raise ConnectionResetError(str(error)) from error
            if piece is None:
                return 0
            self._left = memoryview(piece)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            self._pieces.close()
        super().close()


def _joined(key: str, before: str, value: str) -> str:
    if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        return value
    return f"{before}; {value}" if key == "HTTP_COOKIE" else f"{before},{value}"


def _name_server(environ: Environ, scheme: str) -> None:
    """At a Unix socket it has the name that the client calls it by."""
    name, mark, port = environ.get("HTTP_HOST", "").rpartition(":")
    if not mark or not port.isdigit():
        name, port = environ.get("HTTP_HOST", ""), "443" if scheme == "https" else "80"
    environ["SERVER_NAME"] = name or "localhost"
    environ["SERVER_PORT"] = port


def _latin(value: Any) -> str:
    """Bytes as PEP 3333 has them in strings: one character for each."""
    return _bytes(value).decode("latin-1")


def _bytes(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    return b"" if value is None else str(value).encode("utf-8")
