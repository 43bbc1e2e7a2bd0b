"""The Swift package by its URL and the Go module by its path, as programs of others use them."""

import os
import pathlib
import shutil
import subprocess

import pytest
from roots import ROOT


def run(command: list, folder: pathlib.Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_swift_program_depends_on_a_version_by_url(tmp_path):
    """SwiftPM takes no package so that sets flags which it calls unsafe, where a program needs them."""
    origin = tmp_path / "seaway"
    run(["git", "clone", "--quiet", ROOT, origin], tmp_path)
    run(["git", "tag", "1.0.0"], origin)
    program = tmp_path / "program"
    (program / "Sources" / "program").mkdir(parents=True)
    (program / "Package.swift").write_text(
        "// swift-tools-version: 6.2\n"
        "import PackageDescription\n"
        'let package = Package(name: "program", platforms: [.macOS(.v15)],\n'
        f'    dependencies: [.package(url: "file://{origin}", from: "1.0.0")],\n'
        '    targets: [.executableTarget(name: "program", dependencies: [\n'
        '        .product(name: "SeawayMessage", package: "seaway")])])\n'
    )
    (program / "Sources" / "program" / "main.swift").write_text(
        'import SeawayMessage\nlet message: Message = ["text": "hello"]\nprint(message["text"] == "hello")\n'
    )
    assert run(["swift", "run", "--quiet", "program"], program).strip() == "true"


@pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go")
def test_a_go_program_requires_the_module_by_its_path(tmp_path):
    (tmp_path / "go.mod").write_text(
        "module program\n\ngo 1.19\n\nrequire seaway.dev/seaway v1.0.0\n\n"
        f"replace seaway.dev/seaway => {ROOT / 'clients' / 'go'}\n"
    )
    (tmp_path / "main.go").write_text(
        "package main\n\n"
        'import (\n\t"fmt"\n\n\t"seaway.dev/seaway"\n)\n\n'
        "func main() {\n"
        '\tmessage := seaway.Message{"text": "hello"}\n'
        '\tfmt.Println(message["text"])\n'
        "}\n"
    )
    assert run(["go", "run", "."], tmp_path, GOFLAGS="-mod=mod", GOPROXY="off").strip() == "hello"
