"""The access log, and the log of programs, as files that others read (INTERFACE.md, I80)."""

from __future__ import annotations

import json
import os
import re
import shlex
import time

import pytest

from harness import SEAWAY, Wire, free_port, get, until
from pages import Mirror

# A path that would begin a line, talk to a terminal, and end a text.
NASTY = "/x%0a2026-11-24T00:00:00Z%20error%20seaway:%20forged%1b%5b2J%c2%9b%e2%80%a8%7f%22%5c"
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@pytest.fixture
def site(house):
    """Starts `seaway up` with a worker; gives the program and its port of HTTP."""
    mirrors = []

    def start(*options: str):
        broker, port = free_port(), free_port()
        listen = ["--listen", f"127.0.0.1:{broker}", "--http", f"127.0.0.1:{port}"]
        program = house.listening(house.start([SEAWAY, "up", *listen, "--access-log", *options]), port)
        mirrors.append(Mirror(broker))
        return program, port

    yield start
    for mirror in mirrors:
        mirror.close()


def lines_of(program, sign: str, count: int) -> list[str]:
    def found() -> list[str]:
        return [line for line in program.output().split("\n") if sign in line]

    until(lambda: len(found()) >= count, f"{count} lines with {sign}")
    return found()


def fields_of(line: str) -> dict[str, str]:
    """A line of logfmt."""
    fields = {}
    for name, quoted, bare in re.findall(r'(\w+)=(?:("(?:[^"\\]|\\.)*")|(\S+))(?: |$)', line):
        fields[name] = json.loads(quoted) if quoted else bare
    return fields


def test_each_request_is_an_object_of_json(site):
    program, port = site("--access-log-format", "json")
    assert get(port, "/moon?phase=full", fields={"User-Agent": 'a "b" \\c', "Referer": "http://here/"}).status == 200
    assert get(port, NASTY).status == 200
    first, second = (json.loads(line) for line in lines_of(program, '"path"', 2))
    assert first["client"] == "127.0.0.1" and first["host"] == f"127.0.0.1:{port}" and first["scheme"] == "http"
    assert (first["method"], first["path"], first["query"]) == ("GET", "/moon", "phase=full")
    assert first["status"] == 200 and first["bytes"] > 0 and first["channel"] == "http.request"
    assert first["user_agent"] == 'a "b" \\c' and first["referer"] == "http://here/"
    assert 0 < first["first_ms"] <= first["ms"] < 20_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
    assert second["path"] == '/x\n2026-11-24T00:00:00Z error seaway: forged\x1b[2J\x9b\u2028\x7f"\\'
    for line in program.output().split("\n"):
        assert not CONTROL.search(line) and not line.startswith("2026-11-24")


def test_each_request_is_a_line_of_logfmt_unless_asked_for_otherwise(site):
    program, port = site()
    get(port, "/moon?a=1&b=2", method="POST", body=b"x")
    get(port, NASTY)
    first, second = (fields_of(line) for line in lines_of(program, " path=", 2))
    assert (first["method"], first["path"], first["query"]) == ("POST", "/moon", "a=1&b=2")
    assert first["status"] == "200" and first["channel"] == "http.request"
    assert second["path"].startswith("/x\n2026-11-24") and second["path"].endswith('"\\')
    assert not any(CONTROL.search(line) for line in program.output().split("\n"))


def test_the_combined_format_is_what_other_programs_read(site):
    program, port = site("--access-log-format", "combined")
    get(port, "/moon?a=1", fields={"User-Agent": 'a "b"'})
    get(port, NASTY)
    first, second = lines_of(program, " HTTP/1.1", 2)
    quoted = r'"((?:[^"\\]|\\.)*)"'
    pattern = rf"^(\S+) (\S+) (\S+) \[([^\]]+)\] {quoted} (\d{{3}}) (\d+|-) {quoted} {quoted}"
    found, other = re.match(pattern, first), re.match(pattern, second)
    assert found and other
    assert found[1] == "127.0.0.1" and found[5] == "GET /moon?a=1 HTTP/1.1" and found[6] == "200"
    assert found[8] == "-" and found[9] == 'a \\"b\\"'
    time.strptime(found[4], "%d/%b/%Y:%H:%M:%S %z")
    rest = {name: value for name, _, value in (pair.partition("=") for pair in shlex.split(first[found.end() :]))}
    assert rest["channel"] == "http.request" and rest["host"] == f"127.0.0.1:{port}" and float(rest["ms"]) > 0
    # As it came: nothing in it needs an escape.
    assert other[5] == f"GET {NASTY} HTTP/1.1"


def test_times_are_those_of_the_request_and_not_of_a_sweep(site):
    program, port = site("--access-log-format", "json")
    for _ in range(30):
        get(port, "/moon")
    spent = sorted(json.loads(line)["ms"] for line in lines_of(program, '"ms"', 30))
    # With steps of 250 ms, or whole ones, many would be the same.
    assert len(set(spent)) > 15 and spent[0] < 250


def test_what_is_refused_and_what_is_cut_are_there_too(site):
    program, port = site("--access-log-format", "json", "--http-timeout", "300ms")
    with Wire(port) as wire:
        wire.write("GARBAGE\r\n\r\n")
    (refused,) = (json.loads(line) for line in lines_of(program, '"status":400', 1))
    assert "path" not in refused and "method" not in refused and refused["client"] == "127.0.0.1"


@pytest.mark.parametrize("command", ["up", "broker", "serve", "bridge exec"])
def test_the_log_of_a_program_is_json_where_asked_for(house, command):
    port, other = free_port(), free_port()
    words = {
        "up": ["up", "--http", f"127.0.0.1:{port}", "--listen", f"127.0.0.1:{other}", "--access-log"],
        "broker": ["broker", "--listen", f"127.0.0.1:{port}"],
        "serve": ["serve", "--http", f"127.0.0.1:{port}", "--broker", f"127.0.0.1:{other}", "--access-log"],
        "bridge exec": ["bridge", "exec", "--broker", f"127.0.0.1:{port}", "--from-channel", "jobs", "--", "cat"],
    }[command]
    if command == "bridge exec":
        house.broker(port)
        words, rest = words[:-2], words[-2:]
    else:
        rest = []
    program = house.start([SEAWAY, *words, "--log-format", "json", *rest])
    if rest:
        until(lambda: house.readers(port, "jobs"), "it listens")
    else:
        house.listening(program, port)
    if "--access-log" in words:
        get(port, NASTY)
        # The access log goes with it unless it is told otherwise.
        lines_of(program, '"path"', 1)
    assert program.terminate() == 0
    entries = [json.loads(line) for line in program.output().splitlines()]
    assert entries
    logged = [entry for entry in entries if "logger" in entry]
    assert all({"time", "level", "logger", "message"} <= entry.keys() for entry in logged)
    assert any(entry["logger"].startswith("seaway.") for entry in logged)
    assert len(logged) + ("--access-log" in words) == len(entries)


def test_dropped_lines_are_told_in_the_format_of_the_log(house):
    reader, writer = os.pipe()
    try:
        broker, port = free_port(), free_port()
        listen = ["--listen", f"127.0.0.1:{broker}", "--http", f"127.0.0.1:{port}"]
        options = ["--access-log", "--log-format", "json", "--log-buffer", "4K", "--no-worker-patience", "0s"]
        house.listening(house.start([SEAWAY, "up", *listen, *options], output=writer), port)
        for _ in range(200):
            get(port, "/" + "x" * 1_000)
        text = ""
        while '"logger":"seaway.log"' not in text or not text.endswith("\n"):
            text += os.read(reader, 65_536).decode()
        told = [json.loads(line) for line in text.splitlines()]
        assert any(int(entry.get("lines", 0)) > 0 for entry in told)
    finally:
        os.close(reader)
        os.close(writer)
