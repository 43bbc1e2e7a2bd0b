"""What `make test` says that it ran."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from harness import ROOT

_found = importlib.util.spec_from_file_location("test_steps", ROOT / ".ci" / "test_steps.py")
assert _found and _found.loader
steps = importlib.util.module_from_spec(_found)
# Where its dataclasses look for what their types mean.
sys.modules["test_steps"] = steps
_found.loader.exec_module(steps)


@pytest.mark.parametrize(
    "text, counts",
    [
        ("✔ Test run with 12 tests in 3 suites passed after 1.5 seconds.\n", (12, 0, 0)),
        (
            "✘ Test a() failed after 0.1 seconds with 1 issue.\n"
            "✘ Test run with 12 tests in 3 suites failed after 1.5 seconds with 1 issue.\n",
            (11, 1, 0),
        ),
        ("--- PASS: TestA (0.00s)\n    --- PASS: TestA/one (0.00s)\n--- SKIP: TestB (0.00s)\nPASS\n", (2, 0, 1)),
        ("..F\n1 failed, 2 passed, 3 skipped in 0.5s\n", (2, 1, 3)),
        ("ok 1 - something\n140 passed, 0 failed\n", (140, 0, 0)),
        ("3 errors in 0.5s\n", (0, 3, 0)),
        ("no complaints\n", (1, 0, 0)),
    ],
)
def test_each_kind_of_test_is_counted(text, counts):
    outcome = steps.count(text, succeeded=counts[1] == 0)
    assert (outcome.passed, outcome.failed, outcome.skipped) == counts


def test_a_step_that_fails_without_counting_is_a_failure():
    assert steps.count("12 passed, 0 failed\n", succeeded=False).failed == 1


def test_what_is_skipped_is_told_with_its_reason():
    said = "skipped: the Autobahn suite, since there is no Python 2.7\n0 passed, 0 failed, 1 skipped\n"
    outcome = steps.count(said, succeeded=True)
    assert (outcome.passed, outcome.skipped) == (0, 1)
    assert "since there is no Python 2.7" in steps.summary({"conformance": outcome})
