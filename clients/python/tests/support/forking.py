"""Functions that fork, in a worker of the kind that the command line says: python forking.py sync|threads|asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from typing import Any, Callable, Dict, List, Optional

import seaway
from seaway import aio

KIND = sys.argv[1]
IS_ASYNCIO = KIND == "asyncio"
worker: Any = aio.Worker() if IS_ASYNCIO else seaway.Worker(concurrency=4 if KIND == "threads" else 1)
FUNCTIONS: Dict[str, Callable[[Any], str]] = {}


def named(function: Callable[[Any], str]) -> Callable[[Any], str]:
    FUNCTIONS["/" + function.__name__] = function
    return function


def child(work: Optional[Callable[[], Any]] = None) -> int:
    """Forks; the child works, or waits until it is ended."""
    number = os.fork()
    if number:
        return number
    with contextlib.suppress(BaseException):
        if work is None:
            threading.Event().wait()
        else:
            work()
        os._exit(0)
    os._exit(99)


def end_of(number: int) -> int:
    """Waits for a child; how it has ended."""
    status = os.waitpid(number, 0)[1]
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)


@named
def terminate(message: Any) -> str:
    number = child()
    os.kill(number, signal.SIGTERM)
    return str(end_of(number))


@named
def handlers(message: Any) -> str:
    """What a child has in the place of the worker's handlers."""

    def look() -> None:
        is_default = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        raises = signal.getsignal(signal.SIGINT) == signal.default_int_handler
        os._exit(10 * is_default + raises)

    return str(end_of(child(look)))


@named
def outlives(message: Any) -> str:
    return str(child())


@named
def sends(message: Any) -> str:
    """The child uses what it has inherited, and listens anew."""
    layer = message.layer

    def work() -> None:
        if not IS_ASYNCIO:
            layer.send("from.child", {"text": "sent"})
            layer.quit()
            return

        async def send() -> None:
            await layer.send("from.child", {"text": "sent"})
            await layer.quit()

        asyncio.run(send())

    return str(end_of(child(work)))


@named
def listens(message: Any) -> str:
    """What the parent listens on brings the child nothing but a clear error."""
    listening = LISTENINGS[0]

    def work() -> None:
        try:
            if IS_ASYNCIO:
                asyncio.run(listening.receive())
            else:
                listening.receive()
        except seaway.Ended as error:
            os._exit(7 if "forked" in str(error) else 8)

    return str(end_of(child(work)))


@named
def falls_out(message: Any) -> str:
    """The child leaves the function in the way that the query says; one answer comes all the same."""
    number = os.fork()
    if number == 0:
        how = message.query_string
        if how == "exit":
            sys.exit(7)
        if how == "raise":
            raise RuntimeError("in the child")
        return ""
    return str(end_of(number))


@named
def starts(message: Any) -> str:
    """Sockets that another program has, started without closing anything."""
    look = "ls -l /proc/self/fd | grep -c socket:"
    return subprocess.run(["sh", "-c", look], close_fds=False, capture_output=True, text=True).stdout.strip()


LISTENINGS: List[Any] = []


async def take_soon(message: aio.Message) -> None:
    if not LISTENINGS:
        LISTENINGS.append(await message.layer.listen("nobody.else"))
    content = FUNCTIONS[message.path](message)
    if content:
        await message.respond(content=content)


def take(message: seaway.Message) -> None:
    if not LISTENINGS:
        LISTENINGS.append(message.layer.listen("nobody.else"))
    content = FUNCTIONS[message.path](message)
    if content:
        message.respond(content=content)


if IS_ASYNCIO:
    worker.on("http.request")(take_soon)
    asyncio.run(worker.run())
else:
    worker.on("http.request")(take)
    worker.run()
