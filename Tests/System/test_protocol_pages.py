"""What stands in the protocol's pages as bytes or as a program does what they say."""

from __future__ import annotations

import re
import signal
import socket
import sys
import threading

import pytest

from harness import PATIENCE, ROOT, Wire, free_port, get, until

PROTOCOL = (ROOT / "protocol" / "PROTOCOL.md").read_text(encoding="utf-8")
CLIENT = (ROOT / "protocol" / "CLIENT.md").read_text(encoding="utf-8")


def blocks(page: str, language: str = "") -> list[str]:
    """What stands between fences."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name == language]


def dump(line: str) -> bytes:
    """The bytes in front of what says what they are."""
    found = re.match(r"(?:[0-9a-f]{2} )*[0-9a-f]{2}(?=  )", line)
    assert found, line
    return bytes.fromhex(found[0])


# The example in both formats


def test_the_example_in_messagepack_is_read_in_both_formats(house):
    lines = next(block for block in blocks(PROTOCOL) if block.startswith("C> ")).splitlines()
    sent = b"".join(dump(line[3:]) for line in lines if line.startswith("C> "))
    answer = b"".join(dump(line[3:]) for line in lines if line.startswith("S> "))
    read = "".join(f"{line[3:]}\n" for line in lines if line.startswith("R: ")).encode()
    hello, frame = sent.split(b"\n", 1)
    head, _ = frame.split(b"\n", 1)
    for line, bytes_of_line in zip([line for line in lines if line.startswith("C> ")], (hello, head), strict=False):
        assert line.partition("# ")[2] == bytes_of_line.decode()

    port = free_port()
    house.broker(port)
    with Wire(port) as json_reader, Wire(port) as other, Wire(port) as sender:
        json_reader.listen("chat.log")
        sender.socket.sendall(sent)
        assert sender.input.readline().startswith(b"HELLO 1 ")
        assert sender.input.read(len(answer)) == answer
        assert json_reader.input.read(len(read)) == read

        assert other.ask("HELLO 1 format=msgpack").startswith("HELLO 1 ")
        other.listen("chat.log")
        sender.socket.sendall(frame)
        assert sender.input.read(len(answer)) == answer
        assert other.input.read(len(frame) - 1) == frame.replace(b"SEND", b"MSG", 1)


# The dumps of a small client


def test_the_dumps_of_frames_are_the_frames(house):
    hello, message = (block for block in blocks(CLIENT) if re.match(r"[0-9a-f]{2} ", block))
    said = next(line for line in CLIENT.splitlines() if line.startswith("C: HELLO"))[3:]
    assert b"".join(map(dump, hello.splitlines())) == f"{said}\n".encode()
    port = free_port()
    house.broker(port)
    with Wire(port) as wire:
        wire.listen("chat.log")
        wire.write('SEND :- chat.log {"text":"hi"}\n')
        expected = b"".join(map(dump, message.splitlines()))
        assert wire.input.read(len(expected)) == expected


# The worker


@pytest.fixture
def worker(house, ports, tmp_path):
    """The worker of the page, and a server whose requests it answers."""
    program = tmp_path / "worker.py"
    (text,) = blocks(CLIENT, "python")
    program.write_text(text, encoding="utf-8")
    house.broker(ports[0])
    house.server(ports[1], ports[0])
    worker = house.start([sys.executable, "-I", program, f"127.0.0.1:{ports[0]}"])
    until(lambda: house.readers(ports[0], "http.request") == 1, "the worker listens")
    return worker


def test_the_worker_answers_and_leaves(house, ports, worker):
    assert get(ports[1], "/moon").body == b"hello from /moon\n"
    assert get(ports[1], "/K%C3%A4se").body == "hello from /Käse\n".encode()
    # More than its credit at once.
    answers: list[bytes] = []
    clients = [threading.Thread(target=lambda n=n: answers.append(get(ports[1], f"/{n}").body)) for n in range(40)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert sorted(answers) == sorted(f"hello from /{n}\n".encode() for n in range(40))
    assert worker.terminate() == 0
    assert house.readers(ports[0], "http.request") == 0


def test_the_worker_goes_on_when_the_broker_was_away(house, ports, worker):
    assert get(ports[1], "/before").status == 200
    house.programs[0].kill()
    until(lambda: "Connection refused" in worker.output(), "the worker misses the broker")
    house.broker(ports[0])
    until(lambda: house.readers(ports[0], "http.request") == 1, "the worker listens again")
    until(lambda: get(ports[1], "/after").body == b"hello from /after\n", "it answers")
    assert worker.terminate() == 0


def test_the_worker_leaves_while_the_broker_is_away(house, ports, worker):
    house.programs[0].kill()
    until(lambda: "Connection refused" in worker.output(), "the worker misses the broker")
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(PATIENCE) == 1
    assert "left without a broker" in worker.output()


def test_the_worker_works_off_what_had_come_before_it_leaves(house, tmp_path):
    """Ten requests are pushed, then SIGTERM: all of them are answered between UNLISTEN and QUIT."""
    program = tmp_path / "worker.py"
    program.write_text(blocks(CLIENT, "python")[0], encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        worker = house.start([sys.executable, "-I", program, f"127.0.0.1:{listener.getsockname()[1]}"])
        listener.settimeout(PATIENCE)
        connection, _ = listener.accept()
    with connection, connection.makefile("rb") as said:
        connection.settimeout(PATIENCE)

        def hear(start: str) -> str:
            line = said.readline().decode().rstrip("\n")
            assert line.startswith(start), line
            if ":" in line:
                said.read(int(line.split(" ")[1][1:]) + 1)
            return line

        hear("HELLO 1 ")
        connection.sendall(b"HELLO 1 id=1 epoch=1 new-word=1\n")
        hear("LISTEN http.request")
        connection.sendall(b"OK\n")
        hear("READY 10")
        bodies = [f'{{"reply_channel":"http.response.x!{n}","path":"/{n}"}}'.encode() for n in range(10)]
        # The first answer is not yet taken when the signal comes; a push that nobody knows stands between them.
        connection.sendall(b"".join(b"MSG :%d http.request\n%s\nNEWS :2 a\n\n\n\n" % (len(b), b) for b in bodies))
        hear("SEND ")
        worker.process.send_signal(signal.SIGTERM)
        connection.sendall(b"ERR full by=memory\n")
        hear("SEND ")
        connection.sendall(b"PING\nOK\n")
        heard = [said.readline().decode().rstrip("\n")]
        while heard[-1] != "QUIT":
            words = heard[-1].split(" ")
            if words[0] == "SEND":
                said.read(int(words[1][1:]) + 1)
            if words[0] not in ("READY", "PONG"):
                connection.sendall(b"OK\n")
            heard.append(said.readline().decode().rstrip("\n"))
        connection.sendall(b"OK\n")
    assert worker.process.wait(PATIENCE) == 0
    verbs = [line.split(" ")[0] for line in heard]
    assert verbs.count("SEND") == 9 and verbs.count("PONG") == 1
    assert verbs.index("UNLISTEN") < len(verbs) - 1 - verbs[::-1].index("SEND"), "some were answered behind UNLISTEN"


def test_the_worker_shows_its_token_and_gives_up_when_it_is_not_known(house, tmp_path):
    program = tmp_path / "worker.py"
    program.write_text(blocks(CLIENT, "python")[0], encoding="utf-8")
    tokens = tmp_path / "tokens"
    tokens.write_text(f"a sha256:0011223344556677:{'0' * 64}\n")
    port = free_port()
    house.broker(port, "--tokens", str(tokens))
    worker = house.start([sys.executable, "-I", program, f"127.0.0.1:{port}"], {"SEAWAY_TOKEN": "a.b"})
    assert worker.process.wait(PATIENCE) == 1
    assert "Refused: " in worker.output() and "auth" in worker.output()
