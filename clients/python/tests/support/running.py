"""A worker in this process, at a broker by script."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, Callable, Dict

import seaway
from seaway import _values, aio

from .fake import FakeBroker
from .halves import AsyncioHalf, Half, patient
from .threads import in_thread


class Running:
    """A worker of either half, listening on ``a``, and the broker that it listens at.

    ``function`` takes a message, or a socket and what its browser says where the worker ``serves_sockets``.
    """

    def __init__(
        self,
        half: Half,
        fake: FakeBroker,
        function: Callable[..., Any],
        *,
        serves_sockets: bool = False,
        **options: Any,
    ):
        self._fake = fake
        self.stop: Callable[[], None]
        options = patient(options)
        if isinstance(half, AsyncioHalf):
            self.worker: Any = aio.Worker(fake.address, **options)

            async def consume(*arguments: Any) -> None:
                result = function(*arguments)
                if inspect.isawaitable(result):
                    await result

            (self.worker.websocket(channel="a") if serves_sockets else self.worker.on("a"))(consume)
            self.stop = lambda: half.run(self.worker.stop)
            self.ended = in_thread(lambda: half.run(self.worker.run))
        else:
            self.worker = seaway.Worker(fake.address, **options)
            (self.worker.websocket(channel="a") if serves_sockets else self.worker.on("a"))(function)
            self.stop = self.worker.stop
            self.ended = in_thread(self.worker.run)
        self.listens()

    def listens(self) -> None:
        """It comes, or comes back when its connection was lost."""
        self.connection = self._fake.accept()
        self._has_credit = False
        self.connection.expect("LISTEN a")
        self.connection.say(b"OK\n")

    def message(self, number: int) -> bytes:
        """What comes to ``a``, with a place for the answer."""
        return self.frame({"n": number, "reply_channel": f"x!{number}"})

    def request(self, path: str, number: int = 1, **fields: Any) -> bytes:
        """An HTTP request."""
        return self.frame({"method": "GET", "path": path, "reply_channel": f"x!{number}", **fields})

    def event(self, kind: str, **fields: Any) -> bytes:
        """An event of a socket."""
        names = {"reply_channel": "s!1", "control_channel": "c!1"}
        return self.frame({"type": f"websocket.{kind}", "path": "/chat", **names, **fields})

    def frame(self, message: Dict[str, Any]) -> bytes:
        """Any message."""
        body = _values.pack(message)
        return b"MSG :%d a\n%b\n" % (len(body), body)

    def says(self, channel: str, answer: bytes = b"OK\n") -> Dict[str, Any]:
        """What the worker says there next."""
        body = self.connection.expect(f"SEND {channel}").body
        self.connection.say(answer)
        return _values.unpack(body or b"")

    def says_behind_credit(self, channel: str) -> Dict[str, Any]:
        """The same, behind whatever credit it gives before."""
        frame = self.connection.hear()
        while frame.verb == "READY":
            self._has_credit = True
            frame = self.connection.hear()
        assert (frame.verb, frame.args[0]) == ("SEND", channel)
        self.connection.say(b"OK\n")
        return _values.unpack(frame.body or b"")

    def takes_more(self) -> None:
        """Its credit has come: before it, nothing may be pushed."""
        if not self._has_credit:
            self.connection.expect("READY")

    def leaves(self, *answers: str) -> None:
        """It is told to leave, and does; before the end it says these failures."""
        self.stop()
        self.connection.expect("UNLISTEN a")
        self.connection.say(b"OK\n")
        for answer in answers:
            assert self.says(answer)["status"] == 500
        self.connection.expect("QUIT")
        self.connection.say(b"OK\n")
        self.connection.expect_end()
        self.ended()


def steps(*calls: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function that makes some calls one after the other, in either half."""

    def function(message: Any) -> Any:
        results = (call(message) for call in calls)
        if not asyncio.iscoroutinefunction(message.respond):
            for _ in results:
                pass
            return None

        async def wait() -> None:
            for result in results:
                if asyncio.iscoroutine(result):
                    await result

        return wait()

    return function
