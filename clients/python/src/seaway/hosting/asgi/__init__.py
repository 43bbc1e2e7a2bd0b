"""ASGI applications as workers: https://asgi.readthedocs.io, HTTP, WebSocket and Lifespan."""

from .host import Host
from .lifespan import StartupFailed

__all__ = ["Host", "StartupFailed"]
