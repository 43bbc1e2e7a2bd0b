"""The supervisor: keeps processes running that all do the same, as ``Fleet`` decides.

Each is a fresh interpreter, so that a new one has the code as it is then, and nothing is shared but the broker.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from .._log import logger
from . import child, memory
from .fleet import Action, Do, Fleet, Member
from .reloading import PERIOD, Files, Notices

#: Seconds between two looks at the memory of processes, and at the clock.
_MEMORY_PERIOD = 5.0
_PERIOD = 1.0
#: How long files are looked at once somebody has said that something has changed.
_LOOKING = 1.0
#: Of so many that have died the next one is told.
_MOST_DEAD = 64
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class Settings(NamedTuple):
    """How processes are run."""

    #: How many, at least 1.
    processes: int = 1
    #: Seconds in which one that is told to leave has to.
    drain: float = 30.0
    #: Seconds in which one has to import its application.
    start_timeout: float = 120.0
    #: Bytes of memory above which one is replaced; 0 for none.
    max_memory: int = 0
    #: Replace them when the files of the application change.
    reload: bool = False


def supervise(command: Sequence[str], settings: Settings) -> int:
    """Runs ``command`` in as many processes until SIGTERM or SIGINT, and returns the exit code.

    SIGHUP replaces all, one by one. A second SIGTERM or SIGINT ends all at once. To be called in the main thread.
    """
    return _Supervisor(command, settings).run()


def this_program(arguments: Sequence[str]) -> List[str]:
    """The command that runs this package again, in an interpreter of the same kind."""
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    return [sys.executable, *flags, "-m", "seaway", *arguments]


class _Process:
    """A process that runs, and what it says."""

    def __init__(self, member: Member, running: subprocess.Popen[bytes], connection: socket.socket):
        self.member = member
        self.running = running
        self.connection = connection
        #: By which the next process finds what this one leaves behind should it die.
        self.name = ""
        self._unread = b""

    def hear(self) -> Optional[List[Dict[str, Any]]]:
        """Returns what it has said, or ``None`` at the end."""
        try:
            data = self.connection.recv(1 << 20)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        *lines, self._unread = (self._unread + data).split(b"\n")
        said = []
        for line in lines:
            with contextlib.suppress(ValueError):
                said.append(json.loads(line))
        return said if data else None


class _Supervisor:
    def __init__(self, command: Sequence[str], settings: Settings):
        self._command = list(command)
        self._settings = settings
        self._fleet = Fleet(settings.processes, settings.drain, settings.start_timeout)
        self._processes: Dict[Member, _Process] = {}
        self._selector = selectors.DefaultSelector()
        self._waker, self._wakes = socket.socketpair()
        self._came: List[int] = []
        self._files = Files(os.getcwd())
        self._notices = Notices(self._wake)
        #: Names of those that have died, and of which of them each process that begins was told.
        self._dead: List[str] = []
        self._told: Dict[Member, List[str]] = {}
        self._looked_at_memory = 0.0
        self._look_until = 0.0

    def run(self) -> int:
        """Supervises until all have left."""
        for one in (self._waker, self._wakes):
            one.setblocking(False)
        self._selector.register(self._wakes, selectors.EVENT_READ)
        before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        try:
            if self._settings.reload:
                self._files.begin()
                self._notices.watch(self._files.folders)
            self._do(self._fleet.tick(time.monotonic()))
            while self._fleet.code is None:
                self._turn()
            return self._fleet.code
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._notices.end()
            for process in self._processes.values():
                process.running.kill()
            self._selector.close()
            self._waker.close()
            self._wakes.close()

    def _turn(self) -> None:
        is_looking = self._settings.reload and (not self._notices.are_there or time.monotonic() < self._look_until)
        for key, _ in self._selector.select(PERIOD if is_looking else _PERIOD):
            if key.data is None:
                self._empty()
            else:
                self._hear(key.data)
        now = time.monotonic()
        came, self._came = self._came, []
        for number in came:
            if number == signal.SIGHUP:
                self._do(self._fleet.replace_all("SIGHUP", now))
            elif number != signal.SIGCHLD:
                self._do(self._fleet.stop(now))
        self._reap(now)
        if is_looking:
            self._look(now)
        if self._settings.max_memory and now >= self._looked_at_memory + _MEMORY_PERIOD:
            self._looked_at_memory = now
            self._weigh(now)
        self._do(self._fleet.tick(now))

    # What comes

    def _note(self, number: int, frame: object) -> None:
        self._came.append(number)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def _empty(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while 0 in self._wakes.recv(4_096):
                self._look_until = time.monotonic() + _LOOKING

    def _hear(self, process: _Process) -> None:
        said = process.hear()
        if said is None:
            self._selector.unregister(process.connection)
            return
        for message in said:
            self._take(process.member, message)

    def _take(self, member: Member, message: Dict[str, Any]) -> None:
        now, said = time.monotonic(), message.get("said")
        if said == "loaded":
            self._do(self._fleet.loaded(member, now))
        elif said == "ready":
            self._processes[member].name = str(message.get("name") or "")
            self._dead = [name for name in self._dead if name not in self._told.pop(member, ())]
            self._do(self._fleet.ready(member, now))
        elif said == "replace":
            self._do(self._fleet.wants(member, str(message.get("reason")), now))
        elif said == "changed":
            self._do(self._fleet.replace_all(str(message.get("reason")), now))
        elif "files" in message:
            self._files.name(message["files"])
            self._notices.watch(self._files.folders)

    def _reap(self, now: float) -> None:
        for process in list(self._processes.values()):
            code = process.running.poll()
            if code is None:
                continue
            # What it has said before it ended.
            if process.connection in self._selector.get_map():
                self._hear(process)
            if process.connection in self._selector.get_map():
                self._selector.unregister(process.connection)
            process.connection.close()
            del self._processes[process.member]
            self._told.pop(process.member, None)
            if code != 0 and process.name:
                self._dead = [*self._dead, process.name][-_MOST_DEAD:]
            self._do(self._fleet.exited(process.member, code, now))

    def _look(self, now: float) -> None:
        changed = self._files.look()
        if changed is not None:
            self._do(self._fleet.replace_all(f"{os.path.relpath(changed)} has changed", now))

    def _weigh(self, now: float) -> None:
        for process in list(self._processes.values()):
            size = memory.resident(process.running.pid)
            if size is not None and size > self._settings.max_memory:
                self._do(self._fleet.wants(process.member, f"has {size >> 20} MiB of memory", now))

    # What is done

    def _do(self, actions: List[Action]) -> None:
        for do, member in actions:
            if do is Do.START:
                self._start(member)
                continue
            process = self._processes.get(member)
            if process is not None:
                self._name_successor(process)
                process.running.send_signal(signal.SIGTERM if do is Do.LEAVE else signal.SIGKILL)

    def _name_successor(self, process: _Process) -> None:
        successor = process.member.successor
        name = "" if successor is None or successor not in self._processes else self._processes[successor].name
        if name:
            # What does not fit was told before.
            with contextlib.suppress(OSError):
                process.connection.send(name.encode() + b"\n")

    def _start(self, member: Member) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        environment = {**os.environ, child.DESCRIPTOR: str(theirs.fileno())}
        if self._settings.reload:
            environment[child.WATCHING] = "1"
        if self._dead:
            self._told[member] = self._dead
            environment[child.DEAD] = " ".join(self._dead)
        with theirs:
            running = subprocess.Popen(self._command, env=environment, pass_fds=[theirs.fileno()])
        logger.info("%s begins (pid %d)", member, running.pid)
        process = self._processes[member] = _Process(member, running, ours)
        self._selector.register(ours, selectors.EVENT_READ, process)
