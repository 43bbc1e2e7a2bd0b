#!/usr/bin/env python3
"""Attacks on the built program, and what the innocent notice of them.

    abuse.py [ATTACK …] [--list] [--short] [--counts] [--seconds N] [--wait S] [--peers] [--update-page]

Prints a line for each attack when it is over, and a table of all at the end. Ends with 0 when each held its bounds, or
was over one that attacks/known.py names. Peers have promised nothing, and only their figures are told; who of them is
not installed is left out and named.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pathlib
import resource
import sys
import tempfile
import time

# Each module adds its attacks.
from attacks import answers, loops, memory, pages, peers, rights
from attacks.attack import ATTACKS, PEERS, SUBJECTS, Attack, Missing
from attacks.figures import Findings, Row, Verdict, summary, table
from attacks.known import KNOWN
from attacks.page import with_tables
from attacks.target import Target
from harness import ROOT, House
from ports import given_back

sys.path.append(str(ROOT / "Benchmarks"))
# Which has rules of its own for types.
quiet = importlib.import_module("quiet")

PAGE = ROOT / "SECURITY.md"
MODULES = (loops, memory, pages, rights, answers, peers)


def options(words: list[str] | None = None) -> argparse.Namespace:
    names = [attack.name for attack in ATTACKS]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help="only these; --list names all")
    parser.add_argument("--list", action="store_true", help="name all attacks and what each does, and do none")
    parser.add_argument("--short", action="store_true", help="smaller ones, of seconds each")
    parser.add_argument(
        "--counts", action="store_true", help="none that is known; times and memory have a wide margin, as in make test"
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="how long a flood lasts: 3")
    parser.add_argument("--wait", type=float, default=5.0, metavar="S", help="for a quiet machine, before each: 5")
    parser.add_argument("--peers", action="store_true", help=f"also {', '.join(PEERS)}, as far as they are installed")
    parser.add_argument("--update-page", action="store_true", help="put the tables into SECURITY.md")
    chosen = parser.parse_args(words)
    if chosen.counts:
        # Half a second shows what is far over its bound, on whatever machine.
        chosen.seconds, chosen.wait = min(chosen.seconds, 0.5), 0.0
    for name in chosen.attacks:
        if name not in names:
            parser.error(f"there is no attack {name}; --list names all")
    if chosen.update_page and (chosen.attacks or chosen.short):
        parser.error("--update-page is for all attacks, at their full size")
    return chosen


def place(attack: Attack) -> tuple[int, int]:
    """Where it stands in the table: by subjects, and of each as the attacks stand in their modules."""
    return [*SUBJECTS, *PEERS].index(attack.subject), MODULES.index(sys.modules[attack.run.__module__])


def in_order() -> list[Attack]:
    return sorted(ATTACKS, key=place)


def picked(chosen: argparse.Namespace) -> list[Attack]:
    everything = in_order()
    if chosen.attacks:
        return [attack for attack in everything if attack.name in chosen.attacks]
    return [
        attack for attack in everything
        if (attack.short or not chosen.short)
        and (chosen.peers or attack.subject not in PEERS)
        and not (chosen.counts and attack.name in KNOWN)
    ]  # fmt: skip


def found(attack: Attack, chosen: argparse.Namespace) -> Findings:
    """Does one attack, on programs of its own."""
    with tempfile.TemporaryDirectory() as folder, given_back():
        target = Target(House(pathlib.Path(folder)), attack.bound, not chosen.short, chosen.seconds)
        try:
            target.findings.did = attack.run(target)
        finally:
            target.end()
        return target.findings


def row(attack: Attack, chosen: argparse.Namespace) -> Row:
    try:
        findings = found(attack, chosen)
    except (AssertionError, OSError, EOFError) as error:
        # Whoever cannot be attacked to the end has not withstood it.
        findings = Findings(did=f"broke off: {type(error).__name__}: {error}".splitlines()[0][:160])
        return Row(attack.name, findings, attack.bound, Verdict("OVER: broke off", True))
    bound = attack.bound.loosened() if chosen.counts else attack.bound
    over = findings.over(bound)
    verdict = Verdict.of_peer(over) if attack.subject in PEERS else Verdict.of(over, KNOWN.get(attack.name))
    if chosen.short and verdict.word == "HOLDS":
        # Marks are of attacks at their full size.
        verdict = Verdict("ok", False)
    return Row(attack.name, findings, bound, verdict)


def tell(row: Row, seconds: float) -> None:
    attack, did, p50, p99, longest, refused, resident, account, bound, word = row.cells()
    print(f"{word}: {attack}: {did}", flush=True)
    print(f"    p50 {p50}, p99 {p99}, max {longest} ms; refused {refused}; RSS {resident}, account {account} MB;"
          f" may be {bound}; {seconds:.0f} s", flush=True)  # fmt: skip
    for said in row.findings.refusals[:3]:
        print(f"    refused: {said}")
    if row.verdict.why:
        print(f"    {row.verdict.why}")


def main() -> int:
    chosen = options()
    if chosen.list:
        for attack in in_order():
            print(f"{attack.subject:8} {attack.name:38} {attack.does}")
        return 0
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(f"abuse: {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}", flush=True)
    subject = {attack.name: attack.subject for attack in ATTACKS}
    rows = []
    for attack in picked(chosen):
        busy = quiet.wait(chosen.wait) if chosen.wait > 0 else 0.0
        begun = time.monotonic()
        try:
            rows.append(row(attack, chosen))
        except Missing as missing:
            print(f"left out: {attack.name}: {missing}", flush=True)
            continue
        tell(rows[-1], time.monotonic() - begun)
        if busy > quiet.ENOUGH:
            print(f"    others kept {busy:.1f} cores busy")
    print("\n" + table(rows))
    if chosen.update_page:
        ours = [row for row in rows if subject[row.attack] not in PEERS]
        peers = [row for row in rows if subject[row.attack] in PEERS]
        PAGE.write_text(with_tables(PAGE.read_text(), ours, peers))
    verdicts = {row.attack: row.verdict for row in rows}
    print(summary(verdicts), end="")
    return 1 if any(verdict.failed for verdict in verdicts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
