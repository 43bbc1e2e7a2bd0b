"""Views as anybody writes them."""

from __future__ import annotations

import asyncio
import hashlib
import resource
import threading
from collections.abc import Iterator

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt

ROWS = [{"number": number, "name": f"good {number}", "price": number * 3 % 100} for number in range(100)]


def line(request: HttpRequest) -> HttpResponse:
    """One line."""
    return HttpResponse("hello from Django\n", content_type="text/plain")


def rows(request: HttpRequest) -> HttpResponse:
    """A template of 100 rows."""
    return render(request, "goods/rows.html", {"rows": ROWS, "title": "Goods"})


def burn(request: HttpRequest) -> HttpResponse:
    """Some milliseconds of the processor."""
    return HttpResponse(str(sum(number * number for number in range(50_000))))


def meta(request: HttpRequest) -> HttpResponse:
    """What the request says of itself."""
    shown = {key: value for key, value in request.META.items() if isinstance(value, str) and key.isupper()}
    more = {"path": request.path, "path_info": request.path_info, "is_secure": request.is_secure()}
    return JsonResponse({**shown, **more, "host": request.get_host(), "thread": threading.current_thread().name})


def visits(request: HttpRequest) -> HttpResponse:
    """Counts in the session."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


def order(request: HttpRequest) -> HttpResponse:
    """A form that is guarded against forgery, and a message on the next page."""
    if request.method == "POST":
        messages.success(request, f"ordered {request.POST['good']}")
        return redirect("/order/")
    return render(request, "goods/order.html")


@csrf_exempt
def upload(request: HttpRequest) -> HttpResponse:
    """Files of a form, or a body of any kind, in little memory."""
    found, size = hashlib.sha256(), 0
    if request.content_type == "multipart/form-data":
        pieces: Iterator[bytes] = request.FILES["file"].chunks()
    else:
        pieces = iter(lambda: request.read(65_536), b"")
    for piece in pieces:
        found.update(piece)
        size += len(piece)
    return JsonResponse({"size": size, "sha256": found.hexdigest()})


def download(request: HttpRequest, size: int) -> FileResponse:
    """A file of so many bytes, which is made at first."""
    file = settings.FILES / f"{size}.bin"
    if not file.exists():
        with file.open("wb") as made:
            made.truncate(size)
    return FileResponse(file.open("rb"), as_attachment=True)


def numbers(request: HttpRequest, count: int) -> StreamingHttpResponse:
    """Lines, one after the other."""
    return StreamingHttpResponse((f"{number}\n" for number in range(count)), content_type="text/plain")


def endless(request: HttpRequest) -> StreamingHttpResponse:
    """A stream that ends when nobody takes it any more."""

    def blocks() -> Iterator[bytes]:
        try:
            while True:
                yield bytes(65_536)
        finally:
            print("endless has ended", flush=True)

    return StreamingHttpResponse(blocks())


def fails(request: HttpRequest) -> HttpResponse:
    """Does not answer."""
    raise LookupError("nothing here")


async def later(request: HttpRequest) -> HttpResponse:
    """An asynchronous view, which says where it runs."""
    await asyncio.sleep(0)
    return HttpResponse(threading.current_thread().name)


def memory(request: HttpRequest) -> HttpResponse:
    """The most memory that this process has had, in bytes."""
    return HttpResponse(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024))
