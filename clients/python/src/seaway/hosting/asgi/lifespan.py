"""What an application does before its first request and after its last one."""

from __future__ import annotations

import asyncio
from typing import Any, Dict, Optional

from ..._log import logger
from . import scopes

#: Whether the application has a lifespan: found out by asking it, required, or not asked for.
MODES = ("auto", "on", "off")


class StartupFailed(Exception):
    """The application says that it cannot serve."""


class Lifespan:
    """One run of an application: ``startup``, then ``shutdown``."""

    def __init__(self, application: scopes.Application, mode: str = "auto"):
        self._application = application
        self._mode = mode
        #: What the application has put there at its start, of which each request gets a copy.
        self.state: Dict[str, Any] = {}
        self._events: asyncio.Queue[scopes.Event] = asyncio.Queue()
        self._task: Optional[asyncio.Task[None]] = None
        self._answer: Optional[asyncio.Future[str]] = None

    async def startup(self) -> None:
        """Waits until the application can serve; raises ``StartupFailed``."""
        if self._mode == "off":
            return
        try:
            self._task = asyncio.get_running_loop().create_task(self._run())
            failure = await self._ask("startup")
        except Exception as error:
            self._task = None
            if self._mode == "on":
                raise StartupFailed(f"its lifespan has ended with {type(error).__name__}: {error}") from error
            # An application that does not know of it raises, as the specification has it.
            logger.debug("the application has no lifespan: %r", error)
            return
        if failure is not None:
            await self._end()
            raise StartupFailed(failure or "it has said no reason")

    async def shutdown(self) -> None:
        """Lets the application tidy up; what it fails at is logged."""
        if self._task is None or self._task.done():
            return
        try:
            failure = await self._ask("shutdown")
            if failure is not None:
                logger.error("the application could not shut down: %s", failure)
        except Exception as error:
            logger.error("the application failed in its shutdown", exc_info=error)
        await self._end()

    async def _end(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            # It returns by itself when it has answered, or will never.
            await asyncio.wait((task,), timeout=5.0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _ask(self, what: str) -> Optional[str]:
        """Returns ``None`` when it is done, or why it is not; raises what the application raises before that."""
        assert self._task is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._events.put_nowait({"type": f"lifespan.{what}"})
        await asyncio.wait((self._answer, self._task), return_when=asyncio.FIRST_COMPLETED)
        if not self._answer.done():
            self._task.result()
            raise RuntimeError(f"the application has ended without an answer to lifespan.{what}")
        answer = self._answer.result()
        kind, _, failure = answer.partition(" ")
        if kind not in (f"lifespan.{what}.complete", f"lifespan.{what}.failed"):
            raise RuntimeError(f"the application answers {kind} to lifespan.{what}")
        return failure if kind.endswith("failed") else None

    async def _run(self) -> None:
        await self._application(scopes.lifespan(self.state), self._events.get, self._send)

    async def _send(self, event: scopes.Event) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(f"{event['type']} {event.get('message', '')}".rstrip(" "))
