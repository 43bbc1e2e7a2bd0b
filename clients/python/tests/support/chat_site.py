"""The chat of the tutorial of Channels: a consumer that keeps no state but the group that it is in."""

from __future__ import annotations

import json
import os
from typing import Any, Dict

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import path

from support.saying import say

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of tests",
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "seaway.channels.SeawayChannelLayer",
            # Room for all that a fast speaker says while a socket is handed over.
            "CONFIG": {"hosts": [os.environ.get("SEAWAY_BROKER", "127.0.0.1:7411")], "capacity": 100_000},
        }
    },
)
django.setup()
urlpatterns: list[Any] = []


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One tab of a browser."""

    async def connect(self) -> None:
        self.room_group_name = f"chat_{self.scope['url_route']['kwargs']['room_name']}"
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)
        await self.accept()

    async def disconnect(self, close_code: int) -> None:
        say("disconnect", close_code)
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)

    async def receive(self, text_data: str = "", bytes_data: bytes = b"") -> None:
        message = json.loads(text_data)["message"]
        if message == "pid":
            await self.send(text_data=json.dumps({"message": os.getpid()}))
        else:
            event = {"type": "chat.message", "message": message}
            await self.channel_layer.group_send(self.room_group_name, event)

    async def chat_message(self, event: Dict[str, Any]) -> None:
        await self.send(text_data=json.dumps({"message": event["message"]}))


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([path("ws/chat/<room_name>/", ChatConsumer.as_asgi())]),
    }
)
