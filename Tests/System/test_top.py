"""`seaway top` on a terminal: tmux is the terminal, the person at the keys and the eye."""

import os
import pathlib
import re
import shlex
import signal
import subprocess
import threading

import pytest

from harness import PATIENCE, SEAWAY, Wire, free_port, until


class Terminal:
    """One tmux server with one window, in which a shell runs the program between two marks."""

    def __init__(self, folder, width: int = 100, height: int = 24):
        self.folder = folder
        self.name = f"seaway-{os.getpid()}-{id(self)}"
        self.size = ("-x", str(width), "-y", str(height))

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.name, "-f", "/dev/null", *words], capture_output=True, text=True, timeout=PATIENCE,
            check=True, env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"},
        )  # fmt: skip
        return done.stdout

    def start(self, *words: str) -> None:
        program = shlex.join([SEAWAY, "top", "--interval", "200ms", *words])
        pid = shlex.quote(str(self.folder / "pid"))
        # What the terminal was like is printed before and after.
        script = f"echo before $(stty -g); echo $$ >{pid}; {program}; echo code=$?; echo after $(stty -g); exec cat"
        self.tmux("-u", "new-session", "-d", *self.size, "sh", "-c", script)

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    def lines(self) -> list:
        return self.tmux("capture-pane", "-p").split("\n")[:-1]

    def shows(self, *patterns: str) -> list:
        """Waits for a picture with lines that match all of these, and returns the whole of it."""

        def question():
            lines = self.lines()
            return all(any(re.search(pattern, line) for line in lines) for pattern in patterns) and lines

        try:
            return until(question, f"the screen shows {patterns}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(self.lines())) from None

    def resize(self, width: int, height: int) -> None:
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    @property
    def program(self) -> int:
        """The process of `seaway top`: the only child of the shell."""
        shell = (self.folder / "pid").read_text().strip()
        return int(pathlib.Path(f"/proc/{shell}/task/{shell}/children").read_text())

    def end(self) -> None:
        subprocess.run(["tmux", "-L", self.name, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def terminal(tmp_path):
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.end()


@pytest.fixture
def port(house, ports):
    house.broker(ports[0], "--capacity", "small.*=1")
    return ports[0]


def address(port: int) -> tuple:
    return ("--broker", f"127.0.0.1:{port}")


def fill(wire: Wire) -> None:
    for number in range(3):
        assert wire.ask(f'SEND :- jobs.mail {{"n":{number}}}') == "OK"
    assert wire.ask('SEND :- small.a {"text":"日本語"}') == "OK"
    assert wire.ask("SEND :- small.a {}").startswith("ERR full")
    assert wire.ask("JOIN room a.1 a.2") == "OK"


def test_channels_are_shown_with_what_waits(terminal, port):
    with Wire(port) as wire:
        fill(wire)
        terminal.start(*address(port))
        lines = terminal.shows(r"^jobs\.mail .* 3 ", r"^small\.a .* 1 ")
    assert lines[0].startswith(f"seaway top  127.0.0.1:{port}  up ")
    assert any("refused: full 1" in line for line in lines)
    assert lines[4].split()[0] == "CHANNEL" and lines[4].endswith("DROPPED")
    assert lines[-1].startswith("q quit")
    # The last column is there in full.
    assert re.search(r" 0$", lines[5])


def test_rates_are_shown_under_load(terminal, port):
    stop = threading.Event()

    def load() -> None:
        with Wire(port) as wire:
            wire.listen("busy", 1_000_000)
            while not stop.wait(0.005):
                wire.write("SEND :- busy {}\n")
                wire.read()
                wire.read()

    thread = threading.Thread(target=load)
    thread.start()
    try:
        terminal.start(*address(port))
        terminal.shows(r"sent [1-9][0-9.]*/s  delivered [1-9]", r"^busy +[1-9][0-9.]* +[1-9]")
    finally:
        stop.set()
        thread.join()
    terminal.shows(r"sent 0/s  delivered 0/s")


def test_keys_sort_filter_and_change_the_list(terminal, port):
    with Wire(port) as wire:
        fill(wire)
        assert wire.ask("HELLO 1 client=x").startswith("ERR")
        with Wire(port) as other:
            assert other.ask("HELLO 1 client=example").startswith("HELLO")
            terminal.start(*address(port))
            terminal.shows("IN/S▼", "jobs")
            terminal.press("Left")
            lines = terminal.shows("CHANNEL▲")
            assert [line.split()[0] for line in lines[5:9]] == ["a.1", "a.2", "jobs.mail", "small.a"]
            terminal.press("/")
            terminal.type("JOB")
            terminal.shows("filter: JOB_")
            terminal.press("Enter")
            lines = terminal.shows("filter: JOB$", "jobs.mail")
            assert not any(line.startswith("small.a") for line in lines)
            terminal.press("Escape")
            terminal.shows("small.a")
            terminal.press("g")
            terminal.shows("^GROUP", "^room +2$")
            terminal.press("c")
            terminal.shows("^CLIENT", "^seaway-top ", "^example ")
            terminal.press("c")
            terminal.shows("^CHANNEL")
            terminal.press("h")
            terminal.shows("any key: back")
            terminal.press("x")
            terminal.shows("^CHANNEL")


def test_one_channel_and_one_group_can_be_looked_into(terminal, port):
    with Wire(port) as wire:
        fill(wire)
        terminal.start(*address(port))
        terminal.shows("^small.a")
        terminal.press("Left")
        terminal.shows("CHANNEL▲")
        terminal.press("End", "Enter")
        terminal.shows("^channel small.a", "small.a: 1 messages", "日本語")
        terminal.press("Escape", "g")
        terminal.shows("^room")
        terminal.press("Enter")
        terminal.shows("^group room: 2 members", "^a.1$", "^a.2$")
        assert wire.look("PEEK small.a")["messages"] == 1


def test_a_picture_that_is_held_still_stands_still(terminal, port):
    with Wire(port) as wire:
        fill(wire)
        terminal.start(*address(port))
        terminal.shows(r"^jobs\.mail .* 3 ")
        terminal.press("p")
        terminal.shows("PAUSED")
        with Wire(port) as other:
            assert other.ask("SEND :- jobs.mail {}") == "OK"
        terminal.shows("PAUSED", r"^jobs\.mail .* 3 ")
        terminal.press("p")
        terminal.shows(r"^jobs\.mail .* 4 ")


def test_a_picture_follows_the_size_of_its_terminal(terminal, port):
    with Wire(port) as wire:
        for number in range(40):
            assert wire.ask(f"SEND :- many.{number:02} {{}}") == "OK"
        terminal.start(*address(port))
        terminal.shows("^many.17", "^q quit")
        terminal.resize(60, 10)
        lines = terminal.shows("^many.03", "^q quit")
        assert len(lines) == 10 and lines[-1].startswith("q quit") and "many.04" not in "".join(lines)
        terminal.press("End")
        terminal.shows("^many.39")
        terminal.resize(120, 30)
        terminal.shows("DROPPED", "^many.39", "^q quit")


@pytest.mark.parametrize("ending", ["q", "C-c", signal.SIGTERM, signal.SIGINT], ids=str)
def test_the_terminal_is_given_back_as_it_was(terminal, port, ending):
    terminal.start(*address(port))
    terminal.shows("^q quit")
    if isinstance(ending, signal.Signals):
        os.kill(terminal.program, ending)
    else:
        terminal.press(ending)
    lines = terminal.shows("^code=0", "^after ")
    settings = {line.split()[0]: line.split()[1] for line in lines if line.startswith(("before ", "after "))}
    assert settings["before"] == settings["after"]
    assert not any("q quit" in line for line in lines)
    assert terminal.tmux("display-message", "-p", "#{cursor_flag} #{alternate_on} #{wrap_flag}").split() == [
        "1",
        "0",
        "1",
    ]


@pytest.mark.parametrize("keys", ["g", ""], ids=["asked", "not asked"])
def test_a_broker_that_hangs_does_not_hold_up_the_end(house, terminal, port, keys):
    terminal.start(*address(port), "--interval", "1m")
    terminal.shows("^q quit", "^no channels")
    house.programs[0].freeze()
    try:
        if keys:
            terminal.press(*keys)
            terminal.shows("^GROUP")
        terminal.press("q")
        until(lambda: "code=0" in "".join(terminal.lines()), "it has left", patience=3)
    finally:
        os.kill(house.programs[0].pid, signal.SIGCONT)


def test_a_window_that_is_closed_ends_the_program(terminal, port):
    terminal.start(*address(port))
    terminal.shows("^q quit")
    program = terminal.program
    terminal.end()

    def has_ended() -> bool:
        try:
            os.kill(program, 0)
        except ProcessLookupError:
            return True
        return False

    until(has_ended, "the program ends with its terminal")


def test_a_broker_that_goes_and_comes_is_shown(house, terminal, port):
    terminal.start(*address(port), "--timeout", "500ms")
    terminal.shows("^no channels")
    house.programs[0].kill()
    terminal.shows(f"^127.0.0.1:{port} +.*(no connection|broke)")
    house.broker(port)
    with Wire(port) as wire:
        assert wire.ask("SEND :- jobs {}") == "OK"
    terminal.shows("^jobs ")


def test_several_brokers_are_added_up(house, terminal, port):
    other = free_port()
    house.broker(other)
    with Wire(port) as one, Wire(other) as two:
        assert one.ask("SEND :- jobs {}") == "OK"
        assert two.ask("SEND :- jobs {}") == "OK"
        terminal.start(*address(port), *address(other))
        lines = terminal.shows(r"^jobs +\S+ +\S+ +2 ", f"^127.0.0.1:{other} +up ")
    assert lines[0].startswith("seaway top  2 brokers")


# ---- without a terminal


def once(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [SEAWAY, "top", "--once", "--interval", "100ms", *words], capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip


def test_one_picture_is_printed_as_text(port):
    with Wire(port) as wire:
        fill(wire)
        done = once(*address(port))
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert [line.split()[0] for line in lines[5:]] == ["jobs.mail", "small.a", "a.1", "a.2"]
        assert "\x1b" not in done.stdout and "q quit" not in done.stdout
        assert once("groups", *address(port)).stdout.splitlines()[-1].split() == ["room", "2"]
        assert "small.a" not in once("--filter", "jobs", *address(port)).stdout


def test_one_picture_says_which_broker_is_away(port):
    gone = free_port()
    done = once(*address(port), *address(gone), "--timeout", "300ms")
    assert done.returncode == 69
    assert f"127.0.0.1:{port}" in done.stdout
    assert done.stderr == f"seaway: no connection to 127.0.0.1:{gone}: Connection refused\n"


def test_without_a_broker_or_a_terminal_it_says_so():
    done = once(*address(free_port()), "--timeout", "200ms")
    assert done.returncode == 69 and "no connection" in done.stdout and "Connection refused" in done.stderr
    done = subprocess.run(
        [SEAWAY, "top"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 64 and "--once" in done.stderr
