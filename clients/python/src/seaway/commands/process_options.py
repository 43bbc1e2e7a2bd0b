"""Options of the commands that run applications in processes, and how these are run."""

from __future__ import annotations

import argparse
import functools
import re
from typing import Callable

from ..hosting.child import Child
from ..hosting.processes import Settings, supervise, this_program
from . import options as shared

#: Seconds that a process may take to finish, unless it is said otherwise.
DRAIN = 30.0


def add_processes(parser: argparse.ArgumentParser) -> None:
    """Adds what says how processes are run."""
    parser.add_argument(
        "--processes",
        type=_processes,
        default=1,
        metavar="N",
        help="processes that run it (%(default)s); with 0 it runs in this one, which nobody supervises",
    )
    parser.add_argument(
        "--drain",
        type=functools.partial(shared.seconds, most=86_400.0),
        default=DRAIN,
        metavar="SECONDS",
        help=f"how long a process may take to finish what it has when it leaves ({DRAIN:g})",
    )
    parser.add_argument(
        "--max-requests",
        type=shared.count,
        default=0,
        metavar="N",
        help="replace a process after so many requests, or other messages, or up to a tenth more",
    )
    parser.add_argument(
        "--max-memory",
        type=_size,
        default=0,
        metavar="SIZE",
        help="replace a process that has more memory, such as 400M or 2G; looked at every 5 s",
    )
    parser.add_argument(
        "--start-timeout",
        type=functools.partial(shared.seconds, least=1.0),
        default=120.0,
        metavar="SECONDS",
        help="how long a process may take to import the application before it is killed (120)",
    )
    parser.add_argument(
        "--reload", action="store_true", help="replace the processes when a file of the application changes"
    )


def run(options: argparse.Namespace, parser: argparse.ArgumentParser, work: Callable[[Child], int]) -> int:
    """Supervises processes that run the same command line or, in one of those, begins to log and works.

    ``work`` is called with what this process is to whoever supervises it. Returns the exit code; ends the program
    where the options contradict each other.
    """
    if options.processes == 0 and (options.max_requests or options.max_memory or options.reload):
        parser.error("--max-requests, --max-memory and --reload need a process that is supervised: --processes 1")
    shared.begin(options, parser)
    child = Child.of_environment()
    child.limit(options.max_requests)
    if child.is_supervised or options.processes == 0:
        return work(child)
    settings = Settings(options.processes, options.drain, options.start_timeout, options.max_memory, options.reload)
    return supervise(this_program(options.arguments), settings)


def _processes(text: str) -> int:
    if not text.isdecimal() or int(text) > 1_024:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1024")
    return int(text)


def _size(text: str) -> int:
    found = re.fullmatch(r"([0-9]+)([kKMG]?)(?:i?B)?", text)
    size = int(found[1]) << {"": 0, "k": 10, "K": 10, "M": 20, "G": 30}[found[2]] if found else 0
    if size < 1 << 20:
        raise argparse.ArgumentTypeError(f"{text!r} is no size from 1M, such as 400M or 2G")
    return size
