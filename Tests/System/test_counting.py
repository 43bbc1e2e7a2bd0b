"""What `make test` says that it ran."""

from __future__ import annotations

import pytest

from scripts import script

counting = script("counting")


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
    outcome = counting.count(text, succeeded=counts[1] == 0)
    assert (outcome.passed, outcome.failed, outcome.skipped) == counts


def test_a_step_that_fails_without_counting_is_a_failure():
    assert counting.count("12 passed, 0 failed\n", succeeded=False).failed == 1


def test_what_is_skipped_is_told_with_its_reason():
    said = "skipped: the Autobahn suite, since there is no Python 2.7\n0 passed, 0 failed, 1 skipped\n"
    outcome = counting.count(said, succeeded=True)
    assert (outcome.passed, outcome.skipped) == (0, 1)
    assert "since there is no Python 2.7" in counting.summary({"conformance": outcome})


@pytest.mark.parametrize(
    "text, names",
    [
        (
            "◇ Test aServerThatLeavesSaysSo() started.\n"
            "✘ Test aServerThatLeavesSaysSo() recorded an issue at Tests.swift:12:9: Expectation failed: no\n"
            "✘ Test aServerThatLeavesSaysSo() recorded an issue at Tests.swift:13:9: Expectation failed: again\n"
            "✘ Test aServerThatLeavesSaysSo() failed after 0.1 seconds with 2 issues.\n"
            "✘ Test run with 12 tests in 3 suites failed after 1.5 seconds with 2 issues.\n",
            ["aServerThatLeavesSaysSo() at Tests.swift:12:9: Expectation failed: no"],
        ),
        (
            "✘ Test parse(vector:cut:) recorded an issue with 2 arguments vector → f-1, cut → all at A.swift:1:2: no\n"
            "✘ Test parse(vector:cut:) with 60 test cases failed after 0.1 seconds with 1 issue.\n"
            "✘ Test run with 12 tests in 3 suites failed after 1.5 seconds with 1 issue.\n",
            ["parse(vector:cut:) at A.swift:1:2: no"],
        ),
        (
            "◇ Test one() started.\n◇ Test two() started.\n✔ Test one() passed after 0.1 seconds.\n"
            "error: Exited with unexpected signal code 5\n",
            ["two() had not ended"],
        ),
        ("=== RUN   TestA\n--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/one (0.00s)\nFAIL\n", ["TestA", "TestA/one"]),
        (
            "FAILED test_a.py::test_b - Error: no\nERROR test_a.py::test_c\n1 failed, 1 error in 0.5s\n",
            ["test_a.py::test_b - Error: no", "test_a.py::test_c"],
        ),
        ("ok 1 - this\nnot ok 2 - that\n  expected: 1\n1 passed, 1 failed\n", ["that"]),
        ("failed: mypy\n3 passed, 1 failed, 0 skipped\n", ["mypy"]),
    ],
)
def test_the_tests_that_failed_are_named_before_the_last_line(text, names):
    outcome = counting.count(text, succeeded=False)
    assert outcome.failures == names
    lines = counting.summary({"some": outcome}).splitlines()
    said = [line for line in lines if line.startswith("failed in some: ")]
    assert said == [f"failed in some: {name}" for name in names]
    assert lines.index(said[-1]) < len(lines) - 1 and lines[-1].endswith(f"{outcome.failed} failed")


def test_a_step_that_names_no_test_is_named_itself():
    assert "failed in lint: the step itself" in counting.summary({"lint": counting.count("boom\n", succeeded=False)})
    left_out = counting.Outcome(failed=1, note="not run: release failed")
    assert "failed in go: not run: release failed" in counting.summary({"go": left_out})


def test_of_many_that_failed_some_are_named_and_the_rest_counted():
    text = "".join(f"not ok {number} - test {number}\n" for number in range(25)) + "0 passed, 25 failed\n"
    said = counting.summary({"shell": counting.count(text, succeeded=False)})
    assert said.count("failed in shell: test") == counting.NAMED
    assert "failed in shell: 5 more" in said


def test_of_a_step_that_has_succeeded_nothing_is_named():
    assert "failed in" not in counting.summary({"go": counting.count("--- PASS: TestA (0.00s)\n", succeeded=True)})
