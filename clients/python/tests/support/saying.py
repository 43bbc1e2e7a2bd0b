"""What programs of tests say, so that a test can wait for it."""

from __future__ import annotations

import sys


def say(*words: object) -> None:
    """Prints a line in one write, since several processes may share the output."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()
