"""What is in docker/, as far as it can be checked without an engine: docker/README.md says what that is."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys

import pytest
import yaml

import nats
from harness import PATIENCE, ROOT, SEAWAY, House, Wire, free_port, get, until
from pages import Mirror

DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
LANGUAGES = {"swift": "Swift", "python": "Python", "go": "Go", "sh": "the"}
UNITS = sorted((DOCKER / "systemd").glob("*.service"))


def stages() -> dict[str, str]:
    """The text of each stage of the Dockerfile, by name."""
    parts = re.split(r"(?m)^FROM \S+ AS (\S+)\n", DOCKERFILE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def words(instruction: str, stage: str) -> list[str]:
    """The exec form of an instruction in a stage."""
    found = re.search(rf"(?m)^{instruction} (?:.* CMD )?(\[.*\])$", stages()[stage])
    assert found, f"{stage} has no {instruction} in exec form"
    return list(yaml.safe_load(found[1]))


# ---- the Dockerfile


def test_what_is_copied_is_there():
    copied = re.findall(r"(?m)^COPY (?!--from)(.*) \S+$", DOCKERFILE)
    sources = [source for line in copied for source in line.split()]
    assert len(sources) >= 10
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_program_is_linked_as_that_of_the_packages():
    linked = re.findall(r"\.ci/link\.sh /out/(\S+)(?: ([a-z-]+))?", stages()["build"])
    assert linked == [("seaway", ""), ("seaway-demo-worker", "seaway-demo-worker")]
    assert all(f"COPY --from=build /out/{name} " in DOCKERFILE for name, _ in linked)


def test_each_stage_that_runs_is_nobody_special():
    running = [name for name in stages() if not name.startswith("build") and name != "base"]
    assert sorted(running) == ["seaway", "worker-go", "worker-python", "worker-shell", "worker-swift"]
    for name in running:
        assert "\nUSER 7411:7411\n" in stages()[name], name
        assert words("ENTRYPOINT", name)
    assert "\nSTOPSIGNAL SIGTERM\n" in stages()["base"]
    assert list(stages())[-1] == "seaway", "the last stage is what is built when none is named"


def test_the_image_is_a_broker_unless_told_otherwise():
    assert words("ENTRYPOINT", "seaway") == ["seaway"]
    command = words("CMD", "seaway")
    # Without its tokens it does not start where others could reach it.
    bare = [word for word in command if word != "/run/secrets/tokens" and word != "--tokens"]
    done = subprocess.run([SEAWAY, *bare], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 64 and "--tokens" in done.stderr


def test_health_tells_who_answers_and_who_does_not(house):
    assert words("HEALTHCHECK", "seaway") == ["healthy"]
    port, http, admin = free_port(), free_port(), free_port()
    assert healthy("broker", port) == 1
    broker = house.broker(port)
    assert healthy("broker", port) == 0
    assert healthy("alive", admin) == healthy("ready", admin) == healthy("metrics", admin) == 1
    server = house.server(http, port, "--admin", f"127.0.0.1:{admin}")
    # Browsers are served first.
    until(lambda: healthy("ready", admin) == 0, "it is ready")
    assert healthy("alive", admin) == healthy("metrics", admin) == 0
    # Nobody works.
    assert healthy("working", admin) == 1
    worker = Mirror(port)
    until(lambda: healthy("working", admin) == 0, "somebody works")
    worker.close()
    # There, and yet not what was asked for.
    assert healthy("ready", port) == 1
    broker.terminate()
    assert healthy("broker", port) == 1
    until(lambda: healthy("ready", admin) == 1, "it cannot work without a broker")
    assert healthy("alive", admin) == 0
    assert server.terminate() == 0
    assert healthy("alive", admin) == 1
    assert healthy("nothing", port) == 64


def test_health_asks_the_admin_address_where_there_is_one_and_the_broker_where_there_is_none(house, tmp_path):
    """By its usual ports, which a copy of it has elsewhere."""
    port, admin = free_port(), free_port()
    program = tmp_path / "healthy"
    text = (DOCKER / "healthy").read_text()
    program.write_text(text.replace("9411", str(admin)).replace("7411", str(port)))
    program.chmod(0o755)

    def code() -> int:
        return subprocess.run([program], capture_output=True, timeout=PATIENCE, check=False).returncode

    assert code() == 1
    broker = house.broker(port)
    assert code() == 0
    broker.terminate()
    house.server(free_port(), port, "--admin", f"127.0.0.1:{admin}")
    until(lambda: healthy("alive", admin) == 0, "its address is there")
    assert code() == 1
    house.broker(port)
    until(lambda: code() == 0, "it is ready")


def healthy(kind: str, port: int) -> int:
    done = subprocess.run([DOCKER / "healthy", kind, str(port)], capture_output=True, timeout=PATIENCE, check=False)
    return done.returncode


# ---- compose.yaml


class Composition:
    """The services of compose.yaml as processes on loopback, each with the command that stands there."""

    def __init__(self, house: House, folder: pathlib.Path, profile: str | None = None):
        self.house = house
        self.folder = folder
        # What a profile names, or what none does.
        self.services = {
            name: service
            for name, service in COMPOSE["services"].items()
            if service.get("profiles", [None]) == [profile]
        }
        self.secrets = folder / "secrets"
        # Where each `host:port` of the file is here.
        self.places: dict[str, int] = {}
        subprocess.run(
            [DOCKER / "make-tokens", self.secrets], env={**os.environ, "SEAWAY": SEAWAY}, check=True, timeout=PATIENCE
        )
        name, _, value = (folder / ".env").read_text().strip().partition("=")
        self.variables = {name: value}
        self.programs = {name: self.start(name) for name in self.order()}

    def order(self) -> list[str]:
        """Each behind those that it depends on."""
        services = dict(self.services)
        order: list[str] = []
        while services:
            ready = [name for name in services if set(services[name].get("depends_on", {})) <= set(order)]
            assert ready, f"{sorted(services)} wait for each other"
            order += ready
            for name in ready:
                services.pop(name)
        return order

    def place(self, service: str, address: str) -> str:
        host, _, port = address.rpartition(":")
        name = service if host == "0.0.0.0" else f"{service}/{host}" if host == "127.0.0.1" else host
        place = self.places.setdefault(f"{name}:{port}", free_port())
        return f"127.0.0.1:{place}"

    def translate(self, service: str, word: str) -> str:
        word = word.replace("/run/secrets", str(self.secrets))
        return re.sub(r"[\w.-]+:\d+\b", lambda found: self.place(service, found[0]), word)

    def start(self, name: str):
        service = self.services[name]
        if service.get("image", "").startswith("nats:"):
            return self.start_nats(name)
        for secret in service.get("secrets", []):
            assert (self.secrets / pathlib.Path(COMPOSE["secrets"][secret]["file"]).name).exists()
        command = self.program(service["build"]["target"]) + [self.translate(name, word) for word in service["command"]]
        environment = {key: self.variable(text) for key, text in service.get("environment", {}).items()}
        environment["PYTHONPATH"] = str(ROOT / "clients" / "python" / "src")
        program = self.house.start(command, environment)
        if "healthcheck" in service:
            kind, port = service["healthcheck"]["test"][2], {"ready": 9411}
            place = self.place(name, f"127.0.0.1:{port[kind]}")
            until(lambda: healthy(kind, int(place.rpartition(":")[2])) == 0, f"{name} is healthy")
        return program

    def start_nats(self, name: str):
        """A server with the configuration that the image would get."""
        service = self.services[name]
        source = service["configs"][0]["source"]
        assert service["command"] == ["-c", service["configs"][0]["target"]]
        assert any(place.split(":") == [name, "/data"] for place in service["volumes"]) and name in COMPOSE["volumes"]
        text = (DOCKER / COMPOSE["configs"][source]["file"]).read_text()
        config = self.folder / f"{name}.conf"
        config.write_text(self.translate(name, text).replace("/data", str(self.folder / name)))
        program = self.house.start([nats.nats_server(), "-c", config], dict(service["environment"]))
        return self.house.listening(program, int(self.place(name, "0.0.0.0:4222").rpartition(":")[2]))

    def variable(self, text: str) -> str:
        found = re.fullmatch(r"\$\{(\w+):\?.*\}", text)
        return self.variables[found[1]] if found else text

    @staticmethod
    def program(target: str) -> list[object]:
        demo = ROOT / "Sources" / "Examples" / "Demo"
        programs: dict[str, list[object]] = {
            "seaway": [SEAWAY],
            "worker-swift": [ROOT / ".build" / "release" / "seaway-demo-worker"],
            "worker-python": [sys.executable, demo / "demo.py"],
            "worker-go": [House.go_worker()],
            "worker-shell": [demo / "worker.sh"],
        }
        return programs[target]

    def answers(self, language: str) -> bool:
        port = self.places["web:8000"]
        return get(port, f"/{language}").body.startswith(f"hello from {LANGUAGES[language]}".encode())


def test_the_composition_serves_and_outlives_a_broker(house, tmp_path):
    site = Composition(house, tmp_path)
    for language in LANGUAGES:
        until(lambda language=language: site.answers(language), f"{language} answers")
    assert get(site.places["web:8000"], "/").status == 200
    site.programs["broker-1"].kill()
    for language in LANGUAGES:
        until(lambda language=language: site.answers(language), f"{language} answers over the other broker")
    site.programs.pop("broker-1")
    # Workers first, as compose ends what nobody depends on.
    for name in reversed(site.programs):
        code = site.programs[name].terminate()
        assert code in (0, 143), f"{name} ended with {code}:\n{site.programs[name].output()}"


def test_the_profile_with_durable_channels_outlives_a_broker(house, tmp_path):
    site = Composition(house, tmp_path, "durable")
    assert set(site.programs) == {"nats-1", "nats-2", "nats-3", "durable-1", "durable-2"}
    token = (site.secrets / "jobs.token").read_text().strip()
    with Wire(site.places["durable-1:7411"]) as wire:
        assert wire.ask(f"HELLO 1 token={token}").startswith("HELLO 1 ")
        assert wire.ask('SEND :- jobs.mail {"n":1}') == "OK"
    site.programs["durable-1"].kill()
    with Wire(site.places["durable-2:7411"]) as wire:
        assert wire.ask(f"HELLO 1 token={token}").startswith("HELLO 1 ")
        wire.listen("jobs.mail")
        assert wire.take() == {"n": 1}


def test_no_service_has_more_rights_than_it_needs():
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        if service.get("image", "").startswith("nats:"):
            assert service["profiles"] == ["durable"] and "ports" not in service, name
            continue
        assert service["build"]["target"] in stages(), name
        assert (
            DOCKER / service["build"]["context"] / service["build"]["dockerfile"]
        ).resolve() == DOCKER / "Dockerfile"
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8000:8000"]


def test_tokens_are_made_once_and_read_by_nobody_else(tmp_path):
    make = [DOCKER / "make-tokens", tmp_path / "secrets"]
    environment = {**os.environ, "SEAWAY": SEAWAY}
    subprocess.run(make, env=environment, check=True, timeout=PATIENCE)
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    again = subprocess.run(make, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert again.returncode == 73 and "already" in again.stderr


# ---- systemd


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_has_only_options_that_there_are(unit):
    command = re.search(r"(?m)^ExecStart=(\S+) ?(.*)$", unit.read_text())
    assert command
    if command[1] == "/etc/seaway/workers/%i":
        return
    assert command[1] == "/usr/local/bin/seaway"
    subcommand = command[2].split()[0]
    told = subprocess.run(
        [SEAWAY, "help", subcommand], capture_output=True, text=True, timeout=PATIENCE, check=True
    ).stdout
    options = re.findall(r"--[a-z][a-z-]+", command[2])
    assert [option for option in options if f"{option} " not in told] == []


@pytest.fixture(scope="module")
def machine(tmp_path_factory) -> pathlib.Path:
    """The root of a machine on which the units and what they start are installed."""
    root: pathlib.Path = tmp_path_factory.mktemp("root")
    shutil.copytree("/lib/systemd/system", root / "lib/systemd/system", symlinks=True)
    shutil.copytree(DOCKER / "systemd", root / "etc/systemd/system")
    for program in ("usr/local/bin/seaway", "bin/kill", "etc/seaway/workers/i"):
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", root / program)
    return root


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", [unit.name for unit in UNITS])
def test_a_unit_is_one_and_is_boxed_in(unit, machine):
    verified = analyze(f"--root={machine}", "verify", "--man=no", unit)
    assert (verified.returncode, verified.stderr) == (0, "")
    # In tenths: 1.2 of 10, where 10 is a program that may do everything.
    judged = analyze(f"--root={machine}", "security", "--offline=true", "--threshold=15", unit)
    assert judged.returncode == 0, judged.stdout[-300:]
