"""The log: one line for each thing, and one thing once."""

from __future__ import annotations

import logging

import pytest

from seaway._log import logger
from seaway._presence import Presence


def test_what_goes_into_the_log_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    logger.warning("a path: %s", "/x\n2026-11-24 ERROR seaway: forged\x1b[2J\r\x85\u2028\x7f")
    assert caplog.messages == [r"a path: /x\n2026-11-24 ERROR seaway: forged\x1b[2J\r\x85\u2028\x7f"]
    logger.warning("an error: %s", "é ∑ 100 %")
    assert (caplog.messages[1], caplog.records[1].args) == ("an error: é ∑ 100 %", ("é ∑ 100 %",))


def test_an_error_with_lines_of_its_own_forges_none(caplog: pytest.LogCaptureFixture) -> None:
    try:
        try:
            raise ValueError("one\n2026-11-24 ERROR seaway: forged\x1b[2J")
        except ValueError as error:
            raise RuntimeError("two\nforged") from error
    except RuntimeError as error:
        logger.error("a function failed", exc_info=error)
    lines = caplog.text.splitlines()
    assert r"ValueError: one\n2026-11-24 ERROR seaway: forged\x1b[2J" in lines
    assert r"RuntimeError: two\nforged" in lines
    assert sum(line.startswith("Traceback") for line in lines) == 2
    assert not [line for line in lines if line.startswith(("2026", "forged"))]


def test_a_broker_is_told_of_once_for_each_change(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "seaway")
    quiet, loud = Presence("a:1"), Presence("b:2")
    loud.speak()
    for presence in (quiet, loud):
        for _ in range(3):
            presence.went("Connection refused")
        for _ in range(3):
            presence.went("its certificate is not trusted", is_untrusted=True)
        presence.came()
        presence.went("the broker closed the connection")
        presence.went("Connection refused")
        presence.went("Connection refused")
        presence.came()
    assert caplog.messages == [
        "the broker at b:2 is away: Connection refused; trying again",
        "the broker at b:2 is away: its certificate is not trusted; trying again",
        "connected to the broker at b:2",
        "the broker at b:2 is away: the broker closed the connection; trying again",
        "the broker at b:2 is back",
    ]
    # One whose layer a worker takes over later.
    quiet.speak()
    assert caplog.messages[-1] == "connected to the broker at a:1"
