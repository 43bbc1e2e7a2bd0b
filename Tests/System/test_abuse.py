"""Whether attacks are measured and judged as they should be: what `make abuse` says can be relied on."""

from __future__ import annotations

import contextlib
import signal
import threading
import time

import pytest

import abuse
from attacks.attack import ATTACKS, PEERS, SUBJECTS, Attack
from attacks.figures import Bound, Delays, Findings, Known, Own, Row, Verdict, percentile, summary, table
from attacks.known import KNOWN
from attacks.page import with_tables
from attacks.rights import PROOFS
from attacks.target import Target
from harness import ROOT


@pytest.mark.parametrize(
    "values, share, found",
    [([1], 0.5, 1), ([3, 1, 2], 0.5, 2), (range(1, 101), 0.99, 99), (range(1, 102), 0.99, 100), ([1, 9], 1, 9)],
)
def test_a_percentile_is_a_value_that_so_many_are_not_beyond(values, share, found):
    assert percentile(values, share) == found


def test_delays_are_told_in_milliseconds():
    found = Delays.of([0.001] * 98 + [0.02, 0.5])
    assert found == Delays(100, 1.0, 20.0, 500.0)
    assert Delays.of([]) is None


@pytest.mark.parametrize(
    "findings, over",
    [
        (Findings(), []),
        (Findings(delays=Delays(9, 1, 10, 50), resident=190, account=100, refused=0), []),
        (Findings(delays=Delays(9, 1, 10.1, 50)), ["p99"]),
        (Findings(delays=Delays(9, 1, 10, 50.1)), ["max"]),
        (Findings(resident=191, account=100), ["memory"]),
        # Without an account, and without a bound that needs none, nothing is said of memory.
        (Findings(resident=5_000), []),
        (Findings(refused=1), ["refused"]),
        (Findings(own=[Own("answered", 39, least=40), Own("% of a core", 25, most=25)]), ["answered"]),
    ],
)
def test_what_is_over_its_bound_is_named(findings, over):
    assert findings.over(Bound()) == over


def test_memory_has_a_bound_of_its_own_where_there_is_no_account():
    assert Findings(resident=161).over(Bound(resident=160)) == ["memory"]
    assert Findings(resident=161, account=100).over(Bound(resident=160)) == []


def test_a_margin_is_given_to_times_and_memory_but_not_to_counts():
    found = Findings(
        delays=Delays(9, 1, 2_000, 2_000), resident=230, account=100, refused=1, own=[Own("seen", 1, least=2)]
    )
    assert found.over(Bound()) == ["p99", "max", "memory", "refused", "seen"]
    assert found.over(Bound().loosened()) == ["refused", "seen"]
    assert Findings(delays=Delays(9, 1, 2, 2_001)).over(Bound().loosened()) == ["max"]
    assert Findings(resident=321).over(Bound(resident=160).loosened()) == ["memory"]


def test_of_a_peer_is_told_what_it_would_be_over_and_nothing_fails():
    assert Verdict.of_peer(["max", "memory"]) == Verdict("over: max, memory", False)
    assert Verdict.of_peer([]) == Verdict("within", False)


def test_with_counts_alone_what_is_known_is_left_out_and_peers_only_come_when_asked():
    assert not {attack.name for attack in abuse.picked(abuse.options(["--counts"]))} & set(KNOWN)
    assert {attack.subject for attack in abuse.picked(abuse.options([]))} == set(SUBJECTS)
    assert {attack.subject for attack in abuse.picked(abuse.options(["--peers"]))} == {*SUBJECTS, *PEERS}
    assert [attack.name for attack in abuse.picked(abuse.options(["ping-flood", "--counts"]))] == ["ping-flood"]


def test_a_mark_excuses_its_own_bounds_alone_and_must_be_needed():
    mark = Known("queues undercount", frozenset({"memory"}))
    assert Verdict.of(["memory"], mark) == Verdict("known: memory", False, "queues undercount")
    assert Verdict.of(["p99", "memory"], mark) == Verdict("OVER: p99", True)
    assert Verdict.of([], mark).failed
    assert not Verdict.of([], Known("now and then", frozenset({"max"}), steady=False)).failed
    assert Verdict.of(["max"], None).failed
    assert Verdict.of([], None) == Verdict("ok", False)


def row(name: str, verdict: Verdict, **found) -> Row:
    return Row(name, Findings(did="did it", **found), Bound(), verdict)


def test_the_table_stands_in_columns():
    rows = [
        row("short", Verdict("ok", False), delays=Delays(9, 0.12, 3, 4.5), resident=60.4, account=20),
        row("much-longer", Verdict("known: gone", False, "because"), own=[Own("answered", 1, least=2)]),
    ]
    head, first, second = table(rows).splitlines()
    for heading in ("attack", "what it did", "bound", "verdict"):
        assert head.index(heading) in (first.index("  ok") + 2, first.index("did it"), first.index("10/50"), 0)
    assert first.split()[:1] == ["short"] and "0.1     3.0     4.5" in first and "60" in first
    assert second.endswith("10/50 ms, 1.5a+40 MB; answered 1 (≥2)  known: gone")


def test_the_tables_of_a_page_are_replaced_and_its_words_stay():
    ours = [
        row("short", Verdict("ok", False), delays=Delays(9, 0.12, 3, 1_234.5), resident=60.4, account=20),
        row("longer", Verdict("known: gone", False, "because"), own=[Own("answered", 1, least=2)]),
    ]
    others = "<!-- attacks on others -->\n<!-- end of attacks on others -->\n"
    before = f"Words.\n<!-- attacks -->\nold\n<!-- end of attacks -->\nMore.\n{others}"
    page = with_tables(before, ours, [])
    assert page == with_tables(page, ours, [])
    lines = page.splitlines()
    assert page.startswith("Words.\n<!-- attacks -->\n") and page.endswith(f"<!-- end of attacks -->\nMore.\n{others}")
    assert "| short | did it | 0.1 · 3.0 · 1,234 | 0 | 60 / 20 | ok |" in lines
    assert "| longer | did it; answered 1 (≥2) | - | 0 | - | known: gone |" in lines
    assert "- because: longer" in lines and "old" not in lines


def test_the_summary_counts_as_make_test_reads_it():
    verdicts = {"a": Verdict("ok", False), "b": Verdict("known: max", False, "slow"), "c": Verdict("OVER: p99", True)}
    assert summary(verdicts).splitlines() == [
        "failed: c: OVER: p99",
        "1 over a bound that is known",
        "2 passed, 1 failed",
    ]


def test_every_attack_says_what_it_does_and_every_mark_is_of_one():
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names) > 40
    assert all(attack.does and attack.subject in [*SUBJECTS, *PEERS] for attack in ATTACKS)
    assert set(KNOWN) <= set(names)
    assert all(known.reason and known.bounds for known in KNOWN.values())


def test_a_broker_that_stands_still_is_seen_by_the_innocent(house, tmp_path):
    """What is measured is real: a stop of 300 ms is a delay of as much, and nobody is refused."""
    target = Target(house, Bound(), full=False, seconds=0.1)
    broker = target.broker()
    with target.measured():
        broker.freeze()
        time.sleep(0.3)
        broker.process.send_signal(signal.SIGCONT)
        list(target.for_a_while())
    found = target.findings
    assert found.delays is not None and found.delays.longest >= 250
    assert found.refused == 0, found.refusals
    assert found.resident is not None and found.account is not None and found.resident > found.account
    target.end()


def test_what_the_innocent_is_refused_is_counted_and_told(house):
    """Ten places, all of them taken, with that of the innocent: newcomers are told so."""
    target = Target(house, Bound(), full=False, seconds=1)
    target.broker("--max-connections", "10")
    with target.measured():
        # Whoever has said something is no stranger, whose place newcomers would get.
        for _ in range(9):
            with contextlib.suppress(OSError, EOFError, ValueError, IndexError):
                target.attacker().ask("PING")
        list(target.for_a_while())
    assert target.findings.refused > 0
    assert any("BYE limit" in said for said in target.findings.refusals), target.findings.refusals
    target.end()


def test_pages_are_measured_from_the_browser_to_the_worker_and_back(house):
    target = Target(house, Bound(resident=160), full=False, seconds=0.5)
    target.broker()
    target.server()
    with target.measured():
        list(target.for_a_while())
    found = target.findings
    assert found.delays is not None and found.delays.count > 10 and found.refused == 0, found
    target.end()


def test_an_attack_that_breaks_off_has_not_been_withstood():
    def run(_: Target) -> str:
        raise OSError("no more of it")

    attack = Attack("breaks", "time", run, Bound())
    chosen = abuse.options([])
    assert abuse.row(attack, chosen).verdict == Verdict("OVER: broke off", True)


def test_a_flood_ends(house):
    target = Target(house, Bound(), full=False, seconds=0.2)
    target.broker()
    done = threading.Timer(20, target.end)
    done.start()
    assert target.flood(target.broker_port, 3, b"PING\n" * 100) > 0
    done.cancel()
    target.end()


def test_the_page_names_every_attack():
    page = (ROOT / "SECURITY.md").read_text().split("## What was tried")[1]
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| ")]
    assert {attack.name for attack in ATTACKS} == {cells[1].strip() for cells in rows} - {"attack", "---"}


@pytest.mark.parametrize("proof", PROOFS)
def test_what_is_left_to_other_tests_is_there(proof):
    file, _, name = proof.partition("::")
    assert f"def {name or 'test_'}" in (ROOT / "Tests" / "System" / file).read_text()
