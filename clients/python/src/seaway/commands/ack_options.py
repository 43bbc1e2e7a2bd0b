"""Options of the commands that take requests: whether these stay with the broker until they are answered."""

from __future__ import annotations

import argparse
import functools

from . import options as shared

#: What a broker has as ``--hold``, unless it is said otherwise.
_HOLD = 600.0


def add_acknowledgement(parser: argparse.ArgumentParser) -> None:
    """Adds whether requests are acknowledged, and how long they may be held."""
    parser.add_argument(
        "--hold",
        type=functools.partial(shared.seconds, least=0.003),
        default=_HOLD,
        metavar="SECONDS",
        help=f"what the broker has as --hold; at a third of it a process says that it still has a request ({_HOLD:g})",
    )
    parser.add_argument(
        "--no-ack",
        action="store_true",
        help="requests stay with no broker until they are answered: none goes to another process when this one dies",
    )


def hold(options: argparse.Namespace) -> float:
    """Seconds that a request may be held; 0: it is not acknowledged."""
    return 0.0 if options.no_ack else float(options.hold)
