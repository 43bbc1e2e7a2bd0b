"""Which function takes which message. Calls nothing, so the same for functions of both kinds."""

from __future__ import annotations

from typing import Callable, Dict, Generic, List, Optional, Set, Tuple, TypeVar

from . import _http, _names
from ._message import Fields

M = TypeVar("M", bound=Fields)
R = TypeVar("R")


class PathPattern:
    """A path with names for some of its segments: ``/users/{id}``; a last segment ``*`` takes all that follow."""

    def __init__(self, text: str):
        if not text.startswith("/"):
            raise ValueError(f"a path begins with /, not {text!r}")
        self._segments = [segment for segment in text.split("/") if segment]
        if "*" in self._segments[:-1]:
            raise ValueError(f"* is the last segment of a path, not in the middle of {text!r}")

    def match(self, path: str) -> Optional[Dict[str, str]]:
        """Returns what the names stand for, or ``None`` when the path does not fit."""
        parts = [part for part in path.split("/") if part]
        found: Dict[str, str] = {}
        for index, segment in enumerate(self._segments):
            if segment == "*":
                return found
            if index == len(parts):
                return None
            if segment.startswith("{") and segment.endswith("}"):
                found[segment[1:-1]] = parts[index]
            elif segment != parts[index]:
                return None
        return found if len(parts) == len(self._segments) else None


class _Route(Generic[M, R]):
    __slots__ = ("function", "method", "path")

    def __init__(self, path: PathPattern, method: Optional[str], function: Callable[[M], R]):
        self.path = path
        self.method = method
        self.function = function

    def takes(self, method: str) -> bool:
        """What answers ``GET`` answers ``HEAD``; the server leaves the content out."""
        return self.method in (None, method) or (self.method == "GET" and method == "HEAD")


class Routes(Generic[M, R]):
    """Functions by channel, and for HTTP requests by path and method; the first that fits takes a message."""

    def __init__(self) -> None:
        self._plain: Dict[str, Callable[[M], R]] = {}
        self._routes: Dict[str, List[_Route[M, R]]] = {}
        self._refusals: Dict[str, Callable[[M], R]] = {}

    @property
    def channels(self) -> List[str]:
        """The names to listen on, at least one."""
        if not self._plain and not self._routes:
            raise ValueError("the worker has no functions: give it some with @worker.on")
        return list(dict.fromkeys([*self._plain, *self._routes]))

    @property
    def mailboxes(self) -> List[str]:
        """Those among the names."""
        return [name for name in dict.fromkeys([*self._plain, *self._routes]) if name.endswith("!")]

    def add(self, channel: str, path: Optional[str], method: Optional[str], function: Callable[[M], R]) -> None:
        """Lets a function take the messages of a channel or mailbox, or those of a path and method of them."""
        _names.listenable(channel)
        if path is None and method is None:
            if channel in self._plain:
                raise ValueError(f"two functions take {channel}")
            self._plain[channel] = function
        else:
            route = _Route(PathPattern("/*" if path is None else path), method, function)
            self._routes.setdefault(channel, []).append(route)

    def refuse(self, channel: str, function: Callable[[M], R]) -> None:
        """Lets a function take the messages of a channel that are no HTTP requests and fit no route."""
        self._refusals[channel] = function

    def count(self, taken: Callable[[], object]) -> None:
        """Has ``taken`` called before a function takes a message; to be said when all functions are there."""

        def counted(function: Callable[[M], R]) -> Callable[[M], R]:
            def call(message: M) -> R:
                taken()
                return function(message)

            return call

        self._plain = {channel: counted(function) for channel, function in self._plain.items()}
        for routes in self._routes.values():
            for route in routes:
                route.function = counted(route.function)

    def find(self, message: M) -> Tuple[Optional[Callable[[M], R]], Optional[_http.Answer]]:
        """Returns the function for a message, or the answer for an HTTP request that fits no route.

        Neither, for another message that fits none: there is nobody to tell.
        """
        channel = message.channel
        mailbox = _names.mailbox(channel)
        routes = self._routes.get(channel) or self._routes.get(mailbox)
        plain = self._plain.get(channel) or self._plain.get(mailbox)
        if routes is None:
            return plain, None
        path, method = message.path, message.method
        allowed: Set[str] = set()
        for route in routes:
            parameters = route.path.match(path)
            if parameters is None:
                continue
            if route.takes(method):
                message.parameters = parameters
                return route.function, None
            allowed.add(route.method or "")
        if plain is not None or not method:
            return plain or self._refusals.get(channel), None
        if not allowed:
            return None, _http.answer(404, content="Not found.\n")
        return None, _http.answer(405, {"allow": ", ".join(sorted(allowed))}, "Method not allowed.\n")
