"""The Python worker of the WebSocket loads: python live.py HOST:PORT

Sockets of /live join the group and are accepted; it has no part in what is sent to them. What comes on /echo goes back.
"""

from __future__ import annotations

import sys

import seaway

worker = seaway.Worker(sys.argv[1])


@worker.on("websocket.connect.live")
def join(message: seaway.Message) -> None:
    message.layer.join("liveblog", message["reply_channel"])
    message.reply({"accept": True})


@worker.on("websocket.connect")
def accept(message: seaway.Message) -> None:
    message.reply({"accept": True})


@worker.on("websocket.receive")
def echo(message: seaway.Message) -> None:
    message.reply({"text": message["text"]})


@worker.on("websocket.receive.live")
@worker.on("websocket.disconnect.live")
@worker.on("websocket.disconnect")
def ignore(_: seaway.Message) -> None:
    """Memberships end with their channel, so there is nothing to tidy up."""


worker.run()
