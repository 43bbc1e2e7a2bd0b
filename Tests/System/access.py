"""Tokens and certificates for tests, made as an operator makes them."""

from __future__ import annotations

import pathlib
import subprocess

from harness import PATIENCE, ROOT, SEAWAY

ECHO_WORKER = pathlib.Path(SEAWAY).with_name("seaway-echo-worker")

# What INTERFACE.md, section 11, says that each of them needs; `room` is the group of this site.
RIGHTS = {
    "server": {
        "send": "http.request* http.disconnect* websocket.connect* websocket.receive* websocket.disconnect*"
        " http.response.*!* websocket.send.*!* websocket.control.*!*",
        "listen": "http.response.*! websocket.send.*! websocket.control.*!",
        "join": "room",
    },
    "pages": {"send": "http.response.*!*", "listen": "http.request http.disconnect"},
    "sockets": {
        "send": "websocket.send.*!* websocket.control.*!* room",
        "listen": "websocket.connect websocket.receive websocket.disconnect",
        "join": "room",
    },
    "publisher": {"send": "room"},
}


def documented(pattern: str) -> bool:
    page = (ROOT / "protocol" / "INTERFACE.md").read_text()
    return f"`{pattern}`" in page.split("## 11. Rights")[1] or pattern == "room"


def seaway(*arguments, environment: dict | None = None, code: int = 0) -> subprocess.CompletedProcess:
    """Runs a command, which has to end with this code. Nothing of the environment but its path is there."""
    done = subprocess.run(
        [SEAWAY, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE,
        env={"PATH": "/usr/bin:/bin", **(environment or {})},
    )  # fmt: skip
    assert done.returncode == code, (arguments, done)
    return done


class TokenFile:
    """The broker's file, and the tokens that are in it."""

    def __init__(self, folder: pathlib.Path):
        self.path = folder / "tokens"

    def add(self, name: str, **rights: str) -> str:
        options = [word for right, text in rights.items() for word in (f"--{right}", ",".join(text.split()))]
        return seaway("token", "add", name, "--tokens", self.path, *options).stdout.strip()

    def add_site(self) -> dict[str, str]:
        """The token of everybody who takes part in a site."""
        return {name: self.add(name, **rights) for name, rights in RIGHTS.items()}


class Authority:
    """A certificate authority of its own, with what it has vouched for."""

    def __init__(self, folder: pathlib.Path, name: str):
        self.folder = folder
        self.name = name
        self.certificate = folder / f"{name}.pem"
        self.key = folder / f"{name}.key"
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate,
            "-addext", "basicConstraints=critical,CA:TRUE",
        )  # fmt: skip

    @staticmethod
    def _openssl(*arguments) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=PATIENCE)

    def issue(self, name: str, alternatives: str = "") -> tuple[pathlib.Path, pathlib.Path]:
        """A certificate and its key; `alternatives` such as `DNS:localhost,IP:127.0.0.1`."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        self._openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={name}", "-keyout", key, "-out", request,
        )  # fmt: skip
        extensions.write_text(f"subjectAltName={alternatives}\n" if alternatives else "")
        self._openssl(
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
            "-days", "2", "-out", certificate, "-extfile", extensions,
        )  # fmt: skip
        return certificate, key


def expired(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """A certificate for localhost that vouches for itself, of a time that is past, and its key."""
    certificate, key, request = (folder / f"expired.{name}" for name in ("pem", "key", "csr"))
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01")
    settings = folder / "ca.cnf"
    settings.write_text(
        f"[ca]\ndefault_ca = own\n[own]\ndatabase = {folder}/index.txt\nserial = {folder}/serial\n"
        f"new_certs_dir = {folder}\ndefault_md = sha256\npolicy = any\nx509_extensions = names\n"
        "[any]\ncommonName = supplied\n[names]\nsubjectAltName = DNS:localhost\nbasicConstraints = critical,CA:TRUE\n"
    )
    for command in [
        ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=expired",
         "-keyout", key, "-out", request],
        ["ca", "-batch", "-config", settings, "-selfsign", "-keyfile", key, "-in", request, "-out", certificate,
         "-startdate", "20240101000000Z", "-enddate", "20240201000000Z", "-notext"],
    ]:  # fmt: skip
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True, timeout=PATIENCE)
    return certificate, key
