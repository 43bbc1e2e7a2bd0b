"""Views of Django 1.11."""

from channels import Group
from django.http import HttpResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt


def hello(request, name):
    response = HttpResponse("hello {} from {}".format(name, request.META["REMOTE_ADDR"]), content_type="text/plain")
    response.set_cookie("seen", request.GET.get("seen", ""))
    response["X-Agent"] = request.META.get("HTTP_USER_AGENT", "")
    return response


@csrf_exempt
def size(request):
    return HttpResponse(f"{request.method} {len(request.body)}")


def large(request):
    return HttpResponse(b"x" * 2000000)


def pieces(request):
    return StreamingHttpResponse(str(number) * 50000 for number in range(8))


@csrf_exempt
def tell(request):
    Group("room").send({"text": request.body.decode()})
    return HttpResponse("told")
