"""What an application hears of messages that are lost, perhaps, with their broker: nothing."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, Awaitable, Callable, Dict, List, Tuple

import pytest

from seaway import Unknown, _values
from seaway.aio import Message
from seaway.hosting.asgi.socket import Socket, State

Send = Callable[[Dict[str, Any]], Awaitable[None]]


class Host:
    """As much of a host as one socket needs; the broker is lost with each message that it has not had before."""

    root_path = ""
    state = None

    def __init__(self, application: Callable[..., Awaitable[None]]):
        self.application = application
        self.loop = asyncio.get_running_loop()
        self.layer = self
        self.said: List[Tuple[str, Any]] = []

    async def put(self, channel: str, body: bytes) -> None:
        message = _values.unpack(body)
        self.said.append((channel, message))
        if [said for _, said in self.said].count(message) == 1 and "accept" not in message:
            raise Unknown("the connection broke before the answer")

    async def _put(self, channel: str, body: bytes, *, bounds: str) -> None:
        await self.put(channel, body)


async def serve(application: Callable[..., Awaitable[None]]) -> List[Tuple[str, Any]]:
    """What is said of a socket that such an application serves."""
    host = Host(application)
    layer: Any = host
    fields = {"type": "websocket.connect", "path": "/", "reply_channel": "s!1", "control_channel": "c!1"}
    sockets: Any = SimpleNamespace(
        host=host, is_closing=False, is_leaving=False, is_open=lambda socket: None, is_decided=lambda socket: None
    )
    socket = Socket(sockets, Message("websocket.connect", None, _values.pack(fields), layer), "w!1")
    await socket.run()
    assert socket.state is State.OVER
    return host.said


def test_a_message_that_may_be_lost_is_no_error_and_a_close_is_said_again(caplog: pytest.LogCaptureFixture) -> None:
    async def application(scope: Any, receive: Any, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "one"})
        await send({"type": "websocket.send", "text": "two"})
        await send({"type": "websocket.close", "code": 4000})

    said = [message for _, message in asyncio.run(serve(application))]
    assert said[1:] == [{"text": "one"}, {"text": "two"}, {"close": 4000}, {"close": 4000}]
    assert caplog.text.count("may be lost") == 2


def test_the_close_behind_an_application_that_ends_is_said_again() -> None:
    async def application(scope: Any, receive: Any, send: Send) -> None:
        await send({"type": "websocket.accept"})

    said = [message for _, message in asyncio.run(serve(application))]
    assert said[1:] == [{"close": 1000}, {"close": 1000}]
