"""Where this package logs: configure it with ``logging.getLogger("seaway")``.

Whatever is put into a line stays one line: names, paths and what others say may hold anything, and none of it may look
like a line of its own or speak to a terminal.
"""

import logging
import re
import traceback
from typing import List

#: The controls of ASCII and of ISO 8859, what ends lines in Unicode, and what cannot be written as UTF-8.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def escaped(text: str) -> str:
    """Returns a text in one line: its controls as Python writes them, such as ``\\n`` and ``\\x1b``."""
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


class _OneLine(logging.Filter):
    """Escapes what goes into a line, and into each line of a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        safe = escaped(text)
        if safe != text:
            record.msg, record.args = safe, ()
        if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
            record.exc_text = "\n".join(_traceback(record.exc_info[1]))
        return True


def _traceback(error: BaseException) -> List[str]:
    lines: List[str] = []
    for piece in traceback.format_exception(type(error), error, error.__traceback__):
        # A place in the code has lines of its own; what an error says is one, whatever it holds.
        parts = piece.strip("\n").split("\n") if piece.startswith("  File ") else [piece.strip("\n")]
        lines += map(escaped, parts)
    return lines


logger = logging.getLogger("seaway")
logger.addFilter(_OneLine())
