"""What `.ci/prose.py` finds, and how it wraps."""

from __future__ import annotations

import subprocess
import sys

from guide_pages import ROOT

TOOL = ROOT / ".ci" / "prose.py"
LONG = "word " * 30 + "end"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, TOOL, *map(str, arguments)], capture_output=True, text=True, timeout=30)


def page(folder, text: str, name: str = "page.md"):
    path = folder / name
    path.write_text(text)
    return path


def test_a_long_line_is_named_with_its_number(tmp_path):
    done = run(page(tmp_path, f"# A page\n\nshort\n\n{LONG}\n"))
    assert done.returncode == 1
    assert "page.md:5: a line of prose has more than 120 characters" in done.stdout


def test_tables_code_and_links_may_be_long(tmp_path):
    link = "https://example.org/" + "x" * 120
    written = f"<!-- figures -->\n{LONG}\n<!-- /figures -->\n\n"
    text = f"{written}| {LONG} |\n| --- |\n\n```\n{LONG}\n```\n\n    {LONG}\n\n- {link}\n"
    assert run(page(tmp_path, text)).returncode == 0


def test_what_is_wrapped_has_the_same_words_and_no_other_beginning(tmp_path):
    # A dash, a number or a mark at the beginning of a line would be something else.
    tricky = "x" * 116 + " a - b 1. c # d " + LONG
    path = page(tmp_path, f"- {tricky}\n  goes on\n- another\n\n{LONG}\n")
    assert run("--wrap", path).returncode == 0
    wrapped = path.read_text()
    assert wrapped.split() == f"- {tricky} goes on - another {LONG}".split()
    lines = wrapped.splitlines()
    assert max(map(len, lines)) <= 120
    assert [line for line in lines if line.startswith("- ")] == [lines[0], "- another"]
    assert all(line.startswith("  ") for line in lines[1 : lines.index("- another")])
    assert not any(line.lstrip().startswith(("- b", "1.", "#")) for line in lines)


def test_a_comment_of_swift_is_wrapped_and_code_is_not(tmp_path):
    code = f'    let text = "{LONG}"  // {LONG}'
    source = f"    /// {LONG}\n    ///\n    /// - Parameter a: {LONG}\n{code}\n"
    path = page(tmp_path, source, "Source.swift")
    assert run(path).returncode == 1
    assert run("--wrap", path).returncode == 0
    lines = path.read_text().splitlines()
    assert lines[-1] == code
    assert all(len(line) <= 120 and line.startswith("    ///") for line in lines[:-1])
    assert any(line.startswith("    /// - Parameter a: word") for line in lines)
    assert "    ///" in lines
