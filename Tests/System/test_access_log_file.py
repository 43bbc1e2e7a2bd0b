"""The access log in a file of its own, which is rotated (INTERFACE.md, I80)."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from harness import ROOT, SEAWAY, free_port, get, metric, until
from pages import Mirror


@pytest.fixture
def site(house):
    """Starts `seaway up` with a worker; gives the program and its port of HTTP."""
    mirrors = []

    def start(*options):
        broker, port = free_port(), free_port()
        listen = ["--listen", f"127.0.0.1:{broker}", "--http", f"127.0.0.1:{port}"]
        program = house.listening(house.start([SEAWAY, "up", *listen, *map(str, options)]), port)
        mirrors.append(Mirror(broker))
        return program, port

    yield start
    for mirror in mirrors:
        mirror.close()


def paths(file: pathlib.Path) -> list[str]:
    """The paths of all requests in it."""
    return [json.loads(line)["path"] for line in file.read_text().splitlines()]


def ask(port: int, file: pathlib.Path, path: str) -> None:
    """Asks, and waits until that is in the file."""
    assert get(port, path).status == 200
    until(lambda: file.exists() and path in paths(file), f"{path} is in {file}")


def hang_up(program, count: int) -> None:
    """SIGHUP, which has been obeyed so many times then."""
    program.process.send_signal(signal.SIGHUP)
    until(lambda: program.output().count("log files opened again") == count, "the file is opened again")


def test_requests_are_in_the_file_and_not_on_standard_error(site, tmp_path):
    file = tmp_path / "access.log"
    file.write_text('{"path":"/before"}\n')
    # With the file alone it is on.
    program, port = site("--access-log-file", file, "--access-log-format", "json")
    ask(port, file, "/moon")
    assert paths(file) == ["/before", "/moon"]
    assert program.terminate() == 0
    assert "/moon" not in program.output()


def test_a_file_that_was_renamed_is_opened_again_at_sighup_and_no_line_is_lost(site, tmp_path):
    file, older = tmp_path / "access.log", tmp_path / "access.log.1"
    program, port = site("--access-log-file", file, "--access-log-format", "json")
    ask(port, file, "/one")
    os.rename(file, older)
    # Until it hears of it.
    ask(port, older, "/two")
    hang_up(program, 1)
    ask(port, file, "/three")
    assert (paths(older), paths(file)) == (["/one", "/two"], ["/three"])
    assert re.search(r"^-rw-r-----", subprocess.run(["ls", "-l", file], capture_output=True, text=True).stdout)
    # Nothing holds the old one open.
    opened = [os.path.realpath(link) for link in pathlib.Path(f"/proc/{program.process.pid}/fd").iterdir()]
    assert str(older) not in opened and opened.count(str(file)) == 1
    # What came before the end is written before it.
    for number in range(200):
        get(port, f"/last/{number}")
    assert program.terminate() == 0
    assert paths(file)[1:] == [f"/last/{number}" for number in range(200)]


@pytest.mark.skipif(shutil.which("logrotate") is None, reason="there is no logrotate")
def test_logrotate_does_as_the_guide_says(site, tmp_path):
    file = tmp_path / "access.log"
    program, port = site("--access-log-file", file, "--access-log-format", "json")
    ask(port, file, "/one")
    text = (ROOT / "packaging" / "logrotate").read_text().replace("/var/log/seaway/access.log", str(file))
    text = text.replace("systemctl reload seaway-serve", f"kill -HUP {program.process.pid}")
    text = re.sub(r"create 0640 .*", "create 0640", text)
    config = tmp_path / "logrotate.conf"
    config.write_text(text)
    config.chmod(0o644)
    subprocess.run(["logrotate", "--force", "--state", tmp_path / "state", config], check=True)
    until(lambda: "log files opened again" in program.output(), "the file is opened again")
    ask(port, file, "/two")
    assert paths(pathlib.Path(f"{file}.1")) == ["/one"]
    assert program.terminate() == 0


def test_another_file_may_be_named_while_it_runs(site, tmp_path):
    first, second, settings = tmp_path / "a.log", tmp_path / "b.log", tmp_path / "seaway.yaml"
    settings.write_text(f"up:\n  access-log-file: {first}\n  access-log-format: json\n")
    program, port = site("--config", settings)
    ask(port, first, "/one")
    settings.write_text(f"up:\n  access-log-file: {second}\n  access-log-format: json\n")
    hang_up(program, 1)
    ask(port, second, "/two")
    assert (paths(first), paths(second)) == (["/one"], ["/two"])
    # None any more: standard error again.
    settings.write_text("up:\n  access-log: true\n  access-log-format: json\n")
    hang_up(program, 2)
    assert get(port, "/three").status == 200
    until(lambda: '"path":"/three"' in program.output(), "it is on standard error")
    # One that cannot be opened changes nothing.
    settings.write_text(f"up:\n  access-log-file: {tmp_path}/nowhere/c.log\n  http-timeout: 7s\n")
    program.process.send_signal(signal.SIGHUP)
    until(lambda: "nothing was changed" in program.output(), "it is refused")
    assert "log files stay as they were" in program.output() and "No such file or directory" in program.output()
    assert program.terminate() == 0


def test_a_file_that_cannot_be_opened_ends_the_start_with_one_line(tmp_path):
    for path, told in [(tmp_path / "nowhere" / "a.log", "No such file or directory"), (tmp_path, "Is a directory")]:
        words = ["serve", "--http", "127.0.0.1:0", "--broker", "127.0.0.1:1", "--access-log-file", path]
        done = subprocess.run([SEAWAY, *words], capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode == 64 and "--access-log-file" in done.stderr and told in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_file_that_takes_nothing_holds_nobody_up_and_lines_are_counted(site):
    """A full disk: each write to /dev/full fails."""
    metrics = free_port()
    dropped = "seaway_access_log_lines_dropped_total"
    program, port = site("--access-log-file", "/dev/full", "--metrics", f"127.0.0.1:{metrics}")
    for _ in range(20):
        assert get(port, "/moon").status == 200
    until(lambda: metric(metrics, dropped) == 20, "each is counted")
    # Told once with the next line, and then no more for a while.
    until(lambda: "lines of the access log were dropped" in program.output(), "it is told")
    assert program.output().count("lines of the access log were dropped") == 1
    assert program.terminate() == 0


def test_a_pipe_that_nobody_reads_holds_nobody_up_within_the_buffer(site, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # Opened, and not read.
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        metrics = free_port()
        options = ["--access-log-file", pipe, "--access-log-buffer", "4K", "--metrics", f"127.0.0.1:{metrics}"]
        program, port = site(*options)
        # Beyond what a pipe and the buffer hold.
        for _ in range(100):
            assert get(port, "/" + "x" * 1_500).status == 200
        until(lambda: metric(metrics, "seaway_access_log_lines_dropped_total") > 0, "what finds no room is counted")
    finally:
        os.close(reader)
    assert program.terminate() == 0
