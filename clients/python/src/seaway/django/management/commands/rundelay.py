"""``manage.py rundelay``: ``seaway delay``, by the name that it had in Channels 1."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand

from seaway.commands import delay
from seaway.commands import options as shared


class Command(BaseCommand):  # type: ignore[misc]
    """Answers the channel ``asgi.delay``; nothing of it is in the database."""

    help = "Delivers later, by the broker's clock, what is sent to the channel asgi.delay."

    def add_arguments(self, parser: Any) -> None:
        """Adds the options."""
        delay.add(parser)

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Works until SIGTERM or SIGINT."""
        code = delay.run(argparse.Namespace(**options), shared.Parser(prog="manage.py rundelay"))
        if code:
            sys.exit(code)
