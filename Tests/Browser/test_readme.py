"""What the README shows of sending to browsers from inside an application, with a browser at the end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request

import pytest

from chromium import ROOT
from harness import PATIENCE, until
from ports import free_port

README = (ROOT / "README.md").read_text(encoding="utf-8")
PATHS = {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")}

#: A page that shows what its socket is sent, and nothing else.
SITE = '''
import seaway

PAGE = """<!doctype html><title>live</title><ol id="feed"></ol><script>
const socket = new WebSocket("ws://" + location.host + "/")
socket.onopen = () => { document.body.dataset.state = "open" }
socket.onmessage = (event) => {
  const entry = document.createElement("li")
  entry.textContent = event.data
  document.getElementById("feed").append(entry)
}
</script>"""

worker = seaway.Worker()

@worker.on("http.request")
def page(message):
    message.respond(content=PAGE, headers=[("content-type", "text/html; charset=utf-8")])

@worker.websocket()
def nothing(socket, content):
    pass

@nothing.connect
def join(socket):
    socket.join("liveblog")

worker.run()
'''

DJANGO = """
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
Post.objects.create(title="Goal <3 by Käthe")
"""

GO = """package main

import (
	"context"
	"os"

	"seaway.dev/seaway"
)

func main() {{
	ctx := context.Background()
	client := seaway.New(os.Args[1], seaway.Options{{}})
	defer client.Close(ctx)
	post := struct{{ Title string }}{{"Goal <3 by Käthe"}}
	{example}
}}
"""


def example(language: str, word: str = "liveblog") -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return next(code for code in found if word in code).strip()


@pytest.fixture
def site(house):
    """A broker, a server and the worker of the page: the ports of the first two."""
    broker, http = free_port(), free_port()
    house.broker(broker)
    house.server(http, broker, "--route", "/swift=http.request.swift")
    house.start([sys.executable, "-c", SITE], {**PATHS, "SEAWAY_BROKER": f"127.0.0.1:{broker}"})
    until(lambda: house.readers(broker, "websocket.connect") == 1, "the site's worker listens")
    return broker, http


@pytest.fixture
def page(browser, site):
    page = browser.open(f"http://127.0.0.1:{site[1]}/")
    page.until("document.body.dataset.state === 'open'")
    return page


def shown(page) -> object:
    return page.until("document.querySelector('#feed li') && document.querySelector('#feed').innerText")


def test_a_django_model_that_is_saved_is_seen_by_a_browser(site, page):
    environment = {**os.environ, **PATHS, "SEAWAY_BROKER": f"127.0.0.1:{site[0]}"}
    program = DJANGO.format(example=example("python"))
    subprocess.run([sys.executable, "-c", program], env=environment, timeout=PATIENCE, check=True)
    assert shown(page) == "Goal <3 by Käthe"


def test_what_a_go_program_sends_is_seen_by_a_browser(site, page, tmp_path):
    (tmp_path / "go.mod").write_text(
        "module example\n\ngo 1.19\n\nrequire seaway.dev/seaway v0.0.0\n\n"
        f"replace seaway.dev/seaway => {ROOT}/clients/go\n"
    )
    (tmp_path / "main.go").write_text(GO.format(example=example("go", "SendGroup")), encoding="utf-8")
    environment = {**os.environ, "GOPROXY": "off", "GOFLAGS": "-mod=mod"}
    subprocess.run(["go", "build", "-o", "example", "."], cwd=tmp_path, env=environment, timeout=120, check=True)
    subprocess.run([tmp_path / "example", f"127.0.0.1:{site[0]}"], timeout=PATIENCE, check=True)
    assert shown(page) == "Goal <3 by Käthe"


def test_what_a_swift_program_sends_is_seen_by_a_browser(house, site, page):
    """The demo's worker says it in the README's words."""
    source = ROOT / "Sources" / "Examples" / "DemoSite" / "DemoSite.swift"
    assert f"{example('swift', 'group')}\n" in source.read_text(encoding="utf-8")
    house.start([ROOT / ".build" / "release" / "seaway-demo-worker", "--broker", f"127.0.0.1:{site[0]}"])
    until(lambda: house.readers(site[0], "http.request.swift") == 1, "the Swift worker listens")
    post = urllib.request.Request(f"http://127.0.0.1:{site[1]}/swift", "Goal <3 by Käthe".encode())
    with urllib.request.urlopen(post, timeout=PATIENCE) as answer:
        assert answer.read() == b"posted by Swift\n"
    assert shown(page) == "Swift: Goal <3 by Käthe"
