"""The rules of a connection, by a clock that the tests turn."""

from __future__ import annotations

import random
from typing import List

import pytest
from support import vectors

from seaway import Closing, Ended, Full, LimitReached, Lost, NotAuthenticated, Refused, SeawayError, Unknown
from seaway import _requests as requests
from seaway._core import MAX_PENDING, Core
from seaway._frames import FrameParser
from seaway._memberships import Memberships
from seaway._reading import Reading
from seaway._ticket import Ticket

HELLO = b"HELLO 1 id=1 epoch=first max-body=1000\n"


class Talk:
    """A core, what it says, and a clock."""

    def __init__(self, core: Core):
        self.core = core
        self.now = 100.0

    def connect(self, greeting: bytes = HELLO) -> List[str]:
        """A connection is made and greeted; returns what the core says then."""
        self.core.connected(self.now)
        assert self.said()[0].startswith("HELLO 1 format=msgpack")
        assert self.hears(greeting)
        return self.said()

    def hears(self, wire: bytes) -> bool:
        return self.core.received(wire, self.now)

    def said(self) -> List[str]:
        """The lines that the core has said since the last time, without the sizes of bodies."""
        frames = FrameParser().feed(self.core.take_output())
        return [
            " ".join([frame.verb, *frame.args, *(f"{key}={value}" for key, value in frame.options.items())])
            for frame in frames
        ]

    def passes(self, seconds: float) -> bool:
        """Time passes, looked at as often as a mover does; false when the connection is given up."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 2)
            if not self.core.tick(self.now):
                return False
        return True

    def ask(self, request: bytes) -> Ticket:
        ticket = Ticket()
        self.core.ask(request, ticket)
        return ticket

    def listen(self, *names: str, credit: int = 2) -> Reading:
        reading = Reading(names)
        self.core.readings.listen(reading)
        self.core.readings.grant(reading, credit)
        return reading


@pytest.fixture
def talk() -> Talk:
    return Talk(Core("test", heartbeat=20, timeout=10))


@pytest.fixture
def open_talk(talk: Talk) -> Talk:
    assert talk.connect() == []
    return talk


# Greeting


def test_the_first_frame_says_who_and_how() -> None:
    core = Core("me", token="secret", heartbeat=0.5)
    core.connected(0)
    assert core.take_output() == b"HELLO 1 format=msgpack client=me token=secret heartbeat=500\n"


def test_nothing_is_asked_before_the_greeting_and_its_limits_are_taken(talk: Talk) -> None:
    talk.core.connected(0)
    assert not talk.core.is_open
    talk.hears(HELLO)
    assert talk.core.is_open
    assert talk.core.max_body == 1000


@pytest.mark.parametrize(
    ("wire", "kind"), [(b"ERR auth no\n", NotAuthenticated), (b"ERR version supported=2\n", Refused)]
)
def test_a_greeting_that_is_declined_ends_the_layer(talk: Talk, wire: bytes, kind: type) -> None:
    talk.core.connected(0)
    assert not talk.hears(wire + b"BYE line\n")
    assert isinstance(talk.core.ended, kind)


@pytest.mark.parametrize(
    "wire", [b"OK\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 smtp ready\r\n\r\n", b"\x15\x03\x01\x00\x02\n"]
)
def test_what_is_no_broker_is_left(talk: Talk, wire: bytes) -> None:
    talk.core.connected(0)
    assert not talk.hears(wire)
    talk.core.broke("closed")
    assert "fault" in talk.core.trouble


# Answers


def test_answers_come_in_the_order_of_the_requests_and_pushes_between_them(open_talk: Talk) -> None:
    tickets = [open_talk.ask(requests.send("a", b"\x80")) for _ in range(3)]
    assert open_talk.said() == ["SEND a", "SEND a", "SEND a"]
    open_talk.hears(b"OK\nPING\nSHINY :2 new\n{}\nERR full by=messages no room\n")
    assert [ticket.done for ticket in tickets] == [True, True, False]
    assert tickets[0].result().verb == "OK"
    with pytest.raises(Full) as full:
        tickets[1].result()
    assert full.value.options == {"by": "messages"}
    assert full.value.text == "no room"
    assert open_talk.said() == ["PONG"]


def test_a_code_of_the_future_is_a_plain_refusal(open_talk: Talk) -> None:
    ticket = open_talk.ask(requests.send("a", b"\x80"))
    open_talk.hears(b"ERR shiny why=new\n")
    with pytest.raises(Refused) as refused:
        ticket.result()
    assert type(refused.value) is Refused
    assert refused.value.code == "shiny"


def test_closing_is_a_refusal_and_the_connection_stays_in_use_until_it_closes(open_talk: Talk) -> None:
    assert open_talk.hears(b"BYE shutdown in=5000\n")
    ticket = open_talk.ask(requests.send("a", b"\x80"))
    assert open_talk.hears(b"ERR closing\n")
    with pytest.raises(Closing):
        ticket.result()
    open_talk.core.broke("closed")
    assert open_talk.core.ended is None


def test_what_was_asked_and_not_answered_is_unknown(open_talk: Talk) -> None:
    answered, asked = (open_talk.ask(requests.send("a", b"\x80")) for _ in range(2))
    open_talk.hears(b"OK\n")
    open_talk.core.broke("reset by peer")
    assert answered.result().verb == "OK"
    with pytest.raises(Unknown, match="reset by peer"):
        asked.result()
    assert not open_talk.core.is_open


@pytest.mark.parametrize("reason", ["line", "auth"])
def test_after_a_final_goodbye_the_layer_has_ended(open_talk: Talk, reason: str) -> None:
    reading = open_talk.listen("a")
    assert not open_talk.hears(f"BYE {reason} nonsense\n".encode())
    assert isinstance(open_talk.core.ended, Ended)
    assert isinstance(reading.error, Ended)


@pytest.mark.parametrize("reason", ["idle", "slow", "heartbeat", "limit", "shiny"])
def test_after_other_goodbyes_it_comes_back(open_talk: Talk, reason: str) -> None:
    assert open_talk.hears(f"BYE {reason} some text\n".encode())
    open_talk.core.broke("closed")
    assert open_talk.core.trouble == f"the broker said goodbye: {reason} some text"
    assert open_talk.core.ended is None


@pytest.mark.parametrize(
    "wire", [b"OK\nOK\n", b"PONG\n", b"DATA :2\n{}\n", b"MSG :2\n{}\n", b"MSG a\n", b"OK :2\n{}x", b"\n"]
)
def test_a_broker_that_breaks_the_protocol_is_left(open_talk: Talk, wire: bytes) -> None:
    open_talk.listen("a", credit=5)
    assert not open_talk.hears(wire)
    open_talk.core.broke("closed")
    assert "fault" in open_talk.core.trouble


def test_requests_without_an_answer_are_bounded(open_talk: Talk) -> None:
    for _ in range(MAX_PENDING):
        open_talk.ask(requests.PING)
    with pytest.raises(LimitReached) as reached:
        open_talk.ask(requests.PING)
    assert reached.value.options == {"of": "pending"}


def test_a_flood_of_pings_makes_nothing_grow(open_talk: Talk) -> None:
    open_talk.hears(b"PING\n" * 10_000)
    assert open_talk.said() == ["PONG"]
    open_talk.hears(b"PING\n")
    assert open_talk.said() == ["PONG"]


# Time


def test_a_request_without_an_answer_gives_the_connection_up(open_talk: Talk) -> None:
    open_talk.ask(requests.PING)
    assert not open_talk.passes(13)
    open_talk.core.broke("given up")
    assert open_talk.core.trouble == "no answer for 10 s"


def test_an_answer_in_time_starts_the_wait_again(open_talk: Talk) -> None:
    for _ in range(5):
        open_talk.ask(requests.PING)
    for _ in range(5):
        assert open_talk.passes(8)
        assert open_talk.hears(b"PONG\n")


def test_silence_is_asked_for_a_sign_of_life(open_talk: Talk) -> None:
    assert open_talk.passes(20)
    assert open_talk.said() == []
    assert open_talk.passes(2)
    assert open_talk.said() == ["PING"]
    assert open_talk.hears(b"PONG\n")
    assert open_talk.passes(20)
    assert open_talk.said() == []


def test_a_broker_without_a_sign_of_life_is_given_up() -> None:
    talk = Talk(Core("test", heartbeat=20, timeout=1_000))
    talk.connect()
    assert talk.passes(60)
    assert not talk.passes(2)
    talk.core.broke("given up")
    assert talk.core.trouble.startswith("no sign of life")


def test_without_a_heartbeat_silence_is_no_matter() -> None:
    talk = Talk(Core("test", heartbeat=0))
    talk.connect()
    assert talk.passes(10_000)
    assert talk.said() == []


# Listening and credit


def test_a_single_name_has_a_purse_of_its_own(open_talk: Talk) -> None:
    reading = open_talk.listen("a", credit=3)
    assert open_talk.said() == ["LISTEN a members=1"]
    open_talk.hears(b"OK\n")
    assert reading.in_force
    assert open_talk.said() == ["READY 3 a"]
    open_talk.hears(b"MSG :2 a\n{}\n" * 2)
    assert [delivery.channels for delivery in reading.queue] == [["a"], ["a"]]
    assert reading.credit == 1


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


def test_several_names_share_the_common_purse_and_frames(open_talk: Talk) -> None:
    reading = open_talk.listen("a", "b", credit=2)
    assert open_talk.said() == ["LISTEN a b members=1"]
    open_talk.hears(b"OK\n")
    assert open_talk.said() == ["READY 2"]
    open_talk.hears(b"MSG :2 a b group=g\n{}\n")
    (delivery,) = reading.queue
    assert (delivery.channels, delivery.group, delivery.body) == (["a", "b"], "g", b"{}")
    assert reading.credit == 1


def test_one_layer_has_one_common_purse(open_talk: Talk) -> None:
    open_talk.listen("a", "b")
    with pytest.raises(ValueError, match="several names"):
        open_talk.listen("c", "d")
    with pytest.raises(ValueError, match="listens on a already"):
        open_talk.listen("a")


def test_the_common_purse_is_empty_while_a_listening_with_its_own_begins(open_talk: Talk) -> None:
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


# Random brokers: SEED=N draws the same again


def random_line(dice: random.Random) -> bytes:
    words = ["OK", "ERR", "PONG", "DATA", "HELLO", "MSG", "JOINED", "LEFT", "LOST", "PING", "BYE", "SHINY"]
    names = [
        "a",
        "web.me!",
        "web.me!1",
        "web.me!a!b",
        "room",
        "ro!om",
        "b?1",
        "!",
        "x" * 300,
        "limit",
        "shutdown",
        "idle",
    ]
    options = ["state=fresh", "state=kept", "group=room", "max-body=" + "9" * 50, "epoch=2", "sent=-1", "a="]
    line = " ".join(
        [dice.choice(words), *dice.choices(names, k=dice.randint(0, 3)), *dice.choices(options, k=dice.randint(0, 2))]
    )
    if dice.random() < 0.4:
        body = dice.choice([b"{}", b"\x80", b"", b'{"members":["a"],"next":"a"}'])
        verb, _, rest = line.partition(" ")
        return f"{verb} :{len(body)} {rest}".rstrip().encode() + b"\n" + body + b"\n"
    return line.encode() + b"\n"


def test_nothing_that_a_broker_says_is_an_error_of_its_reader() -> None:
    dice = random.Random(vectors.SEED)
    for _ in range(300):
        talk = Talk(Core("test"))
        readings = [talk.listen("web.me!"), talk.listen("a", "b?1", credit=3)]
        for _ in range(3):
            talk.core.connected(talk.now)
            talk.hears(HELLO)
            for _ in range(dice.randint(1, 8)):
                if talk.core.is_open and dice.random() < 0.5:
                    talk.ask(dice.choice([requests.PING, requests.send("a", b"\x80"), requests.members("g", 1)]))
                if not talk.hears(random_line(dice)):
                    break
                talk.core.take_output()
            talk.core.broke("over")
        assert all(len(reading.queue) <= 5 for reading in readings)
