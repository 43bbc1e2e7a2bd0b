"""``seaway wsgi module:application`` runs any WSGI application as a worker."""

from __future__ import annotations

import argparse
import os
from typing import Callable, Optional

from ..hosting.child import Child
from ..hosting.environ import Environs, mounted
from ..hosting.wsgi import Host, Served
from ..message import Message
from ..worker import Worker
from . import ack_options, process_options
from . import options as shared

DESCRIPTION = """\
Runs a WSGI application (PEP 3333), such as one of Flask: its requests come from the interface server, over the broker.

Each process takes one request at a time, or as many as it has threads. On SIGTERM it takes no more and finishes what it
has. SIGHUP replaces all processes, one by one.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "application", type=shared.place, metavar="MODULE:NAME", help="where the application is, such as shop:app"
    )
    add_serving(parser)
    process_options.add_processes(parser)
    shared.add_broker(parser)


def add_serving(parser: argparse.ArgumentParser) -> None:
    """Adds what says how requests are taken."""
    parser.add_argument(
        "--threads", type=shared.count, default=1, metavar="N", help="requests that each process works on at a time (1)"
    )
    parser.add_argument(
        "--script-name",
        type=_mounted,
        default=os.environ.get("SCRIPT_NAME", ""),
        metavar="PATH",
        help="where the application is mounted, such as /shop (SCRIPT_NAME, else what the interface server says)",
    )
    parser.add_argument(
        "--channel", default="http.request", metavar="NAME", help="where requests come from (http.request)"
    )
    ack_options.add_acknowledgement(parser)


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Runs the application and returns the exit code."""
    return process_options.run(options, parser, lambda child: _work(options, parser, child))


def _work(options: argparse.Namespace, parser: argparse.ArgumentParser, child: Child) -> int:
    try:
        application = shared.load(options.application)
    except (ImportError, AttributeError) as error:
        parser.error(f"{options.application} cannot be loaded: {error}")
    if not callable(application):
        parser.error(f"{options.application} is no application: it cannot be called")
    child.loaded()
    host = Host(application, environs(options), counted(child) if options.max_requests else None)
    return shared.run_worker(worker(options, host.serve, child.ready).run)


def environs(options: argparse.Namespace) -> Environs:
    """What makes the environ of requests."""
    return Environs(options.script_name, is_multithread=options.threads > 1, is_multiprocess=options.processes > 1)


def counted(child: Child) -> Served:
    """Counts requests."""
    return lambda environ, answer: child.served()


def worker(
    options: argparse.Namespace, serve: Callable[[Message], None], ready: Optional[Callable[[], None]]
) -> Worker:
    """A worker that gives requests to an application."""
    layer_options = shared.layer_options(options)
    made = Worker(concurrency=options.threads, drain=options.drain, hold=options.hold, **layer_options)
    made.when_ready = ready
    made.on_requests(options.channel, not options.no_ack)(serve)
    return made


def _mounted(text: str) -> str:
    try:
        return mounted(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
