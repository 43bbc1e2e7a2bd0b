"""One implementation of what both halves do: coroutines, which the synchronous half runs to their end at once.

What is the same for both is written once, as coroutines that wait by the hooks of the object they belong to. In
``seaway.aio`` the hooks wait for the loop, and the coroutines are its methods as they are. In the synchronous half the
hooks block and return, so that a coroutine never stops on its way; ``blocking`` makes a plain method of it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable, Coroutine, TypeVar

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    Parameters = ParamSpec("Parameters")

Result = TypeVar("Result")

_WAITED = "it waits for an event loop"


def run(steps: Coroutine[Any, Any, Result]) -> Result:
    """Runs a coroutine whose hooks block, and returns or raises what it does."""
    try:
        steps.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise RuntimeError(_WAITED)


def blocking(steps: Callable[Parameters, Coroutine[Any, Any, Result]]) -> Callable[Parameters, Result]:
    """Makes a function that returns when the coroutine has; it is documented by it."""

    @functools.wraps(steps)
    def call(*args: Parameters.args, **options: Parameters.kwargs) -> Result:
        try:
            steps(*args, **options).send(None)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        raise RuntimeError(_WAITED)

    call.__name__ = steps.__name__.lstrip("_")
    return call
