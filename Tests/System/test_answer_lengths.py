"""Answers in pieces whose worker says how long they are (INTERFACE.md, I13, I15)."""

from __future__ import annotations

import subprocess

import pytest

from harness import PATIENCE, until
from test_half_closed import Site

FIRST = {"status": 200, "headers": [["Content-Length", "10"]], "content": "12345", "more_content": True}


@pytest.fixture
def site(house, ports):
    site = Site(house, ports, "--http2-cleartext")
    yield site
    site.close()


class Asking:
    """curl, which is answered by hand."""

    def __init__(self, site: Site, version: str):
        self.site = site
        command = ["curl", "-sS", "-i", version, "--max-time", "20", f"http://127.0.0.1:{site.http}/"]
        self.curl = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.request = site.requests.take()

    def answer(self, **message) -> str:
        return self.site.answer(self.request, **message)

    def end(self) -> tuple[int, str, str]:
        """curl's exit code, the head in small letters, and the content."""
        output, _ = self.curl.communicate(timeout=PATIENCE)
        head, _, content = output.replace("\n\n", "\r\n\r\n", 1).partition("\r\n\r\n")
        return self.curl.returncode, head.lower(), content


@pytest.mark.parametrize("version", ["--http1.1", "--http1.0", "--http2-prior-knowledge"])
def test_the_client_is_told(site, version):
    asking = Asking(site, version)
    assert asking.answer(**FIRST) == "OK"
    assert asking.answer(content="67890", offset=5) == "OK"
    code, head, content = asking.end()
    assert (code, content) == (0, "1234567890")
    assert "content-length: 10" in head and "transfer-encoding" not in head


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
@pytest.mark.parametrize("last, came", [("6789", 9), ("678901", 11)])
def test_another_length_breaks_the_answer_off(site, version, last, came):
    asking = Asking(site, version)
    assert asking.answer(**FIRST) == "OK"
    assert asking.answer(content=last, offset=5) == "OK"
    code, _, content = asking.end()
    # 18: partial file; 92: a stream of HTTP/2 was not ended well.
    assert code in (18, 92) and len(content) < came
    until(lambda: f"content-length is 10, and {came} bytes" in site.server.output(), "the log names both lengths")


def test_a_first_piece_that_is_longer_is_not_sent(site):
    asking = Asking(site, "--http1.1")
    assert asking.answer(**{**FIRST, "content": "12345678901"}) == "OK"
    code, head, _ = asking.end()
    assert code == 0 and " 502 " in head.splitlines()[0]


def test_an_answer_in_one_message_has_its_true_length(site):
    asking = Asking(site, "--http1.1")
    assert asking.answer(**{**FIRST, "more_content": False}) == "OK"
    code, head, content = asking.end()
    assert (code, content) == (0, "12345") and "content-length: 5" in head
