"""How `make demo` ends. No browser looks on."""

from __future__ import annotations

from conftest import IN_THE_BACKGROUND, Demo


def test_in_the_background_of_a_script_the_orderly_end_of_its_server_is_that_of_the_demo():
    assert Demo(*IN_THE_BACKGROUND).end() == 0


def test_in_the_background_of_a_script_it_ends_when_it_is_told_to():
    assert Demo(*IN_THE_BACKGROUND).terminate() == 0


def test_a_server_that_dies_is_a_failure():
    demo = Demo()
    demo.kill_server()
    assert demo.wait() == 1
