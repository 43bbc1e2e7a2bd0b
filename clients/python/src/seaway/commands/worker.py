"""``seaway worker module:worker`` runs a worker, synchronous or of ``seaway.aio``."""

from __future__ import annotations

import argparse
import asyncio
from typing import Callable, Dict, Optional, Union

from .. import aio
from ..hosting.child import Child
from ..worker import Worker
from . import options as shared
from . import process_options

DESCRIPTION = """\
Runs a worker until SIGTERM or SIGINT; then it takes no more, finishes and leaves. With --processes it runs in several,
which SIGHUP replaces one by one, each by one that is ready before it leaves.

What is said here holds for the module's Channel and Group too, and goes before what the worker was made with; its
drain is that unless --drain or --processes is said.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "worker", type=shared.place, metavar="MODULE:WORKER", help="where the worker is, such as shop:worker"
    )
    parser.add_argument(
        "--concurrency", type=shared.count, metavar="N", help="functions that run at a time, at least 1"
    )
    process_options.add_processes(parser)
    # As it was made, in this process, unless it is said otherwise.
    parser.set_defaults(processes=0, drain=None)
    shared.add_broker(parser)


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Runs the worker and returns the exit code."""
    if options.processes and options.drain is None:
        options.drain = process_options.DRAIN
    return process_options.run(options, parser, lambda child: _work(options, parser, child))


def _work(options: argparse.Namespace, parser: argparse.ArgumentParser, child: Child) -> int:
    try:
        found = _load(options.worker)
    except (ImportError, AttributeError, TypeError) as error:
        parser.error(f"{options.worker} cannot be loaded: {error}")
    if not _point(found, options.given, options.failover):
        parser.error(f"{options.worker} works on a layer of its own, which the options do not change")
    if options.concurrency is not None:
        found.concurrency = options.concurrency
    if options.drain is not None:
        found.drain = options.drain
    if options.processes > 1 and found._shared_mailboxes:
        parser.error(f"{found._shared_mailboxes[0]} is a mailbox, which one process alone can read: --processes 1")
    if options.max_requests:
        found._routes.count(child.served)
    if child.is_supervised:
        child.loaded()
        found.when_ready = _both(found.when_ready, child.ready)
    return shared.run_worker(found.run if isinstance(found, Worker) else lambda: asyncio.run(found.run()))


def _both(first: Optional[Callable[[], None]], then: Callable[[], None]) -> Callable[[], None]:
    def call() -> None:
        if first is not None:
            first()
        then()

    return call


def _load(place: str) -> Union[Worker, aio.Worker]:
    worker = shared.load(place)
    if not isinstance(worker, (Worker, aio.Worker)):
        raise TypeError(f"{place.partition(':')[2]} is no worker but {type(worker).__name__}")
    return worker


def _point(worker: Union[Worker, aio.Worker], given: Dict[str, str], failover: Optional[float]) -> bool:
    """Makes a worker go by the environment in what was given; false when its layer is not to be changed."""
    if worker._layer is not None:
        return not given and failover is None
    if "SEAWAY_BROKER" in given:
        worker.broker = None
        worker._options.pop("hosts", None)
    if "SEAWAY_TOKEN" in given:
        worker._options.pop("token", None)
    if any(name.startswith("SEAWAY_TLS_") for name in given):
        worker._options.pop("tls", None)
    if failover is not None:
        worker._options["failover"] = failover
    return True
