"""What ``python -m seaway`` and the script ``seaway`` run: a module for each command.

A module has ``DESCRIPTION`` and ``add(parser)``, which adds its options, and ``run(options, parser)``, which returns
the exit code; ``options.arguments`` is the command line.
"""
