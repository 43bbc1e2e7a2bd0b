#!/usr/bin/env python3
"""A worker for Seaway in Python alone: answers HTTP requests and tells a group of each.

    seaway up &  python3 stub.py [HOST:PORT]  &  curl localhost:8000/moon

SEAWAY_TOKEN is shown to a broker that has tokens. All that crosses the wire is in protocol/PROTOCOL.md;
protocol/CLIENT.md goes through it step by step.
"""

import json
import os
import socket
import sys

host, _, port = (sys.argv[1:] or ["127.0.0.1:7411"])[0].rpartition(":")
try:
    broker = socket.create_connection((host, int(port)))
except OSError as error:
    sys.exit(f"seaway: no broker at {host}:{port}: {error}")
broker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
stream = broker.makefile("rb")
inbox = []  # messages that came while an answer was waited for


def say(line, message=None):
    """Writes one frame: a line of words, a body of as many bytes as the second word says, and an LF behind each."""
    verb, _, words = line.partition(" ")
    if message is None:
        broker.sendall(f"{line}\n".encode())
    else:
        body = json.dumps(message).encode()  # bytes are counted, not characters
        broker.sendall(f"{verb} :{len(body)} {words}\n".encode() + body + b"\n")


def read():
    """Reads one frame; returns the words of its line, without the size, and the message in its body, if it has one."""
    line = stream.readline()
    if not line:
        sys.exit("seaway: the broker has closed the connection")
    words, message = line.decode().split(), None
    if len(words) > 1 and words[1].startswith(":"):
        size = int(words.pop(1)[1:])
        message = json.loads(stream.read(size + 1))  # with the LF, which JSON passes over
    return words, message


def push(words, message):
    """Takes what comes by itself, between answers: messages, and the broker's question whether we live."""
    if words[0] == "MSG":
        inbox.append(message)
    elif words[0] == "PING":
        say("PONG")
    elif words[0] == "BYE":
        sys.exit(f"seaway: the broker ends the connection: {' '.join(words[1:])}")
    # Any other verb is of a newer broker, and passed over.


def ask(line, message=None):
    """Says a request and waits for its answer; answers come in the order of the requests. False when it was refused."""
    say(line, message)
    while True:
        words, body = read()
        if words[0] == "ERR":
            print(f"seaway: {line.split()[0]} was refused: {' '.join(words[1:])}", file=sys.stderr, flush=True)
            return False
        if words[0] in ("OK", "HELLO"):
            return True
        push(words, body)


def work():
    """Takes requests and answers them, one at a time."""
    token = f" token={os.environ['SEAWAY_TOKEN']}" if "SEAWAY_TOKEN" in os.environ else ""
    if not ask(f"HELLO 1 format=json client=stub-python heartbeat=20000{token}") or not ask("LISTEN http.request"):
        sys.exit(1)
    while True:
        say("READY 1")  # one message may come; it is granted again when that is done, and READY has no answer
        while not inbox:
            push(*read())
        request = inbox.pop(0)
        # The answer goes to the channel that the request names: protocol/INTERFACE.md, sections 2 and 3.
        ask(f"SEND {request['reply_channel']}", {"status": 200, "content": f"hello from python: {request['path']}\n"})
        # Every member of the group gets this; a browser's socket that has joined shows the text.
        ask("GSEND stubs", {"text": f"python has answered {request['path']}"})


try:
    work()
except OSError as error:
    sys.exit(f"seaway: the connection is over: {error}")
