"""Bad requests, and odd ones that are legal: what is sent, what comes back, and whether the connection lives on.

A case is a line of a table: what is odd about it, the bytes, the status of each answer, and CLOSES or LIVES.
`|` stands for CR LF, so that a request can be read; what is odd in it stands there as an escape. A body of more than a
few bytes is written as `{n}`, which is n times `x`. The server's limits are small here: see LIMITS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import torture_bodies
import torture_connections
import torture_fields
import torture_request_lines
from torture_words import LIVES as LIVES

#: Options of the server under test.
LIMITS = {
    "--max-request-line": "1024",
    "--max-request-head": "4096",
    "--max-request-fields": "20",
    "--max-request-body": "1024",
}


@dataclass(frozen=True)
class Case:
    section: str
    name: str
    request: bytes
    answers: tuple[int, ...]
    lives: bool
    #: What the last worker saw: `METHOD path body`; nothing is asked when it is empty.
    seen: str = ""
    #: The client ends its sending side behind the request.
    ends: bool = False

    def __str__(self) -> str:
        return f"{self.section}: {self.name}"


def wire(text: str) -> bytes:
    """The bytes that a text of the table stands for."""
    text = re.sub(r"\{(\d+)\}", lambda found: "x" * int(found[1]), text)
    return text.replace("|", "\r\n").encode("latin-1")


#: section -> (what is odd, request, status or statuses, whether the connection lives[, what the worker sees])
TABLE: dict[str, list[tuple]] = {
    **torture_request_lines.TABLE,
    **torture_fields.TABLE,
    **torture_bodies.TABLE,
    **torture_connections.TABLE,
}


def cases() -> list[Case]:
    found = []
    for section, rows in TABLE.items():
        ends = section.startswith("the end")
        for name, request, status, lives, *seen in rows:
            answers = status if isinstance(status, tuple) else (status,)
            found.append(Case(section, name, wire(request), answers, lives, "".join(seen), ends))
    return found
