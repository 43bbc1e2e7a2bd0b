"""An ASGI application on an event loop in a thread of its own, beside synchronous work in the main one."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Callable, Dict, Optional

from ..._errors import SeawayError
from ..._held import Held
from ..._http import answer
from ..._log import logger
from ..._reading import Delivery
from ..._ticket import Ticket
from ...aio.layer import Layer
from ...message import Message
from .host import Host
from .lifespan import StartupFailed
from .scopes import Application

#: Requests that are handed over and not answered yet; those beyond are answered with 503.
MOST = 1_024

_BUSY = answer(503, {"retry-after": "1"}, "Service Unavailable\n").packed()


class Beside:
    """Serves an application until ``stop``; requests may be handed over to it by other threads."""

    def __init__(
        self, application: Application, layer_options: Dict[str, Any], on_failed: Callable[[], None], **options: Any
    ):
        """``options`` are those of ``Host``. ``on_failed`` is called in its thread when it cannot go on."""
        self._application = application
        self._layer_options = layer_options
        self._on_failed = on_failed
        self._options = options
        self._loop = _new_loop()
        self._host: Optional[Host] = None
        self._is_stopped = False
        self._is_full = False
        #: Why it could not go on.
        self.error: Optional[BaseException] = None
        self._thread = threading.Thread(target=self._run, name="seaway-loop", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Takes no more, and ends what it has within ``drain``. May be called from any thread, and a signal handler."""
        self._is_stopped = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop)

    def join(self) -> None:
        """Waits until it has left."""
        self._thread.join()

    def take(self, message: Message) -> None:
        """Hands a request of a synchronous worker over: it is answered from here."""
        host = self._host
        if host is None or host.requests >= MOST or self._loop.is_closed():
            if not self._is_full:
                self._is_full = True
                logger.error("%d requests are under way on the event loop: others are answered with 503", MOST)
            message.respond_packed(_BUSY)
            return
        self._is_full = False
        held, message.held = message.held, None
        passed_on = None if held is None else _HeldElsewhere(held, message)
        delivery = Delivery([message.channel], message.group, message.body, passed_on)
        self._loop.call_soon_threadsafe(host.serve, delivery)
        message.answer_later()

    def _stop(self) -> None:
        if self._host is not None:
            self._host.stop()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        except (StartupFailed, SeawayError) as error:
            self.error = error
            logger.critical("the asynchronous application cannot be served: %s", error)
        except BaseException as error:
            self.error = error
            logger.critical("the event loop has failed", exc_info=error)
        finally:
            self._loop.close()
        if self.error is not None:
            self._on_failed()

    async def _serve(self) -> None:
        layer = Layer(**self._layer_options)
        self._host = Host(self._application, layer, **self._options)
        if self._is_stopped:
            self._host.stop()
        try:
            await self._host.run()
        finally:
            await layer.quit()


class _HeldElsewhere(Held):
    """What the layer of another thread holds: that says what becomes of it, since no other connection may."""

    __slots__ = ("_held", "_link")

    def __init__(self, held: Held, message: Message):
        self._held = held
        self._link = message.layer.link
        self.options = held.options
        self.is_wished = held.is_wished
        self.is_over = False

    @property
    def carried(self) -> str:
        """It cannot go with an answer, which another connection sends."""
        return ""

    def answered(self, is_carried: bool) -> None:
        """Its answer is with the broker, or never will be."""
        self.ack()

    def ack(self, waiter: Optional[Ticket] = None) -> None:
        """It is done."""
        self.is_over = True
        with self._link.lock:
            self._held.ack(waiter)
        self._link.flush()

    def nak(self, option: str = "", waiter: Optional[Ticket] = None) -> None:
        """Gives it back."""
        self.is_over = True
        with self._link.lock:
            self._held.nak(option, waiter)
        self._link.flush()

    def hold(self, waiter: Ticket) -> None:
        """Its time begins anew."""
        with self._link.lock:
            self._held.hold(waiter)
        self._link.flush()


def _new_loop() -> asyncio.AbstractEventLoop:
    """One of uvloop where that is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
