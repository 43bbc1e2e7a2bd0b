"""What becomes of layers and workers in a child process that was forked off: they are the parent's.

Nothing of a connection is shared: the child's end is closed, so that the broker sees the parent's end, and a layer that
the child uses connects anew.
"""

import contextlib
import os
import sys
import traceback
import weakref
from typing import TYPE_CHECKING, Any, List, NoReturn, Optional

from ._errors import Ended
from ._log import logger

if TYPE_CHECKING:
    from typing import Protocol

    class Forks(Protocol):
        """What is told in a child that it is there."""

        def forked(self) -> None:
            """This is a child process."""


_watched: "weakref.WeakSet[Forks]" = weakref.WeakSet()
#: Of the parent; what would be tidied up here when nobody holds it any more may be shared with the parent.
_inherited: List[Any] = []
#: Another number in every child; asking for the process's own would be a system call.
generation = 0


def watch(one: "Forks") -> None:
    """Lets it be told in every child, as long as it lives."""
    _watched.add(one)


def keep(*things: Any) -> None:
    """In a child: lets nothing of the parent's be tidied up."""
    _inherited.extend(things)


def hollow(descriptor: int) -> None:
    """In a child: makes a descriptor lead nowhere.

    Closing it would free its number, which a loop of the parent's still knows, for something else.
    """
    if descriptor < 0:
        return
    null = os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(null, descriptor, inheritable=False)
    finally:
        os.close(null)


def not_here() -> Ended:
    """Why what the parent listens on brings nothing here."""
    return Ended("this process was forked off: what its parent listens on, it does not")


def leave(error: Optional[BaseException]) -> NoReturn:
    """In a child that has come out of its function: ends it, since the worker's loop goes on in the parent alone."""
    code = 0
    if isinstance(error, SystemExit):
        if isinstance(error.code, int):
            code = error.code
        elif error.code is not None:
            sys.stderr.write(f"{error.code}\n")
            code = 1
    elif error is not None:
        traceback.print_exception(type(error), error, error.__traceback__)
        code = 1
    else:
        logger.warning("a child process has come out of the function that forked it: it ends")
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code & 0xFF)


def _after_fork() -> None:
    global generation
    generation += 1
    for one in list(_watched):
        one.forked()


_process = os.getpid()


def look() -> None:
    """Does what is to be done in a child where nobody tells that it is one: before Python 3.7."""
    global _process
    if _process != os.getpid():
        _process = os.getpid()
        _after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
    TELLS = True
else:
    TELLS = False
