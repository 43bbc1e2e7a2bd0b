"""The Django project of the benchmarks, with files of its own."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from typing import Dict

from .broker import PATIENCE, TESTS
from .hosting import SHOP

ADMIN = "admin"
#: In one process, since to begin one takes longer than all that it does.
MIGRATION = f"""
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("createsuperuser", interactive=False, username="{ADMIN}", email="a@example.org", verbosity=0)
"""


class Shop:
    """Its files and its environment; the database has one user, who may do everything."""

    def __init__(self, folder: pathlib.Path, **environment: str):
        self.environment: Dict[str, str] = {"DJANGO_SETTINGS_MODULE": "shop.settings", "SHOP_FILES": str(folder)}
        self.environment.update(environment)
        self.folder = folder

    def migrate(self) -> None:
        """Makes the database."""
        self.manage("shell", "--verbosity", "0", "-c", MIGRATION)

    def manage(self, *command: str) -> str:
        """Runs a command of `manage.py`."""
        environment = {**os.environ, **self.environment, "DJANGO_SUPERUSER_PASSWORD": ADMIN}
        environment["PYTHONPATH"] = str(TESTS.parent / "src")
        done = subprocess.run(
            [sys.executable, str(SHOP / "manage.py"), *command],
            env=environment, capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout
