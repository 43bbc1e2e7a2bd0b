"""The program ``seaway``, with the broker and the interface server, which has the name of this package's script."""

from __future__ import annotations

import os
import pathlib
from typing import Optional

_NAME = "seaway"
#: Stands in every script that installers make of this package, and in no other program.
_MARK = b"seaway.__main__"


def find(path: Optional[str] = None) -> Optional[str]:
    """Returns where the program is: that of the package ``seaway-server``, else by ``PATH`` or the path that is given.

    Scripts of this package are passed over.
    """
    if path is None and (installed := _installed()):
        return installed
    for folder in os.get_exec_path() if path is None else path.split(os.pathsep):
        found = pathlib.Path(folder, _NAME)
        if found.is_file() and os.access(found, os.X_OK) and not _is_script(found):
            return str(found)
    return None


def _installed() -> Optional[str]:
    try:
        from seaway_server import program
    except ImportError:
        return None
    return str(program())


def _is_script(file: pathlib.Path) -> bool:
    try:
        with file.open("rb") as opened:
            head = opened.read(4_096)
    except OSError:
        # It may be run though it cannot be read.
        return False
    return head.startswith(b"#!") and _MARK in head
