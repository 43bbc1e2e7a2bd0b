"""What the README shows of sending from inside an application: a Django model that tells a group when it is saved."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from bridges import taking
from harness import PATIENCE, ROOT

APPLICATION = """
import django
from django.conf import settings

settings.configure(DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}})
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
"""


def test_a_model_that_is_saved_tells_the_group(house, ports):
    readme = (ROOT / "README.md").read_text()
    example = next(code for code in re.findall(r"```python\n(.*?)```", readme, re.S) if "post_save" in code)
    house.broker(ports[0])
    with taking(ports[0], "blog!1", "liveblog") as taker:
        environment = {
            **os.environ, "SEAWAY_BROKER": f"127.0.0.1:{ports[0]}",
            "PYTHONPATH": str(ROOT / "clients" / "python" / "src"),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", APPLICATION.format(example=example)], env=environment, timeout=PATIENCE,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert taker.wait(2) == [{"title": "Goal!"}, {"title": "Kanäle"}]
