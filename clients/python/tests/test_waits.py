"""How long is waited, and how much is held."""

from __future__ import annotations

from seaway._backoff import FIRST, MOST, Backoff
from seaway._window import Window


def test_waits_double_up_to_their_bound_and_are_shortened_at_random() -> None:
    longest, shortest = Backoff(lambda: 1.0), Backoff(lambda: 0.0)
    waits = [longest.next() for _ in range(40)]
    assert waits[:3] == [FIRST, 2 * FIRST, 4 * FIRST]
    assert waits[-1] == MOST
    assert [shortest.next() for _ in range(40)] == [wait / 2 for wait in waits]
    longest.reset()
    assert longest.next() == FIRST
    assert len({Backoff().next() for _ in range(10)}) > 1


def test_a_window_is_small_until_functions_are_known_to_be_quick() -> None:
    window = Window(64)
    assert window.size == 1
    for _ in range(50):
        window.worked(1, 0.000_01)
    assert window.size == 65
    window.worked(1, 1.0)
    assert window.size == 1


def test_a_window_of_nothing_beyond_the_one_in_hand() -> None:
    window = Window(0)
    window.worked(100, 0.0)
    assert window.size == 1
