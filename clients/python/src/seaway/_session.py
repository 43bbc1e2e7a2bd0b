"""One connection to a broker, without its socket: protocol/PROTOCOL.md, section 3."""

from collections import deque
from typing import Deque, Generic, List, Optional, Tuple, TypeVar

from ._frames import Frame, FrameParser

T = TypeVar("T")

#: The verbs that answer a request; whatever is neither here nor below is skipped (A2).
ANSWERS = frozenset(("OK", "ERR", "DATA", "PONG", "HELLO"))
#: The verbs that are pushed for what others did.
PUSHES = frozenset(("MSG", "JOINED", "LEFT", "LOST", "PING", "BYE"))


class Session(Generic[T]):
    """Matches the frames of a broker to the requests of a client, in order (A1).

    The caller says what it has asked, with a ticket for each request, and shows the bytes that came; it learns whose
    answer each frame is or that it is a push.
    """

    def __init__(self, max_body: int):
        #: Why nothing behind the last event can be trusted; the connection is to be closed.
        self.fault: Optional[str] = None
        self._parser = FrameParser(max_body=max_body)
        self._asked: Deque[Tuple[T, str]] = deque()

    @property
    def unanswered(self) -> int:
        """Requests without an answer."""
        return len(self._asked)

    def ask(self, ticket: T, answer: str) -> None:
        """Notes a request that will be answered, with that verb or ``ERR``: any but ``READY`` and ``PONG``."""
        self._asked.append((ticket, answer))

    def receive(self, data: bytes) -> List[Tuple[Frame, Optional[T]]]:
        """Returns the frames that the bytes complete, each with the ticket that it answers, ``None`` for a push."""
        events: List[Tuple[Frame, Optional[T]]] = []
        for frame in self._parser.feed(data):
            verb = frame.verb
            if verb in ANSWERS:
                if not self._asked:
                    self.fault = f"{verb}, for which nobody asked"
                    return events
                ticket, answer = self._asked[0]
                if verb != answer and verb != "ERR":
                    self.fault = f"{verb} where {answer} answers"
                    return events
                self._asked.popleft()
                events.append((frame, ticket))
            elif verb in PUSHES:
                events.append((frame, None))
        if self._parser.end is not None:
            self.fault = "what came is not the protocol"
        return events

    def take_unanswered(self) -> List[T]:
        """The connection is lost: returns the tickets whose fate is unknown, oldest first."""
        tickets = [ticket for ticket, _ in self._asked]
        self._asked.clear()
        return tickets
