"""Attacks on what is others': a worker with few rights, and whoever can put a file in a place."""

from __future__ import annotations

import re
import subprocess
import sys

from access import RIGHTS, TokenFile
from attacks.attack import attack
from attacks.target import Target
from harness import ROOT
from test_reply_channels import guesses


@attack("rights")
def replies_forged(target: Target) -> str:
    """A worker with send=http.response.*!* answers requests to come, of every number that it can guess"""
    tokens = TokenFile(target.house.folder)
    web = target.house.folder / "web.token"
    web.write_text(tokens.add("web", **RIGHTS["server"]) + "\n")
    evil = tokens.add("evil", send="http.response.*!*", listen="http.request.evil")
    good = tokens.add("innocent", send="http.response.*!*", listen="http.request.innocent")
    target.hello = f"HELLO 1 token={good}"
    target.broker("--tokens", str(tokens.path))
    target.server("--token-file", str(web), "--route", "/evil=http.request.evil", "--loops", "1")
    reader, sender = target.attacker(), target.attacker()
    for wire in (reader, sender):
        wire.ask(f"HELLO 1 token={evil}")
    reader.listen("http.request.evil", 100)
    target.stranger().sendall(b"GET /evil HTTP/1.1\r\nHost: a\r\n\r\n")
    forged = guesses(reader.take()["reply_channel"])
    count = 0
    with target.measured():
        for _ in target.for_a_while():
            lines = [f'SEND :- {channel} {{"status":200,"content":"forged"}}\n' for channel in forged]
            sender.tell("".join(lines), len(lines))
            count += len(lines)
    return f"{count:,} answers to requests that nobody was given"


PROOFS = [
    "test_reply_channels.py",
    "test_greedy_strangers.py",
    "test_tokens.py::test_what_is_no_regular_file_is_not_waited_for",
    "test_tokens.py::test_a_certificate_that_is_a_fifo_is_named_and_changes_nothing",
    "test_small_intakes.py",
    "test_smuggling.py",
]


@attack("rights", short=False)
def what_tests_try(target: Target) -> str:
    """Reading another route's browser, tokens that are a FIFO, smuggling: what the tests of the system try"""
    tests = [str(ROOT / "Tests" / "System" / test) for test in PROOFS]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
    target.own("tests failed", counts.get("failed", 0) + counts.get("error", 0) + (not counts), most=0)
    return f"{counts.get('passed', 0)} tests of receive_channel, tokens, metrics, deflate, chunks and smuggling"
