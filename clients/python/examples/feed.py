"""A chat and a count of likes over one socket: ``python -m seaway worker feed:worker``.

A browser opens ``ws://…/feed/ROOM`` and says ``{"stream": "chat", "payload": "hi"}`` or ``{"stream": "likes",
"payload": 1}``; what comes back looks the same.
"""

from __future__ import annotations

from typing import Any, ClassVar, Mapping, Sequence, Type

import seaway

worker = seaway.Worker()


class Chat(seaway.JsonWebSocketConsumer):
    """Everybody in the room hears what one says, behind the name that he has given himself."""

    groups: ClassVar[Sequence[str]] = ["room.{room}"]

    def receive_json(self, value: Any) -> None:
        """``{"name": …}`` gives a name, which is kept as long as the socket is open; a string is said to the room."""
        if isinstance(value, dict) and isinstance(value.get("name"), str):
            self.session["name"] = value["name"][:40]
        elif isinstance(value, str):
            said = {"from": self.session.get("name", "somebody"), "text": value}
            self.send_json_group(f"room.{self.parameters['room']}", said)
        else:
            self.send_json({"error": 'say a string, or {"name": …}'})


class Likes(seaway.JsonWebSocketConsumer):
    """Counts what one browser likes."""

    def receive_json(self, value: Any) -> None:
        """Whatever it is, it is liked."""
        self.session["count"] = self.session.get("count", 0) + 1
        self.send_json(self.session["count"])


@worker.consumer("/feed/{room}", sticky=True)
class Feed(seaway.WebSocketDemultiplexer):
    """Both over one socket, whose events come to the worker that has accepted it."""

    streams: ClassVar[Mapping[str, Type[seaway.JsonWebSocketConsumer]]] = {"chat": Chat, "likes": Likes}
