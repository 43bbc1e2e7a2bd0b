"""What the fake broker shows of itself: ``MEMBERS``, ``PEEK`` and ``STATS`` (Q1 to Q4)."""

from __future__ import annotations

import base64
import json
from typing import Any, Dict, List, Optional, Tuple

from .. import _names, _values
from .._frames import Frame
from ._broker import FakeBroker
from ._channels import Refusal


def members(broker: FakeBroker, frame: Frame) -> Dict[str, Any]:
    """A page of a group's members."""
    group = _names.group(frame.args[0])
    names = sorted(broker.groups.members(group))
    page, after = _page(frame, names)
    return _with_next({"group": group, "total": len(names), "members": page}, after)


def peek(broker: FakeBroker, frame: Frame) -> Dict[str, Any]:
    """What waits in a channel."""
    channel, now = _names.channel(frame.args[0]), broker.clock.now
    messages = broker.messages(channel)
    start, most = int(frame.options.get("after", "0")), int(frame.options.get("limit", "100"))
    head = [
        {"left": None if one.id else round((one.expires_at - now) * 1000)}
        | ({"times": one.times} if one.times else {})
        | {"bytes": len(one.body), "message": readable(one.body)}
        for one in messages[start : start + most]
    ]
    shown = {
        "channel": channel,
        "messages": len(messages),
        "bytes": sum(len(one.body) for one in messages),
        "readers": broker.readers(channel),
        "paused": broker.is_paused(channel),
        "head": head,
    }
    return _with_next(shown, str(start + most) if start + most < len(messages) else None)


def stats(broker: FakeBroker, frame: Frame) -> Dict[str, Any]:
    """The counters, or a page of channels or groups."""
    channels, groups = broker.channels, broker.groups
    if frame.args == ["channels"]:
        page, after = _page(frame, sorted(channels))
        rows = [{"name": name, "messages": len(broker.messages(name))} for name in page]
        return _with_next({"channels": rows}, after)
    if frame.args == ["groups"]:
        page, after = _page(frame, sorted(groups.names))
        return _with_next({"groups": [{"name": name, "members": len(groups.members(name))} for name in page]}, after)
    if frame.args:
        raise Refusal("args")
    return {
        "epoch": broker.epoch,
        "channels": len(channels),
        "groups": len(groups.names),
        "memberships": sum(len(groups.members(group)) for group in groups.names),
        "messages": sum(len(broker.messages(channel)) for channel in channels),
        "dropped": {"expired": broker.expired},
    }


def readable(body: bytes) -> Any:
    """What a body in MessagePack holds, as JSON has it (V8, V10)."""
    return _readable(_values.unpack(body))


def printed(shown: Any) -> bytes:
    """JSON without white space."""
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _readable(value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return {"$bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, dict):
        return {key: _readable(item) for key, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list) else value


def _page(frame: Frame, names: List[str]) -> Tuple[List[str], Optional[str]]:
    most, after = int(frame.options.get("limit", "100")), frame.options.get("after", "")
    rest = [name for name in names if name > after]
    return rest[:most], rest[most - 1] if len(rest) > most else None


def _with_next(shown: Dict[str, Any], after: Optional[str]) -> Dict[str, Any]:
    return shown if after is None else {**shown, "next": after}
