"""``asgi.delay`` of ASGI 1, answered by a process of its own at a real broker."""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, Iterator, List

import pytest
from support.broker import PATIENCE, TESTS, Broker, Ends, Program, until

import seaway
from seaway import Dead, Layer, Message, _values, delay

COMMANDS = {
    "command": ["-m", "seaway", "delay", "--log-level", "DEBUG"],
    "django": ["-m", "django", "rundelay", "--log-level", "DEBUG"],
}


class Delays:
    """A broker, and a process that answers there."""

    def __init__(self, programs: List[Ends], *options: str):
        self.broker = Broker("--return", "50ms", *options)
        self._programs = programs
        programs.append(self.broker)
        self.layer = Layer(self.broker.address)
        self.later = self.layer.listen("later")

    def start(self, *command: str, channel: str = delay.CHANNEL, count: int = 1) -> Program:
        paths = [str(TESTS.parent / "src"), str(TESTS), os.environ.get("PYTHONPATH", "")]
        program = Program(
            sys.executable,
            *(command or COMMANDS["command"]),
            PYTHONPATH=os.pathsep.join(paths),
            SEAWAY_BROKER=self.broker.address,
            DJANGO_SETTINGS_MODULE="support.delay_settings",
        )
        self._programs.append(program)
        until(lambda: self.layer.peek(channel)["readers"] == count, "it to listen")
        return program

    def ask(self, channel: str, milliseconds: Any, content: Any) -> None:
        self.layer.send(delay.CHANNEL, {"channel": channel, "delay": milliseconds, "content": content})

    def next(self) -> Dict[str, Any]:
        message = self.later.receive(PATIENCE)
        assert message is not None
        return message.data

    def stat(self, name: str) -> int:
        return int(self.layer.stats()[name])


@pytest.fixture
def delays(programs: List[Ends]) -> Iterator[Delays]:
    one = Delays(programs)
    yield one
    one.layer.quit()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_it_is_delivered_within_10_ms_of_its_time(delays: Delays, command: List[str]) -> None:
    if "django" in command:
        pytest.importorskip("django")
    program = delays.start(*command)
    delays.layer.send("later", {"n": 1}, delay=0.49)
    delays.ask("later", 500, {"n": 2, "bytes": b"\xff"})
    until(lambda: delays.stat("acknowledged") == 1, "it to be taken")
    delays.layer.send("later", {"n": 3}, delay=0.51)
    # By the broker's clock, whatever else this machine does: the order is that of the times.
    assert [delays.next() for _ in range(3)] == [{"n": 1}, {"n": 2, "bytes": b"\xff"}, {"n": 3}]
    assert program.terminate() == 0
    assert delays.stat("held") == delays.stat("delayed") == 0


def test_it_does_not_need_the_process_any_more(delays: Delays) -> None:
    program = delays.start()
    delays.ask("later", 300, {"n": 1})
    until(lambda: delays.stat("acknowledged") == 1, "it to be taken")
    program.kill()
    assert delays.next() == {"n": 1}


def test_what_a_killed_process_had_another_does(delays: Delays) -> None:
    first = delays.start()
    first.freeze()
    delays.ask("later", 1, {"n": 1})
    until(lambda: delays.stat("held") == 1, "it to be delivered")
    first.kill()
    delays.start()
    assert delays.next() == {"n": 1}
    until(lambda: delays.stat("acknowledged") == 1 and delays.stat("held") == 0, "it to be done")


def test_what_is_malformed_is_a_dead_letter_and_the_process_goes_on(delays: Delays) -> None:
    delays.start()
    letters = delays.layer.listen("asgi.delay.dead")
    for channel, milliseconds, content in [
        ("later", 0, {}),
        ("later!", 5, {}),
        ("later", 1.5, {}),
        ("later", 5, "text"),
    ]:
        delays.ask(channel, milliseconds, content)
        letter = letters.receive(PATIENCE)
        assert letter is not None and letter.dead is not None and letter.dead.reason
        assert letter["delay"] == milliseconds
    delays.ask("later", 1, {"n": 1})
    assert delays.next() == {"n": 1}


def test_without_room_it_is_tried_again(programs: List[Ends]) -> None:
    delays = Delays(programs, "--capacity", "tiny=1", "--tries", "asgi.delay=2")
    try:
        delays.start()
        delays.layer.send("tiny", {"n": 0})
        delays.ask("tiny", 1, {"n": 1})
        letter = delays.layer.listen("asgi.delay.dead").receive(PATIENCE)
        assert letter is not None and letter.dead is not None
        assert (letter.dead.why, letter.dead.tries, letter["content"]) == ("tries", 2, {"n": 1})
        assert delays.layer.peek("tiny")["messages"] == 1
    finally:
        delays.layer.quit()


def test_a_prefix_stands_before_all_names(delays: Delays) -> None:
    delays.start("-m", "seaway", "delay", "--prefix", "shop.", channel="shop.asgi.delay")
    later = delays.layer.listen("shop.later")
    delays.layer.send("shop.asgi.delay", {"channel": "later", "delay": 1, "content": {"n": 1}})
    message = later.receive(PATIENCE)
    assert message is not None and message["n"] == 1


def read(**fields: Any) -> delay.Delayed:
    message = {"channel": "later", "delay": 5, "content": {"n": 1}, **fields}
    return delay.read(Message(delay.CHANNEL, None, _values.pack(message), LAYER))


LAYER = seaway.Layer("127.0.0.1:1")


def test_what_is_to_come_after_more_than_a_day_comes_here_again() -> None:
    day = 86_400_000
    assert read() == ("later", 5, {"n": 1})
    assert read(delay=day) == ("later", day, {"n": 1})
    rest = {"channel": "later", "delay": 1, "content": {"n": 1}}
    assert read(delay=day + 1) == (delay.CHANNEL, day, rest)


@pytest.mark.parametrize("delay", [True, None, -1, "5"])
def test_a_delay_is_a_number_of_milliseconds(delay: Any) -> None:
    with pytest.raises(Dead, match="whole number of milliseconds"):
        read(delay=delay)
