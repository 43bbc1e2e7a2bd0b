"""Options of the commands that run applications which have WebSockets."""

from __future__ import annotations

import argparse

from ..hosting.asgi import host


def add_sockets(parser: argparse.ArgumentParser) -> None:
    """Adds where sockets are asked for, and what becomes of them when a process leaves."""
    parser.add_argument(
        "--websocket-channel",
        default="websocket.connect",
        metavar="CHANNEL",
        help="where sockets are asked for (websocket.connect)",
    )
    parser.add_argument(
        "--sockets",
        choices=host.POLICIES,
        default="close",
        help="when a process leaves, close its sockets with 1012 one after the other; or keep them until they end, "
        "as long as --drain allows; or resume them: begin their coroutines anew in another process (close)",
    )
