"""Which step of `make test` may begin: those that it needs have ended, and the cores that it takes are idle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Step:
    name: str
    command: list[str]
    #: Steps that make what this one uses.
    needs: tuple[str, ...] = ()
    #: Seconds after which a step that has not ended is ended.
    limit: int = 900
    #: How many cores it keeps busy; with fewer than that idle it runs alone.
    cores: int = 2
    #: What only one step at a time may use, such as the build.
    using: str = ""


@dataclass
class Schedule:
    """Steps in their order, of which a later one may begin first when it alone finds room."""

    #: Those that have not begun; it is changed.
    waiting: list[Step]
    cores: int
    running: list[Step] = field(default_factory=list)
    #: Names of the steps that failed, or were left out since another did.
    broken: set[str] = field(default_factory=set)

    def next(self) -> Step | None:
        """Takes the first step that may begin now, if any may."""
        for step in self.waiting:
            if self.is_ready(step) and self.has_room(step):
                self.waiting.remove(step)
                self.running.append(step)
                return step
        return None

    def left_out(self) -> Iterator[tuple[Step, str]]:
        """Takes the steps that can never begin, each with the name of what it needs and has failed."""
        while found := next(((s, n) for s in self.waiting for n in s.needs if n in self.broken), None):
            self.waiting.remove(found[0])
            self.broken.add(found[0].name)
            yield found

    def end(self, step: Step, succeeded: bool) -> None:
        self.running.remove(step)
        if not succeeded:
            self.broken.add(step.name)

    @property
    def is_over(self) -> bool:
        return not self.waiting and not self.running

    def is_ready(self, step: Step) -> bool:
        unended = {other.name for other in [*self.waiting, *self.running]}
        return unended.isdisjoint(step.needs)

    def has_room(self, step: Step) -> bool:
        if not self.running:
            return True
        if step.using and any(other.using == step.using for other in self.running):
            return False
        return sum(other.cores for other in self.running) + step.cores <= self.cores
