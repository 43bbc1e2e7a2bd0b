"""Roots of Debian, which processes of tests have in place of the machine's."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
#: What the systems of those who install are taken to have: Python with environments, certificates for nothing here.
INCLUDED = "python3-venv,ca-certificates"
PLAIN = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}


def debian(folder: pathlib.Path) -> pathlib.Path:
    """Returns the folder with a Debian in it, made if there is none."""
    if not (folder / ".whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        command = ["debootstrap", "--variant=minbase", f"--include={INCLUDED}", "bookworm", folder]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        assert made.returncode == 0, (made.stdout + made.stderr)[-2_000:]
        # Nothing is started by packages that are installed, as in any root that has no init.
        rule = folder / "usr" / "sbin" / "policy-rc.d"
        rule.write_text("#!/bin/sh\nexit 101\n")
        rule.chmod(0o755)
        (folder / ".whole").touch()
    return folder


class Root:
    """A layer above a root: what is written there lies in a folder of its own."""

    def __init__(self, base: pathlib.Path, work: pathlib.Path, dist: pathlib.Path):
        self.path = work / "root"
        # A layer cannot lie above itself: /tmp may be one already.
        self._layers = work / "layers"
        self._base, self._dist = base, dist

    def __enter__(self) -> Root:
        self.path.mkdir()
        self._layers.mkdir()
        self._mount("-t", "tmpfs", "tmpfs", self._layers)
        upper, inner = self._layers / "upper", self._layers / "work"
        upper.mkdir()
        inner.mkdir()
        self._mount(
            "-t", "overlay", "overlay", "-o", f"lowerdir={self._base},upperdir={upper},workdir={inner}", self.path
        )
        self._mount("-t", "proc", "proc", self.path / "proc")
        self._mount("--bind", "/dev", self.path / "dev")
        (self.path / "dist").mkdir()
        self._mount("--bind", self._dist, self.path / "dist")
        shutil.copy("/etc/resolv.conf", self.path / "etc" / "resolv.conf")
        return self

    def __exit__(self, *error: object) -> None:
        subprocess.run(["umount", "--recursive", self.path], check=True)
        subprocess.run(["umount", self._layers], check=True)

    @staticmethod
    def _mount(*words: Any) -> None:
        subprocess.run(["mount", *map(str, words)], check=True)

    def command(self, *words: str, user: str = "") -> list[str]:
        """Returns what runs a command in here, as root or another user."""
        as_user = ["--userspec", f"{user}:{user}"] if user else []
        return ["chroot", *as_user, str(self.path), *words]

    def run(self, *words: str, fails: bool = False) -> str:
        """Runs a command to its end and returns what it said."""
        done = subprocess.run(self.command(*words), env=PLAIN, capture_output=True, text=True, timeout=300, check=False)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def files(self, folder: str = "/") -> set[str]:
        """Returns the files of a folder, by their paths in here."""
        return set(self.run("find", folder, "-xdev", "-type", "f").split("\n")) - {""}


def is_possible() -> bool:
    """Whether this machine lets roots be made."""
    return os.geteuid() == 0 and shutil.which("debootstrap") is not None
