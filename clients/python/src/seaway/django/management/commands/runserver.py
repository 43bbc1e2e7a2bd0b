"""``manage.py runserver``, behind the interface server."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.db import connections
from django.utils import autoreload

from seaway.commands import django as command
from seaway.commands.options import Parser, count
from seaway.django import applications, lines, watching
from seaway.django.front import Front, NoFront
from seaway.django.serving import Serving
from seaway.hosting.child import DESCRIPTOR, Child
from seaway.hosting.processes import Settings, supervise

if apps.is_installed("django.contrib.staticfiles"):
    from django.contrib.staticfiles.management.commands.runserver import Command as Base
else:
    from django.core.management.commands.runserver import Command as Base

#: Requests at a time, as Django's own server takes any number of them.
_THREADS = 4
#: Seconds in which a process whose code has changed has to finish what it has.
_DRAIN = 10.0


class Command(Base):  # type: ignore[misc]
    """Its own process starts ``seaway up`` and supervises the one that has the project.

    That one is replaced when the code changes, by one that is ready before it leaves, so that no request fails; its
    sockets stay open in the interface server, and are handed over.
    """

    help = "Starts a web server for development, whose WebSockets stay open when the code changes."

    def add_arguments(self, parser: Any) -> None:
        """Adds the options."""
        super().add_arguments(parser)
        parser.add_argument("--seaway", metavar="PATH", help="Where the program seaway is (SEAWAY_BIN, else on PATH).")
        parser.add_argument(
            "--threads", type=count, default=_THREADS, help=f"Requests that are worked on at a time ({_THREADS})."
        )
        parser.add_argument(
            "--async-path",
            action="append",
            default=[],
            metavar="PREFIX",
            help="Requests below this path go to the ASGI application; any number of them.",
        )
        parser.add_argument("--asgi", action="store_true", help="All requests go to the ASGI application.")

    def run(self, **options: Any) -> None:
        """Runs the process that is asked for, or the one of the project."""
        if DESCRIPTOR in os.environ:
            self._serve(Child.of_environment(), **options)
            return
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        if os.environ.get("SEAWAY_BROKER"):
            # Its interface servers have addresses of their own.
            sys.exit(self._behind(**options))
        try:
            front = Front(self._address(), options["seaway"])
        except NoFront as error:
            self.stderr.write(f"Error: {error}")
            sys.exit(1)
        try:
            os.environ["SEAWAY_BROKER"] = front.broker
            sys.exit(self._behind(**options))
        except KeyboardInterrupt:
            pass
        finally:
            front.end()

    def _behind(self, **options: Any) -> int:
        if options["use_reloader"]:
            return supervise(autoreload.get_child_arguments(), Settings(drain=_DRAIN))
        return self._serve(Child(), **options)

    def _address(self) -> str:
        host = "0.0.0.0" if self.addr == "0" else self.addr
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def _serve(self, child: Child, **options: Any) -> int:
        autoreload.raise_last_exception()
        if not options["skip_checks"]:
            self.stdout.write("Performing system checks...\n\n")
            self.check(display_num_errors=True)
        self.check_migrations()
        for connection in connections.all():
            connection.close()
        synchronous = None if options["asgi"] else self.get_handler(**options)
        asynchronous = applications.asynchronous(options["asgi"] or bool(options["async_path"]), options["asgi"])
        if asynchronous is not None:
            asynchronous = lines.telling(asynchronous)
        serving = Serving(synchronous, asynchronous, self._options(**options))
        child.loaded()
        if child.is_supervised:
            watching.watch(child.changed)

        def ready() -> None:
            self.on_bind(self.port)
            child.ready()

        code = serving.run(ready, lines.answered)
        if code != 0:
            raise CommandError("the project cannot be served", returncode=code)
        return code

    def _options(self, **options: Any) -> Any:
        parser = Parser()
        command.add(parser)
        threads = options["threads"] if options["use_threading"] else 1
        words = ["--threads", str(threads), "--sockets", "resume", "--drain", str(_DRAIN)]
        for path in options["async_path"]:
            words += ["--async-path", path]
        return parser.parse_args([*words, "--asgi"] if options["asgi"] else words)
