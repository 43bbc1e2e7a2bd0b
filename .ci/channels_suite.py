"""Runs channels_redis's own tests, from PyPI, against Seaway's channel layer for Django Channels.

    .ci/channels_suite.py [pytest arguments]

The tests are not changed: this file is a plugin of pytest too, which puts the layer where they build theirs. Those that
look inside channels_redis are left out. Needs a broker's address in SEAWAY_BROKER, and the packages of ``PACKAGES``,
which it installs in .build/channels. The last line counts.
"""

from __future__ import annotations

import glob
import inspect
import os
import pathlib
import subprocess
import sys
import tarfile
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLACE = ROOT / ".build" / "channels"
VERSION = "4.3.0"
#: redis is needed to import the tests' modules only.
PACKAGES = [
    "channels>=4.3,<5",
    f"channels_redis=={VERSION}",
    "redis>=6,<7",
    "cryptography",
    "async-timeout",
    "pytest<9",
    "pytest-asyncio<1.4",
    "pytest-timeout",
]

#: Private names of channels_redis, its keys, its client of Redis.
INTERNAL = {
    "test_auto_reconnect",
    "test_custom_group_key_format",
    "test_default_group_key_format",
    "test_deserialize",
    "test_loop_instance_channel_layer_reference",
    "test_multi_event_loop_garbage_collection",
    "test_random_reset__client_prefix",
    "test_receive_buffer_respects_capacity",
    "test_serialize",
}


def make_layer(*args: Any, hosts: Any = None, **config: Any) -> Any:
    """Makes Seaway's layer of the arguments of theirs; the broker is what SEAWAY_BROKER says."""
    from seaway.channels import SeawayChannelLayer

    return SeawayChannelLayer(*args, **config)


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Puts the layer in place of theirs."""
    import pytest

    for module in {item.module for item in items}:
        for name in ("RedisChannelLayer", "RedisPubSubChannelLayer"):
            if inspect.isclass(getattr(module, name, None)):
                setattr(module, name, make_layer)
    for item in items:
        if item.originalname in INTERNAL:
            item.add_marker(pytest.mark.skip(reason="looks inside channels_redis"))


counts = {"passed": 0, "failed": 0, "skipped": 0}


def pytest_runtest_logreport(report: Any) -> None:
    """Counts; a test that is allowed to fail and does counts as skipped."""
    if report.when == "call" or report.outcome != "passed":
        counts["failed" if report.when != "call" and report.failed else report.outcome] += 1


def pytest_unconfigure() -> None:
    """Says the counts."""
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts), flush=True)


def install() -> tuple[pathlib.Path, pathlib.Path]:
    """Returns an interpreter and the folder with the tests."""
    python = PLACE / "bin" / "python"
    ready = PLACE / "ready"
    if not ready.exists() or ready.read_text() != "\n".join(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PLACE)], check=True)
        pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "msgpack", *PACKAGES], check=True)
        get = ["download", "--no-deps", "--no-binary", "channels_redis", "-d", str(PLACE), f"channels_redis=={VERSION}"]
        subprocess.run([*pip, *get], check=True)
        with tarfile.open(glob.glob(str(PLACE / "channels_redis-*.tar.gz"))[0]) as archive:
            archive.extractall(PLACE)
        ready.write_text("\n".join(PACKAGES))
    return python, PLACE / f"channels_redis-{VERSION}"


def main() -> int:
    """Runs the suite and returns its exit code."""
    python, folder = install()
    paths = [str(ROOT / ".ci"), str(ROOT / "clients" / "python" / "src")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    options = ["-p", "channels_suite", "-p", "no:cacheprovider", "-q", "-rfE", "--tb=short", "--timeout=20"]
    tests = ["tests/test_core.py", "tests/test_pubsub.py"]
    return subprocess.run(
        [str(python), "-W", "ignore", "-m", "pytest", *options, *sys.argv[1:], *tests], cwd=folder, env=environment
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
