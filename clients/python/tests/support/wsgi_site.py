"""WSGI applications that are asked in tests."""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, Iterable, Iterator
from wsgiref.validate import validator

Environ = Dict[str, Any]
Start = Callable[..., Callable[[bytes], None]]

PLAIN = [("Content-Type", "text/plain")]


class Told:
    """Pieces that tell when they are closed."""

    def __init__(self, pieces: Iterable[bytes], what: str):
        self._pieces = iter(pieces)
        self._what = what

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        print(f"closed {self._what}", flush=True)


def show(environ: Environ, start: Start) -> Iterable[bytes]:
    """What an application sees."""
    start("200 OK", PLAIN)
    shown = {key: value for key, value in environ.items() if isinstance(value, (str, bool))}
    return ["\n".join(f"{key}={value}" for key, value in sorted(shown.items())).encode("latin-1", "backslashreplace")]


def length(environ: Environ, start: Start) -> Iterable[bytes]:
    """Reads in small parts, and gives what it has read one by one."""
    size = lines = 0
    for line in environ["wsgi.input"]:
        size += len(line)
        lines += 1
    start("200 OK", PLAIN)
    return [f"{size} bytes, ".encode(), f"{lines} lines".encode()]


def parts(environ: Environ, start: Start) -> Iterable[bytes]:
    """Reads in all the ways that there are."""
    body = environ["wsgi.input"]
    read = [body.read(3), body.readline(), body.readlines(), body.read(1)]
    start("200 OK", PLAIN)
    return [repr(read).encode()]


def stream(environ: Environ, start: Start) -> Iterable[bytes]:
    """A generator, whose head is known only once it runs."""
    start("200 OK", PLAIN)
    for number in range(3):
        yield b"%d\n" % number


def endless(environ: Environ, start: Start) -> Iterable[bytes]:
    """Ends when nobody takes it any more."""
    start("200 OK", PLAIN)

    def blocks() -> Iterator[bytes]:
        while True:
            yield bytes(65_536)

    return Told(blocks(), "endless")


def large(environ: Environ, start: Start) -> Iterable[bytes]:
    """As many bytes as the query says, from a file that is made up."""
    left = int(environ["QUERY_STRING"])
    start("200 OK", [*PLAIN, ("Content-Length", str(left))])

    class Zeros:
        def read(self, size: int) -> bytes:
            nonlocal left
            size = min(size, left)
            left -= size
            return bytes(size)

        def close(self) -> None:
            print("closed large", flush=True)

    pieces: Iterable[bytes] = environ["wsgi.file_wrapper"](Zeros(), 4_096)
    return pieces


def written(environ: Environ, start: Start) -> Iterable[bytes]:
    """By the callable of old."""
    write = start("200 OK", PLAIN)
    write(b"one ")
    write(b"two ")
    return [b"three"]


def fails(environ: Environ, start: Start) -> Iterable[bytes]:
    """Before it has begun."""
    raise LookupError("nothing here")


def recovers(environ: Environ, start: Start) -> Iterable[bytes]:
    """Begins, fails, and answers something else."""
    start("200 OK", [("x-first", "yes")])
    try:
        raise LookupError("nothing here")
    except LookupError:
        start("503 Not Now", PLAIN, sys.exc_info())
    return [b"later"]


def breaks(environ: Environ, start: Start) -> Iterable[bytes]:
    """In the middle of what it answers."""
    start("200 OK", PLAIN)

    def pieces() -> Iterator[bytes]:
        yield b"one"
        raise LookupError("no two")

    return Told(pieces(), "breaks")


def short(environ: Environ, start: Start) -> Iterable[bytes]:
    """Less than it says."""
    start("200 OK", [("Content-Length", "10")])
    return [b"one"]


def silent(environ: Environ, start: Start) -> Iterable[bytes]:
    """Nothing is started."""
    return [b"one"]


def nothing(environ: Environ, start: Start) -> Iterable[bytes]:
    """Has no content, whatever is iterated."""
    start("204 No Content", [])
    return Told([], "nothing")


def gathered(environ: Environ, start: Start) -> Iterable[bytes]:
    """Several pieces of a length that is known."""
    start("200 OK", [*PLAIN, ("Content-Length", "6")])
    return Told([b"one", b"", b"two"], "gathered")


def cookies(environ: Environ, start: Start) -> Iterable[bytes]:
    """Fields twice, and one that is not ASCII."""
    start("200 OK", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Name", "Kan\xe4le")])
    return []


def splits(environ: Environ, start: Start) -> Iterable[bytes]:
    """A field that would begin another."""
    start("200 OK", [("Location", "/\r\nset-cookie: a=1")])
    return []


PAGES = {
    f"/{page.__name__}": page
    for page in (show, length, parts, stream, endless, large, written, fails, recovers, breaks, short, silent, nothing)
}
PAGES.update({f"/{page.__name__}": page for page in (gathered, cookies, splits)})


def application(environ: Environ, start: Start) -> Iterable[bytes]:
    """Asks the page of the first part of the path."""
    name = "/" + environ["PATH_INFO"].split("/")[1]
    return PAGES.get(name, show)(environ, start)


wsgi_application: Any = application
validated: Any = validator(wsgi_application)
