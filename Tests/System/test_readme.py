"""The README does what it says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from harness import PATIENCE, ROOT, SEAWAY, free_port, get, until

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def python_worker(house, broker_port: int, text: str, folder, channel: str):
    program = folder / "worker.py"
    program.write_text(text)
    environment = {
        "SEAWAY_BROKER": f"127.0.0.1:{broker_port}",
        "PYTHONPATH": str(ROOT / "clients" / "python" / "src"),
    }
    worker = house.start([sys.executable, program], environment)

    def listens() -> bool:
        assert worker.is_running, worker.output()
        return house.readers(broker_port, channel) == 1

    until(listens, f"the worker listens on {channel}")
    return worker


@pytest.fixture
def site(house, ports):
    """`seaway up`, with a broker's port."""
    addresses = ["--listen", f"127.0.0.1:{ports[0]}", "--http", f"127.0.0.1:{ports[1]}"]
    house.listening(house.start([SEAWAY, "up", *addresses]), ports[1])
    return ports


def test_the_shortest_worker_in_python_answers(house, site, tmp_path):
    broker_port, http_port = site
    worker = python_worker(house, broker_port, blocks("python")[0], tmp_path, "http.request")
    assert get(http_port, "/moon").body == b"hello from /moon\n"
    assert worker.terminate() == 0


def test_a_django_project_is_served_as_it_is(house, site, tmp_path):
    broker_port, http_port = site
    shown = re.search(r"^    seaway (django --settings shop\.settings) ", README, re.MULTILINE)
    assert shown is not None
    words = shown[1].split()
    shop = ROOT / "Benchmarks" / "peers" / "shop"
    environment = {
        "SEAWAY_BROKER": f"127.0.0.1:{broker_port}",
        "PYTHONPATH": f"{ROOT / 'clients' / 'python' / 'src'}{os.pathsep}{shop}",
        "SHOP_FILES": str(tmp_path),
    }
    worker = house.start([sys.executable, "-m", "seaway", *words], environment)
    until(lambda: house.readers(broker_port, "http.request") == 1, "the project is served")
    assert get(http_port, "/").body == b"hello from Django\n"
    assert worker.terminate() == 0


def test_the_shortest_worker_in_shell_answers(house, site):
    broker_port, http_port = site
    command = blocks("sh")[0].strip()
    assert command.startswith("clients/shell/seaway.sh worker http.request ")
    house.start(["sh", "-c", command], {"SEAWAY_BROKER": f"127.0.0.1:{broker_port}"})
    until(lambda: house.readers(broker_port, "http.request") == 1, "the worker listens")
    assert get(http_port, "/").body == b"hello from sh\n"


def test_each_line_of_running_it_starts(house):
    """With addresses that are free."""
    found = re.search(r"## Running it\n\n((?:    .*\n)+)", README)
    assert found
    # The last one needs certificates (test_https.py).
    up, broker, serve, _ = (line.split("#")[0].split() for line in found[1].splitlines())
    addresses = {
        address: f"127.0.0.1:{free_port()}" for address in ("127.0.0.1:7411", "127.0.0.1:8000", "127.0.0.1:9411")
    }
    for command in (broker, serve):
        words = [addresses.get(word, word).strip("'") for word in command]
        program = house.start([SEAWAY, *words[1:]])
        address = addresses["127.0.0.1:7411" if command is broker else "127.0.0.1:9411"]
        house.listening(program, int(address.partition(":")[2]))
    metrics = get(int(addresses["127.0.0.1:9411"].partition(":")[2]), "/metrics")
    assert b"seaway_http_requests_total 0\n" in metrics.body

    port, http_port = free_port(), free_port()
    words = [word.replace("127.0.0.1:8000", f"127.0.0.1:{http_port}") for word in up[1:]]
    program = house.start([SEAWAY, *words, "--listen", f"127.0.0.1:{port}"])
    house.listening(program, http_port)
    program.process.send_signal(signal.SIGINT)
    assert program.process.wait(PATIENCE) == 0


def options_of(command: dict) -> set[str]:
    """The long options of a command and of all that are below it."""
    names = {f"--{name['name']}" for argument in command.get("arguments", []) for name in argument.get("names", [])}
    return names.union(*(options_of(below) for below in command.get("subcommands", [])))


def test_every_option_of_the_readme_is_there():
    told = subprocess.run([SEAWAY, "--experimental-dump-help"], capture_output=True, text=True, timeout=PATIENCE)
    known = options_of(json.loads(told.stdout)["command"])
    options = set(re.findall(r"--[a-z][a-z0-9-]+", README[README.index("## Running it") :]))
    assert len(options) > 4
    assert sorted(options - known) == []


def test_every_file_that_the_readme_names_is_there():
    targets = re.findall(r"\]\(([^)#]+)\)|(?:src|srcset)=\"([^\"]+)\"", README)
    assert len(targets) > 20
    for target in ("".join(found) for found in targets):
        assert (ROOT / target).is_file(), target
