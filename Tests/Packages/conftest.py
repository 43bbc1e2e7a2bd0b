"""What is installed, in a Debian that has neither Swift nor anything else that builds."""

import pathlib
import subprocess
import sys

import pytest
from roots import ROOT, Root, debian

sys.path.insert(0, str(ROOT / "Tests" / "System"))


@pytest.fixture(scope="session")
def dist() -> pathlib.Path:
    """All packages, made of these sources."""
    made = subprocess.run([ROOT / ".ci" / "packages.sh"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return ROOT / "dist"


@pytest.fixture(scope="session")
def base() -> pathlib.Path:
    return debian(ROOT / ".build" / "debian")


@pytest.fixture
def root(base, dist, tmp_path):
    """A fresh Debian, with the packages in /dist; what is done to it is gone afterwards."""
    with Root(base, tmp_path, dist) as root:
        yield root
