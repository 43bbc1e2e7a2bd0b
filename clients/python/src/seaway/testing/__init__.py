"""For tests of functions and consumers: a broker, a layer and an interface server without sockets, on a manual clock.

::

    def test_the_moon_answers():
        with FakeServer(worker) as site:
            assert site.get("/moon").text == "hello from the moon"
            browser = site.websocket("/chat/blue")
            browser.send("hi")
            assert browser.receive() == "hi"

The functions run as they do in a worker, a ``seaway.Worker``'s in the thread of the test, a ``seaway.aio.Worker``'s on
a loop of its own. Nothing waits: time passes by ``advance`` alone.
"""

from ._broker import FakeBroker
from ._browser import FakeSocket
from ._clock import Clock
from ._exchange import Answer, Exchange
from ._link import FakeLayer
from ._loop import AsyncFakeLayer
from ._server import FakeServer

__all__ = ["Answer", "AsyncFakeLayer", "Clock", "Exchange", "FakeBroker", "FakeLayer", "FakeServer", "FakeSocket"]
