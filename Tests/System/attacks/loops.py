"""Attacks on the time of the broker's one loop: what one client asks for must not keep the others waiting."""

from __future__ import annotations

import concurrent.futures
import struct
import time

from attacks.attack import attack
from attacks.target import Attacker, Target


def took(start: float) -> str:
    return f"{time.monotonic() - start:.1f} s"


@attack("time")
def nobody(target: Target) -> str:
    """The innocent alone: what the machine itself does to them"""
    target.broker()
    with target.measured():
        for _ in target.for_a_while():
            time.sleep(0.05)
    return "nothing: what an innocent client of the broker notices of this machine"


@attack("time")
def siblings_that_wait(target: Target) -> str:
    """Messages wait in very many channels of one mailbox, and its reader takes them with one READY"""
    target.broker()
    count = target.many(99_000, 20_000)
    sender, reader = target.attacker(), target.attacker(receive=1 << 22)
    reader.ask("LISTEN x!")
    sender.join_many(count, prefix="x!", length=250)
    sender.tell("GSEND :2 g\n{}\n" * 4, 4)
    with target.measured():
        start = time.monotonic()
        reader.tell("READY 1000000000\nPING\n", 1)
        return f"4 messages wait in {count:,} channels of one mailbox; one READY: {took(start)}"


@attack("time")
def credit_at_once(target: Target) -> str:
    """The same with short names, so that many deliveries stand in one frame, and more of them"""
    target.broker()
    count, each = target.many(99_000, 20_000), 20
    sender, reader = target.attacker(), target.attacker(receive=1 << 22)
    reader.ask("LISTEN x!")
    sender.join_many(count, prefix="x!")
    sender.tell("GSEND :2 g\n{}\n" * each, each)
    with target.measured():
        start = time.monotonic()
        reader.tell("READY 1000000000\nPING\n", 1)
        return f"{count * each:,} deliveries for one READY: {took(start)}"


@attack("time")
def patterns_that_backtrack(target: Target) -> str:
    """Nearly as many TAIL as there may be, of patterns that match nearly, and messages to long names"""
    target.broker()
    count = target.many(10_000, 2_000)
    sender, tail = target.attacker(), target.attacker()
    sender.join_many(count, length=250)
    # One is left for the innocent.
    endings = [chr(98 + number % 20) + "x" * (number // 20) for number in range(49)]
    tail.tell("".join(f"TAIL *{'a' * 125}{end}\nTAIL {'*a' * 20}{end}\n" for end in endings), 98)
    with target.measured():
        start = time.monotonic()
        sender.ask("GSEND :2 g\n{}")
        return f"98 TAIL, one GSEND to {count:,} names of 250 bytes: {took(start)}"


@attack("time")
def flushed_patterns(target: Target) -> str:
    """FLUSH of a pattern that matches nothing, nearly, of very many long names"""
    target.broker()
    count = target.many(99_000, 20_000)
    client = target.attacker()
    client.join_many(count, length=250)
    with target.measured():
        start = time.monotonic()
        client.tell(f"FLUSH m*{'a' * 120}b\nFLUSH m{'*a' * 20}b\n", 2)
        return f"2 FLUSH among {count:,} names of 250 bytes: {took(start)}"


@attack("time")
def watched_joins(target: Target) -> str:
    """A thousand watches of one group, which channels join and leave"""
    target.broker()
    count = target.many(20_000, 4_000)
    watcher, joiner = target.attacker(), target.attacker()
    watcher.tell("".join(f"WATCH g w.{number}\n" for number in range(1_000)), 1_000)
    frames = [f"{verb} g {' '.join(f'm.{at}' for at in range(start, start + 100))}\n"
              for start in range(0, count, 100) for verb in ("JOIN", "LEAVE", "JOIN")]  # fmt: skip
    with target.measured():
        start = time.monotonic()
        joiner.tell("".join(frames), len(frames))
        return f"1,000 WATCH of a group; {count:,} channels join, leave and join it: {took(start)}"


@attack("time")
def watches_of_a_large_group(target: Target) -> str:
    """Hundreds of watches begin with the whole of a group that is large"""
    target.broker()
    members, watches = target.many(99_000, 20_000), target.many(500, 200)
    client = target.attacker()
    client.join_many(members)
    with target.measured():
        start = time.monotonic()
        client.tell("".join(f"WATCH g w.{number}\n" for number in range(watches)), watches)
        return f"{watches} WATCH of a group of {members:,}: {took(start)}"


def pages(target: Target, line: str, members: int, count: int) -> str:
    client = target.attacker()
    client.join_many(members)
    with target.measured():
        start = time.monotonic()
        client.tell(f"{line}\n" * count, count)
        return f"{count:,} times {line}, of {members:,}: {took(start)}"


@attack("time")
def pages_of_statistics(target: Target) -> str:
    """STATS channels, a line for each page, of a table that is large"""
    target.broker()
    return pages(target, "STATS channels limit=1", target.many(99_000, 20_000), target.many(20, 30))


@attack("time")
def pages_of_members(target: Target) -> str:
    """MEMBERS, a name for each page, of a group that is large"""
    target.broker()
    return pages(target, "MEMBERS g limit=1", target.many(99_000, 20_000), target.many(300, 300))


@attack("time")
def pages_of_a_queue(target: Target) -> str:
    """PEEK of a queue whose every page is nearly a megabyte, again and again before any is read"""
    target.broker()
    client = target.attacker()
    client.tell((b'SEND :60008 c\n{"a":"' + b"x" * 60_000 + b'"}\n') * 17, 17)
    count = target.many(300, 100)
    with target.measured():
        start = time.monotonic()
        client.tell("PEEK c limit=1000\n" * count, count)
        return f"{count} PEEK of 1 MB: {took(start)}"


@attack("time")
def group_messages_in_a_row(target: Target) -> str:
    """GSEND to a group that is large, many of them in one write"""
    target.broker()
    members, count = target.many(99_000, 20_000), target.many(300, 200)
    client, reader = target.attacker(), target.attacker(receive=1 << 22)
    reader.ask("LISTEN x!")
    client.join_many(members, prefix="x!")
    with target.measured():
        start = time.monotonic()
        client.tell("GSEND :2 g\n{}\n" * count, count)
        return f"{count} GSEND to {members:,} channels, {15 * count // 1_000} KB in one write: {took(start)}"


@attack("time")
def memberships_told_again(target: Target) -> str:
    """LISTEN of a large mailbox with members=1, said again and again"""
    target.broker()
    members = target.many(99_000, 20_000)
    client, reader = target.attacker(), target.attacker()
    client.join_many(members, prefix="x!")
    with target.measured():
        start = time.monotonic()
        reader.tell("LISTEN x! members=1\n" * 20, 20)
        return f"20 LISTEN with members=1 of {members:,} memberships, 400 bytes: {took(start)}"


@attack("time")
def a_mailbox_given_up(target: Target) -> str:
    """UNLISTEN of a mailbox in which very many messages wait"""
    target.broker()
    members = target.many(50_000, 10_000)
    client, reader = target.attacker(), target.attacker()
    reader.ask("LISTEN x!")
    client.join_many(members, prefix="x!")
    client.tell("GSEND :2 g\n{}\n" * 100, 100)
    with target.measured():
        start = time.monotonic()
        reader.ask("UNLISTEN x!")
        return f"UNLISTEN of a mailbox with {100 * members:,} messages: {took(start)}"


@attack("time")
def credit_for_one_of_a_thousand(target: Target) -> str:
    """READY for one name, in a row, on a connection that listens on a thousand"""
    target.broker()
    count = target.many(200_000, 50_000)
    client = target.attacker()
    names = [f"n.{number}" for number in range(1_000)]
    client.tell("".join(f"LISTEN {name}\nREADY 1 {name}\n" for name in names), 1_000)
    with target.measured():
        start = time.monotonic()
        client.tell("".join(f"READY 1 {names[number % 1_000]}\n" for number in range(count)) + "PING\n", 1)
        return f"{count:,} READY 1 NAME with 1,000 names: {took(start)}"


@attack("time")
def a_thousand_names_listened_on_again(target: Target) -> str:
    """LISTEN of a thousand names in each frame, in a row"""
    target.broker()
    count = target.many(300, 200)
    client = target.attacker()
    # As many as a line holds.
    line = "LISTEN " + " ".join(f"{number:03x}" for number in range(1_000)) + "\n"
    with target.measured():
        start = time.monotonic()
        client.tell(line * count, count)
        return f"{count:,} LISTEN of 1,000 names: {took(start)}"


@attack("time")
def ping_flood(target: Target) -> str:
    """Nothing but PING, as fast as it goes, from a hundred connections"""
    target.broker()
    with target.measured():
        total = target.flood(target.broker_port, 100, b"PING\n" * 50_000)
    return f"100 connections, {total // 5:,} PING in {target.seconds:g} s"


@attack("time")
def send_flood(target: Target) -> str:
    """Messages that are taken at once, as fast as they go, from twenty connections"""
    target.broker()
    reader = target.attacker()
    reader.ask("LISTEN never")
    with target.measured():
        line = b"SEND :- full {}\n"
        total = target.flood(target.broker_port, 20, line * 10_000)
    return f"20 connections, {total // len(line):,} SEND in {target.seconds:g} s"


@attack("time")
def large_bodies(target: Target) -> str:
    """Bodies of two megabytes that cost most to check: numbers, each rounded as a double"""
    target.broker()
    number = b"1.7976931348623157e308,"
    body = b'{"a":[' + number * ((2_000_000 - 10) // len(number)) + b"0]}"
    count = target.many(40, 10)
    client = target.attacker()
    with target.measured():
        start = time.monotonic()
        client.tell((b"SEND :%d n\n%s\n" % (len(body), body)) * count, count)
        return f"{count} SEND of 2 MB of doubles in JSON: {took(start)}"


@attack("time")
def large_translations(target: Target) -> str:
    """Bodies of two megabytes that cost most to translate, for a reader of the other format"""
    target.broker()
    numbers = 200_000
    body = b"\x81\xa1a\xdd" + struct.pack(">I", numbers) + b"\xcb\x7f\xef\xff\xff\xff\xff\xff\xff" * numbers
    count = target.many(20, 5)
    sender, reader = target.attacker(), target.attacker()
    sender.ask("HELLO 1 format=msgpack")
    reader.ask("LISTEN n")
    reader.write("READY 1000\n")
    with target.measured():
        start = time.monotonic()
        taking = Taking(reader, count)
        sender.tell((b"SEND :%d n\n%s\n" % (len(body), body)) * count, count)
        return f"{count} SEND of 200,000 doubles to a reader of JSON, {taking.end() // 1_000_000} MB: {took(start)}"


class Taking:
    """So many messages, taken in a thread."""

    def __init__(self, reader: Attacker, count: int):
        self.threads = concurrent.futures.ThreadPoolExecutor(1)
        self.bytes = self.threads.submit(lambda: sum(len(reader.read()[1] or b"") for _ in range(count)))

    def end(self) -> int:
        size = self.bytes.result(90)
        self.threads.shutdown()
        return size
