"""The same names as ``seaway``, for asyncio. Errors are those of ``seaway``."""

from .channels import Channel, Group, default_layer, set_default_layer
from .layer import Layer, connect
from .listening import Listening
from .message import Message, Stream
from .websocket import WebSocket, WebSocketRoute
from .worker import Worker

__all__ = [
    "Channel",
    "Group",
    "Layer",
    "Listening",
    "Message",
    "Stream",
    "WebSocket",
    "WebSocketRoute",
    "Worker",
    "connect",
    "default_layer",
    "set_default_layer",
]
