"""The pages of the goods."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.line),
    path("rows/", views.rows),
    path("burn/", views.burn),
    path("meta/", views.meta),
    path("visits/", views.visits),
    path("order/", views.order),
    path("upload/", views.upload),
    path("download/<int:size>/", views.download),
    path("numbers/<int:count>/", views.numbers),
    path("endless/", views.endless),
    path("fails/", views.fails),
    path("async/", views.later),
    path("memory/", views.memory),
]
