"""Attacks on the broker's memory and its tables: what it holds must be what it counts, and everybody has a share."""

from __future__ import annotations

import itertools
import struct
import time

from access import TokenFile
from attacks.attack import attack
from attacks.target import Target
from test_greedy_strangers import seconds_of_processor


@attack("memory")
def unread_translations(target: Target) -> str:
    """A large message to members that do not read, six times as long in their format"""
    target.broker("--max-memory", "64M")
    members = target.many(100, 25)
    sender = target.attacker()
    sender.ask("HELLO 1 format=msgpack")
    for number in range(members):
        reader = target.attacker(receive=4_096)
        reader.ask(f"LISTEN m.{number}")
        reader.write("READY 1\n")
        sender.ask(f"JOIN g m.{number}")
    body = b"\x81\xa1a\xdb" + struct.pack(">I", 2_000_000) + b"\x01" * 2_000_000
    with target.measured():
        sender.tell(b"GSEND :%d g\n%s\n" % (len(body), body), 1)
        # Long enough to be looked at.
        time.sleep(0.5)
    return f"one GSEND of 2 MB to {members} members that do not read, at --max-memory 64M"


@attack("memory")
def unread_memberships(target: Target) -> str:
    """JOINED and LEFT for readers that do not read"""
    target.broker("--max-memory", "64M")
    joiner = target.attacker()
    rounds, readers = target.many(10, 2), 4
    for number in range(readers):
        reader = target.attacker(receive=4_096)
        reader.ask(f"LISTEN x{number}! members=1")
    names = [f"x{number % readers}!{number}".ljust(250, "a") for number in range(60_000)]
    with target.measured():
        told = 0
        for _, verb in itertools.product(range(rounds), ("JOIN", "LEAVE")):
            lines = [f"{verb} g {' '.join(names[at : at + 15])}\n" for at in range(0, len(names), 15)]
            answers = joiner.tell("".join(lines), len(lines))
            told += 15 * answers["OK"]
    return f"{told:,} JOINED and LEFT of 250 bytes for {readers} that do not read, at --max-memory 64M"


@attack("memory")
def unread_memberships_at_once(target: Target) -> str:
    """LISTEN with members=1 of a large mailbox, by one after the other, none of whom reads"""
    target.broker("--max-memory", "128M")
    client = target.attacker()
    members, readers = target.many(90_000, 20_000), 8
    groups = ("g", "h", "i")
    for group in groups:
        client.join_many(members, group=group, prefix="x!", length=250)
    with target.measured():
        for _ in range(readers):
            reader = target.attacker(receive=4_096)
            reader.write("LISTEN x! members=1\n")
            # The one before is told LOST, and this one everything.
            client.ask("PING")
        time.sleep(0.5)
    return f"{readers} LISTEN members=1 of {len(groups) * members:,} memberships, unread, at --max-memory 128M"


@attack("memory")
def queues_of_nothing(target: Target) -> str:
    """The smallest messages, in as many queues as there may be"""
    target.broker("--max-memory", "256M")
    members = target.many(50_000, 20_000)
    client = target.attacker()
    client.join_many(members)
    with target.measured():
        client.tell("GSEND :2 g\n{}\n" * 100, 100)
        time.sleep(0.5)
    return f"100 GSEND of 2 bytes wait in {members:,} channels, at --max-memory 256M"


@attack("memory")
def queues_that_were_emptied(target: Target) -> str:
    """The same, once everything was flushed: nothing is counted, and nothing should be kept"""
    target.broker("--max-memory", "256M")
    members = target.many(50_000, 20_000)
    client = target.attacker()
    client.join_many(members)
    client.tell("GSEND :2 g\n{}\n" * 100, 100)
    client.ask("FLUSH")
    # They are used again, and keep the room of their best days.
    client.join_many(members)
    with target.measured():
        client.tell("GSEND :2 g\n{}\n", 1)
        time.sleep(0.5)
    return f"100 messages in {members:,} channels, flushed, and one more"


@attack("memory")
def bodies_only_announced(target: Target) -> str:
    """Bodies that are announced, to the last byte of memory, and never come"""
    target.broker()
    # All of the 1 GiB there is, and then what fits into the rest, down to what is less than anybody sends.
    sizes = [2 << 20] * 511 + [size for power in range(20, 5, -1) for size in [1 << power] * 2]
    with target.measured():
        for size in sizes:
            target.attacker().write(f"SEND :{size} c\n{{")
        for _ in target.for_a_while():
            time.sleep(0.05)
    return f"{len(sizes)} connections announce bodies of up to 2 MB, and send one byte of each"


@attack("memory")
def bodies_that_dribble(target: Target) -> str:
    """Large bodies, nearly whole, of which one byte comes at a time"""
    broker = target.broker()
    connections = target.many(200, 50)
    begun = b'SEND :2000000 c\n{"a":"' + b"x" * 1_900_000
    dribbling = [target.attacker() for _ in range(connections)]
    for attacker in dribbling:
        attacker.socket.sendall(begun)
    count = 0
    with target.measured():
        start, spent = time.monotonic(), seconds_of_processor(broker)
        for _ in target.for_a_while():
            for attacker in dribbling:
                attacker.socket.sendall(b"x")
            count += connections
            time.sleep(0.05)
        share = 100 * (seconds_of_processor(broker) - spent) / (time.monotonic() - start)
    target.own("% of a core", round(share), most=25)
    return f"{count:,} bytes, one at a time, behind 1.9 MB on each of {connections} connections"


@attack("memory")
def every_channel_taken(target: Target) -> str:
    """One client sends to as many channels as there may be, which it may by a right such as http.response.*!*"""
    target.broker("--max-channels", "100000")
    client = target.attacker()
    lines = [f"SEND :- http.response.k!{number} {{}}\n" for number in range(110_000)]
    with target.measured():
        start = time.monotonic()
        answers = client.tell("".join(lines), len(lines))
        took = time.monotonic() - start
        for _ in target.for_a_while():
            time.sleep(0.05)
    return f"{answers['OK']:,} channels taken by one client in {took:.1f} s"


@attack("memory")
def every_table_filled(target: Target) -> str:
    """One client has all groups, all watches and all tails that there may be"""
    target.broker()
    tails, watches, groups = target.attacker(), [target.attacker() for _ in range(11)], target.attacker()
    with target.measured():
        counts = [tails.tell("".join(f"TAIL t{number}*\n" for number in range(110)), 110)["OK"], 0, 0]
        for at, watcher in enumerate(watches):
            lines = [f"WATCH w w.{at}.{number}\n" for number in range(1_000)]
            counts[1] += watcher.tell("".join(lines), len(lines))["OK"]
        lines = [f"JOIN g.{number} m\n" for number in range(110_000)]
        counts[2] = groups.tell("".join(lines), len(lines))["OK"]
        for _ in target.for_a_while():
            time.sleep(0.05)
    return "{:,} tails, {:,} watches, {:,} groups of one client".format(*counts)


@attack("memory")
def every_place_taken(target: Target) -> str:
    """Strangers without a token hold every place that there is for connections"""
    tokens = TokenFile(target.house.folder)
    target.hello = f"HELLO 1 token={tokens.add('innocent', send='innocent.*', listen='innocent.*', join='innocent.*')}"
    target.admin = f"HELLO 1 token={tokens.add('operator', admin='*')}"
    target.broker("--tokens", str(tokens.path), "--max-connections", "300")
    # Those who were there before them stay.
    target.account()
    with target.measured():
        for _ in range(400):
            target.stranger(target.broker_port)
        for _ in target.for_a_while():
            time.sleep(0.05)
    return "400 strangers where 300 connections may be, none of whom logs in"


@attack("memory")
def login_flood(target: Target) -> str:
    """Strangers who try tokens that are none, on one connection after the other"""
    tokens = TokenFile(target.house.folder)
    target.hello = f"HELLO 1 token={tokens.add('innocent', send='innocent.*', listen='innocent.*', join='innocent.*')}"
    target.admin = f"HELLO 1 token={tokens.add('operator', admin='*')}"
    target.broker("--tokens", str(tokens.path))
    count = 0
    with target.measured():
        for _ in target.for_a_while():
            stranger = target.stranger(target.broker_port)
            stranger.sendall(b"HELLO 1 token=innocent.%d\n" % count)
            count += 1
            if count % 100 == 0:
                for held in target.held[-100:]:
                    held.close()
                del target.held[-100:]
    return f"{count:,} log-ins with a wrong secret"
