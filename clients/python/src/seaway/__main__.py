"""``python -m seaway worker module:worker`` runs a worker, synchronous or of ``seaway.aio``."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
import os
import pathlib
import sys
from typing import Any, Dict, List, NoReturn, Optional, Union

from . import _address, _requests, aio
from ._errors import SeawayError
from .worker import Worker

_USAGE_ERROR = 64
_FAILED = 70

_ABOUT = """\
Runs a worker until SIGTERM or SIGINT; then it takes no more, finishes and leaves.

What is said here holds for the module's Channel and Group too, and goes before what the worker was made with.
"""
_ENVIRONMENT = """\
environment:
  SEAWAY_BROKER           address of the broker, or of several, between commas (127.0.0.1:7411)
  SEAWAY_TOKEN            the token to show
  SEAWAY_TLS_CA           like --tls-ca
  SEAWAY_TLS_CERTIFICATE  like --tls-certificate
  SEAWAY_TLS_KEY          like --tls-key

an address is HOST:PORT, HOST (port 7411), tls://HOST:PORT or unix:PATH
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(_USAGE_ERROR, f"{self.prog}: {message}\n")


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs the command line and returns its exit code."""
    parser = _Parser(prog="python -m seaway", description="Runs workers of the Seaway channel layer.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser, metavar="worker")
    worker = commands.add_parser(
        "worker",
        help="run a worker until SIGTERM or SIGINT, then drain it",
        description=_ABOUT,
        epilog=_ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_options(worker)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        given = _given(options)
        os.environ.update(given)
        if given:
            # Now, so that a file that cannot be used is told at once.
            _address.several(None, None)
    except ValueError as error:
        worker.error(str(error))
    try:
        found = _load(options.worker)
    except (ImportError, AttributeError, TypeError) as error:
        worker.error(f"{options.worker} cannot be loaded: {error}")
    if not _point(found, given, options.failover):
        worker.error(f"{options.worker} works on a layer of its own, which the options do not change")
    if options.concurrency is not None:
        found.concurrency = options.concurrency
    return _run(found)


def _add_options(worker: argparse.ArgumentParser) -> None:
    worker.add_argument("worker", type=_place, metavar="MODULE:WORKER", help="where the worker is, such as shop:worker")
    worker.add_argument(
        "--broker",
        type=_broker,
        action="append",
        metavar="ADDRESS",
        help="the broker (SEAWAY_BROKER, else 127.0.0.1:7411); once for each where there are several",
    )
    worker.add_argument(
        "--failover", type=_seconds, metavar="SECONDS", help="silence after which one of several brokers is dead (2)"
    )
    worker.add_argument(
        "--token-file", metavar="FILE", help="the token to show is its first line (that in SEAWAY_TOKEN)"
    )
    worker.add_argument(
        "--tls-ca", metavar="FILE", help="authorities, in PEM, that vouch for brokers at tls:// (those of the system)"
    )
    worker.add_argument("--tls-certificate", metavar="FILE", help="certificate of this side, in PEM, if it needs one")
    worker.add_argument("--tls-key", metavar="FILE", help="its key, in PEM, unless it is in the same file")
    worker.add_argument("--concurrency", type=_count, metavar="N", help="functions that run at a time, at least 1")
    worker.add_argument(
        "--log-level", type=str.upper, choices=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO", help="INFO"
    )


def _given(options: argparse.Namespace) -> Dict[str, str]:
    """The options as the environment says them, so that Channel and Group are connected alike."""
    given: Dict[str, str] = {}
    if options.broker is not None:
        given["SEAWAY_BROKER"] = ",".join(options.broker)
    if options.token_file is not None:
        given["SEAWAY_TOKEN"] = _token(options.token_file)
    if options.tls_key is not None and options.tls_certificate is None:
        raise ValueError("--tls-key is of no use without --tls-certificate")
    for name in ("tls_ca", "tls_certificate", "tls_key"):
        if getattr(options, name) is not None:
            given[f"SEAWAY_{name.upper()}"] = getattr(options, name)
    return given


def _token(file: str) -> str:
    try:
        token = pathlib.Path(file).read_text("utf-8").partition("\n")[0].strip()
        _requests.hello("worker", token, 0)
    except OSError as error:
        raise ValueError(f"--token-file: {file}: {error.strerror}") from error
    except (SeawayError, UnicodeDecodeError) as error:
        raise ValueError(f"--token-file: {file} holds no token: {error}") from error
    return token


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


def _run(worker: Any) -> int:
    try:
        if isinstance(worker, Worker):
            worker.run()
        else:
            asyncio.run(worker.run())
    except SeawayError as error:
        logging.getLogger("seaway").critical("%s", error)
        return _FAILED
    except ValueError as error:
        logging.getLogger("seaway").critical("the worker cannot run: %s", error)
        return _USAGE_ERROR
    return 0


def _load(place: str) -> Union[Worker, aio.Worker]:
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
        _address.check(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.3 <= seconds <= 3_600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0.3 to 3600")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
