"""A bridge over two brokers, one of which dies while messages flow."""

from __future__ import annotations

import itertools
import json
import subprocess

from bridges import piped, summary, taking
from harness import SEAWAY, free_port, until


def test_a_bridge_goes_on_over_the_other_broker(house):
    ports = [free_port(), free_port()]
    brokers = {port: house.broker(port, "--warm", "0ms") for port in ports}
    options = [word for port in ports for word in ("--broker", f"127.0.0.1:{port}")]
    command = [SEAWAY, "bridge", "stdin", *options, "--to-group", "log", "--json", "--failover", "500ms"]
    program = piped(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)

    def say(number: int) -> None:
        program.stdin.write(json.dumps({"n": number}) + "\n")
        program.stdin.flush()

    # The group is at both, as members keep it, and a message to it goes to one of them.
    with taking(ports[0], "a!1", "log") as first, taking(ports[1], "b!1", "log") as second:
        say(0)
        until(lambda: first.messages or second.messages, "the first message has come")
        home, rest = (ports[0], second) if first.messages else (ports[1], first)
        brokers[home].kill()

        numbers = itertools.count(1)

        def goes_on() -> bool:
            say(next(numbers))
            return bool(rest.messages)

        until(goes_on, "messages come from the other broker", pause=0.05)
        come = [message["n"] for message in rest.messages]
        assert come == sorted(set(come)), "in order, none twice"
        program.stdin.close()
        program.wait(20)
    told = program.stderr.read()
    program.stderr.close()
    # What the dead broker had not answered for is unknown, and told.
    assert f"sent={1 + len(rest.messages)}" in summary(told), told
