"""Before Python 3.9 there is ``seaway.asgi1`` and what it is made of; everything else says which Python it needs."""

import sys
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any, Optional, Sequence

#: Modules beside those whose names begin with ``_``, the command line's apart.
_THERE = frozenset(("asgi1",))


def _text(what: str) -> str:
    return "{} needs Python 3.9 or later; in Python {}.{} there is seaway.asgi1 alone".format(what, *sys.version_info)


class _Package(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise ImportError(_text(f"{self.__name__}.{name}"))


class _Finder(MetaPathFinder):
    def __init__(self, package: str):
        self._front = package + "."

    def find_spec(self, fullname: str, path: "Optional[Sequence[Any]]", target: Any = None) -> None:
        """Finds nothing, and does not let modules be found that would fail with an error of syntax."""
        name = fullname[len(self._front) :] if fullname.startswith(self._front) else ""
        if name == "__main__" or (name and not name.startswith("_") and name not in _THERE):
            raise ImportError(_text(fullname))


def guard(package: str) -> None:
    """Lets the package answer for what it has not."""
    sys.modules[package].__class__ = _Package
    sys.meta_path.insert(0, _Finder(package))
