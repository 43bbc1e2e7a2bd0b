"""The same names as ``seaway``, for asyncio. Errors are those of ``seaway``."""

from .consumers import JsonWebSocketConsumer, WebSocketConsumer, WebSocketDemultiplexer
from .handles import Channel, Group, default_layer, set_default_layer
from .layer import Layer, connect
from .listening import Listening
from .message import Message, Stream
from .websocket import WebSocket, WebSocketRoute
from .worker import Worker

__all__ = [
    "Channel",
    "Group",
    "JsonWebSocketConsumer",
    "Layer",
    "Listening",
    "Message",
    "Stream",
    "WebSocket",
    "WebSocketConsumer",
    "WebSocketDemultiplexer",
    "WebSocketRoute",
    "Worker",
    "connect",
    "default_layer",
    "set_default_layer",
]
