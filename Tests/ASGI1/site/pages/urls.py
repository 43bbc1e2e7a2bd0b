"""Where the views are."""

from django.conf.urls import url

from . import views

urlpatterns = [
    url(r"^hello/(?P<name>\w+)$", views.hello),
    url(r"^size$", views.size),
    url(r"^large$", views.large),
    url(r"^pieces$", views.pieces),
    url(r"^tell$", views.tell),
]
