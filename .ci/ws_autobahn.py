"""Says which cases the Autobahn suite runs, and what came of them. In Python 2.7, as the suite is.

ws_autobahn.py plan DIRECTORY URL quick|all|CASES
ws_autobahn.py report DIRECTORY
"""

from __future__ import print_function

import collections
import io
import json
import os
import sys

SECTIONS = collections.OrderedDict(
    [
        ("1", "framing"),
        ("2", "pings and pongs"),
        ("3", "reserved bits"),
        ("4", "opcodes"),
        ("5", "fragments"),
        ("6", "UTF-8"),
        ("7", "closing"),
        ("9", "large messages"),
        ("10", "odds and ends"),
        ("12", "compression"),
        ("13", "compression, negotiated"),
    ]
)
ALL = [section + ".*" for section in SECTIONS]
#: The first cases of each group of compression: the later ones send the same a thousand times, in larger messages.
QUICK = [section + ".*" for section in SECTIONS if section not in ("9", "12", "13")] + [
    "%d.%d.%d" % (section, group, case)
    for section, groups in ((12, 5), (13, 7))
    for group in range(1, groups + 1)
    for case in range(1, 6)
]


def plan(directory, url, cases):
    from autobahntestsuite.case import CaseBasename, CaseCategories, Cases, CaseSubCategories
    from autobahntestsuite.caseset import CaseSet

    patterns = {"quick": QUICK, "all": ALL}.get(cases) or cases.split(",")
    chosen = CaseSet("Case", CaseBasename, Cases, CaseCategories, CaseSubCategories).parseSpecCases(
        {"cases": patterns, "exclude-cases": []}
    )
    spec = {
        "outdir": directory,
        "servers": [{"agent": "seaway", "url": url}],
        "cases": patterns,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    for name, content in (("spec.json", spec), ("planned.json", chosen)):
        with open(os.path.join(directory, name), "w") as file:
            json.dump(content, file)


def read(directory, name):
    with io.open(os.path.join(directory, name), encoding="utf-8") as file:
        return json.load(file)


def verdict(result):
    """OK, INFORMATIONAL, or why it failed."""
    if result is None:
        return "not run"
    behavior, closing = result["behavior"], result["behaviorClose"]
    if behavior not in ("OK", "INFORMATIONAL"):
        return behavior
    if closing not in ("OK", "INFORMATIONAL"):
        return "closing %s (%s)" % (closing, result.get("remoteCloseCode"))
    return behavior


def report(directory):
    results = {}
    # wstest writes its index at the very end.
    if os.path.exists(os.path.join(directory, "index.json")):
        results = read(directory, "index.json").get("seaway", {})
    counts = collections.defaultdict(collections.Counter)
    failures = []
    for case in read(directory, "planned.json"):
        outcome = verdict(results.get(case))
        if outcome not in ("OK", "INFORMATIONAL"):
            failures.append((case, outcome))
            outcome = "failed"
        counts[case.split(".")[0]][outcome] += 1
    print("%-28s %6s %14s %7s" % ("section", "OK", "INFORMATIONAL", "failed"))
    for section, title in SECTIONS.items():
        row = counts[section]
        if row:
            name = "%s %s" % (section, title)
            print("%-28s %6d %14d %7d" % (name, row["OK"], row["INFORMATIONAL"], row["failed"]))
    for case, why in failures:
        print("failed: %s %s" % (case, why))
    passed = sum(sum(row.values()) for row in counts.values()) - len(failures)
    print("report: " + os.path.relpath(os.path.join(directory, "index.html")))
    print("%d passed, %d failed" % (passed, len(failures)))
    return 1 if failures or not passed else 0


def main():
    if sys.argv[1:2] == ["plan"] and len(sys.argv) == 5:
        plan(*sys.argv[2:])
    elif sys.argv[1:2] == ["report"] and len(sys.argv) == 3:
        sys.exit(report(sys.argv[2]))
    else:
        sys.exit(__doc__)


main()
