"""How workers of both halves begin, drain, come back and end, at a real broker."""

from __future__ import annotations

import asyncio
import http.client
import signal
import sys
from typing import Dict, List

import pytest
from support.broker import SEAWAY, TESTS, Broker, Ends, Program, until, worker
from support.fake import FakeBroker
from support.server import Server

import seaway
from seaway import Layer, Message, _values, aio

# Concurrency, draining, coming back


class Held:
    """A worker whose functions wait for the word to go on."""

    def __init__(self, place: str, broker: Broker, programs: List[Ends], *options: str, **environment: str):
        self.server = Server(broker.address)
        programs.append(self.server)
        self.held = self.server.layer.listen("held")
        self.program = worker(place, broker.address, *options, SEAWAY_BROKER=broker.address, **environment)
        programs.append(self.program)
        assert self.server.whole("/hello/first")["status"] == 200

    def begin(self) -> str:
        """Waits until a function has begun; returns its key."""
        message = self.held.receive(20)
        assert message is not None
        return str(message["key"])

    def release(self, key: str) -> None:
        self.server.layer.send(f"release.{key}", {})

    def waiting(self) -> int:
        """Requests that nobody has taken."""
        return int(self.server.layer.peek("http.request")["messages"])


def test_no_more_functions_run_than_may(place: str, own_broker: Broker, programs: List[Ends]) -> None:
    held = Held(place, own_broker, programs, "--concurrency", "3")
    channels = {str(number): held.server.ask("/hold", query=str(number)) for number in range(8)}
    keys = [held.begin() for _ in range(3)]
    assert held.waiting() == 5
    for waiting in [4, 3, 2, 1, 0, 0, 0, 0]:
        # None beyond the three has begun.
        assert held.held.receive(timeout=0) is None
        key = keys.pop(0)
        held.release(key)
        assert held.server.answer(channels.pop(key))[0]["content"] == b"released"
        if len(channels) >= 3:
            keys.append(held.begin())
        assert held.waiting() == waiting


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_leave_finishes_and_takes_no_more(
    place: str, own_broker: Broker, programs: List[Ends], number: int
) -> None:
    held = Held(place, own_broker, programs, "--concurrency", "2")
    channel = held.server.ask("/hold", query="1")
    key = held.begin()
    held.program.signal(number)
    until(lambda: not held.server.layer.peek("http.request")["readers"], "no reader")
    later = held.server.ask("/hello/later")
    held.release(key)
    assert held.server.answer(channel)[0]["content"] == b"released"
    assert held.program.wait() == 0
    # What it has not taken is there for others.
    assert held.waiting() == 1
    programs.append(worker(place, own_broker.address))
    assert held.server.answer(later)[0]["content"] == b"hello later\n"


def test_a_worker_in_its_own_thread_finishes_too(own_broker: Broker, programs: List[Ends]) -> None:
    held = Held("support.sync_site:worker", own_broker, programs)
    channel = held.server.ask("/hold", query="1")
    key = held.begin()
    later = held.server.ask("/hello/later")
    held.program.signal(signal.SIGTERM)
    held.release(key)
    assert held.server.answer(channel)[0]["content"] == b"released"
    assert held.program.wait() == 0
    assert held.waiting() == 1
    assert later


def test_a_second_signal_ends_it_at_once(place: str, own_broker: Broker, programs: List[Ends]) -> None:
    held = Held(place, own_broker, programs, "--concurrency", "2")
    held.server.ask("/hold", query="1")
    held.begin()
    held.program.signal(signal.SIGTERM)
    until(lambda: not held.server.layer.peek("http.request")["readers"], "no reader")
    held.program.signal(signal.SIGTERM)
    assert held.program.wait() == -signal.SIGTERM


TWICE = """
import os, signal, sys, threading, seaway, seaway._sync_run

class Wide:
    size = 3
    def __init__(self, prefetch): pass
    def worked(self, messages, seconds): pass

seaway._sync_run.Window = Wide
worker = seaway.Worker(concurrency=int(sys.argv[1]))
begun = threading.Barrier(worker.concurrency)

@worker.on("a")
def take(message):
    print("took", message.path, flush=True)
    begun.wait()
    if message.path == "/0":
        os.kill(os.getpid(), signal.SIGINT)
        # Until it has left and waits for its threads; the one of a worker of one is this.
        while worker.concurrency > 1 and worker._run._link.core.readings.all:
            pass
        os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait()

worker.run()
"""


@pytest.mark.parametrize(("concurrency", "taken", "others"), [(1, 1, 503), (3, 3, 500)])
def test_a_second_signal_leaves_nobody_without_an_answer(
    concurrency: int, taken: int, others: int, fake: FakeBroker, programs: List[Ends]
) -> None:
    paths = str(TESTS.parent / "src")
    program = Program(sys.executable, "-c", TWICE, str(concurrency), PYTHONPATH=paths, SEAWAY_BROKER=fake.address)
    programs.append(program)
    connection = fake.accept()
    connection.expect("LISTEN a")
    connection.say(b"OK\n")
    connection.expect("READY 3 a")
    bodies = [_values.pack({"method": "GET", "path": f"/{n}", "reply_channel": f"x!{n}"}) for n in range(3)]
    connection.say(b"".join(b"MSG :%d a\n%b\n" % (len(body), body) for body in bodies))
    said: Dict[str, int] = {}
    frame = connection.hear()
    while frame.verb != "QUIT":
        if frame.verb == "SEND":
            said[frame.args[0]] = _values.unpack(frame.body or b"")["status"]
        connection.say(b"OK\n")
        frame = connection.hear()
    connection.say(b"OK\n")
    assert program.wait() == -signal.SIGINT
    # What was worked on has failed; what was only held may be tried again.
    assert said == {"x!0": 500, "x!1": others, "x!2": others}
    assert program.output.count("took") == taken


def test_an_idle_worker_leaves_at_once(place: str, own_broker: Broker, programs: List[Ends]) -> None:
    held = Held(place, own_broker, programs)
    assert held.program.terminate() == 0


def test_a_worker_comes_back_with_its_broker(place: str, own_broker: Broker, programs: List[Ends]) -> None:
    held = Held(place, own_broker, programs)
    for _ in range(2):
        own_broker.kill()
        own_broker.start()
        held.server.layer.ping()
        assert held.server.whole("/hello/again")["content"] == b"hello again\n"
    assert held.program.terminate() == 0


def test_a_worker_waits_for_a_broker(place: str, own_broker: Broker, programs: List[Ends]) -> None:
    own_broker.kill()
    program = worker(place, own_broker.address)
    programs.append(program)
    own_broker.start()
    server = Server(own_broker.address)
    programs.append(server)
    assert server.whole("/hello/late")["status"] == 200
    # And one that has none still leaves when it is told to.
    own_broker.kill()
    assert program.terminate() == 0


def test_a_worker_whose_mailbox_is_taken_over_ends(place: str, own_broker: Broker, programs: List[Ends]) -> None:
    held = Held(place, own_broker, programs)
    held.server.layer.listen("letters!")
    assert held.program.wait() == 70
    assert "another connection listens on letters! now" in held.program.output


def test_a_broker_that_dies_with_a_request_in_hand_costs_that_answer_alone(
    place: str, own_broker: Broker, programs: List[Ends]
) -> None:
    held = Held(place, own_broker, programs, "--concurrency", "2")
    channel = held.server.ask("/hold", query="1")
    key = held.begin()
    own_broker.kill()
    own_broker.start()
    held.server.layer.ping()
    held.release(key)
    # The answer goes to the mailbox of the same name, which listens again.
    assert held.server.next(channel)["content"] == b"released", held.program.output
    assert held.server.whole("/hello/again")["status"] == 200


# The log


def told(program: Program, *texts: str) -> List[int]:
    """How often each text stands in the log."""
    return [program.output.count(text) for text in texts]


def test_a_worker_says_when_its_broker_comes_and_goes_once_each(
    place: str, own_broker: Broker, programs: List[Ends]
) -> None:
    address = own_broker.address
    own_broker.kill()
    program = worker(place, address)
    programs.append(program)
    away = f"WARNING seaway: the broker at {address} is away: "
    program.line(rf"{away}Connection refused; trying again$")
    own_broker.start()
    program.line(f"INFO seaway: connected to the broker at {address}$")
    own_broker.kill()
    program.line(rf"{away}(the broker closed the connection|Connection reset by peer|Broken pipe); trying again$")
    own_broker.start()
    program.line(f"INFO seaway: the broker at {address} is back$")
    own_broker.terminate()
    program.line(rf"{away}the broker said goodbye: shutdown.*; trying again$")
    assert program.terminate() == 0
    assert told(program, "connected to", "is back", "is away: ", "said goodbye") == [1, 1, 3, 1]
    # Being told to leave is no absence of the broker's.
    assert told(program, "is away: the layer was left") == [0]


def test_of_several_brokers_the_one_that_is_away_is_named(place: str, programs: List[Ends]) -> None:
    brokers = [Broker("--warm", "0s") for _ in range(2)]
    programs.extend(brokers)
    program = worker(place, brokers[0].address, "--broker", brokers[1].address, "--failover", "5")
    programs.append(program)
    for broker in brokers:
        program.line(f"connected to the broker at {broker.address}$")
    brokers[1].kill()
    program.line(f"the broker at {brokers[1].address} is away: .*; trying again$")
    brokers[1].start()
    program.line(f"the broker at {brokers[1].address} is back$")
    assert told(program, f"the broker at {brokers[0].address} is") == [0]
    assert program.terminate() == 0


# The command line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["support.sync_site"], "does not say MODULE:NAME"),
        (["no.such.module:worker"], "cannot be loaded"),
        (["support.sync_site:nothing"], "cannot be loaded"),
        (["support.sync_site:hello"], "hello is no worker but function"),
        (["support.sync_site:worker", "--concurrency", "0"], "'0' is no number from 1"),
        (["support.sync_site:worker", "--log-level", "loud"], "invalid choice: 'LOUD'"),
        (["support.sync_site:worker", "--fast"], "unrecognized arguments: --fast"),
        (["support.sync_site:worker", "--broker", "127.0.0.1:1"], "the broker 127.0.0.1:1 is given twice"),
        (["support.sync_site:worker", "--broker", "7411"], "its host is missing: say HOST:7411"),
        (["support.sync_site:worker", "--failover", "soon"], "'soon' is no number of seconds from 0.3 to 3600"),
        (["support.sync_site:worker", "--token-file", "/no/file"], "--token-file: /no/file: No such file"),
        (["support.sync_site:worker", "--token-file", "/dev/null"], "a token has 1 to 255 bytes, this one has 0"),
        (
            ["support.sync_site:worker", "--broker", "tls://a:1", "--tls-ca", "/no/file"],
            "/no/file holds no authorities to trust: No such file",
        ),
        (
            ["support.sync_site:worker", "--broker", "tls://a:1", "--tls-certificate", "/no/c", "--tls-key", "/no/k"],
            "/no/c and /no/k are no certificate and key: No such file",
        ),
        (["support.sync_site:worker", "--tls-key", "/no/k"], "--tls-key is of no use without --tls-certificate"),
        (["support.own_layer:worker"], "works on a layer of its own"),
    ],
)
def test_a_bad_command_line_says_what_is_wrong(arguments: List[str], said: str, programs: List[Ends]) -> None:
    program = worker(arguments[0], "127.0.0.1:1", *arguments[1:])
    programs.append(program)
    assert program.wait() == 64
    assert said in program.output


def test_a_bad_address_is_said_too(programs: List[Ends]) -> None:
    program = worker("support.sync_site:worker", "nonsense:port")
    programs.append(program)
    assert program.wait() == 64
    assert "'nonsense:port' is no address" in program.output


def test_the_help_names_every_option_and_what_the_environment_says(programs: List[Ends]) -> None:
    program = worker("--help", "127.0.0.1:1")
    programs.append(program)
    assert program.wait() == 0
    options = ["broker", "failover", "token-file", "tls-ca", "tls-certificate", "tls-key", "concurrency", "log-level"]
    variables = ["BROKER", "TOKEN", "TLS_CA", "TLS_CERTIFICATE", "TLS_KEY"]
    for name in [f"--{option}" for option in options] + [f"SEAWAY_{variable}" for variable in variables]:
        assert name in program.output
    assert "tls://HOST:PORT or unix:PATH" in program.output


def test_the_environment_may_name_several_brokers(place: str, programs: List[Ends]) -> None:
    brokers = [Broker("--warm", "0s") for _ in range(2)]
    programs.extend(brokers)
    addresses = ",".join(broker.address for broker in brokers)
    program = worker(place, "", SEAWAY_BROKER=addresses)
    programs.append(program)
    for broker in brokers:
        program.line(f"connected to the broker at {broker.address}$")
    server = Server(addresses)
    programs.append(server)
    assert server.whole("/hello/both")["status"] == 200
    assert program.terminate() == 0


# Within one process


def test_workers_say_what_they_cannot_do() -> None:
    worker = seaway.Worker()
    with pytest.raises(TypeError, match="aio"):

        @worker.on("a")
        async def coroutine(message: Message) -> None: ...

    with pytest.raises(TypeError, match=r"seaway\.Worker"):

        @aio.Worker().on("a")  # type: ignore[type-var]
        def function(message: Message) -> None: ...

    with pytest.raises(ValueError, match="concurrency"):
        seaway.Worker(concurrency=0)
    with pytest.raises(ValueError, match="concurrency"):
        aio.Worker(concurrency=0)
    with pytest.raises(ValueError, match="no functions"):
        seaway.Worker("127.0.0.1:1").run()
    with pytest.raises(ValueError, match="no functions"):
        asyncio.run(aio.Worker("127.0.0.1:1").run())


def test_a_worker_on_a_layer_of_the_callers_leaves_it_in_use(broker: Broker, name: str) -> None:
    layer = Layer(broker.address)
    worker = seaway.Worker(layer=layer)
    taken: List[int] = []

    @worker.on(name)
    def take(message: Message) -> None:
        taken.append(message["n"])
        if message["n"] == 2:
            worker.stop()

    for number in range(3):
        layer.send(name, {"n": number})
    worker.run()
    assert taken == [0, 1, 2]
    layer.send(name, {"n": 3})
    assert layer.peek(name)["messages"] == 1
    layer.quit()


# The whole, with an interface server


def test_a_browser_is_answered(place: str, programs: List[Ends]) -> None:
    up = Program(SEAWAY, "up", "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0")
    programs.append(up)
    broker = up.line(r"broker: address=(\S+:\d+) .*listening")[1]
    host, port = up.line(r"server: address=(\S+):(\d+) .*serving").groups()
    programs.append(worker(place, broker))
    browser = http.client.HTTPConnection(host, int(port), timeout=20)

    def ask(path: str, body: bytes = b"") -> http.client.HTTPResponse:
        browser.request("POST" if body else "GET", path, body)
        return browser.getresponse()

    assert ask("/hello/moon").read() == b"hello moon\n"
    streamed = ask("/stream")
    assert (streamed.read(), streamed.getheader("x")) == (b"one two three", "1")
    large = bytes(range(256)) * 4_000
    assert ask("/echo", large).read() == large
    assert ask("/large").read() == bytes(range(256)) * 5_000
    assert ask("/fail").status == 500
    browser.close()
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        ask("/stream/fail").read()
    browser.close()
