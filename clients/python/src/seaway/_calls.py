"""How functions that people wrote are called, by what is the same for both halves (see ``_blocking``)."""

from __future__ import annotations

from typing import Any, Callable

from ._signals import is_interrupt


class Calls:
    """Hooks of what calls functions of its half."""

    async def _call_function(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Calls one of the functions and returns what it returns."""
        raise NotImplementedError

    def _passing(self) -> Callable[[BaseException], bool]:
        """Tells which errors are nobody's fault and go on up."""
        raise NotImplementedError


class BlockingCalls(Calls):
    """Calls plain functions."""

    async def _call_function(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return function(*arguments, **options)

    def _passing(self) -> Callable[[BaseException], bool]:
        return is_interrupt
