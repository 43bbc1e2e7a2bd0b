"""What the README shows of sending from inside an application: a Django model that tells a group when it is saved."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from bridges import taking
from harness import PATIENCE, ROOT, free_port

APPLICATION = """
import logging

import django
from django.conf import settings

logging.basicConfig()
settings.configure(
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}, LOGGING_CONFIG=None
)
django.setup()

from django.db import connection, models
from django.db.models.signals import post_save
from django.dispatch import receiver

class Post(models.Model):
    title = models.CharField(max_length=100)

    class Meta:
        app_label = "blog"

{example}
with connection.schema_editor() as editor:
    editor.create_model(Post)
for title in ("Goal!", "Kanäle"):
    Post.objects.create(title=title)
try:
    with transaction.atomic():
        Post.objects.create(title="Never.")
        raise LookupError
except LookupError:
    print(*Post.objects.values_list("title", flat=True))
"""


def example() -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return next(code for code in re.findall(r"```python\n(.*?)```", readme, re.S) if "post_save" in code)


def saved(port: int) -> subprocess.CompletedProcess:
    """Two posts that are saved, and one that is taken back."""
    environment = {
        **os.environ, "SEAWAY_BROKER": f"127.0.0.1:{port}", "PYTHONPATH": str(ROOT / "clients" / "python" / "src"),
        "PYTHONIOENCODING": "utf-8",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", APPLICATION.format(example=example())], env=environment, timeout=PATIENCE,
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Goal! Kanäle\n"
    return done


def test_a_model_that_is_saved_tells_the_group(house, ports):
    house.broker(ports[0])
    with taking(ports[0], "blog!1", "liveblog") as taker:
        saved(ports[0])
        assert taker.wait(2) == [{"text": "Goal!"}, {"text": "Kanäle"}]


def test_a_broker_that_is_away_fails_no_save_and_is_told():
    told = saved(free_port()).stderr
    assert told.count("Error calling") == 2 and "Unreachable" in told
