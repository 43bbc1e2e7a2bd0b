"""Who waits for the answer to a request."""

from typing import Optional

from ._errors import SeawayError, TooLarge, refusal
from ._frames import Frame


class Ticket:
    """Waits for the answer to one request."""

    __slots__ = ("_error", "_frame", "again", "done")

    def __init__(self) -> None:
        self.done = False
        #: The request, where it is to be said again when its broker leaves or is lost: twice must be as once.
        self.again: Optional[bytes] = None
        self._frame: Optional[Frame] = None
        self._error: Optional[SeawayError] = None

    def settle(self, frame: Frame) -> None:
        """The answer has come."""
        self._frame = frame
        self.done = True

    def fail(self, error: SeawayError) -> None:
        """No answer will come."""
        self._error = error
        self.done = True

    def result(self) -> Frame:
        """Returns the answer, or raises what it means."""
        if self._error is not None:
            raise self._error
        assert self._frame is not None
        return checked(self._frame)


def checked(frame: Frame) -> Frame:
    """Returns an answer unless it is a refusal, which is raised."""
    if frame.refused is not None:
        raise TooLarge("the answer is larger than this client takes")
    if frame.verb == "ERR":
        raise refusal(frame.args[0] if frame.args else "", frame.options, frame.text or "")
    return frame
