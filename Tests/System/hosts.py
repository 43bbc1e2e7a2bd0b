"""Hosts of their own: network namespaces on one bridge, each of which can be cut off from all others.

To be used inside a network of one's own (`packets.enter`): the bridge is there, and gone with it.
"""

from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Sequence

#: Where whoever made the hosts is reached by them.
OUTSIDE = "10.77.0.1"


class Host:
    """One namespace with an address, as long as the process that holds it."""

    def __init__(self, number: int):
        self.address = f"10.77.0.{10 + number}"
        self.port = f"host{number}"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.holder.stdin and self.holder.stdout
        self.closed = self.holder.stdin.close
        # It has said something, so that its namespace is there.
        self.holder.stdout.readline()
        _ip("link", "add", self.port, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        _ip("link", "set", self.port, "master", "hosts", "up")
        for words in (("addr", "add", f"{self.address}/24", "dev", "eth0"), ("link", "set", "lo", "up"),
                      ("link", "set", "eth0", "up")):  # fmt: skip
            subprocess.run(self.inside(["ip", *words]), check=True)

    def inside(self, command: Sequence[str | pathlib.Path]) -> list[str | pathlib.Path]:
        """The command that does it there; its process is the one that is started."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *command]

    def cut(self) -> None:
        """Nothing comes or goes any more, and nobody is told."""
        subprocess.run(["bridge", "link", "set", "dev", self.port, "state", "0"], check=True)

    def mend(self) -> None:
        subprocess.run(["bridge", "link", "set", "dev", self.port, "state", "3"], check=True)

    def close(self) -> None:
        self.closed()
        self.holder.wait()


def hosts(count: int) -> list[Host]:
    """So many hosts, and the bridge between them."""
    _ip("link", "add", "hosts", "type", "bridge")
    _ip("addr", "add", f"{OUTSIDE}/24", "dev", "hosts")
    _ip("link", "set", "hosts", "up")
    return [Host(number) for number in range(count)]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
