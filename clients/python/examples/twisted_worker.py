"""A worker inside a Twisted program, on one asyncio loop: pip install twisted seaway.

    python twisted_worker.py 127.0.0.1:7411 4000

Whoever connects to the port (``nc localhost 4000``) and types lines, types them to the group ``lines``: to browsers, to
workers in any language. ``GET /lines`` says how many there were, ``GET /slow`` waits for Twisted before it answers.
SIGTERM lets the worker finish what it has, then the reactor stops.
"""

from __future__ import annotations

import asyncio
import sys

from twisted.internet import asyncioreactor

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
asyncioreactor.install(loop)  # before anything imports the reactor

from twisted.internet import reactor, task  # noqa: E402
from twisted.internet.defer import Deferred  # noqa: E402
from twisted.internet.protocol import Factory  # noqa: E402
from twisted.protocols.basic import LineReceiver  # noqa: E402

from seaway import aio  # noqa: E402

layer = aio.Layer(sys.argv[1])
worker = aio.Worker(layer=layer)


class Lines(LineReceiver):  # type: ignore[misc]
    """What people type."""

    delimiter = b"\n"
    count = 0

    def lineReceived(self, line: bytes) -> None:
        """One line: a coroutine becomes a Deferred."""
        Lines.count += 1
        text = line.decode("utf-8", "replace").rstrip("\r")
        told = Deferred.fromCoroutine(self.tell(text))
        told.addErrback(lambda failure: self.sendLine(str(failure.value).encode()))

    async def tell(self, text: str) -> None:
        """Waits for the broker as in any asyncio program."""
        sent = await Deferred.fromFuture(loop.create_task(layer.send_group("lines", {"text": text})))
        self.sendLine(b"told %d" % sent.sent)


@worker.on("http.request", path="/lines")
async def lines(message: aio.Message) -> None:
    """Answers from what Twisted has."""
    await message.respond(content=f"{Lines.count}\n")


@worker.on("http.request", path="/slow")
async def slow(message: aio.Message) -> None:
    """Waits for a Deferred in a coroutine of asyncio."""
    await task.deferLater(reactor, 0.01, lambda: None).asFuture(loop)
    await message.respond(content="slow\n")


async def work() -> None:
    """Takes SIGTERM and SIGINT, which the reactor has no need of then."""
    port = reactor.listenTCP(int(sys.argv[2]), Factory.forProtocol(Lines), interface="127.0.0.1")
    print(f"lines are taken at port {port.getHost().port}", flush=True)
    try:
        await worker.run()
    finally:
        await layer.quit()
        reactor.stop()


reactor.callWhenRunning(lambda: Deferred.fromFuture(loop.create_task(work())))
reactor.run(installSignalHandlers=False)
