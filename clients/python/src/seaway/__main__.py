"""``python -m seaway COMMAND`` and the script ``seaway COMMAND``: workers, and applications as workers."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import List, NoReturn, Optional

from . import __version__
from .commands import program
from .commands.options import ENVIRONMENT, UNAVAILABLE, Parser

#: The commands, each a module of ``seaway.commands``, which is imported when it is asked for.
COMMANDS = {
    "worker": "run a worker until SIGTERM or SIGINT, then drain it",
    "asgi": "run any ASGI application as a worker",
    "wsgi": "run any WSGI application as a worker",
    "django": "run a Django project as a worker",
    "delay": "deliver later what is sent to asgi.delay",
}

_OTHERS = """\
any other command (broker, serve, up, top …) is one of the program seaway, which is looked for on PATH
"""


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs the command line and returns its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
        _hand_on(arguments)
    wanted = arguments[0] if arguments else ""
    parser = Parser(
        prog=_own_name(),
        description="Runs workers of the Seaway channel layer, and applications as workers.",
        epilog=_OTHERS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser, metavar="COMMAND")
    for name, help in COMMANDS.items():
        command = commands.add_parser(
            name, help=help, epilog=ENVIRONMENT, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if name == wanted:
            module = importlib.import_module(f"seaway.commands.{name}")
            command.description = module.DESCRIPTION
            module.add(command)
            options = parser.parse_args(arguments)
            options.arguments = arguments
            code: int = module.run(options, command)
            return code
    parser.parse_args(arguments)
    return 0


def _own_name() -> str:
    return "seaway" if os.path.basename(sys.argv[0]) == "seaway" else "python -m seaway"


def _hand_on(arguments: List[str]) -> NoReturn:
    """Becomes the program of the same name."""
    found = program.find()
    if found is None:
        commands = ", ".join(COMMANDS)
        sys.stderr.write(
            f"{_own_name()}: {arguments[0]} is no command of the Python package ({commands}), "
            "and the program seaway, which has the broker and the interface server, is neither installed "
            "(pip install 'seaway[server]') nor on PATH\n"
        )
        sys.exit(UNAVAILABLE)
    sys.stdout.flush()
    os.execv(found, [found, *arguments])


if __name__ == "__main__":
    sys.exit(main())
