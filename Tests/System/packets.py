"""A network of one's own, in which packets can be dropped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

#: Set in the processes that are in such a network.
_INSIDE = "SEAWAY_TESTS_OWN_NETWORK"
_ENTER = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]


def missing() -> str | None:
    """What this machine lacks for it."""
    for program in ("unshare", "ip", "nft"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    trial = [*_ENTER, "nft", "add", "table", "inet", "seaway"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    return f"no network of one's own: {done.stderr.strip()}" if done.returncode else None


def enter() -> None:
    """Goes on in a network of its own: this program begins again there."""
    if _INSIDE not in os.environ:
        os.execvpe(_ENTER[0], [*_ENTER, sys.executable, *sys.argv], {**os.environ, _INSIDE: "1"})


class Packets:
    """The way to a broker in such a network: as `Relay`, but the kernel swallows, and nobody stands between."""

    def __init__(self, target: int):
        self.port = target
        self._table = f"seaway-{target}"

    def cut(self) -> None:
        rules = [f"add rule inet {self._table} in tcp {side} {self.port} drop" for side in ("dport", "sport")]
        hook = f"add chain inet {self._table} in {{ type filter hook input priority 0; }}"
        self._say(f"add table inet {self._table}", hook, *rules)

    def mend(self) -> None:
        self._say(f"delete table inet {self._table}")

    def close(self) -> None:
        """Everything goes with the network."""

    @staticmethod
    def _say(*lines: str) -> None:
        subprocess.run(["nft", "-f", "-"], input="\n".join(lines) + "\n", text=True, check=True)
