"""Runs the steps of `make test`, side by side where cores are idle, and adds up what they counted.

A step that fails hides no other: only those that need what it makes are left out, and counted as failed. Each step's
whole output is in .build/test/NAME.log; the end of it is shown when the step fails; which tests did is said last.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import queue
import signal
import subprocess
import sys
import threading
import time

from counting import Outcome, count, summary
from schedule import Schedule, Step

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / ".build" / "test"
#: Seconds without news after which a line says what goes on.
PATIENCE = 60
#: Seconds in which all output of a step that has ended must be there.
AFTERMATH = 5
CORES = os.cpu_count() or 1
#: SwiftPM lets only one in.
BUILD = "build"
#: One suite, and its files.
AUTOBAHN = "autobahn"

#: Two files at a time, for tests most of which wait for processes.
IN_PAIRS = ("-n", "2", "--dist", "loadfile")

BUILT = ("release",)

STEPS = [
    Step("vectors", ["python", "protocol/check.py"], cores=1),
    Step("checker", ["python", "protocol/check.py", "--self-test"], cores=1),
    Step("lint", [".ci/lint.sh"], cores=1),
    Step("release", [".ci/build.sh", "seaway", "seaway-demo-worker", "seaway-echo-worker"], limit=2400, using=BUILD),
    Step("python", ["clients/python/test.sh"], BUILT),
    Step("go", ["clients/go/test.sh"], BUILT, cores=1),
    Step("shell", ["clients/shell/test.sh"], BUILT, cores=1),
    Step("system", ["python", "-m", "pytest", "-q", *IN_PAIRS, "Tests/System"], BUILT, limit=1500),
    # What it measures needs the machine.
    Step("abuse", [".ci/abuse.sh", "--built", "--short", "--counts"], BUILT, limit=300),
    Step("packages", ["python", "-m", "pytest", "-q", "Tests/Packages"], BUILT, cores=1, using=BUILD),
    Step("browser", ["python", "-m", "pytest", "-q", "Tests/Browser"], BUILT, cores=1),
    Step("guide", ["python", "-m", "pytest", "-q", "-n", "2", "Tests/Guide"], BUILT, limit=300),
    Step("conformance", [".ci/conformance.sh", "--optional", "quick"], BUILT, cores=1, using=AUTOBAHN),
    Step("conformance-tls", [".ci/conformance.sh", "--optional", "--tls", "quick"], BUILT, cores=1, using=AUTOBAHN),
    Step("channels", [".ci/channels.sh"], BUILT, cores=1),
    Step("asgi1", [".ci/asgi1.sh"], BUILT, cores=1),
    Step("tests", [".ci/build.sh", "--tests"], BUILT, limit=2400, using=BUILD),
    Step("swift", [".ci/swift.sh"], ("tests",)),
    Step("fuzz", [".ci/fuzz.sh", "--built", "4000"], ("tests",)),
]


class Progress:
    """Tells what the steps under way do: in place on a terminal, else now and then in lines of their own."""

    def __init__(self, verbose: bool):
        self.verbose = verbose
        self.in_place = sys.stdout.isatty() and not verbose
        self.lock = threading.Lock()
        self.steps: dict[str, tuple[float, str]] = {}
        self.told = time.monotonic()
        threading.Thread(target=self.tell_until_the_end, daemon=True).start()

    def say(self, text: str) -> None:
        """A line that stays."""
        with self.lock:
            print(("\r\x1b[K" if self.in_place else "") + text, flush=True)

    def begin(self, step: Step) -> None:
        self.say(f"== {step.name}")
        self.steps[step.name] = (time.monotonic(), "")

    def line(self, step: Step, text: str) -> None:
        start, latest = self.steps[step.name]
        self.steps[step.name] = (start, text.strip() or latest)
        if self.verbose:
            print(text, end="", flush=True)

    def end(self, step: Step) -> float:
        """How many seconds it took."""
        start, _ = self.steps.pop(step.name)
        return time.monotonic() - start

    def tell_until_the_end(self) -> None:
        while True:
            time.sleep(0.5)
            now = time.monotonic()
            texts = [f"{name} {now - start:.0f} s: {latest}" for name, (start, latest) in self.steps.copy().items()]
            if self.in_place and texts:
                with self.lock:
                    print(f"\r\x1b[K   {' · '.join(texts)[: os.get_terminal_size().columns - 4]}", end="", flush=True)
            elif texts and not self.verbose and now - self.told > PATIENCE:
                self.told = now
                for text in texts:
                    self.say(f"   {text[:157]}")


class Running:
    """A step under way, which ends with the run."""

    def __init__(self, step: Step, progress: Progress):
        self.step = step
        self.progress = progress
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    def run(self) -> Outcome:
        self.progress.begin(self.step)
        succeeded = self.run_command()
        outcome = count("".join(self.lines), succeeded)
        outcome.seconds = self.progress.end(self.step)
        return outcome

    def run_command(self) -> bool:
        environment = {
            # Interpreters keep what they compile: hundreds are started, and compiling is most of what a start costs.
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "SEAWAY_BIN": str(ROOT / ".build" / "release" / "seaway"),
            "PYTHON": sys.executable,
            # Else all of Swift's tests begin at once, and the time of each is over while it waits for its turn.
            "SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH": str(max(4, 2 * CORES)),
        }
        try:
            self.process = subprocess.Popen(
                self.step.command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            self.lines.append(f"{error}\n")
            return False
        reader = threading.Thread(target=self.read, args=(self.process,), daemon=True)
        reader.start()
        succeeded = self.wait(self.process)
        reader.join(AFTERMATH)
        if reader.is_alive():
            self.lines.append("A process that this step started still runs and holds its output open.\n")
            succeeded = False
        return succeeded

    def read(self, process: subprocess.Popen[str]) -> None:
        with open(LOGS / f"{self.step.name}.log", "w", buffering=1) as log:
            for line in process.stdout or ():
                log.write(line)
                self.lines.append(line)
                self.progress.line(self.step, line)

    def wait(self, process: subprocess.Popen[str]) -> bool:
        """Whether the step succeeded in its time; nothing of it runs on when it did not."""
        try:
            return process.wait(self.step.limit) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.lines.append(f"It was ended, since it took more than {self.step.limit} s.\n")
            return False

    def stop(self) -> None:
        """What the step started ends too."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()


def run_all(steps: list[Step], verbose: bool) -> dict[str, Outcome]:
    """The outcomes in the order of `steps`."""
    schedule = Schedule(list(steps), CORES)
    progress = Progress(verbose)
    ended: queue.SimpleQueue[tuple[Running, Outcome]] = queue.SimpleQueue()
    outcomes = {step.name: Outcome() for step in steps}
    under_way: set[Running] = set()
    try:
        while not schedule.is_over:
            while step := schedule.next():
                under_way.add(running := Running(step, progress))
                threading.Thread(target=lambda it=running: ended.put((it, it.run())), daemon=True).start()
            running, outcome = ended.get()
            under_way.remove(running)
            step = running.step
            schedule.end(step, not outcome.failed)
            outcomes[step.name] = outcome
            if outcome.failed and not verbose:
                progress.say("".join(running.lines[-80:]).rstrip("\n"))
            mark = "!!" if outcome.failed else "ok"
            progress.say(
                f"{mark} {step.name}: {outcome.passed} passed, {outcome.failed} failed, {outcome.seconds:.1f} s"
            )
            for other, cause in schedule.left_out():
                outcomes[other.name] = Outcome(failed=1, note=f"not run: {cause} failed")
                progress.say(f"!! {other.name}: not run, since {cause} failed")
    finally:
        for running in under_way:
            running.stop()
    return outcomes


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
    outcomes = run_all(steps, verbose)
    text = summary(outcomes)
    (LOGS / "summary.txt").write_text(text)
    print("\n" + text, end="", flush=True)
    return 1 if any(outcome.failed for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
