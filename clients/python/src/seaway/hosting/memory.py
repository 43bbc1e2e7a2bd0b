"""How much memory a process has."""

from __future__ import annotations

import os
import pathlib
import subprocess
from typing import Optional


def resident(pid: int) -> Optional[int]:
    """Returns the bytes that are in memory, or ``None`` where the process is no more, or nobody tells."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        pass
    try:
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, timeout=5)
        return int(told.stdout) * 1024
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
