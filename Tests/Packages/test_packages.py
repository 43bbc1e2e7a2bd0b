"""`make packages`: each is installed where neither Swift nor a compiler is, works there, and goes without a trace."""

import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import tarfile
import zipfile

import pytest
from roots import PLAIN, ROOT, is_possible

from harness import House, free_port, get

VERSION = re.search(r'current = "(.+)"', (ROOT / "Sources/seaway/Version.swift").read_text())[1]
needs_roots = pytest.mark.skipif(not is_possible(), reason="only root can make roots of Debian, by debootstrap")


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.end()


def only(dist: pathlib.Path, pattern: str) -> pathlib.Path:
    found = list(dist.glob(pattern))
    assert len(found) == 1, (pattern, sorted(file.name for file in dist.iterdir()))
    return found[0]


def test_every_file_stands_in_the_checksums(dist):
    lines = (dist / "SHA256SUMS").read_text().splitlines()
    told = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in dist.iterdir() if file.name != "SHA256SUMS"
    }
    assert told == files and len(files) == 5


def test_the_bill_of_materials_names_what_was_linked(dist):
    bill = json.loads(only(dist, "*.cdx.json").read_text())
    pins = json.loads((ROOT / "Package.resolved").read_text())["pins"]
    parts = {part["name"]: part for part in bill["components"]}
    assert (bill["bomFormat"], bill["specVersion"], bill["metadata"]["component"]["version"]) == (
        "CycloneDX",
        "1.5",
        VERSION,
    )
    assert set(parts) == {"swift-runtime", *(pin["identity"] for pin in pins)}
    assert all(part["licenses"] for part in parts.values())
    assert all(part["purl"].startswith("pkg:") and part["version"] in part["purl"] for part in parts.values())
    assert bill["dependencies"][0]["dependsOn"] == [part["bom-ref"] for part in bill["components"]]


def test_the_wheel_is_for_every_python_and_one_platform(dist):
    wheel = only(dist, "seaway_server-*.whl")
    platform = r"(manylinux_2_\d+|macosx_\d+_\d+)_\w+"
    assert re.fullmatch(rf"seaway_server-{re.escape(VERSION)}-py3-none-{platform}\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as opened:
        program = opened.getinfo("seaway_server/bin/seaway")
        # pip makes executable what was.
        assert program.external_attr >> 16 & 0o111
        assert "Root-Is-Purelib: false" in opened.read(f"seaway_server-{VERSION}.dist-info/WHEEL").decode()


def test_a_program_that_needs_more_than_a_wheel_may_is_no_wheel():
    refused = subprocess.run(
        ["python", ROOT / "packaging/platform_tag.py", shutil.which("curl")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1 and "which a wheel may not take for granted" in refused.stderr


def test_the_archive_holds_program_pages_completions_and_units(dist, tmp_path):
    archive = only(dist, "*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    said = subprocess.run([folder / "bin" / "seaway", "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"seaway {VERSION}, commit ") and "wire protocol 1: ack " in said
    units = {unit.name for unit in (ROOT / "docker/systemd").glob("*.service")}
    assert units <= {unit.name for unit in (folder / "share/doc/seaway/systemd").iterdir()}
    completions = folder / "share/bash-completion/completions/seaway"
    told = subprocess.run(
        ["bash", "-c", '. "$1" && complete -p seaway', "bash", completions], capture_output=True, text=True
    )
    assert told.returncode == 0 and "seaway" in told.stdout
    pages = sorted((folder / "share/man/man1").iterdir())
    assert {"seaway.1", "seaway-broker.1", "seaway-bridge-redis.1"} <= {page.name for page in pages}
    for page in pages:
        complaints = subprocess.run(
            ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", page],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
        assert complaints.stderr == "", page.name


def test_every_option_stands_in_a_manual_page(dist, tmp_path):
    with tarfile.open(only(dist, "*.tar.gz")) as opened:
        opened.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    help = subprocess.run(
        [folder / "bin" / "seaway", "help", "broker"], capture_output=True, text=True, check=True
    ).stdout
    options = set(re.findall(r"^  (--[a-z0-9-]+)", help, re.MULTILINE))
    page = (folder / "share/man/man1/seaway-broker.1").read_text().replace("\\-", "-")
    assert len(options) > 20 and {option for option in options if f"\\fB{option}\\fR" not in page} == set()


def test_what_images_hold_is_linked_in_the_same_way(tmp_path):
    """The worker of the demo: the program is that of the packages itself."""
    worker = tmp_path / "seaway-demo-worker"
    link = [ROOT / ".ci" / "link.sh", worker, "seaway-demo-worker"]
    made = subprocess.run(link, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    needed = subprocess.run(["ldd", worker], capture_output=True, text=True, check=True).stdout
    assert "libswift" not in needed and "libFoundation" not in needed
    told = subprocess.run([worker, "--help"], capture_output=True, text=True, check=True).stdout
    assert "Serve the page of the live blog." in told


@needs_roots
def test_a_wheel_is_all_that_a_server_needs(root, house, tmp_path):
    """Without a compiler, Swift or a network: pip install, a worker in Python, an answer."""
    assert not [file for file in root.files("/usr") if pathlib.Path(file).name.startswith(("swift", "libswift"))]
    wheels = root.path / "wheels"
    wheels.mkdir()
    target = ["--only-binary=:all:", "--python-version", "3.11", "--dest", str(wheels)]
    fetched = subprocess.run(
        ["python", "-m", "pip", "download", "--quiet", *target, "msgpack"], capture_output=True, text=True, check=False
    )
    assert fetched.returncode == 0, fetched.stderr
    root.run("python3", "-m", "venv", "/srv/env")
    root.run(
        "/srv/env/bin/pip",
        "install",
        "--quiet",
        "--no-index",
        "--find-links",
        "/dist",
        "--find-links",
        "/wheels",
        "seaway[server]",
    )
    shutil.copy(ROOT / "Sources/Examples/Demo/demo.py", root.path / "srv")
    assert root.run("/srv/env/bin/seaway", "broker", "--version").startswith(f"seaway {VERSION}, commit ")
    missing = root.run("/srv/env/bin/seaway", "bridge", "postgres", "--listen", "x", "--to-group", "x", fails=True)
    assert "apt-get install libpq5" in missing

    http, broker = free_port(), free_port()
    server = house.start(
        root.command(
            "/srv/env/bin/seaway",
            "up",
            "--http",
            f"127.0.0.1:{http}",
            "--listen",
            f"127.0.0.1:{broker}",
            "--route",
            "/python=http.request.python",
        ),
        PLAIN,
    )
    house.listening(server, http)
    worker = house.start(root.command("/srv/env/bin/python", "/srv/demo.py", f"127.0.0.1:{broker}"), PLAIN)
    answer = get(http, "/python")
    assert (answer.status, answer.worker) == (200, "Python")
    for program in (worker, server):
        assert program.terminate() == 0
    show_demo(root, house, "/srv/env/bin/seaway")


@needs_roots
def test_a_debian_package_comes_works_and_goes(root, house):
    files = root.files()
    root.run("apt-get", "update", "-q")
    root.run("apt-get", "install", "-q", "-y", "--no-install-recommends", "systemd")
    package = only(root.path / "dist", "*.deb").name
    root.run("apt-get", "install", "-q", "-y", "--no-install-recommends", f"/dist/{package}")
    # In a root nothing is started; what the units would start is started by hand, as their user, with their options.
    assert "seaway" in root.run("id", "seaway")
    root.run(
        "systemd-analyze",
        "verify",
        "/lib/systemd/system/seaway-broker.service",
        "/lib/systemd/system/seaway-serve.service",
    )
    for unit in ("seaway-broker", "seaway-serve"):
        assert root.run("systemctl", "is-enabled", unit).strip() == "enabled"
    broker, http = free_port(), free_port()
    started = commands(root, "seaway-broker", {"--listen": broker})
    root.run("install", "-d", "-o", "seaway", "-g", "seaway", "/run/seaway")
    first = house.listening(house.start(root.command(*started, user="seaway"), PLAIN), broker)
    started = commands(root, "seaway-serve", {"--http": http, "--metrics": free_port()})
    second = house.listening(house.start(root.command(*started, user="seaway"), PLAIN), http)
    for program in (second, first):
        assert program.terminate() == 0
    show_demo(root, house, "/usr/bin/seaway")

    root.run("apt-get", "purge", "-q", "-y", "seaway")
    left = {file for file in root.files() - files if "seaway" in file}
    assert left == set()


def test_a_debian_package_is_what_debian_asks_for(dist):
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not installed")
    told = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning", "--info", only(dist, "*.deb")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout


def show_demo(root, house: House, program: str) -> None:
    """`seaway demo` there: its page, a post, the console; and it leaves when it is asked to."""
    http, broker, admin = free_port(), free_port(), free_port()
    places = ["--http", f"127.0.0.1:{http}", "--listen", f"127.0.0.1:{broker}", "--admin", f"127.0.0.1:{admin}"]
    demo = house.listening(house.start(root.command(program, "demo", *places), PLAIN), http)
    assert b"<h1>Live blog</h1>" in get(http, "/").body
    assert get(http, "/swift", "POST", b"hello").body == b"posted by Swift\n"
    assert get(admin, "/").status == 200
    assert demo.terminate() == 0


def commands(root, unit: str, ports: "dict[str, int]") -> "list[str]":
    """What a unit starts, at other ports than its file says."""
    text = (root.path / f"lib/systemd/system/{unit}.service").read_text()
    line = re.search(r"^ExecStart=(.+)$", text, re.MULTILINE)[1].replace(" $OPTIONS", "")
    return [*line.split(), *(word for option, port in ports.items() for word in (option, f"127.0.0.1:{port}"))]
