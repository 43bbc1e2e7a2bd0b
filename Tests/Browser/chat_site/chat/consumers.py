"""A consumer that keeps its state in itself and its group in the layer, as those of Channels do."""

import json
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

PREFIX = ""


class ChatConsumer(AsyncWebsocketConsumer):
    """One socket in one room."""

    async def connect(self) -> None:
        """Joins the room."""
        self.group_name = "chat_" + self.scope["url_route"]["kwargs"]["room_name"]
        await self.channel_layer.group_add(self.group_name, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leaves it."""
        await self.channel_layer.group_discard(self.group_name, self.channel_name)

    async def receive(self, text_data: str = "", bytes_data: bytes = b"") -> None:
        """Tells the room what the browser says."""
        message = PREFIX + json.loads(text_data)["message"]
        await self.channel_layer.group_send(self.group_name, {"type": "chat.message", "message": message})

    async def chat_message(self, event: Any) -> None:
        """Tells the browser what the room hears."""
        await self.send(text_data=json.dumps({"message": event["message"]}))
