"""Channels and groups as objects, over the layer of the running loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any, Dict, List, Optional

from .. import _names
from .._answers import Sent
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


class Channel:
    """A channel to send to: ``await Channel("chat.log").send({"text": "hi"})``."""

    def __init__(self, name: str, layer: Optional[Layer] = None):
        """Raises ``BadName`` for what is no name of a channel."""
        self.name = _names.channel(name)
        self._layer = layer

    def __repr__(self) -> str:
        return f"Channel({self.name!r})"

    async def send(self, message: Mapping[str, Any], *, if_heard: bool = False, stream: Optional[str] = None) -> None:
        """Like ``Layer.send``."""
        await (self._layer or default_layer()).send(self.name, message, if_heard=if_heard, stream=stream)


class Group:
    """A group of channels: ``await Group("liveblog").send({"text": "hi"})``."""

    def __init__(self, name: str, layer: Optional[Layer] = None):
        """Raises ``BadName`` for what is no name of a group."""
        self.name = _names.group(name)
        self._layer = layer

    def __repr__(self) -> str:
        return f"Group({self.name!r})"

    async def send(self, message: Mapping[str, Any], *, except_: Optional[str] = None) -> Sent:
        """Like ``Layer.send_group``."""
        return await (self._layer or default_layer()).send_group(self.name, message, except_=except_)

    async def add(self, *channels: str) -> None:
        """Makes channels members; in force when it returns."""
        await (self._layer or default_layer()).join(self.name, *channels)

    async def discard(self, *channels: str) -> None:
        """Ends the memberships of channels."""
        await (self._layer or default_layer()).leave(self.name, *channels)

    async def members(self) -> List[str]:
        """Returns all members, sorted."""
        return await (self._layer or default_layer()).members(self.name)


# The loops are the parent's; one of the child's may have the same place in memory.
os.register_at_fork(after_in_child=_defaults.clear)
