"""A program of Twisted that receives by the layer of ASGI 1, as Daphne does: prints what it gets."""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import defer, reactor

from seaway.asgi1 import ChannelLayer

layer = ChannelLayer([sys.argv[1]])
run: Any = reactor


@defer.inlineCallbacks  # type: ignore[untyped-decorator]
def read() -> Any:
    cancelled = layer.receive_twisted(["reader!", "reader.b"])
    cancelled.addErrback(lambda failure: print("cancelled", failure.type.__name__, flush=True))
    cancelled.cancel()
    while True:
        channel, message = yield layer.receive_twisted(["reader.b", "reader!"])
        print(channel, message, flush=True)
        if message and message.get("last"):
            break
    try:
        yield layer.receive_twisted(["no name"])
    except TypeError as error:
        print("refused", error, flush=True)
    layer.close()
    run.stop()


run.callWhenRunning(read)
run.run()
