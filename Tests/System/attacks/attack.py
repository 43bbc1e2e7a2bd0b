"""What an attack is: a name, a promise that it tries, what it does, and what may be meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from attacks.figures import Bound

if TYPE_CHECKING:
    from attacks.target import Target


@dataclass(frozen=True)
class Attack:
    #: As it stands in the table: what is attacked.
    name: str
    #: One of SUBJECTS, or the peer that it is done to.
    subject: str
    #: Does it, on a target of its own, and says what it did, with its counts.
    run: Callable[[Target], str]
    bound: Bound = field(default_factory=Bound)
    #: Takes seconds, and so is part of `make test`.
    short: bool = True

    @property
    def does(self) -> str:
        return (self.run.__doc__ or "").strip().splitlines()[0]


#: What of Seaway is attacked, and the others that the same is done to.
SUBJECTS = ["time", "memory", "rights", "answers"]
PEERS = ["Redis", "NATS", "uvicorn"]
ATTACKS: list[Attack] = []


class Missing(Exception):
    """A peer that is not installed; attacks on it are left out."""


def attack(
    subject: str, bound: Bound | None = None, short: bool = True
) -> Callable[[Callable[[Target], str]], Callable[[Target], str]]:
    """Makes an attack of a function, with the name of the function."""

    def added(run: Callable[[Target], str]) -> Callable[[Target], str]:
        ATTACKS.append(Attack(run.__name__.replace("_", "-"), subject, run, bound or Bound(), short))
        return run

    return added
