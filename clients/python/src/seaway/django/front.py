"""The interface server of ``runserver``: ``seaway up``, which stays while the code behind it changes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from typing import Optional

from ..commands import program

#: Seconds in which it has to listen.
_PATIENCE = 15.0
#: Seconds in which it has to end.
_LEAVE = 5.0


_SERVES = re.compile(r" seaway\.server: address=\S+ .*\bserving")
#: A line of the log that is more than news.
_TELLS = re.compile(r"\S+ (warning|error|critical) ")


class NoFront(Exception):
    """It cannot be had; the text says why, for people."""


class Front:
    """``seaway up`` at an address, with a broker at a Unix socket that nobody else knows."""

    def __init__(self, address: str, path: Optional[str] = None):
        """Waits until it listens at ``address``, ``HOST:PORT``; raises ``NoFront``.

        ``path`` is that of the program; else ``SEAWAY_BIN`` says it, or ``PATH``.
        """
        found = path or os.environ.get("SEAWAY_BIN") or program.find()
        if found is None:
            raise NoFront(
                "the program seaway, which has the interface server, is not on PATH: "
                "say where it is with --seaway or SEAWAY_BIN"
            )
        self._folder = tempfile.mkdtemp(prefix="seaway-")
        #: Where its broker is.
        self.broker = f"unix:{self._folder}/broker"
        command = [found, "up", "--http", address, "--listen", "127.0.0.1:0", "--unix-socket", self.broker[5:]]
        self._is_there = False
        self._changed = threading.Event()
        self._said = ""
        try:
            self._process = subprocess.Popen(
                [*command, "--log-level", "info"],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                # What a terminal tells all of its processes is not for this one: it is ended last.
                start_new_session=True,
            )
        except OSError as error:
            self._tidy_up()
            raise NoFront(f"{found} cannot be run: {error.strerror}") from error
        self._reader = threading.Thread(target=self._read, name="seaway-front", daemon=True)
        self._reader.start()
        try:
            self._wait()
        except BaseException:
            self.end()
            raise

    def _read(self) -> None:
        """Notes that it serves, or what it says last; passes on what has to be told once it serves."""
        assert self._process.stderr is not None
        with self._process.stderr:
            for line in self._process.stderr:
                if _SERVES.search(line):
                    self._is_there = True
                    self._changed.set()
                elif not self._is_there:
                    self._said = line.strip()
                elif _TELLS.match(line):
                    sys.stderr.write(line)
        self._changed.set()

    def _wait(self) -> None:
        if not self._changed.wait(_PATIENCE):
            raise NoFront(f"the interface server does not listen after {_PATIENCE:g} s")
        if not self._is_there:
            if "Address already in use" in self._said:
                raise NoFront("That port is already in use.")
            raise NoFront(self._said or "the interface server has ended")

    def end(self) -> None:
        """Lets it leave."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_LEAVE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._tidy_up()

    def _tidy_up(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
