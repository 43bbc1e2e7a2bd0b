"""Runs the steps of `make test`, one after another, and adds up what they counted.

A step that fails hides no other: only those that need what it makes are left out, and counted as failed. Each step's
whole output is in .build/test/NAME.log; the end of it is shown when the step fails; which tests did is said last.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

from counting import Outcome, count, summary

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / ".build" / "test"
#: Seconds without news after which a line says what goes on.
PATIENCE = 60
#: Seconds in which all output of a step that has ended must be there.
AFTERMATH = 5


@dataclass
class Step:
    name: str
    command: list[str]
    #: Steps that make what this one uses.
    needs: tuple[str, ...] = ()
    #: Seconds after which a step that has not ended is ended.
    limit: int = 900


#: Two files at a time, for tests most of which wait for processes.
IN_PAIRS = ("-n", "2", "--dist", "loadfile")

STEPS = [
    Step("vectors", ["python", "protocol/check.py"]),
    Step("checker", ["python", "protocol/check.py", "--self-test"]),
    Step("lint", [".ci/lint.sh"]),
    Step("release", [".ci/build.sh", "seaway", "seaway-demo-worker", "seaway-echo-worker"], limit=2400),
    Step("python", ["clients/python/test.sh"], ("release",)),
    Step("go", ["clients/go/test.sh"], ("release",)),
    Step("shell", ["clients/shell/test.sh"], ("release",)),
    Step("system", ["python", "-m", "pytest", "-q", *IN_PAIRS, "Tests/System"], ("release",), limit=1500),
    Step("abuse", [".ci/abuse.sh", "--built", "--short", "--counts"], ("release",), limit=300),
    Step("browser", ["python", "-m", "pytest", "-q", "Tests/Browser"], ("release",)),
    Step("conformance", [".ci/conformance.sh", "--optional", "quick"], ("release",)),
    Step("conformance-tls", [".ci/conformance.sh", "--optional", "--tls", "quick"], ("release",)),
    Step("channels", [".ci/channels.sh"], ("release",)),
    Step("asgi1", [".ci/asgi1.sh"], ("release",)),
    Step("packages", ["python", "-m", "pytest", "-q", "Tests/Packages"], ("release",)),
    Step("tests", [".ci/build.sh", "--tests"], ("release",), limit=2400),
    Step("swift", [".ci/swift.sh"], ("tests",)),
    Step("fuzz", [".ci/fuzz.sh", "--built", "4000"], ("tests",)),
]


class Progress:
    """Tells what a step does: in place on a terminal, else now and then in a line of its own."""

    def __init__(self, step: Step, verbose: bool):
        self.step = step
        self.verbose = verbose
        self.start = self.told = time.monotonic()
        self.in_place = sys.stdout.isatty() and not verbose
        self.latest = ""
        self.ended = threading.Event()
        self.teller = threading.Thread(target=self.tell_until_the_end, daemon=True)
        self.teller.start()

    def line(self, text: str) -> None:
        self.latest = text.strip() or self.latest
        if self.verbose:
            print(text, end="", flush=True)

    def tell_until_the_end(self) -> None:
        while not self.ended.wait(0.5):
            seconds = time.monotonic() - self.start
            text = f"   {self.step.name} {seconds:.0f} s: {self.latest}"
            if self.in_place:
                print(f"\r\x1b[K{text[: os.get_terminal_size().columns - 1]}", end="", flush=True)
            elif not self.verbose and time.monotonic() - self.told > PATIENCE:
                self.told = time.monotonic()
                print(text[:160], flush=True)

    def end(self) -> float:
        self.ended.set()
        self.teller.join()
        if self.in_place:
            print("\r\x1b[K", end="")
        return time.monotonic() - self.start


def read(process: subprocess.Popen[str], step: Step, progress: Progress, lines: list[str]) -> None:
    with open(LOGS / f"{step.name}.log", "w", buffering=1) as log:
        for line in process.stdout or ():
            log.write(line)
            lines.append(line)
            progress.line(line)


def wait(process: subprocess.Popen[str], step: Step, lines: list[str]) -> bool:
    """Whether the step succeeded in its time; nothing of it runs on when it did not."""
    try:
        return process.wait(step.limit) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        lines.append(f"It was ended, since it took more than {step.limit} s.\n")
        return False
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise


def run(step: Step, verbose: bool) -> Outcome:
    environment = {
        # Interpreters keep what they compile: hundreds are started, and compiling is most of what a start costs.
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "SEAWAY_BIN": str(ROOT / ".build" / "release" / "seaway"),
        "PYTHON": sys.executable,
        # Else all of Swift's tests begin at once, and the time that each may take is over while it waits for its turn.
        "SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH": str(max(4, 2 * (os.cpu_count() or 1))),
    }
    progress = Progress(step, verbose)
    lines: list[str] = []
    try:
        process = subprocess.Popen(
            step.command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        lines.append(f"{error}\n")
        succeeded = False
    else:
        reader = threading.Thread(target=read, args=(process, step, progress, lines), daemon=True)
        reader.start()
        succeeded = wait(process, step, lines)
        reader.join(AFTERMATH)
        if reader.is_alive():
            lines.append("A process that this step started still runs and holds its output open.\n")
            succeeded = False
    outcome = count("".join(lines), succeeded)
    outcome.seconds = progress.end()
    if not succeeded and not verbose:
        print("".join(lines[-80:]), end="")
    return outcome


def chosen_steps() -> tuple[list[Step], bool]:
    names = [step.name for step in STEPS]
    parser = argparse.ArgumentParser(prog=".ci/test.sh", description=__doc__)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"only these: {', '.join(names)}")
    parser.add_argument("--verbose", action="store_true", help="all output of all steps")
    options = parser.parse_args()
    for name in options.steps:
        if name not in names:
            parser.error(f"there is no step {name}; there are {', '.join(names)}")
    return [step for step in STEPS if not options.steps or step.name in options.steps], options.verbose


def main() -> int:
    steps, verbose = chosen_steps()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started in the background of a script: what is tested here must hear Ctrl-C all the same.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    LOGS.mkdir(parents=True, exist_ok=True)
    outcomes: dict[str, Outcome] = {}
    for step in steps:
        broken = [name for name in step.needs if name in outcomes and outcomes[name].failed]
        if broken:
            outcomes[step.name] = Outcome(failed=1, note=f"not run: {broken[0]} failed")
            print(f"!! {step.name}: not run, since {broken[0]} failed", flush=True)
            continue
        print(f"== {step.name}", flush=True)
        outcomes[step.name] = outcome = run(step, verbose)
        mark = "!!" if outcome.failed else "ok"
        print(
            f"{mark} {step.name}: {outcome.passed} passed, {outcome.failed} failed, {outcome.seconds:.1f} s", flush=True
        )
    text = summary(outcomes)
    (LOGS / "summary.txt").write_text(text)
    print("\n" + text, end="", flush=True)
    return 1 if any(outcome.failed for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
