"""The asynchronous application: Django's, and the sockets of the chat."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
# Before what follows is imported, so that applications are there.
django = get_asgi_application()

from chat.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter({"http": django, "websocket": AuthMiddlewareStack(URLRouter(websocket_urlpatterns))})
