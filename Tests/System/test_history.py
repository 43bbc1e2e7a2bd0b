"""The checker of histories finds each violation in one made by hand, and none in a good one."""

from __future__ import annotations

import pytest

from chaos_load import read
from history import History, Seen, Sent, Settled, violations

ONE, TWO = (1, 1), (1, 2)


def sent(name=ONE, answer="ok", at=1.0, **more) -> Sent:
    return Sent(name, answer, at, at + 0.1, **more)


def seen(name=ONE, times=1, at=2.0, connection="w", place=0, dead="", since=None) -> Seen:
    return Seen(name, times, connection, place, at - 0.1 if since is None else since, at, dead)


def done(name=ONE, at=3.0, dead=False, known=True, letter=False) -> Settled:
    return Settled(name, dead, at, letter, at + 0.1 if known else None)


GOOD = {
    "done": History([sent()], [seen()], [done()]),
    "it waits": History([sent()], waiting={ONE}),
    "whether it is acknowledged is not known": History([sent()], [seen()], [done(known=False)]),
    "a dead letter": History([sent()], [seen(), seen(dead="nak", at=4)], [done(dead=True)]),
    "whether it is a dead letter was not known": History(
        [sent()], [seen(), seen(dead="nak", at=4), seen(times=2, at=9, connection="v")],
        [done(dead=True, known=False), done(letter=True, at=5), done(at=10)],
    ),
    "a dead letter of which the store said that it was away": History(
        [sent()], [seen(), seen(dead="nak", at=4)], [done(letter=True, at=5)], refused=[done(dead=True, known=False)]
    ),
    "tried too often": History([sent()], [seen(times=5), seen(dead="tries", at=4)]),
    "refused": History([sent(answer="refused")]),
    "nobody knows, and it was not stored": History([sent(answer="unknown")]),
    "nobody knows, and it was stored": History([sent(answer="unknown")], [seen()], [done()]),
    "refused, and then taken": History([sent(answer="refused"), sent(at=1.2)], [seen()], [done()]),
    "it came back": History([sent()], [seen(), seen(times=2, connection="v")], [done()]),
    "stored twice": History([sent(answer="unknown"), sent(at=1.2)], [seen(), seen(place=1)], [done()]),
    "one of two that was done": History([sent(answer="unknown"), sent(at=1.2)], [seen(), seen(at=9)], [done()]),
    "read late, and pushed before its end": History(
        [sent()], [seen(), seen(times=2, at=9, since=2, connection="v")], [done()]
    ),
    "in order": History([sent(), sent(TWO, at=1.2)], [seen(), seen(TWO, place=1)], [done(), done(TWO)]),
    "out of order on two connections": History(
        [sent(), sent(TWO, at=1.2)], [seen(at=3), seen(TWO, connection="v")], [done(), done(TWO)]
    ),
    "what comes back is behind": History(
        [sent(), sent(TWO, at=1.2)], [seen(TWO), seen(times=2, place=1)], [done(), done(TWO)]
    ),
    "stored late": History(
        [sent(answer="unknown"), sent(TWO, at=1.2)], [seen(TWO), seen(place=1)], [done(), done(TWO)]
    ),
    "asked for later": History(
        [sent(later=True), sent(TWO, at=1.2)], [seen(TWO), seen(place=1)], [done(), done(TWO)]
    ),
    "gone with its broker": History([sent()], emptied=[(2.0, 3.0)]),
    "under way when its broker was killed": History([sent(at=2.5)], emptied=[(2.0, 3.0)]),
}  # fmt: skip

BAD = {
    "lost": [
        History([sent()]),
        History([sent()], [seen()]),
        History([sent(), sent(TWO)], [seen(), seen(TWO, place=1)], [done()]),
        History([sent(answer="unknown"), sent(at=1.2)]),
        History([sent(at=4)], emptied=[(2.0, 3.0)]),
    ],
    "invented": [
        History([], [seen()], [done()]),
        History([sent(answer="refused")], [seen()], [done()]),
        History([sent()], [seen(dead="nak")], [done()]),
        History([sent()], [seen(), seen(dead="nak", at=4)], [done(), done(letter=True, at=5)]),
        History([sent()], [seen(at=4)], [done(at=5)], emptied=[(2.0, 3.0)]),
    ],
    "twice": [
        History([sent()], [seen(), seen(connection="v")], [done()]),
        History([sent(answer="refused"), sent(at=1.2)], [seen(), seen(place=1)], [done()]),
        History([sent(answer="unknown", once=True), sent(at=1.2, once=True)], [seen(), seen(place=1)], [done()]),
        History([sent()], [seen(), seen(dead="nak", at=3), seen(dead="nak", at=3.1)], [done(dead=True)]),
    ],
    "after its end": [
        History([sent()], [seen(), seen(times=2, at=9, connection="v")], [done()]),
        History([sent()], [seen(), seen(times=2, at=9, connection="v")], [done(dead=True)]),
    ],
    "out of order": [
        History([sent(), sent(TWO, at=1.2)], [seen(TWO), seen(place=1)], [done(), done(TWO)]),
        History([sent(), sent(TWO, at=1.2), sent((1, 3))], [seen((1, 3)), seen(TWO, place=1), seen(place=2)],
                [done(), done(TWO), done((1, 3))]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", GOOD)
def test_nothing_is_found_in_a_good_history(what):
    assert violations(GOOD[what]) == []


@pytest.mark.parametrize(("what", "history"), [(what, each) for what, several in BAD.items() for each in several])
def test_each_violation_is_found_and_nothing_else(what, history):
    found = violations(history)
    assert found and all(each.startswith(f"{what}: ") for each in found), found


def test_what_a_worker_notes_is_read_with_what_it_was_answered():
    history = History()
    seen_one = {
        "kind": "seen",
        "name": [1, 1],
        "times": 1,
        "connection": "w",
        "place": 0,
        "since": 1.9,
        "at": 2.0,
        "dead": "",
    }
    says = [
        {"kind": "settles", "name": [1, n], "dead": n == 3, "letter": False, "began": 3.0, "settles": n}
        for n in range(1, 5)
    ]
    answers = [
        {"kind": "answer", "settled": n, "answer": answer, "at": 3.1}
        for n, answer in ((1, "ok"), (2, "refused"), (3, "unknown"))
    ]
    read(history, [seen_one, *says, *answers])
    assert history.seen == [seen()]
    # What was refused has ended nothing; what was not answered may have.
    assert history.settled == [
        Settled((1, 1), False, 3.0, confirmed=3.1), Settled((1, 3), True, 3.0), Settled((1, 4), False, 3.0),
    ]  # fmt: skip
    assert history.refused == [Settled((1, 2), False, 3.0)]
