"""What Daphne and uvicorn serve: one group over a channel layer in Redis, and an echo that needs no layer at all.

REDIS_URL=redis://127.0.0.1:6379 daphne -p 8000 app:application
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

import django
from django.conf import settings

settings.configure(
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [os.environ["REDIS_URL"]]},
        }
    }
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402 - needs the settings above

GROUP = "liveblog"


class LiveBlog(AsyncWebsocketConsumer):
    """A socket in the group; it joins before it is accepted."""

    groups: ClassVar = [GROUP]

    async def live_message(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


async def echo(_scope: Any, receive: Any, send: Any) -> None:
    """The least that an ASGI application can do."""
    while True:
        event = await receive()
        if event["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        elif event["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": event["text"]})
        else:
            return


live_blog = LiveBlog.as_asgi()


async def application(scope: Any, receive: Any, send: Any) -> None:
    await (echo if scope["path"] == "/echo" else live_blog)(scope, receive, send)
