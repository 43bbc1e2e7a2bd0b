"""Which consumer gets what."""

from channels.routing import route

from . import consumers

channel_routing = [
    route("websocket.connect", consumers.connect, path=r"^/chat$"),
    route("websocket.receive", consumers.receive, path=r"^/chat$"),
    route("websocket.disconnect", consumers.disconnect),
    route("websocket.connect", consumers.reject),
]
