"""Channels and groups as objects, over the layer of the running loop."""

from __future__ import annotations

import asyncio
import os
from typing import Dict, Optional

from .._handles import BaseChannel, BaseGroup
from .layer import Layer

_defaults: Dict[asyncio.AbstractEventLoop, Layer] = {}


def default_layer() -> Layer:
    """Returns the layer of the running loop, which connects on first use to what ``SEAWAY_BROKER`` says."""
    loop = asyncio.get_running_loop()
    layer = _defaults.get(loop)
    if layer is None:
        for one in [one for one in _defaults if one.is_closed()]:
            del _defaults[one]
        layer = _defaults[loop] = Layer()
    return layer


def set_default_layer(layer: Optional[Layer]) -> None:
    """Makes ``Channel`` and ``Group`` use this layer on the running loop."""
    loop = asyncio.get_running_loop()
    if layer is None:
        _defaults.pop(loop, None)
    else:
        _defaults[loop] = layer


class Channel(BaseChannel):
    """A channel to send to: ``await Channel("chat.log").send({"text": "hi"})``."""

    def __init__(self, name: str, layer: Optional[Layer] = None):
        """Raises ``BadName`` for what is no name of a channel."""
        super().__init__(name, layer)

    send = BaseChannel._send

    @property
    def _here(self) -> Layer:
        return self._layer or default_layer()


class Group(BaseGroup):
    """A group of channels: ``await Group("liveblog").send({"text": "hi"})``."""

    def __init__(self, name: str, layer: Optional[Layer] = None):
        """Raises ``BadName`` for what is no name of a group."""
        super().__init__(name, layer)

    send = BaseGroup._send
    add = BaseGroup._add
    discard = BaseGroup._discard
    members = BaseGroup._members

    @property
    def _here(self) -> Layer:
        return self._layer or default_layer()


# The loops are the parent's; one of the child's may have the same place in memory.
os.register_at_fork(after_in_child=_defaults.clear)
