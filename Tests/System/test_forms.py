"""Forms in parts, as curl sends them, through interface server and broker to a Swift worker."""

import pathlib
import random
import subprocess

import pytest

from deploys import KINDS, Site


@pytest.mark.parametrize("size", [0, 10, 65_536, 3_000_000])
def test_a_form_of_curl_comes_part_by_part(house, tmp_path, size):
    site = Site(house, [next(iter(KINDS))])
    upload = pathlib.Path(tmp_path / 'a "b".bin')
    # Looks like delimiters, and is none.
    content = random.Random(size).randbytes(size) + b"\r\n--" * 10
    upload.write_bytes(content)
    said = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail", "--max-time", "60", "-F", "title=two words",
         "-F", f'file=@"{str(upload).replace(chr(34), chr(92) + chr(34))}"', "-F", "last=",
         f"http://127.0.0.1:{site.port}/swift"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    first, _, rest = said.partition(b"\n")
    assert first == b"title -" and rest.startswith(b"two words\nfile ")
    name, _, rest = rest.removeprefix(b"two words\nfile ").partition(b"\n")
    # The quotes as curl writes them: %22, or as they are behind a backslash.
    assert name in (b'a "b".bin', b"a %22b%22.bin")
    assert rest == content + b"\nlast -\n\n"


def test_what_is_no_form_is_400(house):
    site = Site(house, [next(iter(KINDS))])
    said = subprocess.run(
        ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", "60",
         "-H", "Content-Type: multipart/form-data", "--data", "x", f"http://127.0.0.1:{site.port}/swift"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert said == b"400"
