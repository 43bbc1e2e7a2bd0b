from __future__ import annotations

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from chromium import ROOT, Browser
from console_page import ConsolePage
from console_stub import Script, busy, stub

# Behind the folder of these tests, which has a conftest of its own.
sys.path.append(str(ROOT / "Tests" / "System"))
from harness import House
from ports import free_port, given_back

LOGS = ROOT / ".build" / "test"
#: What a script does to the programs that it starts in the background.
IN_THE_BACKGROUND = [
    sys.executable, "-c",
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])",
]  # fmt: skip


class Demo:
    """`make demo`, as a user starts it."""

    def __init__(self, *before: str, builds: bool = False) -> None:
        """``before``: what stands in front of the command; ``builds``: also what is built already."""
        environment = {name: value for name, value in os.environ.items() if name != "SEAWAY_BIN" or not builds}
        self.http, self.broker = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self._process = subprocess.Popen(
            [*before, ROOT / "Sources/Examples/Demo/demo.sh", "--http", self.http, "--listen", self.broker],
            cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )  # fmt: skip
        pids = self._line(r"kill -9 (\d+) +# swift; python (\d+), go (\d+), shell (\d+)")
        self.workers = dict(zip(("swift", "python", "go", "shell"), map(int, pids.groups()), strict=True))
        self._line("Ctrl-C")

    def _line(self, pattern: str) -> re.Match[str]:
        """Reads on until a line fits."""
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if found := re.search(pattern, line):
                return found
        raise RuntimeError("the demo has ended:\n" + "".join(said[-20:]))

    def kill(self, worker: str) -> None:
        os.kill(self.workers[worker], signal.SIGKILL)

    def until_started_again(self, worker: str) -> None:
        self.workers[worker] = int(self._line(rf"The {worker} worker had ended; started again as (\d+)")[1])

    def say(self, frame: str) -> str:
        """What a shell does with nc."""
        host, port = self.broker.split(":")
        with socket.create_connection((host, int(port))) as connection, connection.makefile("rb") as answer:
            connection.sendall(frame.encode())
            connection.shutdown(socket.SHUT_WR)
            return answer.read().decode()

    def end(self) -> int:
        """Ctrl-C, which a terminal sends to every process of the demo. Nothing may be left of it."""
        os.killpg(self._process.pid, signal.SIGINT)
        return self.wait()

    def terminate(self) -> int:
        """What a script does to end what it has started."""
        self._process.terminate()
        return self.wait()

    def kill_server(self) -> None:
        for pid, command in processes_of(self._process.pid):
            if "seaway up " in command:
                os.kill(pid, signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code, once nothing is left of it."""
        try:
            code = self._process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise
        # A shell that was killed cannot end its clock, which looks for it every five seconds.
        end = time.monotonic() + 10
        while (left := processes_of(self._process.pid)) and time.monotonic() < end:
            time.sleep(0.05)
        assert left == []
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code


def processes_of(session: int) -> list[tuple[int, str]]:
    """What still runs in a session of its own, with its command."""
    processes = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # Behind the name, in parentheses: state, parent, group, session.
            state, _, _, those = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(those) == session and state != "Z":
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                processes.append((int(folder.name), command))
    return processes


@pytest.fixture(autouse=True)
def held_ports():
    """The ports of a test are its own to its end."""
    with given_back():
        yield


@pytest.fixture
def house(tmp_path: pathlib.Path):
    """Ends every program of a test with the test."""
    house = House(tmp_path)
    yield house
    house.end()


@pytest.fixture(scope="module")
def demo():
    running = Demo(builds=True)
    yield running
    assert running.end() == 0


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory):
    """One for all tests: starting it takes longer than most of them."""
    running = Browser(tmp_path_factory.mktemp("chromium"))
    yield running
    running.end()


@pytest.fixture
def browser(chromium: Browser):
    with chromium.anew():
        yield chromium


@pytest.fixture
def opened(browser: Browser):
    """Opens the console before a script, and looks at the end for what went wrong unseen."""
    pages: list[ConsolePage] = []
    stubs = []

    def open_one(script: Script = busy, **how):
        stubs.append(stub(script))
        running = stubs[-1].__enter__()
        pages.append(ConsolePage(browser, running.address, **how))
        return pages[-1], running

    yield open_one
    for page in pages:
        page.close()
    for one in stubs:
        one.__exit__(None, None, None)


@pytest.fixture
def pages(browser: Browser, demo: Demo):
    """Two pages that are connected."""
    both = [browser.open(f"http://{demo.http}/") for _ in range(2)]
    for page in both:
        page.until("document.body.dataset.state === 'open'")
    return both
