"""Prints the platform of a wheel with this program in it: ``packaging/platform_tag.py PROGRAM``.

On Linux it is manylinux with the newest version of the C library that the program asks for (PEP 600), and the program
may ask for nothing but the libraries that every such system has; on macOS the system that it was built for.
"""

import platform
import re
import subprocess
import sys

#: What PEP 600's systems have, as far as it is asked for here.
ALLOWED = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "libgcc_s.so.1", "libz.so.1"}


def linux(program: str) -> str:
    """Returns the tag of a program for Linux."""
    told = subprocess.run(["readelf", "-d", "-V", "-W", program], check=True, capture_output=True, text=True).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", told))
    others = {name for name in needed - ALLOWED if not name.startswith("ld-linux")}
    if others:
        sys.exit(f"{program} needs {', '.join(sorted(others))}, which a wheel may not take for granted")
    major, minor = max(tuple(map(int, found.split(".")[:2])) for found in re.findall(r"GLIBC_(\d+\.\d+)", told))
    return f"manylinux_{major}_{minor}_{platform.machine()}"


def macos() -> str:
    """Returns the tag of a program for macOS: the oldest that the package is for."""
    return f"macosx_15_0_{platform.machine()}"


if __name__ == "__main__":
    print(macos() if sys.platform == "darwin" else linux(sys.argv[1]))
