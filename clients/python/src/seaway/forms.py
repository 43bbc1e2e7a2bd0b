"""Forms of requests, of any size, by python-multipart: ``pip install 'seaway[forms]'``.

::

    form = seaway.forms.read(message)                  # in an asyncio worker: await seaway.forms.read_async(message)
    form["title"], form.files[0].filename, form.files[0].content.read()
"""

from __future__ import annotations

import contextlib
from typing import IO, TYPE_CHECKING, Iterator, List, NamedTuple, Optional, Tuple
from urllib.parse import unquote_plus

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header

from ._errors import BodyTooLarge, SeawayError
from ._message import Fields

if TYPE_CHECKING:
    from . import aio
    from .message import Message

#: Fields and files of one form, and the bytes of one field.
MOST_FIELDS = 1_000
MOST_FIELD = 1_048_576
#: The largest form that is read unless a limit is given. Files of more than 1 MiB are on disk while they are read.
MOST = 67_108_864


class BadForm(SeawayError):
    """The body is no form, or one with more fields than are taken."""


class Upload(NamedTuple):
    """A file of a form."""

    name: str
    filename: str
    content_type: str
    size: int
    #: At its beginning; it is gone when nobody holds it any more.
    content: IO[bytes]


class Form:
    """The fields and files of a form, in their order."""

    def __init__(self) -> None:
        self.fields: List[Tuple[str, str]] = []
        self.files: List[Upload] = []

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: str, default: Optional[str] = None) -> Optional[str]:
        """Returns the first field of that name."""
        return next((value for key, value in self.fields if key == name), default)


class _Reading:
    """Takes the pieces of a form; the same for both halves."""

    def __init__(self, message: Fields, limit: int):
        self.form = Form()
        self._limit = limit
        self._size = 0
        kind, options = parse_options_header(message.header("content-type"))
        self._is_quoted = kind != b"multipart/form-data"
        config = {"MAX_FIELDS": MOST_FIELDS, "MAX_FIELD_SIZE": MOST_FIELD}
        with _told():
            self._parser = FormParser(
                kind.decode("latin-1"), self._field, self._file, boundary=options.get(b"boundary"), config=config
            )

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise BodyTooLarge(f"the form has more than {self._limit} bytes")
        with _told():
            self._parser.write(piece)

    def end(self) -> Form:
        with _told():
            self._parser.finalize()
        return self.form

    def _note(self) -> None:
        if len(self.form.fields) + len(self.form.files) >= MOST_FIELDS:
            raise BadForm(f"the form has more than {MOST_FIELDS} fields")

    def _field(self, field: Field) -> None:
        self._note()
        name, value = _text(field.field_name), _text(field.value)
        self.form.fields.append((unquote_plus(name), unquote_plus(value)) if self._is_quoted else (name, value))

    def _file(self, file: File) -> None:
        self._note()
        file.file_object.seek(0)
        name, filename = _text(file.field_name), _text(file.file_name)
        self.form.files.append(Upload(name, filename, file.content_type or "", file.size, file.file_object))


def read(message: Message, limit: int = MOST) -> Form:
    """Reads the form of a request, ``multipart/form-data`` or ``application/x-www-form-urlencoded``.

    Raises ``BadForm``, ``BodyTooLarge`` beyond ``limit`` bytes (which a worker answers with 413), and ``BodyBroken``.
    """
    reading = _Reading(message, limit)
    with contextlib.closing(message.stream_body()) as pieces:
        for piece in pieces:
            reading.add(piece)
    return reading.end()


async def read_async(message: aio.Message, limit: int = MOST) -> Form:
    """The same in an asyncio worker."""
    reading = _Reading(message, limit)
    pieces = message.stream_body()
    try:
        async for piece in pieces:
            reading.add(piece)
    finally:
        await pieces.aclose()
    return reading.end()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except FormParserError as error:
        raise BadForm(f"the body is no form: {error}") from error


def _text(value: Optional[bytes]) -> str:
    return (value or b"").decode("utf-8", "replace")
