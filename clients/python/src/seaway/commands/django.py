"""``seaway django`` runs a Django project as a worker."""

from __future__ import annotations

import argparse
import os

from ..hosting.child import Child
from . import options as shared
from . import process_options, socket_options, wsgi

DESCRIPTION = """\
Runs a Django project: views run synchronously in the threads of each process, at the speed of WSGI. WebSockets, where
the settings have an ASGI_APPLICATION, and asynchronous paths go to that one, on an event loop beside them.

While DEBUG is on static files are served too. On SIGTERM a process takes no more and finishes what it has. SIGHUP
replaces all processes, one by one.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--settings", metavar="MODULE", help="the settings, such as shop.settings (DJANGO_SETTINGS_MODULE)"
    )
    parser.add_argument(
        "--async-path",
        type=_path,
        action="append",
        default=[],
        metavar="PREFIX",
        help="requests below this path go to the ASGI application, as streams of events should; any number of them",
    )
    parser.add_argument("--asgi", action="store_true", help="all requests go to the ASGI application")
    parser.add_argument(
        "--no-static", action="store_true", help="do not serve static files, as it is done while DEBUG is on"
    )
    wsgi.add_serving(parser)
    socket_options.add_sockets(parser)
    process_options.add_processes(parser)
    shared.add_broker(parser)


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Runs the project and returns the exit code."""
    if options.settings is None and not os.environ.get("DJANGO_SETTINGS_MODULE"):
        parser.error("say which settings: --settings MODULE, or DJANGO_SETTINGS_MODULE")
    return process_options.run(options, parser, lambda child: _work(options, parser, child))


def _work(options: argparse.Namespace, parser: argparse.ArgumentParser, child: Child) -> int:
    try:
        from ..django import applications
        from ..django.serving import Serving
    except ImportError as error:
        parser.error(f"Django cannot be imported: {error}")
    applications.begin(options.settings)
    synchronous = None if options.asgi else applications.synchronous(not options.no_static)
    is_needed = options.asgi or bool(options.async_path)
    asynchronous = applications.asynchronous(is_needed, options.asgi and not options.no_static)
    child.loaded()
    on_served = wsgi.counted(child) if options.max_requests else None
    return Serving(synchronous, asynchronous, options).run(child.ready, on_served, child.served)


def _path(text: str) -> str:
    if not text.startswith("/"):
        raise argparse.ArgumentTypeError(f"{text!r} is no path: it begins with /")
    return text
