"""Layers for Django Channels, and what uses them."""

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable

from .broker import PATIENCE

#: Makes a layer at the broker of a test, with the options of ``CONFIG``.
Make = Callable[..., Any]


def run(main: Awaitable[Any]) -> Any:
    """Waits for it on a loop of its own, as long as a test may take for it."""

    async def limited() -> Any:
        return await asyncio.wait_for(main, PATIENCE)

    return asyncio.run(limited())
