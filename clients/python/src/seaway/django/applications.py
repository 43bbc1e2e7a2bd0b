"""The applications of a Django project: the synchronous one, and the asynchronous one if it has any."""

from __future__ import annotations

import os
import sys
from typing import Any, Optional

import django
from django.apps import apps
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from django.utils.module_loading import import_string


def begin(module: Optional[str]) -> None:
    """Sets Django up with a settings module, that of ``DJANGO_SETTINGS_MODULE`` unless given.

    Modules beside the caller are found, as with ``manage.py``. Raises what the settings or applications raise.
    """
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    if module is not None:
        os.environ["DJANGO_SETTINGS_MODULE"] = module
    django.setup()


def synchronous(serves_static: bool = True) -> Any:
    """What ``WSGI_APPLICATION`` names, else Django's own; while ``DEBUG`` is on it serves static files too."""
    application = get_internal_wsgi_application()
    if serves_static and settings.DEBUG and apps.is_installed("django.contrib.staticfiles"):
        return with_static_files(application)
    return application


def with_static_files(application: Any) -> Any:
    """An application in front of which static files are served, as ``runserver`` does it."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler

    return StaticFilesHandler(application)


def asynchronous(is_needed: bool, serves_static: bool = False) -> Optional[Any]:
    """What ``ASGI_APPLICATION`` names; without it nothing, or where one ``is_needed`` Django's own."""
    if has_sockets():
        application = import_string(settings.ASGI_APPLICATION)
    elif is_needed:
        from django.core.asgi import get_asgi_application

        application = get_asgi_application()
    else:
        return None
    if serves_static and settings.DEBUG and apps.is_installed("django.contrib.staticfiles"):
        from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

        return ASGIStaticFilesHandler(application)
    return application


def has_sockets() -> bool:
    """Whether the project has an application for WebSockets."""
    return bool(getattr(settings, "ASGI_APPLICATION", None))
