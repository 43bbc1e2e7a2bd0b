"""Which errors are nobody's fault and go on up, whatever a function has to do with them."""

from __future__ import annotations

import asyncio
from typing import Any, Optional

from .._signals import is_interrupt


def passes(error: BaseException, task: Optional[asyncio.Task[Any]]) -> bool:
    """Whether an error is an operator's second signal, or the end of a task that will never run again."""
    return is_interrupt(error) or (isinstance(error, GeneratorExit) and not _runs(task))


def _runs(task: Optional[asyncio.Task[Any]]) -> bool:
    """Whether a task is the one that runs now: a coroutine that is thrown away meets GeneratorExit elsewhere."""
    try:
        return task is not None and asyncio.current_task() is task
    except RuntimeError:
        return False
