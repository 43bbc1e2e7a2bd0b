"""Requests that wait the first time that they are delivered, in every way that a process may serve them."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any, Dict, Iterable

import seaway
from seaway import aio
from support.saying import say

SECRET_KEY = "of a test"
ROOT_URLCONF = __name__
ALLOWED_HOSTS = ["*"]
ASGI_APPLICATION = f"{__name__}.django_app"

worker = seaway.Worker()
async_worker = aio.Worker()


def told(times: int) -> str:
    return f"{times} {os.getpid()}"


@worker.on("http.request")
def request(message: seaway.Message) -> None:
    say("has it")
    threading.Event().wait(3_600 if message.times == 1 else 0)
    message.respond(content=told(message.times))


@async_worker.on("http.request")
async def async_request(message: aio.Message) -> None:
    say("has it")
    await asyncio.sleep(3_600 if message.times == 1 else 0)
    await message.respond(content=told(message.times))


async def app(scope: Dict[str, Any], receive: Any, send: Any) -> None:
    """Any ASGI application."""
    if scope["type"] == "lifespan":
        raise NotImplementedError
    times = scope["extensions"]["seaway.delivery"]["times"]
    say("has it")
    while times == 1 and (await receive())["type"] != f"{scope['type']}.disconnect":
        pass
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept", "headers": [(b"told", told(times).encode())]})
        await receive()
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": told(times).encode()})


def application(environ: Dict[str, Any], start: Any) -> Iterable[bytes]:
    """Any WSGI application."""
    say("has it")
    threading.Event().wait(3_600 if environ["seaway.times"] == 1 else 0)
    start("200 OK", [])
    return [told(environ["seaway.times"]).encode()]


def view(asked: Any) -> Any:
    """Of Django, in a thread."""
    from django.http import HttpResponse

    say("has it")
    threading.Event().wait(3_600 if asked.META["seaway.times"] == 1 else 0)
    return HttpResponse(told(asked.META["seaway.times"]))


async def async_view(asked: Any) -> Any:
    """Of Django, on the event loop."""
    from django.http import HttpResponse

    times = asked.scope["extensions"]["seaway.delivery"]["times"]
    say("has it")
    await asyncio.sleep(3_600 if times == 1 else 0)
    return HttpResponse(told(times))


def __getattr__(name: str) -> Any:
    """What Django has to be set up for."""
    if name == "urlpatterns":
        from django.urls import path

        return [path("later", async_view), path("<path:rest>", lambda asked, rest: view(asked))]
    if name == "django_app":
        from django.core.asgi import get_asgi_application

        return get_asgi_application()
    raise AttributeError(name)
