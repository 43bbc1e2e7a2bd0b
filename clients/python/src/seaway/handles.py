"""Channels and groups as objects, over the layer of this process."""

from __future__ import annotations

import os
import threading
from typing import Optional

from ._blocking import blocking
from ._handles import BaseChannel, BaseGroup
from .layer import Layer

_lock = threading.Lock()
_default: Optional[Layer] = None


def default_layer() -> Layer:
    """Returns the layer of this process, which connects on first use to what ``SEAWAY_BROKER`` says."""
    global _default
    with _lock:
        if _default is None:
            _default = Layer()
        return _default


def set_default_layer(layer: Optional[Layer]) -> None:
    """Makes ``Channel`` and ``Group`` use this layer."""
    global _default
    with _lock:
        _default = layer


class Channel(BaseChannel):
    """A channel to send to: ``Channel("chat.log").send({"text": "hi"})``."""

    def __init__(self, name: str, layer: Optional[Layer] = None):
        """Raises ``BadName`` for what is no name of a channel."""
        super().__init__(name, layer)

    send = blocking(BaseChannel._send)

    @property
    def _here(self) -> Layer:
        return self._layer or default_layer()


class Group(BaseGroup):
    """A group of channels: ``Group("liveblog").send({"text": "hi"})``."""

    def __init__(self, name: str, layer: Optional[Layer] = None):
        """Raises ``BadName`` for what is no name of a group."""
        super().__init__(name, layer)

    send = blocking(BaseGroup._send)
    add = blocking(BaseGroup._add)
    discard = blocking(BaseGroup._discard)
    members = blocking(BaseGroup._members)

    @property
    def _here(self) -> Layer:
        return self._layer or default_layer()


def _after_fork() -> None:
    # Another thread of the parent's may have held it.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
