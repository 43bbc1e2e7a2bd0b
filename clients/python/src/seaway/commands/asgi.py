"""``seaway asgi module:app`` runs any ASGI application as a worker."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any, Coroutine

from .._errors import SeawayError
from .._log import logger
from .._signals import Signals
from ..aio.layer import Layer
from ..hosting.asgi import Host, StartupFailed, lifespan
from ..hosting.child import Child
from . import ack_options, process_options, socket_options
from . import options as shared

DESCRIPTION = """\
Runs an ASGI application as a worker: HTTP, WebSocket and lifespan. The interface server (seaway up, seaway serve) has
the clients; requests and sockets come from the broker.

SIGTERM or SIGINT lets all processes finish what they have, a second one ends them at once; SIGHUP replaces them one by
one, each by one that is ready before it leaves.
"""

_LOOPS = ("auto", "asyncio", "uvloop")


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("application", type=shared.place, metavar="MODULE:APP", help="where it is, such as shop:app")
    parser.add_argument("--factory", action="store_true", help="what is there is a function that makes the application")
    parser.add_argument("--root-path", default="", metavar="PATH", help="where it is mounted, such as /shop")
    parser.add_argument(
        "--concurrency",
        type=shared.count,
        default=128,
        metavar="N",
        help="requests at a time in each process, long-lived sockets not counted (128)",
    )
    parser.add_argument("--lifespan", choices=lifespan.MODES, default="auto", help="whether it has a lifespan (auto)")
    parser.add_argument("--loop", choices=_LOOPS, default="auto", help="auto: uvloop where it is installed (auto)")
    parser.add_argument(
        "--http-channel", default="http.request", metavar="CHANNEL", help="where requests come in (http.request)"
    )
    socket_options.add_sockets(parser)
    parser.add_argument("--no-http", action="store_true", help="take sockets alone")
    parser.add_argument("--no-websocket", action="store_true", help="take requests alone")
    ack_options.add_acknowledgement(parser)
    process_options.add_processes(parser)
    shared.add_broker(parser)


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Runs the application and returns the exit code."""
    if options.no_http and options.no_websocket:
        parser.error("with --no-http and --no-websocket nothing is left to be done")
    return process_options.run(options, parser, lambda child: _work(options, parser, child))


def _work(options: argparse.Namespace, parser: argparse.ArgumentParser, child: Child) -> int:
    try:
        application = _load(options)
    except Exception as error:
        logger.critical("%s cannot be loaded: %s", options.application, error, exc_info=_traceback(error))
        return shared.USAGE_ERROR
    child.loaded()
    return _on_loop(_serve(application, options, child), options.loop, parser)


def _load(options: argparse.Namespace) -> Any:
    found = shared.load(options.application)
    if not callable(found):
        raise TypeError(f"it is no application but {type(found).__name__}")
    if not options.factory:
        return found
    made = found()
    if not callable(made):
        raise TypeError(f"it has made no application but {type(made).__name__}")
    return made


def _traceback(error: Exception) -> bool:
    """Whether it says more than its message: not where the module itself, or the name in it, is missing."""
    depth, trace = 0, error.__traceback__
    while trace is not None:
        is_ours = trace.tb_frame.f_globals.get("__name__", "").startswith(("seaway.", "importlib", "runpy"))
        depth, trace = depth + (not is_ours), trace.tb_next
    return depth > 0 or isinstance(error, SyntaxError)


async def _serve(application: Any, options: argparse.Namespace, child: Child) -> int:
    layer = Layer(client="seaway-asgi", **shared.layer_options(options))
    serving = Host(
        application,
        layer,
        concurrency=options.concurrency,
        drain=options.drain,
        root_path=options.root_path.rstrip("/"),
        http_channel=None if options.no_http else options.http_channel,
        websocket_channel=None if options.no_websocket else options.websocket_channel,
        sockets=options.sockets,
        lifespan=options.lifespan,
        hold=ack_options.hold(options),
        dead=child.dead,
        successor=lambda: child.successor,
        on_ready=lambda: child.ready(serving.name),
        on_served=child.served,
    )
    signals = Signals(serving.stop, asyncio.get_running_loop())
    signals.take()
    try:
        await serving.run()
    except StartupFailed as error:
        logger.critical("%s cannot start: %s", options.application, error)
        return shared.FAILED
    except SeawayError as error:
        logger.critical("%s", error)
        return shared.FAILED
    finally:
        signals.give_back()
        await layer.quit()
    return 0


def _on_loop(main: Coroutine[Any, Any, int], name: str, parser: argparse.ArgumentParser) -> int:
    try:
        uvloop: Any = None if name == "asyncio" else __import__("uvloop")
    except ImportError:
        if name == "uvloop":
            main.close()
            parser.error("uvloop is not installed")
        uvloop = None
    if sys.version_info >= (3, 11):
        with asyncio.Runner(loop_factory=None if uvloop is None else uvloop.new_event_loop) as runner:
            return runner.run(main)
    if uvloop is not None:
        uvloop.install()
    return asyncio.run(main)
