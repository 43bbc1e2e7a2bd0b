"""Channels and groups as objects, the same for both halves: coroutines on a layer (see ``_blocking``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, List, Optional

from . import _names
from ._answers import Sent
from ._layer import BaseLayer


class Handle:
    """A name, and the layer on which it is used."""

    def __init__(self, name: str, layer: Any = None):
        """Raises ``BadName`` for what is no such name."""
        self.name = self._checked(name)
        self._layer = layer

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    # Hooks

    @staticmethod
    def _checked(name: str) -> str:
        raise NotImplementedError

    @property
    def _here(self) -> BaseLayer:
        """The layer that was given, or that of this process or loop."""
        raise NotImplementedError


class BaseChannel(Handle):
    """A channel to send to."""

    _checked = staticmethod(_names.channel)

    async def _send(
        self,
        message: Mapping[str, Any],
        *,
        if_heard: bool = False,
        stream: Optional[str] = None,
        expiry: Optional[float] = None,
        capacity: Optional[int] = None,
        delay: Optional[float] = None,
        once: Optional[str] = None,
    ) -> None:
        """Like ``Layer.send``."""
        await self._here._send(
            self.name,
            message,
            if_heard=if_heard,
            stream=stream,
            expiry=expiry,
            capacity=capacity,
            delay=delay,
            once=once,
        )


class BaseGroup(Handle):
    """A group of channels."""

    _checked = staticmethod(_names.group)

    async def _send(
        self,
        message: Mapping[str, Any],
        *,
        except_: Optional[str] = None,
        expiry: Optional[float] = None,
        capacity: Optional[int] = None,
    ) -> Sent:
        """Like ``Layer.send_group``."""
        return await self._here._send_group(self.name, message, except_=except_, expiry=expiry, capacity=capacity)

    async def _add(self, *channels: str) -> None:
        """Makes channels members; in force when it returns."""
        await self._here._join(self.name, *channels)

    async def _discard(self, *channels: str) -> None:
        """Ends the memberships of channels."""
        await self._here._leave(self.name, *channels)

    async def _members(self) -> List[str]:
        """Returns all members, sorted."""
        return await self._here._members(self.name)
