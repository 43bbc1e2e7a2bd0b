"""Runs the steps of one page as a reader would: in one folder, one after another, with the commands as they stand.

    guide_run.py PAGE

The page has a network of its own where the system allows that (Linux), so that its ports are always free. It prints a
line for each step, and ends with 0 when each did what the page says.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from guide_pages import ROOT, Step, steps
from websockets.sync.client import ClientConnection, connect

SEAWAY = os.environ.get("SEAWAY_BIN") or str(ROOT / ".build" / "release" / "seaway")
#: Seconds for a command, and for a service to say that it is ready.
PATIENCE = 60.0


class Failure(Exception):
    """A page says something that is not so."""


def leave_the_network() -> None:
    """Gives the process a network of its own, with a loopback alone; where it may not, it keeps that of the system."""
    CLONE_NEWNET, SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8913, 0x8914, 1
    if sys.platform != "linux" or ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
        return
    with socket.socket() as any_socket:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


def end_with_the_page() -> None:
    """A service does not outlive its page, however that ends (Linux)."""
    PR_SET_PDEATHSIG = 1
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def options(command: str) -> str:
    done = subprocess.run([SEAWAY, "help", *command.split()], capture_output=True, text=True, timeout=PATIENCE)
    return done.stdout if done.returncode == 0 else ""


def has(needs: tuple[str, ...]) -> bool:
    """Whether the program has what a step needs: `serve --admin`, or a command alone."""
    commands = [word for word in needs if not word.startswith("-")]
    known = options(" ".join(commands))
    return bool(known) and all(f"{word} " in known or f"{word}\n" in known for word in needs if word.startswith("-"))


class Folder:
    """What a reader has in front of it: a folder, the programs on the path, and services that run."""

    def __init__(self, path: pathlib.Path):
        self.path = path / "work"
        self.path.mkdir()
        programs = path / "bin"
        programs.mkdir()
        (programs / "program").mkdir()
        (programs / "program" / "seaway").symlink_to(SEAWAY)
        # As pip has it: the package's script, which hands on what it does not know to the program.
        main = "import sys; from seaway.__main__ import main; sys.argv[0] = 'seaway'; sys.exit(main())"
        self.script(programs / "seaway", f'exec "{sys.executable}" -c "{main}" "$@"')
        for name in ("python", "python3"):
            self.script(programs / name, f'exec "{sys.executable}" "$@"')
        for name in ("django-admin", "pytest"):
            self.script(programs / name, f'exec "{sys.executable}" -m {name.replace("-admin", "")} "$@"')
        self.script(programs / "seaway.sh", f'exec "{ROOT}/clients/shell/seaway.sh" "$@"')
        self.services: dict[str, subprocess.Popen[bytes]] = {}
        self.sockets: dict[str, ClientConnection] = {}
        self.opened = contextlib.ExitStack()
        # As on a terminal, where what it prints is not mixed with how far it is.
        (path / ".curlrc").write_text("no-progress-meter\n")
        self.logs = path
        kept = {name: os.environ[name] for name in ("LANG", "GOCACHE", "GOFLAGS", "GOPROXY") if name in os.environ}
        self.environment = {
            **kept,
            "CHECKOUT": str(ROOT),
            "CURL_HOME": str(path),
            "HOME": os.environ.get("HOME", str(path)),
            "PATH": os.pathsep.join([str(programs), str(programs / "program"), os.environ["PATH"]]),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "clients" / "python" / "src"), str(self.path)]),
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(path),
            "XDG_CONFIG_HOME": str(path / "config"),
        }

    @staticmethod
    def script(path: pathlib.Path, line: str) -> None:
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)

    def log(self, name: str) -> pathlib.Path:
        return self.logs / f"{name}.log"

    def run(self, command: str) -> str:
        """What a command prints, both streams in their order; it has to succeed."""
        for name, service in self.services.items():
            if service.poll() is not None:
                raise Failure(f"the service {name} has ended with {service.returncode}: {self.said(name)}")
        try:
            done = subprocess.run(
                ["sh", "-ec", command], cwd=self.path, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            raise Failure(f"took more than {PATIENCE:.0f} s: {command}\n{(late.output or b'').decode()}") from late
        output = done.stdout.decode(errors="replace")
        if done.returncode != 0:
            said = "".join(f"\n-- {name}: {self.said(name)}" for name in self.services)
            raise Failure(f"ended with {done.returncode}: {command}\n{output}{said}")
        return output

    def said(self, name: str) -> str:
        return self.log(name).read_text(errors="replace")[-2000:]

    def start(self, name: str, command: str, wanted: str) -> None:
        with open(self.log(name), "wb") as log:
            self.services[name] = subprocess.Popen(
                ["sh", "-c", f"exec {command}"], cwd=self.path, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, preexec_fn=end_with_the_page,
            )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while wanted not in self.said(name):
            if self.services[name].poll() is not None or time.monotonic() > end:
                raise Failure(f"the service {name} did not say {wanted!r}: {self.said(name)}")
            time.sleep(0.02)

    def kill(self, name: str) -> None:
        service = self.services.pop(name)
        os.killpg(service.pid, signal.SIGKILL)
        service.wait()

    def stop(self, name: str) -> None:
        service = self.services.pop(name)
        service.send_signal(signal.SIGTERM)
        code = service.wait(PATIENCE)
        if code != 0:
            raise Failure(f"the service {name} ended with {code}: {self.said(name)}")

    def hears(self, name: str, wanted: str) -> None:
        try:
            message = self.sockets[name].recv(PATIENCE)
        except TimeoutError as late:
            raise Failure(f"the socket {name} did not hear {wanted!r}") from late
        if not matches(message if isinstance(message, str) else repr(message), wanted):
            raise Failure(f"the socket {name} heard {message!r} and not {wanted!r}")

    def end(self) -> None:
        with contextlib.suppress(Exception):
            self.opened.close()
        for service in self.services.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(service.pid, signal.SIGKILL)
            service.wait()


def joined(lines: list[str]) -> list[str]:
    """Lines with those that a backslash continues."""
    whole: list[str] = []
    for line in lines:
        if whole and whole[-1].endswith("\\"):
            whole[-1] += f"\n{line}"
        else:
            whole.append(line)
    return whole


def session(text: str) -> list[tuple[str, str]]:
    """The commands of a block, each with what it is to print."""
    found: list[tuple[str, str]] = []
    for line in joined(text.splitlines()):
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
    return found


def matches(printed: str, wanted: str) -> bool:
    """Whether that was printed, however wide its columns are."""

    def narrow(text: str) -> str:
        return "\n".join(re.sub("[ \t]+", " ", line).strip() for line in text.replace("\r", "").strip().splitlines())

    pattern = ".*?".join(re.escape(part) for part in narrow(wanted).split("…"))
    return re.fullmatch(pattern, narrow(printed), re.DOTALL) is not None


def check_console(folder: Folder, step: Step) -> None:
    for command, wanted in session(step.text):
        printed = folder.run(re.sub(r"\s+#\s.*$", "", command))
        if not matches(printed, wanted):
            raise Failure(f"$ {command}\nprints\n{printed}\nand not\n{wanted}")


def check_part(step: Step) -> None:
    """Whether a block stands in a file, whatever its margin there."""
    path = ROOT / step.words[-1]

    def stripped(text: str) -> str:
        return "\n".join(line.strip() for line in text.strip().splitlines())

    if stripped(step.text) not in stripped(path.read_text(encoding="utf-8")):
        raise Failure(f"{step.words[-1]} does not hold this block")


def perform(folder: Folder, step: Step) -> None:
    if step.kind in ("file", "append"):
        path = folder.path / step.words[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if step.kind == "append" and path.exists() else ""
        path.write_text(before + step.text, encoding="utf-8")
        if step.text.startswith("#!"):
            path.chmod(0o755)
    elif step.kind == "service":
        name, _, wanted = step.words
        folder.start(name, step.text.strip(), wanted)
    elif step.kind == "starts":
        folder.start("it", step.text.strip(), step.words[0])
        folder.stop("it")
    elif step.kind == "stop":
        folder.stop(step.words[0])
    elif step.kind == "reload":
        folder.services[step.words[0]].send_signal(signal.SIGHUP)
    elif step.kind == "kill":
        folder.kill(step.words[0])
    elif step.kind == "part":
        check_part(step)
    elif step.kind == "socket":
        opened = connect(step.words[1], open_timeout=PATIENCE, close_timeout=1)
        folder.sockets[step.words[0]] = folder.opened.enter_context(opened)
    elif step.kind == "says":
        folder.sockets[step.words[0]].send(step.words[1])
    elif step.kind == "hears":
        folder.hears(*step.words)
    elif step.kind in ("shell", "check"):
        folder.run(step.text)
    elif step.kind == "console":
        check_console(folder, step)


def run(page: pathlib.Path) -> int:
    """The number of steps that were done; raises at the first that fails."""
    count = 0
    with tempfile.TemporaryDirectory(prefix="guide-") as temporary:
        folder = Folder(pathlib.Path(temporary))
        try:
            for step in steps(page):
                if step.kind == "shape" or step.is_passed_over:
                    continue
                if step.needs and not has(step.needs):
                    print(f"{step}: passed over: the program has no {' '.join(step.needs)}", flush=True)
                    continue
                began = time.monotonic()
                try:
                    perform(folder, step)
                except Failure as failure:
                    raise Failure(f"{step}: {failure}") from failure
                print(f"{step}: {step.kind} {' '.join(step.words)} {time.monotonic() - began:.1f} s", flush=True)
                count += 1
        finally:
            folder.end()
    return count


def main(arguments: list[str]) -> int:
    leave_the_network()
    try:
        run(pathlib.Path(arguments[0]))
    except Failure as failure:
        print(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
