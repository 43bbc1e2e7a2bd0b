"""``seaway delay`` answers the channel ``asgi.delay``."""

from __future__ import annotations

import argparse
import asyncio
import functools

from .. import delay
from . import options as shared

DESCRIPTION = """\
Answers the channel asgi.delay of ASGI 1: a message {"channel": NAME, "delay": MILLISECONDS, "content": {...}} there has
its content delivered to its channel so much later, by the broker's clock. Any number of these processes may run.

It sends wherever a message says, with its own token: give it one that may send only where something may be delayed.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_delay(parser)
    shared.add_broker(parser)


def add_delay(parser: argparse.ArgumentParser) -> None:
    """Adds what is answered, and how."""
    parser.add_argument("--channel", default=delay.CHANNEL, metavar="NAME", help=f"what it answers ({delay.CHANNEL})")
    parser.add_argument(
        "--prefix", default="", metavar="PREFIX", help="of the names of all channels, that of CHANNEL_LAYERS (none)"
    )
    parser.add_argument(
        "--drain",
        type=functools.partial(shared.seconds, most=86_400.0),
        default=30.0,
        metavar="SECONDS",
        help="how long it may take to finish what it has when it leaves (30)",
    )


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Works until it is told to leave, and returns the exit code."""
    shared.begin(options, parser)
    layer_options = {"client": "seaway-delay", **shared.layer_options(options)}
    try:
        made = delay.worker(options.channel, options.prefix, drain=options.drain, **layer_options)
    except ValueError as error:
        parser.error(str(error))
    return shared.run_worker(lambda: asyncio.run(made.run()))
