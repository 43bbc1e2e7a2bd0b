"""Which files of an application have changed: by ``watchfiles`` where it is installed, else by looking."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any, Callable, Dict, Iterable, Optional, Set

#: Seconds between two looks, and how long a file must have been left alone.
PERIOD = 0.25


class Files:
    """Looks at the times of files, those named and all ``*.py`` in a folder; knows no clock."""

    def __init__(self, folder: str):
        self._folder = folder
        self._named: Set[str] = set()
        self._times: Dict[str, float] = {}
        self._changed: Optional[str] = None

    def name(self, files: Iterable[str]) -> None:
        """Looks at these too; how they are now is how they were."""
        for file in files:
            if file not in self._named:
                self._named.add(file)
                self._times.setdefault(file, _time(file))

    @property
    def folders(self) -> Set[str]:
        """Where the files are."""
        return {self._folder, *map(os.path.dirname, self._named)}

    def begin(self) -> None:
        """How the folder is now is how it was."""
        for file in self._all():
            self._times.setdefault(file, _time(file))

    def look(self) -> Optional[str]:
        """Returns a file that has changed, or come or gone, once nothing has changed since the look before."""
        changed = None
        for file in self._all() | set(self._times):
            time = _time(file)
            if self._times.get(file, 0.0) != time:
                self._times[file] = time
                changed = changed or file
        if changed is not None:
            self._changed = changed
            return None
        found, self._changed = self._changed, None
        return found

    def _all(self) -> Set[str]:
        found = set(self._named)
        with contextlib.suppress(OSError):
            for name in os.listdir(self._folder):
                if name.endswith(".py"):
                    found.add(os.path.join(self._folder, name))
        return found


def _time(file: str) -> float:
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return 0.0


class Notices:
    """Calls somebody, on a thread, when something in folders changes, if ``watchfiles`` is installed."""

    def __init__(self, call: Callable[[], None]):
        self._call = call
        self._folders: Set[str] = set()
        self._stop: Optional[threading.Event] = None
        self._watchfiles: Any = None
        with contextlib.suppress(ImportError):
            import watchfiles

            self._watchfiles = watchfiles

    @property
    def are_there(self) -> bool:
        """Whether anybody will be called."""
        return self._watchfiles is not None

    def watch(self, folders: Set[str]) -> None:
        """Watches these folders, in place of those before."""
        folders = {folder for folder in folders if os.path.isdir(folder)}
        if self._watchfiles is None or folders == self._folders:
            return
        self.end()
        self._folders, self._stop = folders, threading.Event()
        threading.Thread(target=self._attend, args=(folders, self._stop), daemon=True).start()

    def end(self) -> None:
        """Nobody is called any more."""
        if self._stop is not None:
            self._stop.set()

    def _attend(self, folders: Set[str], stop: threading.Event) -> None:
        for _ in self._watchfiles.watch(*folders, recursive=False, stop_event=stop, debounce=100, step=25):
            self._call()
