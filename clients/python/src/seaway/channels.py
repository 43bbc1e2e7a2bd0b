"""Channels and groups as objects, over the layer of this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any, List, Optional

from . import _names
from ._answers import Sent
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


class Channel:
    """A channel to send to: ``Channel("chat.log").send({"text": "hi"})``."""

    def __init__(self, name: str, layer: Optional[Layer] = None):
        """Raises ``BadName`` for what is no name of a channel."""
        self.name = _names.channel(name)
        self._layer = layer

    def __repr__(self) -> str:
        return f"Channel({self.name!r})"

    def send(self, message: Mapping[str, Any], *, if_heard: bool = False, stream: Optional[str] = None) -> None:
        """Like ``Layer.send``."""
        (self._layer or default_layer()).send(self.name, message, if_heard=if_heard, stream=stream)


class Group:
    """A group of channels: ``Group("liveblog").send({"text": "hi"})``."""

    def __init__(self, name: str, layer: Optional[Layer] = None):
        """Raises ``BadName`` for what is no name of a group."""
        self.name = _names.group(name)
        self._layer = layer

    def __repr__(self) -> str:
        return f"Group({self.name!r})"

    def send(self, message: Mapping[str, Any], *, except_: Optional[str] = None) -> Sent:
        """Like ``Layer.send_group``."""
        return (self._layer or default_layer()).send_group(self.name, message, except_=except_)

    def add(self, *channels: str) -> None:
        """Makes channels members; in force when it returns."""
        (self._layer or default_layer()).join(self.name, *channels)

    def discard(self, *channels: str) -> None:
        """Ends the memberships of channels."""
        (self._layer or default_layer()).leave(self.name, *channels)

    def members(self) -> List[str]:
        """Returns all members, sorted."""
        return (self._layer or default_layer()).members(self.name)


def _after_fork() -> None:
    # Another thread of the parent's may have held it.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
