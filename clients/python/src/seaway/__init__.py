"""Channels, groups and workers over a Seaway broker. ``seaway.aio`` has the same names for asyncio."""

from ._answers import Flushed, Sent
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
    Denied,
    Ended,
    Full,
    Gone,
    LimitReached,
    Lost,
    NotAuthenticated,
    NotReader,
    Refused,
    SeawayError,
    TooLarge,
    Unknown,
    UnknownVerb,
    Unreachable,
    WrongState,
)
from .channels import Channel, Group, default_layer, set_default_layer
from .layer import Layer, connect
from .listening import Listening
from .message import Message, Pending, Stream
from .websocket import WebSocket, WebSocketRoute
from .worker import Worker

__version__ = "0.1.0"

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
    "Denied",
    "Ended",
    "Flushed",
    "Full",
    "Gone",
    "Group",
    "Layer",
    "LimitReached",
    "Listening",
    "Lost",
    "Message",
    "NotAuthenticated",
    "NotReader",
    "Pending",
    "Refused",
    "SeawayError",
    "Sent",
    "Stream",
    "TooLarge",
    "Unknown",
    "UnknownVerb",
    "Unreachable",
    "WebSocket",
    "WebSocketRoute",
    "Worker",
    "WrongState",
    "connect",
    "default_layer",
    "set_default_layer",
]
