"""Options that the commands share: where the broker is, whom to trust, what the log tells."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import pathlib
import sys
from typing import Any, Callable, Dict, NoReturn

from .. import _address, _requests
from .._errors import SeawayError

#: Exit codes, those of sysexits.h.
USAGE_ERROR = 64
UNAVAILABLE = 69
FAILED = 70

ENVIRONMENT = """\
environment:
  SEAWAY_BROKER           address of the broker, or of several, between commas (127.0.0.1:7411)
  SEAWAY_TOKEN            the token to show
  SEAWAY_TLS_CA           like --tls-ca
  SEAWAY_TLS_CERTIFICATE  like --tls-certificate
  SEAWAY_TLS_KEY          like --tls-key

an address is HOST:PORT, HOST (port 7411), tls://HOST:PORT or unix:PATH
"""


class Parser(argparse.ArgumentParser):
    """Ends with the exit code for usage errors, and says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Ends the program: a command line that cannot be meant."""
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def add_broker(parser: argparse.ArgumentParser) -> None:
    """Adds what says how to reach the broker, and ``--log-level``."""
    parser.add_argument(
        "--broker",
        type=_broker,
        action="append",
        metavar="ADDRESS",
        help="the broker (SEAWAY_BROKER, else 127.0.0.1:7411); once for each where there are several",
    )
    parser.add_argument(
        "--failover", type=_failover, metavar="SECONDS", help="silence after which one of several brokers is dead (2)"
    )
    parser.add_argument(
        "--token-file", metavar="FILE", help="the token to show is its first line (that in SEAWAY_TOKEN)"
    )
    parser.add_argument(
        "--tls-ca", metavar="FILE", help="authorities, in PEM, that vouch for brokers at tls:// (those of the system)"
    )
    parser.add_argument("--tls-certificate", metavar="FILE", help="certificate of this side, in PEM, if it needs one")
    parser.add_argument("--tls-key", metavar="FILE", help="its key, in PEM, unless it is in the same file")
    parser.add_argument(
        "--log-level", type=str.upper, choices=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO", help="INFO"
    )


def begin(options: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Begins to log, and puts what was given about the broker into the environment, so that all layers go by it.

    ``options.given`` is what was given, by the names that it has there. Ends the program where a file cannot be used.
    """
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        options.given = _given(options)
        os.environ.update(options.given)
        if options.given:
            # Now, so that a file that cannot be used is told at once.
            _address.several(None, None)
    except ValueError as error:
        parser.error(str(error))


def run_worker(run: Callable[[], object]) -> int:
    """Runs a worker to its end and returns the exit code."""
    try:
        run()
    except SeawayError as error:
        logging.getLogger("seaway").critical("%s", error)
        return FAILED
    except ValueError as error:
        logging.getLogger("seaway").critical("the worker cannot run: %s", error)
        return USAGE_ERROR
    return 0


def layer_options(options: argparse.Namespace) -> Dict[str, Any]:
    """What a layer is to be made with; the rest is in the environment, after ``begin``."""
    return {} if options.failover is None else {"failover": options.failover}


def _given(options: argparse.Namespace) -> Dict[str, str]:
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


def load(place: str) -> Any:
    """Imports what ``MODULE:NAME`` says; raises ``ImportError`` and ``AttributeError``, or what the module raises."""
    module, _, name = place.partition(":")
    # As with python -m, modules beside the caller are found.
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def place(text: str) -> str:
    """Checks ``MODULE:NAME``."""
    module, mark, name = text.partition(":")
    if not module or not mark or not name:
        raise argparse.ArgumentTypeError(f"{text!r} does not say MODULE:NAME")
    return text


def _broker(text: str) -> str:
    try:
        _address.check(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def count(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def seconds(text: str, least: float = 0.0, most: float = 86_400.0) -> float:
    """A number of seconds."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from {least:g} to {most:g}")
    return number


def _failover(text: str) -> float:
    return seconds(text, 0.3, 3_600.0)
