"""What the output of a step of `make test` says: how many tests ran, and which of them failed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

#: How many failed tests of a step are named.
NAMED = 20
#: How much is said of each, in characters.
LENGTH = 300


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    #: What was left out, and why.
    note: str = ""
    #: The tests that failed, in their order, with what was said of each first.
    failures: list[str] = field(default_factory=list)


def swift_testing(text: str) -> tuple[int, int, int] | None:
    """`Test run with 120 tests in 9 suites passed after 2.5 seconds.`"""
    runs = re.findall(r"Test run with (\d+) tests?.* (?:passed|failed) after", text)
    if not runs:
        return None
    failed = len(re.findall(r"^\S+ Test (?!run with|case).* failed after", text, re.MULTILINE))
    skipped = len(re.findall(r"^\S+ Test .* skipped", text, re.MULTILINE))
    total = sum(map(int, runs))
    return total - failed - skipped, failed, skipped


def go_test(text: str) -> tuple[int, int, int] | None:
    """The verbose output of `go test`; subtests count."""
    passed, failed, skipped = (
        len(re.findall(rf"^ *--- {word}:", text, re.MULTILINE)) for word in ("PASS", "FAIL", "SKIP")
    )
    return (passed, failed, skipped) if passed or failed or skipped else None


def plain_count(text: str) -> tuple[int, int, int] | None:
    """`12 passed, 1 failed, 2 skipped`, in any order, as pytest and the shell tests end."""
    for line in reversed(text.splitlines()):
        found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?|skipped)\b", line)}
        if "passed" in found or "failed" in found or "error" in found or "errors" in found:
            failed = sum(found.get(word, 0) for word in ("failed", "error", "errors"))
            return found.get("passed", 0), failed, found.get("skipped", 0)
    return None


def failures(text: str) -> list[str]:
    """Names the tests that failed.

    Swift's are named with their first issue, which says where. Those that had begun when the whole run ended before its
    time, as by a crash, are named too: one of them did it.
    """
    named: dict[str, str] = {}
    under_way: dict[str, None] = {}
    for line in text.splitlines():
        if issue := re.match(r"\S+ Test (?!case)(.+?) recorded an issue(?: with .*?)? at (.+)", line):
            named.setdefault(issue[1], f"{issue[1]} at {issue[2]}")
        elif begun := re.match(r"\S+ Test (?!run\b|case)(.+) started\.$", line):
            under_way[begun[1]] = None
        elif ended := re.match(r"\S+ Test (?!run with|case)(.+?) (passed|failed) after ", line):
            # A test with arguments is named with their number at its end alone.
            name = re.sub(r" with \d+ test cases?$", "", ended[1])
            under_way.pop(name, None)
            if ended[2] == "failed":
                named.setdefault(name, name)
        elif other := re.match(r" *--- FAIL: (\S+)|(?:FAILED|ERROR) (\S+\.py.*)|not ok \d+ - (.+)|failed: (.+)", line):
            name = next(group for group in other.groups() if group)
            named.setdefault(name, name)
    if "Test run with" not in text:
        for name in under_way:
            named.setdefault(name, f"{name} had not ended")
    return list(named.values())


def count(text: str, succeeded: bool) -> Outcome:
    """What a step says that it ran; one that counts nothing is one test by itself."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    found = swift_testing(text) or go_test(text) or plain_count(text) or (1 if succeeded else 0, 0, 0)
    outcome = Outcome(*found, note="; ".join(re.findall(r"^skipped: .+$", text, re.MULTILINE)))
    if not succeeded:
        outcome.failed = outcome.failed or 1
        outcome.failures = failures(text)
    return outcome


def named(step: str, outcome: Outcome) -> list[str]:
    """Lines for the tests of a step that failed; how many more there are, where there are too many."""
    lines = [f"failed in {step}: {name}"[:LENGTH] for name in outcome.failures[:NAMED]]
    if outcome.failed and not lines:
        lines = [f"failed in {step}: {outcome.note or f'the step itself, see .build/test/{step}.log'}"]
    more = len(outcome.failures) - NAMED
    return [*lines, f"failed in {step}: {more} more"] if more > 0 else lines


def summary(outcomes: dict[str, Outcome]) -> str:
    """A table of the steps, the tests that failed, and the sum, which is the last line."""
    rows = [f"{'step':<10} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}"]
    for name, outcome in outcomes.items():
        numbers = f"{outcome.passed:>7} {outcome.failed:>7} {outcome.skipped:>8} {outcome.seconds:>8.1f}"
        rows.append(f"{name:<10} {numbers}  {outcome.note}".rstrip())
    failed_tests = [line for name, outcome in outcomes.items() for line in named(name, outcome)]
    if failed_tests:
        rows += ["", *failed_tests]
    passed = sum(outcome.passed for outcome in outcomes.values())
    failed = sum(outcome.failed for outcome in outcomes.values())
    return "\n".join([*rows, "", f"{passed} passed, {failed} failed", ""])
