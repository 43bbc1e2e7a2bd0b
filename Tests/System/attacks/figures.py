"""What was found under an attack, beside its bounds: percentiles, verdicts, and the table of all of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

#: What MB means in every figure, in bytes.
MB = 1 << 20


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest of the values that so many of them, at least, are not beyond; the share is above 0 and at most 1."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class Delays:
    """How long the innocent waited, in milliseconds."""

    count: int
    p50: float
    p99: float
    longest: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Delays | None:
        if not seconds:
            return None
        found = [1_000 * value for value in seconds]
        return cls(len(found), percentile(found, 0.5), percentile(found, 0.99), max(found))


@dataclass(frozen=True)
class Bound:
    """What may be, while an attack goes on. The defaults are what Seaway promises on two cores."""

    #: Of the innocent's delays, in milliseconds.
    p99: float = 10.0
    longest: float = 50.0
    #: How often the innocent may be refused something.
    refused: int = 0
    #: Resident memory is at most so many times the program's own account of it, and so many MB more.
    factor: float = 1.5
    room: float = 40.0
    #: Resident memory in MB, where the program gives no account.
    resident: float | None = None

    def loosened(self) -> Bound:
        """For a machine that others use, too, and for few delays: only what stands still for seconds is over it."""
        return dataclasses.replace(
            self, p99=math.inf, longest=40 * self.longest, room=2 * self.room,
            resident=self.resident and 2 * self.resident,
        )  # fmt: skip

    def memory(self, account: float | None) -> float | None:
        """The most MB that may be resident."""
        return self.resident if account is None else self.factor * account + self.room

    def text(self) -> str:
        memory = f"{self.factor:g}a+{self.room:g}" if self.resident is None else f"{self.resident:g}"
        p99 = f"{self.p99:g}/" if self.p99 < math.inf else ""
        return f"{p99}{self.longest:g} ms, {memory} MB"


@dataclass(frozen=True)
class Own:
    """A figure that only one attack has, and between what it may be."""

    what: str
    value: float
    least: float = -math.inf
    most: float = math.inf

    @property
    def holds(self) -> bool:
        return self.least <= self.value <= self.most

    def text(self) -> str:
        limits = [f"≥{self.least:g}"] if self.least > -math.inf else []
        limits += [f"≤{self.most:g}"] if self.most < math.inf else []
        return f"{self.what} {self.value:g}" + (f" ({', '.join(limits)})" if limits else "")


@dataclass
class Findings:
    """What one attack was found to do."""

    did: str = ""
    delays: Delays | None = None
    refused: int = 0
    #: What was said to the innocent where it was refused, at first.
    refusals: list[str] = field(default_factory=list)
    #: MB, where they were furthest from the bound.
    resident: float | None = None
    account: float | None = None
    own: list[Own] = field(default_factory=list)

    def over(self, bound: Bound) -> list[str]:
        """Which bounds do not hold."""
        over = []
        if self.delays and self.delays.p99 > bound.p99:
            over.append("p99")
        if self.delays and self.delays.longest > bound.longest:
            over.append("max")
        memory = bound.memory(self.account)
        if self.resident is not None and memory is not None and self.resident > memory:
            over.append("memory")
        if self.refused > bound.refused:
            over.append("refused")
        return over + [own.what for own in self.own if not own.holds]


@dataclass(frozen=True)
class Known:
    """Bounds of an attack that the program does not hold yet, and why."""

    reason: str
    bounds: frozenset[str]
    #: Whether it is so in every run: then the attack fails as soon as all of them hold.
    steady: bool = True


@dataclass(frozen=True)
class Verdict:
    word: str
    failed: bool
    why: str = ""

    @classmethod
    def of(cls, over: Sequence[str], known: Known | None) -> Verdict:
        excused = known.bounds if known else frozenset()
        unexpected = [bound for bound in over if bound not in excused]
        if unexpected:
            return cls(f"OVER: {', '.join(unexpected)}", True)
        if over and known:
            return cls(f"known: {', '.join(over)}", False, known.reason)
        if known and known.steady:
            return cls("HOLDS", True, f"take it out of KNOWN: {known.reason}")
        return cls("ok", False)

    @classmethod
    def of_peer(cls, over: Sequence[str]) -> Verdict:
        """Of a program that has promised nothing: which of our bounds it would be over."""
        return cls(f"over: {', '.join(over)}" if over else "within", False)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    attack: str
    findings: Findings
    bound: Bound
    verdict: Verdict

    def cells(self) -> list[str]:
        found = self.findings
        times = (found.delays.p50, found.delays.p99, found.delays.longest) if found.delays else (None, None, None)
        delays = ["-" if value is None else f"{value:.1f}" if value < 100 else f"{value:,.0f}" for value in times]
        memory = ["-" if value is None else f"{value:.0f}" for value in (found.resident, found.account)]
        own = "; ".join([own.text() for own in found.own])
        bound = self.bound.text() + (f"; {own}" if own else "")
        return [self.attack, found.did, *delays, str(found.refused), *memory, bound, self.verdict.word]


HEADINGS = [
    "attack", "what it did", "p50 ms", "p99 ms", "max ms", "refused", "RSS MB", "account MB", "bound", "verdict",
]  # fmt: skip
#: Which of them are numbers, and stand at the right.
NUMBERS = range(2, 8)


def table(rows: Sequence[Row]) -> str:
    """For people: columns under each other, a line for each attack."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "".join(
        "  ".join(
            cell.rjust(width) if column in NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        + "\n"
        for line in lines
    )


def summary(verdicts: Mapping[str, Verdict]) -> str:
    """Each that failed, and the counts, as `make test` reads them."""
    failed = [name for name, verdict in verdicts.items() if verdict.failed]
    known = sum(verdict.word.startswith("known") for verdict in verdicts.values())
    lines = [f"failed: {name}: {verdicts[name].word} {verdicts[name].why}".rstrip() for name in failed]
    if known:
        lines.append(f"{known} over a bound that is known")
    return "\n".join([*lines, f"{len(verdicts) - len(failed)} passed, {len(failed)} failed"]) + "\n"
