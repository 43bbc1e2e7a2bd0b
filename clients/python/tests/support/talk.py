"""A connection without a socket."""

from __future__ import annotations

from typing import List

from seaway._core import Core
from seaway._frames import FrameParser
from seaway._reading import Reading
from seaway._ticket import Ticket

HELLO = b"HELLO 1 id=1 epoch=first max-body=1000\n"


class Talk:
    """A core, what it says, and a clock."""

    def __init__(self, core: Core):
        self.core = core
        self.now = 100.0

    def connect(self, greeting: bytes = HELLO) -> List[str]:
        """A connection is made and greeted; returns what the core says then."""
        self.core.connected(self.now)
        assert self.said()[0].startswith("HELLO 1 format=msgpack")
        assert self.hears(greeting)
        return self.said()

    def hears(self, wire: bytes) -> bool:
        return self.core.received(wire, self.now)

    def said(self) -> List[str]:
        """The lines that the core has said since the last time, without the sizes of bodies."""
        frames = FrameParser().feed(self.core.take_output())
        return [
            " ".join([frame.verb, *frame.args, *(f"{key}={value}" for key, value in frame.options.items())])
            for frame in frames
        ]

    def passes(self, seconds: float) -> bool:
        """Time passes, looked at as often as a mover does; false when the connection is given up."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 2)
            if not self.core.tick(self.now):
                return False
        return True

    def ask(self, request: bytes) -> Ticket:
        ticket = Ticket()
        self.core.ask(request, ticket)
        return ticket

    def listen(self, *names: str, credit: int = 2) -> Reading:
        reading = Reading(names)
        self.core.readings.listen(reading)
        self.core.readings.grant(reading, credit)
        return reading
