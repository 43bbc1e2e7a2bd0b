"""A RabbitMQ server of its own: in a folder that is emptied, on free loopback ports, apart from any that runs here."""

from __future__ import annotations

import os
import pathlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from processes import LOGS, Process, Unable, free_port, tool

#: Where packages put what the wrapper in the path starts: that one wants to be its own user.
FOLDER = pathlib.Path("/usr/lib/rabbitmq/bin")


def versions() -> str:
    """What is installed, as the folder of the server tells it."""
    servers = sorted(FOLDER.parent.glob("lib/rabbitmq_server-*"))
    return servers[-1].name.replace("_server-", " ") if servers else ""


class Node(Process):
    """A shell script starts the virtual machine, whose CPU counts; it says which process that is."""

    @property
    def pid(self) -> int:
        return int(pathlib.Path(self.environment["RABBITMQ_PID_FILE"]).read_text())


@contextmanager
def rabbitmq() -> Iterator[Node]:
    """The server, as it is made: one node, all queues in memory until they are long.

    Raises `Unable` where it is not installed.
    """
    script = FOLDER / "rabbitmq-server"
    if not os.access(script, os.X_OK):
        raise Unable(f"{script} is not installed; `make bench` installs it")
    folder = LOGS / "rabbitmq"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port, names = free_port(), free_port()
    (folder / "node.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    environment = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": "bench@localhost",
        "RABBITMQ_CONFIG_FILE": str(folder / "node"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
    }
    # Else the first node starts this as a daemon, which would stay behind.
    directory = Process([tool("epmd")], "epmd", names, environment)
    node = Node([script], "rabbitmq", port, environment)
    with directory, node:
        yield node
