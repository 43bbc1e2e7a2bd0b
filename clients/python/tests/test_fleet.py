"""Which processes a supervisor keeps running, without any process or clock."""

from __future__ import annotations

import pytest

from seaway.hosting.fleet import LONGEST_PAUSE, MARGIN, SOUND, Do, Fleet, Member


class Crew:
    """A fleet, and what it has had done."""

    def __init__(self, size: int = 1):
        self.now = 100.0
        self.fleet = Fleet(size, drain=30, start_timeout=60)
        self.done = self.fleet.tick(self.now)

    def started(self) -> list[Member]:
        return [member for do, member in self.done if do is Do.START]

    def told(self, do: Do) -> list[int]:
        return [member.number for done, member in self.done if done is do]

    def ready(self, *members: Member) -> None:
        self.done = [action for member in members for action in self.fleet.ready(member, self.now)]

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.done = self.fleet.tick(self.now)


def running(size: int = 1) -> tuple[Crew, list[Member]]:
    crew = Crew(size)
    members = crew.started()
    assert len(members) == size
    crew.ready(*members)
    return crew, members


def test_a_new_one_is_ready_before_the_old_one_leaves() -> None:
    crew, (old,) = running()
    crew.done = crew.fleet.wants(old, "has served 10 requests", crew.now)
    (new,) = crew.started()
    assert crew.told(Do.LEAVE) == []
    crew.ready(new)
    assert crew.told(Do.LEAVE) == [old.number]
    crew.done = crew.fleet.exited(old, 0, crew.now)
    assert crew.done == []
    assert crew.fleet.members == [new]


def test_all_are_replaced_one_by_one() -> None:
    crew, (first, second) = running(2)
    crew.done = crew.fleet.replace_all("SIGHUP", crew.now)
    (third,) = crew.started()
    crew.ready(third)
    assert crew.told(Do.LEAVE) == [first.number]
    (fourth,) = crew.started()
    crew.ready(fourth)
    assert crew.told(Do.LEAVE) == [second.number]
    assert crew.started() == []


@pytest.mark.parametrize("reason", ["SIGHUP", "shop.py has changed"])
def test_one_that_cannot_be_started_leaves_the_old_one_working(reason: str) -> None:
    crew, (old,) = running()
    crew.done = crew.fleet.replace_all(reason, crew.now)
    (new,) = crew.started()
    crew.done = crew.fleet.exited(new, 64, crew.now)
    assert crew.done == []
    crew.pass_time(LONGEST_PAUSE)
    assert crew.done == []
    assert crew.fleet.members == [old]
    crew.done = crew.fleet.replace_all(reason, crew.now)
    assert len(crew.started()) == 1


def test_one_over_its_limit_is_tried_to_replace_again_though_a_new_one_has_failed() -> None:
    crew, (old,) = running()
    crew.done = crew.fleet.wants(old, "has 500 MiB of memory", crew.now)
    crew.done = crew.fleet.exited(crew.started()[0], 1, crew.now)
    assert crew.done == []
    crew.pass_time(LONGEST_PAUSE)
    assert len(crew.started()) == 1


def test_one_that_dies_is_started_again_each_time_later() -> None:
    crew, (member,) = running()
    pauses = []
    for _ in range(12):
        crew.done = crew.fleet.exited(member, -9, crew.now)
        assert crew.done == []
        pauses.append(0.0)
        while not crew.started():
            crew.pass_time(0.1)
            pauses[-1] += 0.1
        (member,) = crew.started()
        crew.ready(member)
    assert pauses[0] < 0.3
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE, abs=0.2)
    crew.pass_time(SOUND + 1)
    crew.done = crew.fleet.exited(member, 1, crew.now)
    crew.pass_time(0.2)
    assert len(crew.started()) == 1


@pytest.mark.parametrize(("code", "ends_with"), [(64, 64), (1, 1), (0, 70), (-11, 70)])
def test_one_that_cannot_be_started_at_all_ends_everything(code: int, ends_with: int) -> None:
    crew = Crew(2)
    first, second = crew.started()
    crew.done = crew.fleet.exited(first, code, crew.now)
    assert crew.told(Do.LEAVE) == [second.number]
    assert crew.fleet.code is None
    crew.fleet.exited(second, -15, crew.now)
    assert crew.fleet.code == ends_with


def test_all_leave_when_told_and_are_killed_when_told_twice() -> None:
    crew, members = running(2)
    crew.done = crew.fleet.stop(crew.now)
    assert crew.told(Do.LEAVE) == [1, 2]
    assert crew.fleet.code is None
    crew.done = crew.fleet.stop(crew.now)
    assert crew.told(Do.KILL) == [1, 2]
    for member in members:
        assert crew.fleet.exited(member, -9, crew.now) == []
    assert crew.fleet.code == 0


def test_one_that_does_not_leave_in_time_is_killed() -> None:
    crew, _ = running()
    crew.fleet.stop(crew.now)
    crew.pass_time(30)
    assert crew.done == []
    crew.pass_time(MARGIN)
    assert crew.told(Do.KILL) == [1]
    crew.pass_time(MARGIN)
    assert crew.done == []


def test_one_that_hangs_in_its_import_is_killed_and_one_that_waits_for_a_broker_is_not() -> None:
    crew = Crew(2)
    hangs, waits = crew.started()
    crew.fleet.loaded(waits, crew.now)
    crew.pass_time(60)
    assert crew.told(Do.KILL) == [hangs.number]
    crew.pass_time(1_000)
    assert crew.done == []


def test_a_successor_takes_the_place_of_one_that_dies_meanwhile() -> None:
    crew, (old,) = running()
    crew.done = crew.fleet.wants(old, "has served 10 requests", crew.now)
    (new,) = crew.started()
    assert crew.fleet.exited(old, 1, crew.now) == []
    crew.ready(new)
    assert crew.done == []
    crew.pass_time(LONGEST_PAUSE)
    assert crew.done == []
    assert crew.fleet.members == [new]


def test_those_that_leave_for_long_are_bounded_however_often_all_are_replaced() -> None:
    crew, _ = running()
    killed = []
    for _ in range(10):
        crew.done = crew.fleet.replace_all("SIGHUP", crew.now)
        killed += crew.told(Do.KILL)
        crew.ready(crew.started()[0])
        crew.pass_time(0.1)
    assert killed == [1, 2, 3, 4, 5]


def test_nothing_is_replaced_while_all_leave() -> None:
    crew, (member,) = running()
    crew.fleet.stop(crew.now)
    assert crew.fleet.wants(member, "has served 10 requests", crew.now) == []
    assert crew.fleet.replace_all("SIGHUP", crew.now) == []
    crew.fleet.exited(member, 0, crew.now)
    assert crew.fleet.code == 0
