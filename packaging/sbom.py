"""Prints what is in the program, as a CycloneDX 1.5 bill of materials: ``packaging/sbom.py VERSION``."""

import json
import pathlib
import re
import subprocess
import sys
import uuid
from typing import Optional

ROOT = pathlib.Path(__file__).parent.parent


def component(name: str, version: str, url: str, reference: str, license: Optional[str]) -> "dict[str, object]":
    """Returns one library."""
    found: dict[str, object] = {"type": "library", "bom-ref": reference, "name": name, "version": version}
    if license:
        found["licenses"] = [{"license": {"id": license}}]
    found["purl"] = reference
    found["externalReferences"] = [{"type": "vcs", "url": url}]
    return found


def license_of(folder: str) -> Optional[str]:
    """Returns the licence that stands in the sources of a package; ``None``: it is none of those known here."""
    for file in sorted((ROOT / ".build" / "checkouts" / folder).glob("LICENSE*")):
        text = file.read_text(errors="replace")
        for mark, license in (
            ("Apache License", "Apache-2.0"),
            ("Permission is hereby granted, free of charge", "MIT"),
        ):
            if mark in text:
                return license
    return None


def packages() -> "list[dict[str, object]]":
    """Returns the Swift packages, as they were resolved for the build."""
    found = []
    for pin in json.loads((ROOT / "Package.resolved").read_text())["pins"]:
        name, version = pin["identity"], pin["state"].get("version") or pin["state"]["revision"]
        url = re.sub(r"\.git$", "", pin["location"])
        # Named as in the URL, of which an identity is the lower case.
        folder = url.rpartition("/")[2]
        reference = f"pkg:swift/{re.sub('^https?://', '', url)}@{version}"
        found.append(component(name, version, url, reference, license_of(folder)))
    return found


def swift() -> "dict[str, object]":
    """Returns Swift's own libraries, which are linked in."""
    told = subprocess.run(["swiftc", "--version"], check=True, capture_output=True, text=True).stdout
    version = re.search(r"Swift version ([\d.]+)", told)
    if version is None:
        sys.exit(f"swiftc --version says {told!r}")
    url = "https://github.com/swiftlang/swift"
    return component("swift-runtime", version[1], url, f"pkg:github/swiftlang/swift@{version[1]}", "Apache-2.0")


def main() -> None:
    """Prints it."""
    version = sys.argv[1]
    own = f"pkg:generic/seaway@{version}"
    parts = [swift(), *packages()]
    # The same number for the same contents.
    serial = uuid.uuid5(uuid.NAMESPACE_URL, own + json.dumps(parts, sort_keys=True))
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "seaway",
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": parts,
        "dependencies": [{"ref": own, "dependsOn": [part["bom-ref"] for part in parts]}],
    }
    print(json.dumps(bill, indent=2))


main()
