"""Channels, groups and workers over a Seaway broker. ``seaway.aio`` has the same names for asyncio."""

import sys

__version__ = "0.1.0"

if sys.version_info >= (3, 9):  # noqa: UP036, since seaway.asgi1 is for older ones too
    from ._answers import DeadLetter, Flushed, Sent
    from ._errors import (
        Away,
        BadArguments,
        BadName,
        BadOption,
        BadPayload,
        BadVersion,
        BodyBroken,
        BodyTooLarge,
        Closing,
        Dead,
        Denied,
        Ended,
        Full,
        Gone,
        Late,
        LimitReached,
        Lost,
        NoSession,
        NotAuthenticated,
        NotReader,
        Refused,
        Retry,
        SeawayError,
        StoreAway,
        TooLarge,
        Unknown,
        UnknownVerb,
        Unreachable,
        Unsupported,
        WrongState,
    )
    from .consumers import JsonWebSocketConsumer, WebSocketConsumer, WebSocketDemultiplexer
    from .handles import Channel, Group, default_layer, set_default_layer
    from .layer import Layer, connect
    from .listening import Listening
    from .message import Message, Pending, Stream
    from .websocket import WebSocket, WebSocketRoute
    from .worker import Worker
else:
    from . import _old_python

    _old_python.guard(__name__)

__all__ = [
    "Away",
    "BadArguments",
    "BadName",
    "BadOption",
    "BadPayload",
    "BadVersion",
    "BodyBroken",
    "BodyTooLarge",
    "Channel",
    "Closing",
    "Dead",
    "DeadLetter",
    "Denied",
    "Ended",
    "Flushed",
    "Full",
    "Gone",
    "Group",
    "JsonWebSocketConsumer",
    "Late",
    "Layer",
    "LimitReached",
    "Listening",
    "Lost",
    "Message",
    "NoSession",
    "NotAuthenticated",
    "NotReader",
    "Pending",
    "Refused",
    "Retry",
    "SeawayError",
    "Sent",
    "StoreAway",
    "Stream",
    "TooLarge",
    "Unknown",
    "UnknownVerb",
    "Unreachable",
    "Unsupported",
    "WebSocket",
    "WebSocketConsumer",
    "WebSocketDemultiplexer",
    "WebSocketRoute",
    "Worker",
    "WrongState",
    "connect",
    "default_layer",
    "set_default_layer",
]
