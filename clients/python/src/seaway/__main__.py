"""``python -m seaway worker module:worker`` runs a worker, synchronous or of ``seaway.aio``."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
import os
import sys
from typing import Any, List, NoReturn, Optional

from . import _address, aio
from ._errors import SeawayError
from .worker import Worker

_USAGE_ERROR = 64
_FAILED = 70


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(_USAGE_ERROR, f"{self.prog}: {message}\n")


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs the command line and returns its exit code."""
    parser = _Parser(prog="python -m seaway", description="Runs workers of the Seaway channel layer.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser, metavar="worker")
    worker = commands.add_parser("worker", help="run a worker until SIGTERM or SIGINT, then drain it")
    worker.add_argument("worker", type=_place, metavar="MODULE:WORKER", help="where the worker is, such as shop:worker")
    worker.add_argument(
        "--broker",
        type=_broker,
        metavar="ADDRESS",
        help="HOST:PORT, tls://HOST:PORT or unix:PATH (SEAWAY_BROKER, else 127.0.0.1:7411)",
    )
    worker.add_argument("--concurrency", type=_count, metavar="N", help="functions that run at a time, at least 1")
    worker.add_argument(
        "--log-level", type=str.upper, choices=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO", help="INFO"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if options.broker is not None:
        # So that Channel and Group speak to the same broker.
        os.environ["SEAWAY_BROKER"] = options.broker
    try:
        found = _load(options.worker)
    except (ImportError, AttributeError, TypeError) as error:
        worker.error(f"{options.worker} cannot be loaded: {error}")
    return _run(found, options.broker, options.concurrency)


def _run(worker: Any, broker: Optional[str], concurrency: Optional[int]) -> int:
    if broker is not None:
        worker.broker = broker
    if concurrency is not None:
        worker.concurrency = concurrency
    try:
        if isinstance(worker, Worker):
            worker.run()
        else:
            asyncio.run(worker.run())
    except SeawayError as error:
        logging.getLogger("seaway").critical("%s", error)
        return _FAILED
    return 0


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    # As with python -m, modules beside the caller are found.
    sys.path.insert(0, os.getcwd())
    worker = getattr(importlib.import_module(module), name)
    if not isinstance(worker, (Worker, aio.Worker)):
        raise TypeError(f"{name} is no worker but {type(worker).__name__}")
    return worker


def _place(text: str) -> str:
    module, mark, name = text.partition(":")
    if not module or not mark or not name:
        raise argparse.ArgumentTypeError(f"{text!r} does not say MODULE:WORKER")
    return text


def _broker(text: str) -> str:
    try:
        _address.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
