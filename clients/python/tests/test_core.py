"""The rules of a connection, by a clock that the tests turn."""

from __future__ import annotations

import random

import pytest
from support import vectors
from support.talk import HELLO, Talk

from seaway import Closing, Ended, Full, LimitReached, NotAuthenticated, Refused, Unknown
from seaway import _requests as requests
from seaway._core import MAX_PENDING, Core
from seaway._ticket import Ticket

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


@pytest.mark.parametrize("wire", [b"", b"ERR closing bye\n"])
def test_what_may_be_said_twice_is_said_again_when_a_broker_leaves_or_is_lost(open_talk: Talk, wire: bytes) -> None:
    tickets = [Ticket() for _ in range(2)]
    for ticket, channel in zip(tickets, "ab"):
        ticket.again = requests.send(channel, b"\x80")
        open_talk.core.ask(ticket.again, ticket)
    open_talk.hears(wire)
    open_talk.core.broke("closed")
    assert not any(ticket.done for ticket in tickets)
    assert open_talk.core.unanswered == 2
    said = open_talk.connect()
    assert sorted(said) == ["SEND a", "SEND b"]
    open_talk.hears(b"OK\nERR gone\n")
    assert all(ticket.done for ticket in tickets)
    assert open_talk.core.unanswered == 0


def test_what_would_be_said_again_fails_with_the_layer(open_talk: Talk) -> None:
    ticket = Ticket()
    ticket.again = requests.send("a", b"\x80")
    open_talk.core.ask(ticket.again, ticket)
    open_talk.core.broke("closed")
    open_talk.core.end(Ended("the layer was left"))
    with pytest.raises(Ended):
        ticket.result()


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
    for _ in range(2):
        assert talk.passes(21)
        assert talk.said() == ["PING"]
    assert not talk.passes(21)
    talk.core.broke("given up")
    assert talk.core.trouble.startswith("no sign of life")


def test_within_the_failover_time_a_broker_is_asked_twice_and_given_up() -> None:
    talk = Talk(Core("test", heartbeat=20, timeout=1_000, failover=2))
    talk.connect()
    talk.said()
    heard = [(talk.passes(0.1), talk.said()) for _ in range(17)]
    assert [place for place, (_, said) in enumerate(heard, 1) if said == ["PING"]] == [6, 11]
    assert [is_there for is_there, _ in heard] == 16 * [True] + [False]


def test_a_broker_has_time_to_answer_when_this_process_stood_still() -> None:
    talk = Talk(Core("test", heartbeat=20, timeout=1_000, failover=2))
    talk.connect()
    talk.said()
    talk.now += 3_600
    assert talk.core.tick(talk.now)
    assert talk.said() == ["PING"]
    assert talk.passes(0.1)
    assert talk.said() == []
    assert talk.hears(b"PONG\n")
    assert talk.passes(0.5)


def test_a_failover_time_out_of_its_range_is_refused() -> None:
    for failover in (0.2, 3_601.0):
        with pytest.raises(ValueError, match=r"allowed is 0\.3 to 3600"):
            Core("test", failover=failover)


def test_a_broker_that_leaves_is_one_as_long_as_its_connection(open_talk: Talk) -> None:
    assert open_talk.hears(b"BYE shutdown in=5000\n")
    assert open_talk.core.is_leaving and open_talk.core.is_open
    open_talk.core.broke("it has left")
    open_talk.connect()
    assert not open_talk.core.is_leaving


def test_without_a_heartbeat_silence_is_no_matter() -> None:
    talk = Talk(Core("test", heartbeat=0))
    talk.connect()
    assert talk.passes(10_000)
    assert talk.said() == []


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
