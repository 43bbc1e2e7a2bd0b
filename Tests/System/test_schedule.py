"""Which step of `make test` begins when."""

from __future__ import annotations

from scripts import script

schedule = script("schedule")


def step(name: str, *needs: str, cores: int = 1, using: str = "") -> object:
    return schedule.Step(name, ["true"], needs, cores=cores, using=using)


def begun(plan: object) -> list[str]:
    """Takes all that may begin now."""
    return [found.name for found in iter(plan.next, None)]  # type: ignore[attr-defined]


def test_steps_begin_side_by_side_while_there_are_cores() -> None:
    plan = schedule.Schedule([step("a"), step("b"), step("c")], 2)
    assert begun(plan) == ["a", "b"]
    plan.end(plan.running[0], True)
    assert begun(plan) == ["c"]


def test_a_step_that_fills_the_machine_waits_for_all_of_it_and_one_behind_it_may_go_first() -> None:
    plan = schedule.Schedule([step("a"), step("wide", cores=2), step("b")], 2)
    assert begun(plan) == ["a", "b"]
    plan.end(plan.running[0], True)
    assert begun(plan) == []
    plan.end(plan.running[0], True)
    assert begun(plan) == ["wide"]


def test_a_step_runs_alone_where_there_are_fewer_cores_than_it_takes() -> None:
    plan = schedule.Schedule([step("wide", cores=2), step("a")], 1)
    assert begun(plan) == ["wide"]
    plan.end(plan.running[0], True)
    assert begun(plan) == ["a"]


def test_what_a_step_needs_has_ended_before_it_begins() -> None:
    plan = schedule.Schedule([step("build"), step("use", "build"), step("other")], 2)
    assert begun(plan) == ["build", "other"]
    plan.end(plan.running[1], True)
    assert begun(plan) == []
    plan.end(plan.running[0], True)
    assert begun(plan) == ["use"]


def test_a_step_needs_nothing_of_steps_that_were_not_chosen() -> None:
    plan = schedule.Schedule([step("use", "build")], 2)
    assert begun(plan) == ["use"]


def test_one_at_a_time_uses_the_build() -> None:
    plan = schedule.Schedule([step("a", using="build"), step("b", using="build"), step("c")], 2)
    assert begun(plan) == ["a", "c"]


def test_what_needs_a_failed_step_is_left_out_and_what_needs_that_too() -> None:
    plan = schedule.Schedule([step("a"), step("b", "a"), step("c", "b"), step("d")], 1)
    assert begun(plan) == ["a"]
    plan.end(plan.running[0], False)
    assert [(left.name, cause) for left, cause in plan.left_out()] == [("b", "a"), ("c", "b")]
    assert begun(plan) == ["d"]
    plan.end(plan.running[0], True)
    assert plan.is_over
