"""Who waits for the answers of several brokers (protocol/SHARDING.md, B10, B14). Touches no socket or clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Collection, List, Optional

from ._errors import SeawayError, Unknown, Unreachable
from ._frames import Frame
from ._shard_members import Saying, ShardMembers
from ._ticket import Ticket

if TYPE_CHECKING:
    from ._shard_core import ShardCore


class Sending(Ticket):
    """A message on its way: to the next broker when one has surely not stored it (B10)."""

    __slots__ = ("_choose", "_core", "_identity", "_is_away_passing", "_request", "_then", "_without")

    def __init__(
        self, core: ShardCore, request: bytes, choose: Callable[[Collection[str]], Optional[str]], then: Ticket,
        is_away_passing: bool,
    ):  # fmt: skip
        super().__init__()
        self._core = core
        self._request = request
        self._choose = choose
        self._then = then
        self._is_away_passing = is_away_passing
        self._without: List[str] = []
        self._identity = ""

    def go_on(self, refused: Optional[Frame]) -> None:
        identity = self._choose(self._without)
        if identity is not None:
            self._identity = identity
            self._core.part(identity).ask(self._request, self)
        elif refused is not None:
            self._then.settle(refused)
        else:
            self._then.fail(Unreachable("no broker is in reach"))

    def settle(self, frame: Frame) -> None:
        code = frame.args[0] if frame.verb == "ERR" and frame.args else ""
        if code == "closing" or (code == "away" and self._is_away_passing):
            self._without.append(self._identity)
            self.go_on(frame)
        else:
            super().settle(frame)
            self._then.settle(frame)

    def fail(self, error: SeawayError) -> None:
        super().fail(error)
        self._then.fail(error)


class Answers:
    """Makes one answer of those of several brokers (B14); the counts of a ``FLUSH`` are added up."""

    def __init__(self, count: int, then: Ticket):
        self._left = count
        self._then = then
        self._done: Optional[Frame] = None
        self._refused: Optional[Frame] = None
        self._error: Optional[SeawayError] = None

    def take(self, frame: Optional[Frame], error: Optional[SeawayError]) -> None:
        if frame is None:
            self._error = error
        elif frame.verb == "ERR":
            self._refused = frame
        elif self._done is None:
            self._done = frame
        else:
            for key, value in frame.options.items():
                if value.isdigit():
                    self._done.options[key] = str(int(self._done.options.get(key, "0")) + int(value))
        self._left -= 1
        if self._left:
            return
        answer = self._refused or self._done
        if answer is not None:
            self._then.settle(answer)
        else:
            self._then.fail(self._error or Unknown("no broker has answered"))


class Answer(Ticket):
    __slots__ = ("_answers",)

    def __init__(self, answers: Answers):
        super().__init__()
        self._answers = answers

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._answers.take(frame, None)

    def fail(self, error: SeawayError) -> None:
        super().fail(error)
        self._answers.take(None, error)


class Said(Ticket):
    """A ``JOIN`` or ``LEAVE`` that sets something right."""

    __slots__ = ("_members", "_saying")

    def __init__(self, members: ShardMembers, saying: Saying):
        super().__init__()
        self._members = members
        self._saying = saying

    def settle(self, frame: Frame) -> None:
        super().settle(frame)
        self._members.answered(self._saying, is_refused=frame.verb == "ERR")
