"""Forms of requests, by python-multipart."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from support.halves import Half

from seaway import BodyTooLarge, _values

forms = pytest.importorskip("seaway.forms", reason="python-multipart is not installed", exc_type=ImportError)

MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\none\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="x.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\ntwo\r\n--b--\r\n"
)


def read(half: Half, kind: str, body: bytes, *limit: int) -> Any:
    """Reads a form that is whole in its message."""
    fields = {"method": "POST", "reply_channel": "x!1", "headers": [(b"content-type", kind.encode())], "body": body}
    layer = half.layer("127.0.0.1:1")
    message = half.module.Message("http.request", None, _values.pack(fields), getattr(layer, "_inner", layer))
    function = forms.read if half.name == "sync" else forms.read_async
    if inspect.iscoroutinefunction(function):
        return half.run(function, message, *limit)  # type: ignore[attr-defined]
    return function(message, *limit)


def test_fields_and_files_are_found(half: Half) -> None:
    form = read(half, "multipart/form-data; boundary=b", MULTIPART)
    assert form.fields == [("title", "one")]
    assert (form["title"], form.get("none"), form.get("none", "x")) == ("one", None, "x")
    with pytest.raises(KeyError):
        form["none"]
    (upload,) = form.files
    assert upload[:4] == ("f", "x.txt", "text/plain", 3)
    assert upload.content.read() == b"two"


def test_a_large_file_is_on_disk(half: Half) -> None:
    (upload,) = read(half, "multipart/form-data; boundary=b", MULTIPART.replace(b"two", b"x" * 3_000_000)).files
    assert upload.size == 3_000_000
    assert len(upload.content.read()) == 3_000_000
    upload.content.close()


def test_a_form_without_files_is_read_alike(half: Half) -> None:
    form = read(half, "application/x-www-form-urlencoded; charset=utf-8", b"a=1&b=two+words&a=%C3%BC&c")
    assert form.fields[:3] == [("a", "1"), ("b", "two words"), ("a", "ü")]


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data"])
def test_what_is_no_form_is_told(half: Half, kind: str) -> None:
    with pytest.raises(forms.BadForm):
        read(half, kind, b"x")


def test_a_form_is_bounded(half: Half, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BodyTooLarge):
        read(half, "multipart/form-data; boundary=b", MULTIPART, len(MULTIPART) - 1)
    monkeypatch.setattr("seaway.forms.MOST_FIELDS", 2)
    with pytest.raises(forms.BadForm):
        read(half, "application/x-www-form-urlencoded", b"a=1&b=2&c=3")
    monkeypatch.setattr("seaway.forms.MOST_FIELD", 10)
    with pytest.raises(forms.BadForm):
        read(half, "application/x-www-form-urlencoded", b"a=" + b"x" * 20)


def test_a_form_that_breaks_off_is_none(half: Half) -> None:
    with pytest.raises(forms.BadForm):
        read(half, "multipart/form-data; boundary=b", b"nothing of the kind")
