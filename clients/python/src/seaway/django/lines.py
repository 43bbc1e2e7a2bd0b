"""The line that ``runserver`` prints for each request, in Django's own form."""

from __future__ import annotations

import logging
import time
from typing import Any, Dict

from ..hosting.wsgi import Answer

_logger = logging.getLogger("django.server")


def answered(environ: Dict[str, Any], answer: Answer) -> None:
    """Tells of a request that views have answered, or failed to."""
    path, version = environ["RAW_URI"], environ["SERVER_PROTOCOL"]
    _tell(f"{environ['REQUEST_METHOD']} {path} {version}", answer.status if answer.is_begun else 500, answer.size)


def telling(application: Any) -> Any:
    """An ASGI application whose requests are told."""

    async def told(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        status, size = 500, 0

        async def send_and_note(event: Any) -> None:
            nonlocal status, size
            await send(event)
            status = event.get("status", status)
            size += len(event.get("body", b""))

        try:
            await application(scope, receive, send_and_note)
        finally:
            query = scope["query_string"].decode("latin-1")
            path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
            line = f"{scope['method']} {path}{'?' if query else ''}{query} HTTP/{scope['http_version']}"
            _tell(line, status, size)

    return told


def _tell(line: str, status: int, size: int) -> None:
    level = logging.ERROR if status >= 500 else logging.WARNING if status >= 400 else logging.INFO
    extra = {"status_code": status, "server_time": time.strftime("%d/%b/%Y %H:%M:%S")}
    _logger.log(level, '"%s" %s %s', line, status, size, extra=extra)
