"""What a connection listens on, and what is made again on the next one, by a clock that the tests turn."""

from __future__ import annotations

import pytest
from support.talk import HELLO, Talk

from seaway import LimitReached, Lost, SeawayError
from seaway._memberships import Memberships
from seaway._reading import Reading
from seaway._ticket import Ticket

# Listening and credit


def test_a_single_name_has_a_account_of_its_own(open_talk: Talk) -> None:
    reading = open_talk.listen("a", credit=3)
    assert open_talk.said() == ["LISTEN a members=1"]
    open_talk.hears(b"OK\n")
    assert reading.in_force
    assert open_talk.said() == ["READY 3 a"]
    open_talk.hears(b"MSG :2 a\n{}\n" * 2)
    assert [delivery.channels for delivery in reading.queue] == [["a"], ["a"]]
    assert reading.credit == 1


def test_credit_may_be_told_of_in_steps(open_talk: Talk) -> None:
    reading = open_talk.listen("a", credit=4)
    open_talk.hears(b"OK\n")
    reading.step = 2
    assert open_talk.said() == ["LISTEN a members=1", "READY 4 a"]
    for said in ([], ["READY 2 a"]) * 2:
        open_talk.core.readings.grant(reading, 1)
        assert open_talk.said() == said
    assert reading.credit == 8


def test_what_waits_in_a_mailbox_is_taken_when_its_listening_ends(open_talk: Talk) -> None:
    reading, ticket = open_talk.listen("a", "b!", credit=1), Ticket()
    open_talk.hears(b"OK state=fresh\n")
    open_talk.said()
    open_talk.core.readings.unlisten(reading, ticket)
    assert open_talk.said() == ["READY 0", "READY 65536 b!", "UNLISTEN a b!"]
    assert open_talk.hears(b"MSG :2 b!1\n{}\n" * 3 + b"OK\n")
    assert len(reading.queue) == 3
    assert ticket.done


def test_a_name_may_be_listened_on_again_before_its_end_is_answered(open_talk: Talk) -> None:
    former = open_talk.listen("a", credit=2)
    open_talk.hears(b"OK\n")
    open_talk.said()
    with pytest.raises(ValueError, match="listens on a already"):
        open_talk.listen("a")
    open_talk.core.readings.unlisten(former, Ticket())
    again = open_talk.listen("a", credit=1)
    assert open_talk.said() == ["UNLISTEN a", "LISTEN a members=1"]
    # One that was on its way to the former, the end of that, and then what was asked for.
    assert open_talk.hears(b"MSG :2 a\n{}\nOK\nOK\n")
    assert open_talk.said() == ["READY 1 a"]
    assert open_talk.hears(b"MSG :2 a\n{}\n")
    assert (len(again.queue), again.in_force, former.in_force) == (2, True, False)


def test_what_is_withdrawn_may_have_been_used_before(open_talk: Talk) -> None:
    reading = open_talk.listen("a", credit=2)
    open_talk.hears(b"OK\n")
    open_talk.said()
    open_talk.core.readings.withdraw(reading)
    assert open_talk.said() == ["READY 0 a"]
    assert open_talk.hears(b"MSG :2 a\n{}\n" * 2)
    assert not open_talk.hears(b"MSG :2 a\n{}\n")


def test_one_message_that_is_there_is_asked_for_in_one_write(open_talk: Talk) -> None:
    reading, ticket = open_talk.listen("a", "b", credit=0), Ticket()
    open_talk.hears(b"OK\n")
    open_talk.said()
    open_talk.core.readings.poll(reading, ticket)
    assert open_talk.said() == ["READY 1", "PING", "READY 0", "PING"]
    assert open_talk.hears(b"PONG\n") and not ticket.done
    assert open_talk.hears(b"PONG\n") and ticket.done


def test_grants_are_said_together(open_talk: Talk) -> None:
    reading = open_talk.listen("a")
    open_talk.hears(b"OK\n")
    open_talk.said()
    for _ in range(5):
        open_talk.core.readings.grant(reading, 1)
    assert open_talk.said() == ["READY 5 a"]
    assert open_talk.said() == []


def test_more_messages_than_were_asked_for_end_the_connection(open_talk: Talk) -> None:
    reading = open_talk.listen("a", credit=2)
    open_talk.hears(b"OK\n")
    assert not open_talk.hears(b"MSG :2 a\n{}\n" * 3)
    assert len(reading.queue) == 2


def test_several_names_share_the_common_account_and_frames(open_talk: Talk) -> None:
    reading = open_talk.listen("a", "b", credit=2)
    assert open_talk.said() == ["LISTEN a b members=1"]
    open_talk.hears(b"OK\n")
    assert open_talk.said() == ["READY 2"]
    open_talk.hears(b"MSG :2 a b group=g\n{}\n")
    (delivery,) = reading.queue
    assert (delivery.channels, delivery.group, delivery.body) == (["a", "b"], "g", b"{}")
    assert reading.credit == 1


def test_one_layer_has_one_common_account(open_talk: Talk) -> None:
    open_talk.listen("a", "b")
    with pytest.raises(ValueError, match="several names"):
        open_talk.listen("c", "d")
    with pytest.raises(ValueError, match="listens on a already"):
        open_talk.listen("a")


def test_the_common_account_is_empty_while_a_listening_with_its_own_begins(open_talk: Talk) -> None:
    common = open_talk.listen("a", "b", credit=4)
    open_talk.hears(b"OK\n")
    open_talk.said()
    open_talk.listen("c", credit=1)
    assert open_talk.said() == ["READY 0", "LISTEN c members=1"]
    # One was on its way, and one more is granted meanwhile.
    open_talk.hears(b"MSG :2 a\n{}\n")
    open_talk.core.readings.grant(common, 1)
    assert open_talk.said() == []
    open_talk.hears(b"OK\n")
    assert sorted(open_talk.said()) == ["READY 1 c", "READY 4"]
    assert common.credit == 4


def test_a_message_for_nobody_is_passed_over(open_talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    assert open_talk.hears(b"MSG :2 a\n{}\n")
    assert "nobody listens" in caplog.text


def test_unlistening_takes_what_is_on_its_way(open_talk: Talk) -> None:
    reading = open_talk.listen("a", "b")
    open_talk.hears(b"OK\n")
    open_talk.said()
    ticket = Ticket()
    open_talk.core.readings.unlisten(reading, ticket)
    assert open_talk.said() == ["READY 0", "UNLISTEN a b"]
    open_talk.hears(b"MSG :2 b\n{}\n")
    assert not ticket.done
    open_talk.hears(b"OK\n")
    assert ticket.done
    assert len(reading.queue) == 1
    assert open_talk.core.readings.reads("a") is None


def test_unlistening_without_a_connection_is_done_at_once(talk: Talk) -> None:
    reading = talk.listen("a")
    ticket = Ticket()
    talk.core.readings.unlisten(reading, ticket)
    assert ticket.done
    assert talk.connect() == []


def test_a_declined_listening_is_over_and_gives_back_what_it_had(open_talk: Talk) -> None:
    names = [f"{'n' * 200}.{number}" for number in range(30)]
    reading = open_talk.listen(*names)
    said = open_talk.said()
    assert [line.split(" ")[0] for line in said] == ["LISTEN", "LISTEN"]
    open_talk.hears(b"OK\nERR limit of=names\n")
    assert isinstance(reading.error, LimitReached)
    assert [line.split(" ")[0] for line in open_talk.said()] == ["READY", "UNLISTEN", "UNLISTEN"]


def test_lost_ends_the_listening_and_is_not_taken_back(open_talk: Talk) -> None:
    reading = open_talk.listen("web.me!")
    open_talk.hears(b"OK state=fresh\n")
    open_talk.said()
    open_talk.hears(b"LOST web.me!\n")
    assert isinstance(reading.error, Lost)
    assert open_talk.said() == []
    open_talk.core.broke("closed")
    assert open_talk.connect() == []


# Coming back


def test_listening_goes_on_with_the_credit_that_is_left(open_talk: Talk) -> None:
    reading = open_talk.listen("a", credit=3)
    open_talk.hears(b"OK\nMSG :2 a\n{}\n")
    open_talk.core.broke("closed")
    assert not reading.in_force
    assert open_talk.connect() == ["LISTEN a members=1", "READY 2 a"]
    open_talk.hears(b"OK\n")
    assert reading.in_force
    assert open_talk.said() == []


def test_what_is_granted_before_listening_is_in_force_is_said_once(talk: Talk) -> None:
    reading = talk.listen("a", credit=2)
    talk.core.connected(0)
    talk.said()
    talk.hears(HELLO)
    talk.core.readings.grant(reading, 1)
    assert talk.said() == ["LISTEN a members=1", "READY 2 a"]
    talk.hears(b"OK\n")
    assert talk.said() == ["READY 1 a"]


def joined(talk: Talk) -> Reading:
    """A mailbox with two memberships, of which the broker tells."""
    reading = talk.listen("web.me!")
    assert talk.hears(b"OK state=fresh\nJOINED room web.me!1 web.me!2\nJOINED other web.me!1\n")
    talk.said()
    return reading


def test_memberships_that_a_broker_has_lost_are_made_again(open_talk: Talk) -> None:
    joined(open_talk)
    open_talk.core.broke("killed")
    assert open_talk.connect() == ["LISTEN web.me! members=1", "READY 2 web.me!"]
    open_talk.hears(b"OK state=fresh\n")
    assert sorted(open_talk.said()) == ["JOIN other web.me!1", "JOIN room web.me!1 web.me!2"]


def test_memberships_that_a_broker_has_kept_are_left_alone(open_talk: Talk) -> None:
    joined(open_talk)
    open_talk.core.broke("reset")
    open_talk.connect()
    # other has ended meanwhile: the broker would have told of it (L5).
    open_talk.hears(b"JOINED room web.me!1 web.me!2\nOK state=kept\n")
    assert open_talk.said() == []
    open_talk.core.broke("killed")
    open_talk.connect()
    open_talk.hears(b"OK state=fresh\n")
    assert open_talk.said() == ["JOIN room web.me!1 web.me!2"]


def test_memberships_survive_a_connection_that_breaks_too_early(open_talk: Talk) -> None:
    joined(open_talk)
    open_talk.core.broke("killed")
    open_talk.connect()
    open_talk.core.broke("killed before LISTEN was answered")
    open_talk.connect()
    open_talk.hears(b"OK state=fresh\n")
    assert len(open_talk.said()) == 2
    open_talk.core.broke("killed before JOIN was answered")
    open_talk.connect()
    open_talk.hears(b"OK state=fresh\n")
    assert len(open_talk.said()) == 2


def test_memberships_that_ended_are_forgotten(open_talk: Talk) -> None:
    joined(open_talk)
    open_talk.hears(b"LEFT room web.me!1\nLEFT nothing web.me!9\n")
    open_talk.core.readings.closed(["web.me!2"])
    open_talk.core.broke("killed")
    open_talk.connect()
    open_talk.hears(b"OK state=fresh\n")
    assert open_talk.said() == ["JOIN other web.me!1"]


def test_a_normal_channel_is_joined_again_only_on_a_new_broker(open_talk: Talk) -> None:
    open_talk.listen("a")
    open_talk.hears(b"OK\n")
    open_talk.core.readings.joined("room", ["a", "not.read.here"])
    open_talk.said()
    open_talk.core.broke("reset")
    open_talk.connect()
    open_talk.hears(b"OK\n")
    assert open_talk.said() == []
    open_talk.core.broke("killed")
    open_talk.connect(HELLO.replace(b"first", b"second"))
    open_talk.hears(b"OK\n")
    assert open_talk.said() == ["JOIN room a"]


def test_a_membership_that_is_refused_is_told_and_tried_again(
    open_talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    joined(open_talk)
    for _ in range(2):
        open_talk.core.broke("killed")
        open_talk.connect()
        open_talk.hears(b"OK state=fresh\n")
        assert len(open_talk.said()) == 2
        open_talk.hears(b"ERR limit of=groups\nERR limit of=groups\n")
    assert "could not be made again: limit" in caplog.text


def test_memberships_of_channels_that_nobody_reads_here_are_not_kept(open_talk: Talk) -> None:
    reading = joined(open_talk)
    open_talk.hears(b"JOINED room other.you!1\n")
    open_talk.core.readings.unlisten(reading, Ticket())
    open_talk.hears(b"OK\n")
    open_talk.said()
    open_talk.core.broke("killed")
    assert open_talk.connect() == []


def test_memberships_that_are_noted_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    memberships = Memberships(most=3)
    memberships.joined("room", ["a!1", "a!2", "a!1"])
    memberships.joined("other", ["a!1", "a!2"])
    assert "over 3 memberships" in caplog.text
    assert sorted(memberships.take("a!")) == [("other", "a!1"), ("room", "a!1"), ("room", "a!2")]
    memberships.joined("room", ["a!1", "a!2", "a!3", "a!4"])
    memberships.left("room", ["a!1", "a!9"])
    memberships.closed("a!2")
    memberships.joined("room", ["a!5"])
    assert memberships.take("a!") == [("room", "a!3"), ("room", "a!5")]


def test_an_ended_layer_says_why_to_everyone(open_talk: Talk) -> None:
    reading = open_talk.listen("a")
    why = SeawayError("enough")
    open_talk.core.end(why)
    open_talk.core.end(SeawayError("again"))
    assert open_talk.core.ended is why
    assert reading.error is why
