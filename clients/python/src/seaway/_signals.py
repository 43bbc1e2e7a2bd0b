"""SIGTERM and SIGINT, which tell a worker to leave; a second one ends the process at once."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from types import FrameType
from typing import Any, Callable, Dict, List, Optional, Tuple

_NUMBERS: Tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT)

#: Running workers that have taken the signals: one, unless a worker runs inside another one's function.
_takers: List[Signals] = []
_masks = threading.local()

#: The worker of the main thread has been told to leave, so a KeyboardInterrupt is a second signal.
_was_told = False


def leave_interrupts() -> None:
    """Workers of this process leave SIGINT alone: a supervisor tells them to leave, by SIGTERM."""
    global _NUMBERS
    _NUMBERS = (signal.SIGTERM,)


def is_interrupt(error: BaseException) -> bool:
    """Whether an error comes from an operator's second signal, not from a function."""
    is_here = threading.current_thread() is threading.main_thread()
    return _was_told and is_here and isinstance(error, KeyboardInterrupt)


class Signals:
    """The signals, taken while a worker runs in the main thread; with ``loop`` by asyncio.

    In a child process they are what they were before the worker took them, so that ``terminate`` ends it.
    """

    def __init__(self, leave: Callable[[], None], loop: Optional[asyncio.AbstractEventLoop] = None):
        self._leave = leave
        self._loop = loop
        self._before: Dict[signal.Signals, Any] = {}

    def take(self) -> None:
        """Begins; elsewhere than in the main thread nothing can be taken."""
        global _was_told
        if threading.current_thread() is not threading.main_thread():
            return
        _was_told = False
        _takers.append(self)
        for number in _NUMBERS:
            self._before[number] = signal.getsignal(number)
            if self._loop is None:
                signal.signal(number, self._come)
            else:
                self._loop.add_signal_handler(number, self._come, number, None)

    def give_back(self) -> None:
        """Ends."""
        for number in list(self._before):
            self._reset(number)
        self._before.clear()
        if self in _takers:
            _takers.remove(self)

    def forked(self) -> None:
        """In a child process: the parent alone leaves when it is told to."""
        global _was_told
        _was_told = False
        if self._before and self._loop is not None:
            # It leads to the parent's loop.
            signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            if self._loop is not None and number == signal.SIGINT and callable(handler):
                # That of asyncio.run would cancel a task of the parent's.
                handler = signal.default_int_handler
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._before.clear()

    def _come(self, number: int, frame: Optional[FrameType]) -> None:
        global _was_told
        _was_told = True
        for taken in self._before:
            if self._loop is None:
                self._reset(taken)
            else:
                self._loop.remove_signal_handler(taken)
        self._leave()

    def _reset(self, number: signal.Signals) -> None:
        if self._loop is not None:
            self._loop.remove_signal_handler(number)
        before = self._before[number]
        signal.signal(number, signal.SIG_DFL if before is None else before)


def _hold() -> None:
    """Before a fork: what is sent to the child before it has its handlers back waits until it has."""
    if _takers:
        _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _NUMBERS)


def _release() -> None:
    before = getattr(_masks, "before", None)
    if before is not None:
        _masks.before = None
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _release_child() -> None:
    while _takers:
        _takers.pop().forked()
    _release()


os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_release_child)
