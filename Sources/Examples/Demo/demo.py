"""The Python worker of `make demo`: sockets, the feed's history, the number of readers, posts to /python and /any.

    python demo.py BROKER …             its token is in SEAWAY_TOKEN, where the broker has tokens

It may be killed and started again at any time: the sockets live in the interface server, and what was posted meanwhile
waits on the channel.
"""

from __future__ import annotations

import json
import os
import sys
from collections import deque

import seaway

BLOG = "liveblog"
#: Member of the group, so that everything that readers see is seen here too.
HISTORY = "liveblog.history"
#: Told who joins and leaves the group.
READERS = "liveblog.readers"

posts: deque[str] = deque(maxlen=200)
readers: set[str] = set()
layer = seaway.Layer(hosts=sys.argv[1:], client="demo-python", token=os.environ.get("SEAWAY_TOKEN"))
worker = seaway.Worker(layer=layer)


@worker.on("websocket.connect")
def connect(message: seaway.Message) -> None:
    channel = message["reply_channel"]
    message.reply({"accept": True})
    layer.join(BLOG, channel)
    # Behind whatever was posted before, which waits there to be read.
    layer.send(HISTORY, {"reader": channel})


@worker.on("websocket.receive")
def receive(message: seaway.Message) -> None:
    """Readers post over HTTP; what they say here is only kept going."""


@worker.on("websocket.disconnect")
def disconnect(message: seaway.Message) -> None:
    """The server has ended the membership."""


@worker.on(HISTORY)
def remember(message: seaway.Message) -> None:
    if message.group == BLOG:
        if not message["text"].startswith("{"):
            posts.append(message["text"])
        return
    try:
        tell(message["reader"], {"history": list(posts)})
        tell(message["reader"], {"readers": len(readers)})
    except seaway.Gone:
        pass


@worker.on(READERS)
def count(message: seaway.Message) -> None:
    if "members" in message:
        readers.clear()
        readers.update(filter(is_reader, message["members"]))
    else:
        readers.update(filter(is_reader, message["joined"]))
        readers.difference_update(message["left"])
    layer.send_group(BLOG, {"text": json.dumps({"readers": len(readers)})})


@worker.on("http.request.any", method="GET")
@worker.on("http.request.python", method="GET", path="/python")
def hello(message: seaway.Message) -> None:
    message.respond(content="hello from Python\n")


@worker.on("http.request.any", method="POST")
@worker.on("http.request.python", method="POST", path="/python")
def post(message: seaway.Message) -> None:
    layer.send_group(BLOG, {"text": "Python: " + message.content.decode("utf-8", "replace")})
    message.respond(content="posted by Python\n")


def is_reader(channel: str) -> bool:
    return channel.startswith("websocket.send.")


def tell(channel: str, event: dict[str, object]) -> None:
    layer.send(channel, {"text": json.dumps(event)})


seaway.Group(BLOG, layer).add(HISTORY)
layer.watch(BLOG, READERS)
worker.run()
