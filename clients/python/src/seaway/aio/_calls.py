"""How coroutine functions that people wrote are called (see ``seaway._calls``)."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, Callable

from .._calls import Calls
from ._passing import passes


class CoroutineCalls(Calls):
    """Calls coroutine functions, in the task that runs."""

    async def _call_function(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return await function(*arguments, **options)

    def _passing(self) -> Callable[[BaseException], bool]:
        return functools.partial(passes, task=asyncio.current_task())
