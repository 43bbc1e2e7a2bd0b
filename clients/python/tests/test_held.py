"""What is held of a broker, said done and held anew, by a clock that the tests turn."""

from __future__ import annotations

from typing import List

import pytest
from support.talk import HELLO, Talk

from seaway import BadOption, Late, Unknown, Unsupported, _requests
from seaway._held import Held
from seaway._reading import Reading
from seaway._ticket import Ticket

KNOWS = HELLO.replace(b"epoch", b"features=ack,delay,once epoch")


def listen(talk: Talk, *names: str, hold: float = 0.0, credit: int = 900) -> Reading:
    """Listens with acknowledgement at a broker that knows it."""
    talk.connect(KNOWS)
    reading = Reading(names, names, hold)
    talk.core.readings.listen(reading)
    talk.core.readings.grant(reading, credit)
    assert talk.said() == [f"LISTEN {' '.join(names)} Ack=1"]
    talk.hears(b"OK\n")
    talk.said()
    return reading


def come(talk: Talk, reading: Reading, *ids: str) -> List[Held]:
    before = len(reading.queue)
    assert talk.hears(b"".join(b"MSG :2 q ack=%b times=1\n{}\n" % one.encode() for one in ids))
    found = [delivery.held for delivery in list(reading.queue)[before:]]
    return [held for held in found if held is not None]


def test_what_is_done_is_said_in_one_frame_and_once(talk: Talk) -> None:
    reading = listen(talk, "q")
    for held in come(talk, reading, "1", "2", "3"):
        held.ack()
    assert talk.core.has_output
    assert talk.said() == ["ACK q 1 2 3"]
    talk.hears(b"OK\n")
    assert talk.said() == [] and not talk.core.unanswered


def test_no_line_is_longer_than_it_may_be(talk: Talk) -> None:
    reading = listen(talk, "q")
    ids = [f"{number:064}" for number in range(200)]
    for held in come(talk, reading, *ids):
        held.ack()
    lines = talk.core.take_output().decode().splitlines()
    assert len(lines) == 4 and max(map(len, lines)) <= 4_096
    assert [word for line in lines for word in line.split(" ")[2:]] == ids


def test_what_is_done_is_said_again_at_the_same_broker(talk: Talk) -> None:
    reading = listen(talk, "q")
    first, second = come(talk, reading, "1", "2")
    waiter = Ticket()
    first.ack(waiter)
    assert talk.said() == ["ACK q 1"]
    talk.core.broke("cut")
    with pytest.raises(Unknown, match="said again"):
        waiter.result()
    second.ack()
    assert talk.connect(KNOWS) == ["LISTEN q Ack=1", "READY 898 q", "ACK q 1 2"]


def test_another_broker_is_told_nothing_of_it(talk: Talk) -> None:
    reading = listen(talk, "q")
    first, second = come(talk, reading, "1", "2")
    first.ack()
    talk.core.broke("cut")
    assert talk.connect(KNOWS.replace(b"first", b"second")) == ["LISTEN q Ack=1", "READY 898 q"]
    waiter = Ticket()
    second.ack(waiter)
    assert waiter.done and talk.said() == []


def test_only_the_connection_that_holds_gives_back_or_holds_anew(talk: Talk) -> None:
    reading = listen(talk, "q")
    first, second, third = come(talk, reading, "1", "2", "3")
    waiter = Ticket()
    first.nak(_requests.nak_option(0.25), waiter)
    second.nak(_requests.nak_option(dead="no such user"))
    assert talk.said() == ["NAK q 1 In=250", "NAK q 2 Dead=1 Why=no%20such%20user"]
    talk.hears(b"ERR late\nOK\n")
    with pytest.raises(Late):
        waiter.result()
    talk.core.broke("cut")
    talk.connect(KNOWS)
    late = Ticket()
    third.hold(late)
    assert talk.said() == []
    with pytest.raises(Late):
        late.result()


def test_it_holds_anew_at_a_third_of_the_time(talk: Talk) -> None:
    reading = listen(talk, "q", hold=30)
    first, second = come(talk, reading, "1", "2")
    assert talk.passes(8) and "HOLD" not in " ".join(talk.said())
    assert talk.passes(2)
    assert "HOLD q 1 2" in talk.said()
    talk.hears(b"OK\n")
    first.ack()
    talk.said()
    talk.hears(b"OK\n")
    assert talk.passes(8) and "HOLD q 2" not in talk.said()
    assert talk.passes(2) and "HOLD q 2" in talk.said()
    assert not second.is_over


def test_one_that_is_lost_does_not_cost_the_others_their_time(talk: Talk) -> None:
    reading = listen(talk, "q", hold=30)
    first, second = come(talk, reading, "1", "2")
    talk.passes(10)
    talk.said()
    # None was held anew.
    talk.hears(b"ERR late\n")
    assert talk.said() == ["HOLD q 1", "HOLD q 2"]
    talk.hears(b"ERR late\nOK\n")
    talk.passes(10)
    assert "HOLD q 2" in talk.said()
    # What was done meanwhile is still said, late as it is.
    first.ack()
    assert talk.said() == ["ACK q 1"]
    assert second.is_here


def test_what_is_done_is_said_before_a_goodbye(talk: Talk) -> None:
    reading = listen(talk, "q")
    come(talk, reading, "1")[0].ack()
    talk.ask(_requests.QUIT)
    assert talk.said() == ["ACK q 1", "QUIT"]


def test_an_answer_carries_it_only_over_the_connection_that_holds(talk: Talk) -> None:
    reading = listen(talk, "q")
    first, second = come(talk, reading, "1", "2")
    assert first.carried == " Ack=1"
    first.answered(True)
    assert talk.said() == []
    talk.core.broke("cut")
    talk.connect(KNOWS)
    assert second.carried == ""
    second.answered(True)
    assert talk.said() == ["ACK q 2"]


def test_a_broker_that_does_not_know_it_is_not_asked(open_talk: Talk) -> None:
    reading = Reading(["q"], ["q"])
    open_talk.core.readings.listen(reading)
    assert open_talk.said() == []
    assert isinstance(reading.error, Unsupported)


def test_only_normal_channels_can_be_acknowledged() -> None:
    with pytest.raises(ValueError, match="no normal channel"):
        Reading(["a!"], ["a!"])


def test_why_and_when_are_checked() -> None:
    long = _requests.nak_option(dead="ü" * 100)
    assert len(long) == len(" Dead=1 Why=") + 252 and long.endswith("%C3%BC")
    assert _requests.nak_option() == "" and _requests.nak_option(dead="") == " Dead=1"
    for in_, dead in [(-1.0, None), (86_400.5, None), (float("nan"), None), (1.0, "x")]:
        with pytest.raises(BadOption):
            _requests.nak_option(in_, dead)
    assert _requests.terms(0.0015, "a.B-_9") == " In=2 Once=a.B-_9"
    for delay, once in [
        (0.0, None),
        (86_401.0, None),
        (float("inf"), None),
        (None, ""),
        (None, "a b"),
        (None, "k" * 65),
    ]:
        with pytest.raises(BadOption):
            _requests.terms(delay, once)
